// What both rules ask of a tag.

import { NOT_APPLICABLE, PASS, Tags, found } from "@gabion/guardrail";

/**
 * Judges one tag of a change: it must be set, and be one of `allowed` where that names any. Tags that the provider
 * adds by itself (`default_tags`) count too, where the type shows them.
 * @param {import("@gabion/guardrail").Change} change
 * @param {string} key
 * @param {string[]} allowed
 */
export function judge(change, key, allowed) {
  const resource = change.planned();
  if (!resource) return NOT_APPLICABLE;
  const own = Tags.own(resource);
  const value = own.get(key) ?? inherited(change, key);
  if (value === null || value.trim() === "") {
    const finding = own.value.finding(`the tag \`${key}\` is missing`);
    return found(allowed.length === 1 ? finding.fixAt(`tags.${key}`, allowed[0] ?? "") : finding);
  }
  if (allowed.length === 0 || allowed.includes(value)) return PASS;
  const known = allowed.map((one) => `\`${one}\``).join(", ");
  return found(own.value.get(key).finding(`\`${value}\` is no ${key}; allowed are ${known}`).observed(value));
}

/**
 * A tag that the provider's `default_tags` set.
 * @param {import("@gabion/guardrail").Change} change
 * @param {string} key
 */
function inherited(change, key) {
  const defaults = change.providerConfiguration.get("default_tags").block();
  return defaults ? defaults.get("tags").get(key).text() : null;
}
