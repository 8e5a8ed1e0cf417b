// Rules and packs.

import { Change, Graph } from "./change.js";
import { Verdict } from "./outcome.js";
import { Settings } from "./settings.js";

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
export class Rule {
  /**
   * @param {Scope} scope
   * @param {Metadata} metadata
   * @param {(subject: any) => Verdict} judge
   */
  constructor(scope, metadata, judge) {
    this.scope = scope;
    this.metadata = metadata;
    this.judge = judge;
  }

  /**
   * Whether it judges a resource type.
   * @param {string} resourceType
   */
  judges(resourceType) {
    const targets = this.metadata.targets ?? [];
    return targets.length === 0 || targets.some((target) => target.type === resourceType);
  }
}

/**
 * A rule that judges one change at a time. The doc comment above it is its page.
 * @param {Metadata} metadata
 * @param {(change: Change) => Verdict} judge
 */
export function rule(metadata, judge) {
  return new Rule("change", metadata, judge);
}

/**
 * A rule that judges the whole plan. The doc comment above it is its page.
 * @param {Metadata} metadata
 * @param {(graph: Graph) => Verdict} judge
 */
export function planRule(metadata, judge) {
  return new Rule("plan", metadata, judge);
}

/**
 * A pack of rules. Name and version stand in package.json.
 * @typedef {object} PackOptions
 * @property {Rule[]} rules Its rules.
 * @property {Settings<any>} [settings] What it may be told in gabion.hcl.
 * @property {(settings: any) => SettingsProblem[] | void} [configure] Looks at the settings beyond their schema.
 */

/** A pack; made by {@link pack}. */
export class Pack {
  /** @param {PackOptions} options */
  constructor({ rules, settings, configure }) {
    this.rules = rules;
    this.settings = settings;
    this.configure = configure;
  }
}

/**
 * A pack of rules: the default export of the module that package.json calls `main`.
 * @param {PackOptions} options
 */
export function pack(options) {
  return new Pack(options);
}

/** Controls that a rule gives evidence for. */
export const control = Object.freeze({
  /**
   * CIS AWS Foundations Benchmark v5.
   * @param {string} id
   * @returns {Control}
   */
  cisV5: (id) => ({ framework: "cis-aws-v5", id, confirmed: true }),
  /**
   * CIS AWS Foundations Benchmark v7.
   * @param {string} id
   * @returns {Control}
   */
  cisV7: (id) => ({ framework: "cis-aws-v7", id, confirmed: true }),
  /**
   * A Security Hub control of AWS Foundational Security Best Practices; `confirmed` false where that is not sure.
   * @param {string} id
   * @param {boolean} [confirmed]
   * @returns {Control}
   */
  securityHub: (id, confirmed = true) => ({ framework: "security-hub", id, confirmed }),
  /**
   * The pack's own control.
   * @param {string} id
   * @returns {Control}
   */
  own: (id) => ({ framework: "own", id, confirmed: true }),
});
