// Settings of a pack: what it may be told in gabion.hcl, with the JSON Schema for it.

/** @typedef {import("./json.js").Json} Json */
/** @typedef {{ doc?: string, optional?: boolean }} Doc What it is for; optional: null where it is not given. */

/**
 * One setting.
 * @template T
 */
export class Setting {
  /**
   * @param {Record<string, Json>} schema
   * @param {T | null | undefined} fallback
   */
  constructor(schema, fallback) {
    this.schema = schema;
    /** What it is when nobody gives it; undefined where it must be given. */
    this.fallback = fallback;
  }
}

/**
 * @template T
 * @param {Record<string, Json | undefined>} schema
 * @param {Doc & { default?: T }} options
 * @returns {Setting<any>}
 */
function make(schema, options) {
  /** @type {Record<string, Json>} */
  const full = {};
  for (const [name, value] of Object.entries({ ...schema, default: options.default, description: options.doc })) {
    if (value !== undefined) full[name] = /** @type {Json} */ (value);
  }
  return new Setting(full, options.default ?? (options.optional ? null : undefined));
}

/** The kinds of settings. One without a default must be given. */
export const setting = Object.freeze({
  /**
   * A text, one of `oneOf` where that is said.
   * @param {Doc & { default?: string, oneOf?: string[] }} [options]
   * @returns {Setting<string>}
   */
  text: (options = {}) => make({ type: "string", enum: options.oneOf }, options),

  /**
   * A whole number.
   * @param {Doc & { default?: number, minimum?: number, maximum?: number }} [options]
   * @returns {Setting<number>}
   */
  integer: (options = {}) => make({ type: "integer", minimum: options.minimum, maximum: options.maximum }, options),

  /**
   * A boolean.
   * @param {Doc & { default?: boolean }} [options]
   * @returns {Setting<boolean>}
   */
  boolean: (options = {}) => make({ type: "boolean" }, options),

  /**
   * A list.
   * @template T
   * @param {Setting<T>} of
   * @param {Doc & { default?: T[], atLeast?: number }} [options]
   * @returns {Setting<T[]>}
   */
  list: (of, options = {}) => make({ type: "array", items: of.schema, minItems: options.atLeast }, options),

  /**
   * A map with any names.
   * @template T
   * @param {Setting<T>} of
   * @param {Doc & { default?: Record<string, T> }} [options]
   * @returns {Setting<Record<string, T>>}
   */
  map: (of, options = {}) => make({ type: "object", additionalProperties: of.schema }, options),
});

/**
 * All settings of a pack.
 * @template {Record<string, Setting<any>>} S
 */
export class Settings {
  /** @type {Record<string, Json>} */
  #given = {};
  /** What all of them are. @type {any} */
  #all = null;

  /** @param {S} shape */
  constructor(shape) {
    this.shape = shape;
  }

  /** The JSON Schema, as text. */
  get schema() {
    const shape = Object.entries(this.shape);
    const required = shape.filter(([, one]) => one.fallback === undefined).map(([name]) => name);
    return JSON.stringify({
      type: "object",
      properties: Object.fromEntries(shape.map(([name, one]) => [name, one.schema])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
    });
  }

  /**
   * What gabion.hcl says, with defaults; the names are those of the file.
   * @returns {{ [K in keyof S]: S[K] extends Setting<infer T> ? T : never }}
   */
  current() {
    this.#all ??= Object.fromEntries(
      Object.entries(this.shape).map(([name, one]) => [name, this.#given[name] ?? one.fallback]),
    );
    // A rule may write into what it gets; the next one gets it as it was.
    return { ...this.#all };
  }

  /**
   * Takes the settings; the SDK and tests call it.
   * @param {Record<string, any>} given
   */
  set(given) {
    this.#given = given;
    this.#all = null;
  }
}

/**
 * Declares the settings of a pack: `settings({ owners: setting.list(setting.text()) })`.
 * @template {Record<string, Setting<any>>} S
 * @param {S} shape
 */
export function settings(shape) {
  return new Settings(shape);
}
