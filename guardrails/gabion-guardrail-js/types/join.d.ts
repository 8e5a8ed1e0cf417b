import { Address } from "./address.js";
export type Change = import("./change.js").Change;
export type Graph = import("./change.js").Graph;
export type Candidate = {
    change: Change;
    address: Address | null;
    ends: Address[];
};
/** What a join came to. */
export declare class Join {
    kind: "absent" | "found" | "undetermined";
    /** The companions; at least one where some were found. */
    changes: import("./change.js").Change[];
    /** Why it cannot be told. */
    why: string | null;
    /**
     * @param {"found" | "absent" | "undetermined"} kind
     * @param {Change[]} changes
     * @param {string | null} why
     */
    constructor(kind: "found" | "absent" | "undetermined", changes?: Change[], why?: string | null);
    /** The companions, none where it is sure that there are none; ends the rule where it cannot be told. */
    settled(): import("./change.js").Change[];
}
/**
 * The resources of one type that will exist, ready to be joined by one attribute to what they belong to. Made by
 * `graph.companions(type, attribute)`.
 */
export declare class Companions {
    #private;
    /**
     * @param {Graph} graph
     * @param {string} resourceType
     * @param {string} attribute
     */
    constructor(graph: Graph, resourceType: string, attribute: string);
    /** Whether there is none at all. */
    get isEmpty(): boolean;
    /**
     * Whether the plan destroys one that belonged to `subject`: then what its prior state says is about to end.
     * @param {Change} subject
     * @param {string[]} names
     */
    leaves(subject: Change, names: string[]): boolean;
    /**
     * Those that belong to `subject`: whose attribute refers to it, else whose attribute equals one of its attributes
     * `names`.
     * @param {Change} subject
     * @param {string[]} names
     * @returns {Join}
     */
    of(subject: Change, names: string[]): Join;
}
