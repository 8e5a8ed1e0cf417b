// Values of a resource, read through handles.

import { Finding } from "./outcome.js";
import { Unreadable } from "./stop.js";

/** @typedef {import("gabion:guardrail/values@1.0.0").Value} Handle What the host hands out. */
/** @typedef {import("gabion:guardrail/values@1.0.0").Kind} Kind What kind of value a {@link Value} points to. */
/** @typedef {import("gabion:guardrail/values@1.0.0").Secret} Secret Something that looks like a secret. */
/** @typedef {import("./stop.js").Why} Why */

/** Handles made in this call, given back when it ends: the engine does not collect them soon enough. */
/** @type {any[]} */
let held = [];

const DISPOSE = Symbol.dispose ?? Symbol.for("dispose");

/**
 * Keeps a handle until the call ends.
 * @template T
 * @param {T} handle
 * @returns {T}
 */
export function hold(handle) {
  held.push(handle);
  return handle;
}

/** Gives all handles of a call back. */
export function release() {
  const handles = held;
  held = [];
  for (const handle of handles) handle[DISPOSE]?.();
}

/** A handle to a value. Moving to another value never fails and reads nothing; the read that follows tells. */
export class Value {
  /** @type {Handle} */
  #handle;

  /** @param {Handle} handle */
  constructor(handle) {
    this.#handle = handle;
  }

  /** The kind. A sensitive value shows its kind. */
  get kind() {
    return this.#handle.kind();
  }

  /** Whether the schema marks it, or a value above it, as sensitive. */
  get isSensitive() {
    return this.#handle.sensitive();
  }

  /** Whether the provider decides it: unset in the configuration and unknown in the plan. */
  get isComputed() {
    return this.kind === "computed";
  }

  /**
   * Whether it is set to something: neither null nor computed. Text may be empty. Ends the rule when it is not known
   * yet: it may turn out null.
   */
  isSet() {
    const kind = this.kind;
    if (kind === "unknown") throw new Unreadable(this.path, "unknown");
    return kind !== "null" && kind !== "computed";
  }

  /**
   * The value at a name of a mapping.
   * @param {string} name
   */
  get(name) {
    return new Value(hold(this.#handle.get(name)));
  }

  /**
   * The element of a sequence, counted from 0; null past its end.
   * @param {number} index
   */
  at(index) {
    return new Value(hold(this.#handle.at(index)));
  }

  /**
   * The value at a path below this one, `rule[0].default_retention`. Throws where the text is no path.
   * @param {string} path
   */
  find(path) {
    try {
      return new Value(hold(this.#handle.find(path)));
    } catch (error) {
      throw new Error(String(payload(error)));
    }
  }

  /** The elements of a sequence; none for null and computed. */
  elements() {
    return this.#read(() => this.#handle.elements().map((handle) => new Value(hold(handle)))) ?? [];
  }

  /** `for (const rule of value)`: the elements of a sequence. */
  [Symbol.iterator]() {
    return this.elements()[Symbol.iterator]();
  }

  /**
   * The only block of a kind that may stand once, `versioning_configuration { }`: the first element of a sequence;
   * null where there is none.
   */
  block() {
    return this.elements()[0] ?? null;
  }

  /** The names of a mapping, sorted; none for null and computed. */
  keys() {
    return this.#read(() => this.#handle.keys()) ?? [];
  }

  /** How many elements, entries or characters it has; 0 for null and computed. A sensitive text answers too. */
  size() {
    return this.#read(() => this.#handle.size()) ?? 0;
  }

  /** The boolean; null for null and computed. */
  boolean() {
    return this.#read(() => this.#handle.boolean()) ?? null;
  }

  /** The number as exact decimal text; null for null and computed. */
  number() {
    return this.#read(() => this.#handle.number()) ?? null;
  }

  /**
   * The number as a whole number; null for null and computed. One that is not whole, or that JavaScript cannot hold
   * exactly, is of the wrong kind.
   */
  integer() {
    const text = this.number();
    if (text === null) return null;
    const value = whole(text);
    if (value === null) throw new Unreadable(this.path, "wrong-kind");
    return value;
  }

  /** The number as the nearest float; null for null and computed. */
  float() {
    const text = this.number();
    return text === null ? null : Number(text);
  }

  /** The text; null for null and computed. */
  text() {
    return this.#read(() => this.#handle.text()) ?? null;
  }

  /** The text where it is not empty: many attributes of the AWS provider write "unset" as `""`. */
  filled() {
    return this.text() || null;
  }

  /**
   * Whether two values are equal; sensitive ones answer too. Computed equals nothing.
   * @param {Value} other
   */
  equalTo(other) {
    return this.#read(() => this.#handle.equalTo(other.#handle)) ?? false;
  }

  /** The attribute path; inside a document, of the attribute that holds it. */
  get path() {
    return this.#handle.path();
  }

  /** The JSON that a text holds, such as an IAM policy; null for null, computed and an empty text. */
  document() {
    if (this.size() === 0) return null;
    return this.#read(() => new Value(hold(this.#handle.document()))) ?? null;
  }

  /** What a detector in the host finds in this value and below it. */
  secrets() {
    return this.#handle.secrets();
  }

  /**
   * A finding at this value: one sentence without a final full stop.
   * @param {string} message
   */
  finding(message) {
    return new Finding(this.path, message);
  }

  /**
   * Computed is no error here: it reads as undefined.
   * @template T
   * @param {() => T} read
   * @returns {T | undefined}
   */
  #read(read) {
    try {
      return read();
    } catch (error) {
      const why = payload(error);
      if (why === "computed") return undefined;
      if (typeof why === "string" && why) throw new Unreadable(this.path, /** @type {Why} */ (why));
      throw error;
    }
  }
}

/** @param {unknown} error What the host threw. */
function payload(error) {
  return typeof error === "object" && error !== null && "payload" in error ? error.payload : undefined;
}

/**
 * An exact decimal text as a whole number, `30`, `30.0`, `3e1`; null where it is none that fits.
 * @param {string} text
 */
export function whole(text) {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!parts) return null;
  const [, sign, before = "", after = "", exponent = "0"] = parts;
  const fraction = after.replace(/0+$/, "");
  let digits = before + fraction;
  if (digits === "") return null;
  let shift = Number(exponent) - fraction.length;
  while (shift < 0 && digits.endsWith("0")) {
    digits = digits.slice(0, -1);
    shift += 1;
  }
  if (/^0*$/.test(digits)) return 0;
  if (shift < 0 || shift > 400) return null;
  const value = Number(digits + "0".repeat(shift));
  if (!Number.isSafeInteger(value)) return null;
  return sign === "-" ? -value : value;
}
