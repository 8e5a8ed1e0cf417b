import { Finding } from "./outcome.js";
export type Handle = import("gabion:guardrail/values@1.0.0").Value;
export type Kind = import("gabion:guardrail/values@1.0.0").Kind;
export type Secret = import("gabion:guardrail/values@1.0.0").Secret;
export type Why = import("./stop.js").Why;
/** A handle to a value. Moving to another value never fails and reads nothing; the read that follows tells. */
export declare class Value {
    /** @param {Handle} handle */
    constructor(handle: Handle);
    /** @private */
    private _handle;
    /** The kind. A sensitive value shows its kind. */
    get kind(): import("gabion:guardrail/values@1.0.0").Kind;
    /** Whether the schema marks it, or a value above it, as sensitive. */
    get isSensitive(): boolean;
    /** Whether the provider decides it: unset in the configuration and unknown in the plan. */
    get isComputed(): boolean;
    /**
     * Whether it is set to something: neither null nor computed. Text may be empty. Ends the rule when it is not known
     * yet: it may turn out null.
     */
    isSet(): boolean;
    /**
     * The value at a name of a mapping.
     * @param {string} name
     */
    get(name: string): Value;
    /**
     * The element of a sequence, counted from 0; null past its end.
     * @param {number} index
     */
    at(index: number): Value;
    /**
     * The value at a path below this one, `rule[0].default_retention`. Throws where the text is no path.
     * @param {string} path
     */
    find(path: string): Value;
    /** The elements of a sequence; none for null and computed. */
    elements(): Value[];
    /** `for (const rule of value)`: the elements of a sequence. */
    [Symbol.iterator](): ArrayIterator<Value>;
    /**
     * The only block of a kind that may stand once, `versioning_configuration { }`: the first element of a sequence;
     * null where there is none.
     */
    block(): Value | null;
    /** The names of a mapping, sorted; none for null and computed. */
    keys(): string[];
    /** How many elements, entries or characters it has; 0 for null and computed. A sensitive text answers too. */
    size(): number;
    /** The boolean; null for null and computed. */
    boolean(): boolean | null;
    /** The number as exact decimal text; null for null and computed. */
    number(): string | null;
    /**
     * The number as a whole number; null for null and computed. One that is not whole, or that JavaScript cannot hold
     * exactly, is of the wrong kind.
     */
    integer(): number | null;
    /** The number as the nearest float; null for null and computed. */
    float(): number | null;
    /** The text; null for null and computed. */
    text(): string | null;
    /** The text where it is not empty: many attributes of the AWS provider write "unset" as `""`. */
    filled(): string | null;
    /**
     * Whether two values are equal; sensitive ones answer too. Computed equals nothing.
     * @param {Value} other
     */
    equalTo(other: Value): boolean;
    /** The attribute path; inside a document, of the attribute that holds it. */
    get path(): string;
    /** The JSON that a text holds, such as an IAM policy; null for null, computed and an empty text. */
    document(): Value | null;
    /** What a detector in the host finds in this value and below it. */
    secrets(): import("gabion:guardrail/values@1.0.0").Secret[];
    /**
     * A finding at this value: one sentence without a final full stop.
     * @param {string} message
     */
    finding(message: string): Finding;
}
/**
 * An exact decimal text as a whole number, `30`, `30.0`, `3e1`; null where it is none that fits.
 * @param {string} text
 */
export declare function whole(text: string): number | null;
