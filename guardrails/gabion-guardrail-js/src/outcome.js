// What a rule returns.

import { toJson } from "./json.js";
import { Stop } from "./stop.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./value.js").Value} Value */

/** One bad thing. */
export class Finding {
  /**
   * A finding at an attribute path of the resource, empty for the resource as a whole.
   * @param {string} path
   * @param {string} message One sentence without a final full stop.
   */
  constructor(path, message) {
    /** Which attribute. */
    this.path = path;
    /** What is wrong. */
    this.message = message;
    /** For whole-plan rules: the resource it is about. @type {string | undefined} */
    this.address = undefined;
    /** What was observed, where the value at the path does not say it. @type {string | undefined} */
    this.observedText = undefined;
    /** What would mend it. @type {{ path: string, value: string }[]} */
    this.patches = [];
  }

  /**
   * Says what was observed, where the value at the path does not say it. The host tells old findings from new ones
   * by rule, path and this text: leave out what changes for other reasons.
   * @param {string} text
   */
  observed(text) {
    this.observedText = text;
    return this;
  }

  /**
   * The finding's own attribute should have this value.
   * @param {Json} value
   */
  fix(value) {
    return this.fixAt(this.path, value);
  }

  /**
   * Another attribute should have this value.
   * @param {string} path
   * @param {Json} value
   */
  fixAt(path, value) {
    this.patches.push({ path, value: toJson(value) });
    return this;
  }

  /**
   * For whole-plan rules: the address of the resource it is about.
   * @param {string | null | undefined} address
   */
  on(address) {
    this.address = address ?? undefined;
    return this;
  }
}

/** What a rule makes of a change or a plan: {@link PASS}, {@link NOT_APPLICABLE}, {@link found}, a review's outcome. */
export class Verdict {
  /**
   * @param {"pass" | "not-applicable" | "violation"} tag
   * @param {Finding[]} findings
   */
  constructor(tag, findings = []) {
    this.tag = tag;
    this.findings = findings;
  }
}

/** Looked at, and good. */
export const PASS = Object.freeze(new Verdict("pass"));

/** Nothing to say of this change. */
export const NOT_APPLICABLE = Object.freeze(new Verdict("not-applicable"));

/**
 * At least one finding, as the answer of a rule.
 * @param {Finding} first
 * @param {...Finding} more
 */
export function found(first, ...more) {
  return new Verdict("violation", [first, ...more]);
}

/** Gathers findings, so that one value that cannot be read does not hide what others show. */
export class Review {
  constructor() {
    /** @private @type {Finding[]} */
    this._findings = [];
    /** @private @type {Stop | null} */
    this._stop = null;
  }

  /**
   * Adds a finding.
   * @param {Finding} finding
   */
  add(finding) {
    this._findings.push(finding);
  }

  /**
   * Looks at one thing: a finding that `look` returns is kept; where a read ends it, that is remembered and the
   * review goes on.
   * @param {() => Finding | null | undefined} look
   */
  look(look) {
    this.lookAt((findings) => {
      const finding = look();
      if (finding) findings.push(finding);
    });
  }

  /**
   * As {@link Review.look}, for any number of findings: those pushed before a read ends it are kept.
   * @param {(findings: Finding[]) => void} look
   */
  lookAt(look) {
    try {
      look(this._findings);
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      this.#remember(error);
    }
  }

  /** Whether something was found. */
  get found() {
    return this._findings.length > 0;
  }

  /**
   * The boolean at `value` must be true: else a finding with `message`, and the fix that sets it.
   * @param {Value} value
   * @param {string} message
   */
  mustBeTrue(value, message) {
    this.look(() => (value.boolean() === true ? null : value.finding(message).fix(true)));
  }

  /** @param {Stop} stop */
  #remember(stop) {
    // A failure outweighs what is merely not known.
    if (!this._stop?.failed) this._stop = stop;
  }

  /** A failure, else the findings, else what could not be read, else pass: what a rule returns. */
  outcome() {
    if (this._stop?.failed) throw this._stop;
    if (this._findings.length > 0) return new Verdict("violation", this._findings);
    if (this._stop) throw this._stop;
    return PASS;
  }
}
