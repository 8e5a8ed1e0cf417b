// A host for tests, on plain values: changes and graphs that answer as Gabion's do, without a sandbox.
//
//   import { change, unknown, ask } from "@gabion/guardrail/testing";
//   const verdict = ask(myRule, change({ type: "aws_s3_bucket", after: { tags: unknown() } }));

import { Change, Graph } from "./change.js";
import { Stop } from "./stop.js";

/** @typedef {import("./rule.js").Rule} Rule */

/** A mark on a value. */
class Mark {
  /**
   * @param {"unknown" | "computed" | "sensitive"} kind
   * @param {unknown} [value]
   */
  constructor(kind, value) {
    this.kind = kind;
    this.value = value;
  }
}

/** A value that is not known yet. */
export const unknown = () => new Mark("unknown");
/** A value that the provider decides and nobody configured. */
export const computed = () => new Mark("computed");
/**
 * A value that the schema marks as sensitive.
 * @param {unknown} value
 */
export const sensitive = (value) => new Mark("sensitive", value);

/** @param {string} why */
function refuse(why) {
  return Object.assign(new Error(why), { payload: why });
}

/** A handle as the host hands it out. A name that is not there is null. */
class FakeValue {
  /**
   * @param {unknown} value
   * @param {string} path
   * @param {boolean} [hidden]
   */
  constructor(value, path, hidden = false) {
    const marked = value instanceof Mark && value.kind === "sensitive";
    this.value = marked ? /** @type {Mark} */ (value).value : (value ?? null);
    this.hidden = hidden || marked;
    this.at_ = path;
  }

  /** @returns {import("./value.js").Kind} */
  kind() {
    const { value } = this;
    if (value instanceof Mark) return /** @type {"unknown" | "computed"} */ (value.kind);
    if (value === null) return "null";
    if (Array.isArray(value)) return "sequence";
    const kinds = /** @type {const} */ ({ boolean: "boolean", number: "number", bigint: "number", string: "text" });
    return kinds[/** @type {keyof typeof kinds} */ (typeof value)] ?? "mapping";
  }

  sensitive() {
    return this.hidden;
  }

  /**
   * @param {unknown} value
   * @param {string} path
   */
  #below(value, path) {
    return new FakeValue(this.value instanceof Mark ? this.value : value, path, this.hidden);
  }

  /** @param {string} name */
  get(name) {
    const plain = /^[A-Za-z_][\w-]*$/.test(name) ? `${this.at_ ? "." : ""}${name}` : `["${name}"]`;
    const value = this.kind() === "mapping" ? /** @type {any} */ (this.value)[name] : null;
    return this.#below(value, this.at_ + plain);
  }

  /** @param {number} index */
  at(index) {
    return this.#below(Array.isArray(this.value) ? this.value[index] : null, `${this.at_}[${index}]`);
  }

  /** @param {string} path */
  find(path) {
    const steps = path.match(/[^.[\]]+/g) ?? [];
    return steps.reduce((/** @type {FakeValue} */ at, step) => (/^[0-9]+$/.test(step) ? at.at(Number(step)) : at.get(step)), this);
  }

  /**
   * @param {string} kind
   * @param {boolean} [open]
   */
  #read(kind, open = false) {
    const own = this.kind();
    if (own === "unknown" || own === "computed") throw refuse(own);
    if (own === "null") return null;
    if (this.hidden && !open) throw refuse("sensitive");
    if (own !== kind) throw refuse("wrong-kind");
    return this.value;
  }

  elements() {
    const all = /** @type {unknown[] | null} */ (this.#read("sequence")) ?? [];
    return all.map((_, index) => this.at(index));
  }

  keys() {
    return Object.keys(this.#read("mapping") ?? {}).sort();
  }

  size() {
    const value = this.#read(this.kind(), this.kind() === "text");
    if (value === null) return 0;
    if (typeof value === "string") return [...value].length;
    if (typeof value !== "object") throw refuse("wrong-kind");
    return Object.keys(value).length;
  }

  boolean() {
    return this.#read("boolean") ?? undefined;
  }

  number() {
    const value = this.#read("number");
    return value === null ? undefined : String(value);
  }

  text() {
    return this.#read("text") ?? undefined;
  }

  /** @param {FakeValue} other */
  equalTo(other) {
    for (const one of [this, other]) {
      if (one.value instanceof Mark) throw refuse(one.value.kind);
    }
    return JSON.stringify(this.value) === JSON.stringify(other.value);
  }

  path() {
    return this.at_;
  }

  document() {
    const text = this.#read("text");
    try {
      return new FakeValue(JSON.parse(String(text)), this.at_);
    } catch {
      throw refuse("not-json");
    }
  }

  secrets() {
    return [];
  }
}

/**
 * What is planned.
 * @typedef {object} Planned
 * @property {string} type The resource type.
 * @property {unknown} [before] The prior state.
 * @property {unknown} [after] The planned state.
 * @property {import("./change.js").Operation} [operation] From `before` and `after` unless said.
 * @property {import("./change.js").Stage} [stage] `plan` unless said.
 * @property {import("./change.js").Mode} [mode] `managed` unless said.
 * @property {string[]} [configured] The paths that are set; where it is left out, that is not known.
 * @property {unknown} [providerConfiguration]
 * @property {string} [address]
 * @property {Record<string, string>} [references] What attributes refer to: `{ bucket: "aws_s3_bucket.logs.id" }`.
 */

/** @param {Planned} planned */
function fakeChange(planned) {
  const { before = null, after = null } = planned;
  const operation = planned.operation ?? (before === null ? "create" : after === null ? "delete" : "update");
  return {
    planned,
    resourceType: () => planned.type,
    mode: () => planned.mode ?? "managed",
    provider: () => `registry.terraform.io/hashicorp/${planned.type.split("_")[0]}`,
    providerVersion: () => undefined,
    operation: () => operation,
    stage: () => planned.stage ?? "plan",
    before: () => new FakeValue(before, ""),
    after: () => new FakeValue(after, ""),
    configured: (/** @type {string} */ path) => planned.configured?.includes(path),
    providerConfiguration: () => new FakeValue(planned.providerConfiguration, ""),
    address: () => planned.address,
    moduleAddress: () => undefined,
  };
}

/**
 * A change, for a rule.
 * @param {Planned} planned
 */
export function change(planned) {
  return new Change(/** @type {any} */ (fakeChange(planned)));
}

/**
 * A whole plan, for a rule.
 * @param {Planned[]} changes
 * @param {{ complete?: boolean }} [options]
 */
export function graph(changes, { complete = true } = {}) {
  const handles = changes.map(fakeChange);
  const references = (/** @type {ReturnType<typeof fakeChange>} */ one) =>
    Object.entries(one.planned.references ?? {}).map(([path, to]) => {
      const [address = "", attribute = ""] = splitReference(to);
      return { path, address, attribute };
    });
  const bare = (/** @type {string | undefined} */ address) => address?.replace(/\[[^\]]*\]$/, "");
  return new Graph(
    /** @type {any} */ ({
      complete: () => complete,
      changes: (/** @type {string} */ type) => handles.filter((one) => type === "" || one.planned.type === type),
      references,
      referrers: (/** @type {ReturnType<typeof fakeChange>} */ of) =>
        handles.filter((one) => references(one).some(({ address }) => bare(address) === bare(of.planned.address))),
    }),
  );
}

/** @param {string} text `aws_s3_bucket.logs.id` as address and attribute. */
function splitReference(text) {
  const found = /^((?:module\.[^.]+\.)*(?:data\.)?[^.]+\.[^.[]+(?:\[[^\]]*\])?)\.?(.*)$/.exec(text);
  return found ? [found[1], found[2]] : [text, ""];
}

/**
 * Asks a rule: its verdict, or `undetermined` and `error` with the text.
 * @param {Rule} rule
 * @param {Change | Graph} subject
 * @returns {{ verdict: string, findings?: import("./outcome.js").Finding[], text?: string }}
 */
export function ask(rule, subject) {
  try {
    const { tag, findings } = rule.judge(subject);
    return tag === "violation" ? { verdict: tag, findings } : { verdict: tag };
  } catch (error) {
    if (error instanceof Stop) return { verdict: error.failed ? "error" : "undetermined", text: error.message };
    throw error;
  }
}
