// The exports of a component: what `gabion build` wraps around a pack.

import { Change, Graph } from "./change.js";
import { log, logTo } from "./log.js";
import { Verdict } from "./outcome.js";
import { Pack, Rule } from "./rule.js";
import { Stop } from "./stop.js";

/** @typedef {import("gabion:guardrail/plan@1.0.0").Change} ChangeHandle */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Graph} GraphHandle */
/** @typedef {import("gabion:guardrail/rules@1.0.0").Verdict} WitVerdict */
/** @typedef {import("gabion:guardrail/rules@1.0.0").SettingsProblem} SettingsProblem */

/** An answer that the contract calls an error. */
class Refusal extends Error {
  /** @param {string | SettingsProblem[]} payload */
  constructor(payload) {
    super(typeof payload === "string" ? payload : "the settings are refused");
    this.payload = payload;
  }
}

/**
 * What a component of this pack exports.
 * @param {Pack} pack
 * @param {{ name: string, version: string }} identity
 * @param {import("./log.js").Sink} write
 */
export function component(pack, identity, write) {
  if (!(pack instanceof Pack)) {
    throw new TypeError("the module that package.json calls `main` has no default export made by `pack({ ... })`");
  }
  for (const one of pack.rules ?? []) {
    if (!(one instanceof Rule)) throw new TypeError("`rules` of the pack holds something that `rule({ ... })` did not make");
  }
  logTo(write);
  redirectConsole();
  const named = (/** @type {string} */ code) => {
    const found = pack.rules.find((one) => one.metadata.code === code);
    if (!found) throw new Refusal(`the pack \`${identity.name}\` has no rule \`${code}\``);
    return found;
  };
  return {
    describe: () => ({
      ...identity,
      settingsSchema: pack.settings?.schema ?? '{"type":"object","additionalProperties":false}',
      rules: pack.rules.map(described),
    }),
    /** @param {string} text */
    configure(text) {
      const settings = JSON.parse(text);
      pack.settings?.set(settings);
      const problems = pack.configure?.(pack.settings ? pack.settings.current() : settings) ?? [];
      if (problems.length > 0) throw new Refusal(problems);
    },
    /**
     * @param {string} code
     * @param {ChangeHandle} handle
     * @returns {WitVerdict}
     */
    check(code, handle) {
      const rule = named(code);
      const change = new Change(handle);
      return answer(() => (rule.judges(change.resourceType) ? rule.judge(change) : new Verdict("not-applicable")), code);
    },
    /**
     * @param {string} code
     * @param {GraphHandle} handle
     * @returns {WitVerdict}
     */
    checkPlan(code, handle) {
      const rule = named(code);
      return answer(() => rule.judge(new Graph(handle)), code);
    },
  };
}

/** @param {Rule} rule */
function described({ scope, metadata }) {
  for (const field of /** @type {const} */ (["code", "name", "title", "since"])) {
    if (typeof metadata[field] !== "string") throw new TypeError(`the rule \`${metadata.code ?? "?"}\` has no \`${field}\``);
  }
  const { code, name, title, since, page = "", level = "mandatory", targets = [], controls = [] } = metadata;
  return {
    code,
    name,
    title,
    since,
    page,
    level,
    scope,
    controls,
    targets: targets.map(({ type, provider, versions = "" }) => ({ resourceType: type, provider, versions })),
  };
}

/**
 * A rule's answer in the contract's words.
 * @param {() => Verdict} judge
 * @param {string} code
 * @returns {WitVerdict}
 */
function answer(judge, code) {
  try {
    const verdict = judge();
    if (!(verdict instanceof Verdict)) {
      throw new Refusal(`the rule \`${code}\` returned no verdict: return PASS, NOT_APPLICABLE, found(...) or review.outcome()`);
    }
    if (verdict.tag !== "violation") return { tag: verdict.tag };
    return {
      tag: "violation",
      val: verdict.findings.map(({ address, path, observedText, message, patches }) => ({
        address,
        path,
        observed: observedText,
        message,
        fix: patches,
      })),
    };
  } catch (error) {
    if (error instanceof Stop && !error.failed) return { tag: "undetermined", val: error.message };
    if (error instanceof Refusal) throw error;
    if (error instanceof Stop) throw new Refusal(error.message);
    throw new Refusal(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

/** What a rule prints goes to the log: the sandbox has no screen. */
function redirectConsole() {
  const to = (/** @type {import("./log.js").Severity} */ severity) =>
    (/** @type {unknown[]} */ ...parts) => log(parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part) ?? String(part))).join(" "), severity);
  globalThis.console = /** @type {Console} */ (
    /** @type {unknown} */ ({
      debug: to("debug"),
      log: to("info"),
      info: to("info"),
      warn: to("warn"),
      error: to("warn"),
      trace: to("debug"),
    })
  );
}
