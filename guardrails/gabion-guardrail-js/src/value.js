// Values of a resource, read through handles.

import { Finding } from "./outcome.js";
import { Unreadable } from "./stop.js";

/** @typedef {import("gabion:guardrail/values@1.0.0").Value} Handle What the host hands out. */
/** @typedef {import("gabion:guardrail/values@1.0.0").Kind} Kind What kind of value a {@link Value} points to. */
/** @typedef {import("gabion:guardrail/values@1.0.0").Secret} Secret Something that looks like a secret. */
/** @typedef {import("./stop.js").Why} Why */

/** A handle to a value. Moving to another value never fails and reads nothing; the read that follows tells. */
export class Value {
  /** @param {Handle} handle */
  constructor(handle) {
    // A plain property: the engine interprets, and a `#private` one costs it a search in every class on the way.
    /** @private */
    this._handle = handle;
  }

  /** The kind. A sensitive value shows its kind. */
  get kind() {
    return this._handle.kind();
  }

  /** Whether the schema marks it, or a value above it, as sensitive. */
  get isSensitive() {
    return this._handle.sensitive();
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
    return new Value(this._handle.get(name));
  }

  /**
   * The element of a sequence, counted from 0; null past its end.
   * @param {number} index
   */
  at(index) {
    return new Value(this._handle.at(index));
  }

  /**
   * The value at a path below this one, `rule[0].default_retention`. Throws where the text is no path.
   * @param {string} path
   */
  find(path) {
    try {
      return new Value(this._handle.find(path));
    } catch (error) {
      throw new Error(String(payload(error)));
    }
  }

  /** The elements of a sequence; none for null and computed. */
  elements() {
    try {
      return wrapped(this._handle.elements());
    } catch (error) {
      return unread(this, error) ?? [];
    }
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
    try {
      return this._handle.keys();
    } catch (error) {
      return unread(this, error) ?? [];
    }
  }

  /** How many elements, entries or characters it has; 0 for null and computed. A sensitive text answers too. */
  size() {
    try {
      return this._handle.size();
    } catch (error) {
      return unread(this, error) ?? 0;
    }
  }

  /** The boolean; null for null and computed. */
  boolean() {
    try {
      return this._handle.boolean() ?? null;
    } catch (error) {
      return unread(this, error) ?? null;
    }
  }

  /** The number as exact decimal text; null for null and computed. */
  number() {
    try {
      return this._handle.number() ?? null;
    } catch (error) {
      return unread(this, error) ?? null;
    }
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
    try {
      return this._handle.text() ?? null;
    } catch (error) {
      return unread(this, error) ?? null;
    }
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
    try {
      return this._handle.equalTo(other._handle);
    } catch (error) {
      return unread(this, error) ?? false;
    }
  }

  /** The attribute path; inside a document, of the attribute that holds it. */
  get path() {
    return this._handle.path();
  }

  /** The JSON that a text holds, such as an IAM policy; null for null, computed and an empty text. */
  document() {
    if (this.size() === 0) return null;
    try {
      return new Value(this._handle.document());
    } catch (error) {
      return unread(this, error);
    }
  }

  /** What a detector in the host finds in this value and below it. */
  secrets() {
    return this._handle.secrets();
  }

  /**
   * A finding at this value: one sentence without a final full stop.
   * @param {string} message
   */
  finding(message) {
    return new Finding(this.path, message);
  }
}

/** @param {Handle[]} handles */
function wrapped(handles) {
  return handles.map((handle) => new Value(handle));
}

/**
 * What a read that the host refused comes to: null where the provider decides the value, which is no error here;
 * else it ends what the rule looks at.
 * @param {Value} value
 * @param {unknown} error What the host threw.
 * @returns {null}
 */
function unread(value, error) {
  const why = payload(error);
  if (why === "computed") return null;
  if (typeof why === "string" && why) throw new Unreadable(value.path, /** @type {Why} */ (why));
  throw error;
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
  // Most are written as JavaScript writes them.
  const plain = Number(text);
  if (Number.isSafeInteger(plain) && String(plain) === text) return plain;
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
