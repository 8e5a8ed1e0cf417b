export type Value = import("./value.js").Value;
/** @typedef {import("./value.js").Value} Value */
/** The tags of a resource, or those of it and the provider. */
export declare class Tags {
    /** The value behind them, for a finding. */
    value: import("./value.js").Value;
    /** @param {Value} value What holds the tags. */
    constructor(value: Value);
    /**
     * The tags that the resource itself sets: its `tags`.
     * @param {Value} resource
     */
    static own(resource: Value): Tags;
    /**
     * All tags, the provider's `default_tags` included: its `tags_all`.
     * @param {Value} resource
     */
    static all(resource: Value): Tags;
    /**
     * The value of a tag; null where it is not set. An empty value is a value.
     * @param {string} key
     */
    get(key: string): string | null;
    /** The keys, sorted. */
    keys(): string[];
    /**
     * Those of the wanted keys that are not set, in the order given.
     * @param {string[]} wanted
     */
    missing(wanted: string[]): string[];
}
