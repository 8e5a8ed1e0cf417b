// Why a rule ends before its verdict: thrown inside, caught by the SDK.

/** @typedef {import("gabion:guardrail/values@1.0.0").Unreadable} Why Why a value could not be read. */

/** @type {Record<Why, string>} */
const REASONS = {
  unknown: "is not known yet",
  computed: "is left to the provider",
  sensitive: "is sensitive",
  "wrong-kind": "is of another kind than the rule expects",
  "no-such-path": "is not in the resource's schema",
  "no-schema": "cannot be told apart from an attribute that does not exist",
  "not-json": "does not hold JSON",
};

/** Ends a rule before its verdict. Thrown by reads; a rule may throw {@link Undetermined} and {@link Failure}. */
export class Stop extends Error {
  /** Whether the rule failed, and the plan with it; else it is undetermined. */
  get failed() {
    return true;
  }
}

/** A value cannot be read yet, so nothing can be decided; the text says what the rule wanted to know. */
export class Undetermined extends Stop {
  /** @override */
  get failed() {
    return false;
  }
}

/** The rule failed: the plan fails closed with this reason. */
export class Failure extends Stop {}

/** A value could not be read: where and why. */
export class Unreadable extends Stop {
  /**
   * @param {string} path The attribute path.
   * @param {Why} why Why.
   */
  constructor(path, why) {
    super(`\`${path}\` ${REASONS[why]}`);
    /** The attribute path. */
    this.path = path;
    /** Why. */
    this.why = why;
  }

  /** @override */
  get failed() {
    return this.why === "wrong-kind" || this.why === "no-such-path" || this.why === "not-json";
  }
}
