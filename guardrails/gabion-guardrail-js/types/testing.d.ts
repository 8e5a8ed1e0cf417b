import { Change, Graph } from "./change.js";
export type Rule = import("./rule.js").Rule;
/** @typedef {import("./rule.js").Rule} Rule */
/** A mark on a value. */
declare class Mark {
    kind: "computed" | "sensitive" | "unknown";
    value: unknown;
    /**
     * @param {"unknown" | "computed" | "sensitive"} kind
     * @param {unknown} [value]
     */
    constructor(kind: "unknown" | "computed" | "sensitive", value?: unknown);
}
/** A value that is not known yet. */
export declare const unknown: () => Mark;
/** A value that the provider decides and nobody configured. */
export declare const computed: () => Mark;
/**
 * A value that the schema marks as sensitive.
 * @param {unknown} value
 */
export declare const sensitive: (value: unknown) => Mark;
export type Planned = {
    /**
     * The resource type.
     */
    type: string;
    /**
     * The prior state.
     */
    before?: unknown;
    /**
     * The planned state.
     */
    after?: unknown;
    /**
     * From `before` and `after` unless said.
     */
    operation?: import("./change.js").Operation;
    /**
     * `plan` unless said.
     */
    stage?: import("./change.js").Stage;
    /**
     * `managed` unless said.
     */
    mode?: import("./change.js").Mode;
    /**
     * The paths that are set; where it is left out, that is not known.
     */
    configured?: string[];
    providerConfiguration?: unknown;
    address?: string;
    /**
     * What attributes refer to: `{ bucket: "aws_s3_bucket.logs.id" }`.
     */
    references?: Record<string, string>;
};
/**
 * A change, for a rule.
 * @param {Planned} planned
 */
export declare function change(planned: Planned): Change;
/**
 * A whole plan, for a rule.
 * @param {Planned[]} changes
 * @param {{ complete?: boolean }} [options]
 */
export declare function graph(changes: Planned[], { complete }?: {
    complete?: boolean;
}): Graph;
/**
 * Asks a rule: its verdict, or `undetermined` and `error` with the text.
 * @param {Rule} rule
 * @param {Change | Graph} subject
 * @returns {{ verdict: string, findings?: import("./outcome.js").Finding[], text?: string }}
 */
export declare function ask(rule: Rule, subject: Change | Graph): {
    verdict: string;
    findings?: import("./outcome.js").Finding[];
    text?: string;
};
export {};
