export type Severity = import("gabion:guardrail/log@1.0.0").Severity;
export type Sink = (severity: Severity, message: string) => void;
/**
 * Writes a message for the author of a rule; shown by `gabion test` and under `TF_LOG`, never in a plan. In a pack
 * `console.log` does the same.
 * @param {string} message
 * @param {Severity} [severity]
 */
export declare function log(message: string, severity?: Severity): void;
/**
 * Sets where messages go; for the component and for tests.
 * @param {Sink} write
 */
export declare function logTo(write: Sink): void;
