import { Companions } from "./join.js";
import { Value } from "./value.js";
export type ChangeHandle = import("gabion:guardrail/plan@1.0.0").Change;
export type GraphHandle = import("gabion:guardrail/plan@1.0.0").Graph;
export type Operation = import("gabion:guardrail/plan@1.0.0").Operation;
export type Stage = import("gabion:guardrail/plan@1.0.0").Stage;
export type Mode = import("gabion:guardrail/plan@1.0.0").Mode;
export type Reference = import("gabion:guardrail/plan@1.0.0").Reference;
/** @typedef {import("gabion:guardrail/plan@1.0.0").Change} ChangeHandle */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Graph} GraphHandle */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Operation} Operation What is about to happen. */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Stage} Stage At which step a rule is asked. */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Mode} Mode What kind of object a change is about. */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Reference} Reference An expression that names another resource. */
/** One change, as a rule sees it. */
export declare class Change {
    /** @param {ChangeHandle} handle */
    constructor(handle: ChangeHandle);
    /** @private */
    private _handle;
    /**
     * The host's handle of a change; for the graph.
     * @param {Change} change
     */
    static handle(change: Change): import("gabion:guardrail/plan@1.0.0").Change;
    /** The resource type, `aws_kms_key`. */
    get resourceType(): string;
    /** Managed, data or ephemeral. */
    get mode(): import("gabion:guardrail/plan@1.0.0").Mode;
    /** The provider's source address, `registry.terraform.io/hashicorp/aws`. */
    get provider(): string;
    /** The provider's version where known, else null. */
    get providerVersion(): string | null;
    /** What happens. */
    get operation(): import("gabion:guardrail/plan@1.0.0").Operation;
    /** At which step. */
    get stage(): import("gabion:guardrail/plan@1.0.0").Stage;
    /** The prior state; null for a create. */
    get before(): Value;
    /** The planned state; null for a delete. */
    get after(): Value;
    /**
     * The planned state of a managed resource that will exist; null when it goes away or leaves the state, and for data
     * sources and ephemeral resources. What most rules look at.
     */
    planned(): Value | null;
    /** Whether it is a managed resource that will exist. */
    get stays(): boolean;
    /**
     * Whether the configuration sets the attribute at this path; null where that is not known, which makes a pass
     * undetermined.
     * @param {string} path
     */
    configured(path: string): boolean | null;
    /** The provider's configuration, redacted: region, role, account where known. */
    get providerConfiguration(): Value;
    /** The resource's address where known, else null; plan calls carry none. */
    get address(): string | null;
    /** The address of its module where known, else null; empty for the root module. */
    get moduleAddress(): string | null;
}
/** The whole plan, for rules that join resources. */
export declare class Graph {
    /** @param {GraphHandle} handle */
    constructor(handle: GraphHandle);
    /** @private */
    private _handle;
    /** Whether everything is in it: what is missing from an incomplete graph may live elsewhere. */
    get complete(): boolean;
    /**
     * All changes of one resource type, in the plan's order; an empty type means all.
     * @param {string} resourceType
     */
    changes(resourceType?: string): Change[];
    /**
     * The managed resources of one type that will exist after the apply.
     * @param {string} resourceType
     */
    of(resourceType: string): Change[];
    /**
     * What the expressions of a change refer to.
     * @param {Change} change
     */
    references(change: Change): import("gabion:guardrail/plan@1.0.0").Reference[];
    /**
     * The changes whose expressions refer to this one.
     * @param {Change} change
     */
    referrers(change: Change): Change[];
    /**
     * The resources of a type that will exist, to be joined by `attribute` to what they belong to: by reference first,
     * then by equal values. Make it once, and ask it for each resource.
     * @param {string} resourceType
     * @param {string} attribute
     */
    companions(resourceType: string, attribute: string): Companions;
}
