// Messages for the author of a rule.

/** @typedef {import("gabion:guardrail/log@1.0.0").Severity} Severity How much a message matters. */
/** @typedef {(severity: Severity, message: string) => void} Sink Where messages go. */

/** @type {Sink} */
let sink = () => {};

/**
 * Writes a message for the author of a rule; shown by `gabion test` and under `TF_LOG`, never in a plan. In a pack
 * `console.log` does the same.
 * @param {string} message
 * @param {Severity} [severity]
 */
export function log(message, severity = "info") {
  sink(severity, message);
}

/**
 * Sets where messages go; for the component and for tests.
 * @param {Sink} write
 */
export function logTo(write) {
  sink = write;
}
