/// <reference path="../types/wit.d.ts" preserve="true" />

// The JavaScript SDK for authors of Gabion guardrails. See README.md.

export { Arn } from "./arn.js";
export { Change, Graph } from "./change.js";
export { Cidr } from "./cidr.js";
export { Companions, Join } from "./join.js";
export { log } from "./log.js";
export { Finding, NOT_APPLICABLE, PASS, Review, Verdict, found } from "./outcome.js";
export {
  Choice,
  Condition,
  PolicyDocument,
  Principal,
  Statement,
  accountOf,
  matches,
  matchesIgnoringCase,
} from "./policy.js";
export { Pack, Rule, control, pack, planRule, rule } from "./rule.js";
export { Setting, Settings, setting, settings } from "./settings.js";
export { Failure, Stop, Undetermined, Unreadable } from "./stop.js";
export { Tags } from "./tags.js";
export { Value } from "./value.js";
