import { Change, Graph } from "./change.js";
import { Verdict } from "./outcome.js";
import { Settings } from "./settings.js";
export type Level = import("gabion:guardrail/rules@1.0.0").Level;
export type Control = import("gabion:guardrail/rules@1.0.0").Control;
export type Scope = import("gabion:guardrail/rules@1.0.0").Scope;
export type SettingsProblem = import("gabion:guardrail/rules@1.0.0").SettingsProblem;
export type Target = {
    /**
     * The resource type, `aws_kms_key`.
     */
    type: string;
    /**
     * The provider's source address without host, `hashicorp/aws`.
     */
    provider: string;
    /**
     * The versions the rule was tested with, as Terraform writes constraints; any unless said.
     */
    versions?: string;
};
export type Metadata = {
    /**
     * Stable for ever: `AC01`.
     */
    code: string;
    /**
     * The bad thing it finds, so that it reads well after "allow": `bucket-without-owner`.
     */
    name: string;
    /**
     * One line for a reader.
     */
    title: string;
    /**
     * The level it has by default; `mandatory` unless said.
     */
    level?: Level;
    /**
     * The pack version that brought it.
     */
    since: string;
    /**
     * Which resource types it judges; all where none is named.
     */
    targets?: Target[];
    /**
     * Which controls it gives evidence for.
     */
    controls?: Control[];
    /**
     * Its page, Markdown. `gabion build` takes the doc comment above the rule.
     */
    page?: string;
};
/** @typedef {import("gabion:guardrail/rules@1.0.0").Level} Level How much a violation weighs by default. */
/** @typedef {import("gabion:guardrail/rules@1.0.0").Control} Control A control that a rule gives evidence for. */
/** @typedef {import("gabion:guardrail/rules@1.0.0").Scope} Scope */
/** @typedef {import("gabion:guardrail/rules@1.0.0").SettingsProblem} SettingsProblem What is wrong with a setting. */
/**
 * A resource type that a rule judges.
 * @typedef {object} Target
 * @property {string} type The resource type, `aws_kms_key`.
 * @property {string} provider The provider's source address without host, `hashicorp/aws`.
 * @property {string} [versions] The versions the rule was tested with, as Terraform writes constraints; any unless said.
 */
/**
 * What a rule says of itself.
 * @typedef {object} Metadata
 * @property {string} code Stable for ever: `AC01`.
 * @property {string} name The bad thing it finds, so that it reads well after "allow": `bucket-without-owner`.
 * @property {string} title One line for a reader.
 * @property {Level} [level] The level it has by default; `mandatory` unless said.
 * @property {string} since The pack version that brought it.
 * @property {Target[]} [targets] Which resource types it judges; all where none is named.
 * @property {Control[]} [controls] Which controls it gives evidence for.
 * @property {string} [page] Its page, Markdown. `gabion build` takes the doc comment above the rule.
 */
/** A rule: metadata and one function. Made by {@link rule} and {@link planRule}. */
export declare class Rule {
    scope: import("gabion:guardrail/rules@1.0.0").Scope;
    metadata: Metadata;
    judge: (subject: any) => Verdict;
    /**
     * @param {Scope} scope
     * @param {Metadata} metadata
     * @param {(subject: any) => Verdict} judge
     */
    constructor(scope: Scope, metadata: Metadata, judge: (subject: any) => Verdict);
    /**
     * Whether it judges a resource type.
     * @param {string} resourceType
     */
    judges(resourceType: string): boolean;
}
/**
 * A rule that judges one change at a time. The doc comment above it is its page.
 * @param {Metadata} metadata
 * @param {(change: Change) => Verdict} judge
 */
export declare function rule(metadata: Metadata, judge: (change: Change) => Verdict): Rule;
/**
 * A rule that judges the whole plan. The doc comment above it is its page.
 * @param {Metadata} metadata
 * @param {(graph: Graph) => Verdict} judge
 */
export declare function planRule(metadata: Metadata, judge: (graph: Graph) => Verdict): Rule;
export type PackOptions = {
    /**
     * Its rules.
     */
    rules: Rule[];
    /**
     * What it may be told in gabion.hcl.
     */
    settings?: Settings<any>;
    /**
     * Looks at the settings beyond their schema.
     */
    configure?: (settings: any) => SettingsProblem[] | void;
};
/**
 * A pack of rules. Name and version stand in package.json.
 * @typedef {object} PackOptions
 * @property {Rule[]} rules Its rules.
 * @property {Settings<any>} [settings] What it may be told in gabion.hcl.
 * @property {(settings: any) => SettingsProblem[] | void} [configure] Looks at the settings beyond their schema.
 */
/** A pack; made by {@link pack}. */
export declare class Pack {
    rules: Rule[];
    settings: Settings<any> | undefined;
    configure: ((settings: any) => SettingsProblem[] | void) | undefined;
    /** @param {PackOptions} options */
    constructor({ rules, settings, configure }: PackOptions);
}
/**
 * A pack of rules: the default export of the module that package.json calls `main`.
 * @param {PackOptions} options
 */
export declare function pack(options: PackOptions): Pack;
/** Controls that a rule gives evidence for. */
export declare const control: Readonly<{
    /**
     * CIS AWS Foundations Benchmark v5.
     * @param {string} id
     * @returns {Control}
     */
    cisV5: (id: string) => Control;
    /**
     * CIS AWS Foundations Benchmark v7.
     * @param {string} id
     * @returns {Control}
     */
    cisV7: (id: string) => Control;
    /**
     * A Security Hub control of AWS Foundational Security Best Practices; `confirmed` false where that is not sure.
     * @param {string} id
     * @param {boolean} [confirmed]
     * @returns {Control}
     */
    securityHub: (id: string, confirmed?: boolean) => Control;
    /**
     * The pack's own control.
     * @param {string} id
     * @returns {Control}
     */
    own: (id: string) => Control;
}>;
