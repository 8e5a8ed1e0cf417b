export type Json = import("./json.js").Json;
export type Value = import("./value.js").Value;
/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./value.js").Value} Value */
/** One bad thing. */
export declare class Finding {
    /** Which attribute. */
    path: string;
    /** What is wrong. */
    message: string;
    /** For whole-plan rules: the resource it is about. @type {string | undefined} */
    address: string | undefined;
    /** What was observed, where the value at the path does not say it. @type {string | undefined} */
    observedText: string | undefined;
    /** What would mend it. @type {{ path: string, value: string }[]} */
    patches: {
        path: string;
        value: string;
    }[];
    /**
     * A finding at an attribute path of the resource, empty for the resource as a whole.
     * @param {string} path
     * @param {string} message One sentence without a final full stop.
     */
    constructor(path: string, message: string);
    /**
     * Says what was observed, where the value at the path does not say it. The host tells old findings from new ones
     * by rule, path and this text: leave out what changes for other reasons.
     * @param {string} text
     */
    observed(text: string): this;
    /**
     * The finding's own attribute should have this value.
     * @param {Json} value
     */
    fix(value: Json): this;
    /**
     * Another attribute should have this value.
     * @param {string} path
     * @param {Json} value
     */
    fixAt(path: string, value: Json): this;
    /**
     * For whole-plan rules: the address of the resource it is about.
     * @param {string | null | undefined} address
     */
    on(address: string | null | undefined): this;
}
/** What a rule makes of a change or a plan: {@link PASS}, {@link NOT_APPLICABLE}, {@link found}, a review's outcome. */
export declare class Verdict {
    tag: "not-applicable" | "pass" | "violation";
    findings: Finding[];
    /**
     * @param {"pass" | "not-applicable" | "violation"} tag
     * @param {Finding[]} findings
     */
    constructor(tag: "pass" | "not-applicable" | "violation", findings?: Finding[]);
}
/** Looked at, and good. */
export declare const PASS: Readonly<Verdict>;
/** Nothing to say of this change. */
export declare const NOT_APPLICABLE: Readonly<Verdict>;
/**
 * At least one finding, as the answer of a rule.
 * @param {Finding} first
 * @param {...Finding} more
 */
export declare function found(first: Finding, ...more: Finding[]): Verdict;
/** Gathers findings, so that one value that cannot be read does not hide what others show. */
export declare class Review {
    /** @private @type {Finding[]} */
    private _findings;
    /** @private @type {Stop | null} */
    private _stop;
    /**
     * Adds a finding.
     * @param {Finding} finding
     */
    add(finding: Finding): void;
    /**
     * Looks at one thing: a finding that `look` returns is kept; where a read ends it, that is remembered and the
     * review goes on.
     * @param {() => Finding | null | undefined} look
     */
    look(look: () => Finding | null | undefined): void;
    /**
     * As {@link Review.look}, for any number of findings: those pushed before a read ends it are kept.
     * @param {(findings: Finding[]) => void} look
     */
    lookAt(look: (findings: Finding[]) => void): void;
    /** Whether something was found. */
    get found(): boolean;
    /**
     * The boolean at `value` must be true: else a finding with `message`, and the fix that sets it.
     * @param {Value} value
     * @param {string} message
     */
    mustBeTrue(value: Value, message: string): void;
    /** A failure, else the findings, else what could not be read, else pass: what a rule returns. */
    outcome(): Readonly<Verdict>;
}
