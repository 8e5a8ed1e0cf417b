export type Why = import("gabion:guardrail/values@1.0.0").Unreadable;
/** Ends a rule before its verdict. Thrown by reads; a rule may throw {@link Undetermined} and {@link Failure}. */
export declare class Stop extends Error {
    /** Whether the rule failed, and the plan with it; else it is undetermined. */
    get failed(): boolean;
}
/** A value cannot be read yet, so nothing can be decided; the text says what the rule wanted to know. */
export declare class Undetermined extends Stop {
    /** @override */
    get failed(): boolean;
}
/** The rule failed: the plan fails closed with this reason. */
export declare class Failure extends Stop {
}
/** A value could not be read: where and why. */
export declare class Unreadable extends Stop {
    /** The attribute path. */
    path: string;
    /** Why. */
    why: import("gabion:guardrail/values@1.0.0").Unreadable;
    /**
     * @param {string} path The attribute path.
     * @param {Why} why Why.
     */
    constructor(path: string, why: Why);
    /** @override */
    get failed(): boolean;
}
