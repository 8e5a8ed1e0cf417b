import { NOT_APPLICABLE, PASS, Tags, control, found, rule } from "@gabion/guardrail";

/**
 * ## What it does
 * Finds resources without a tag `owner`.
 *
 * ## Why
 * When something costs too much or breaks at night, somebody must be found who knows it.
 *
 * ## Fix
 * ```hcl
 * resource "aws_s3_bucket" "logs" {
 *   tags = { owner = "team-logs" }
 * }
 * ```
 */
export const resourceWithoutOwner = rule(
  {
    code: "AC01",
    name: "resource-without-owner",
    title: "a resource without an owner",
    level: "mandatory",
    since: "0.1.0",
    targets: [
      { type: "gabion_kms_key", provider: "gabion/gabion" },
      { type: "aws_s3_bucket", provider: "hashicorp/aws", versions: ">= 5.0, < 7.0" },
    ],
    controls: [control.own("AC01")],
  },
  (change) => {
    const resource = change.planned();
    if (!resource) return NOT_APPLICABLE;
    const tags = Tags.own(resource);
    // A tag that is not known yet ends the rule here: it is decided again at apply.
    if (tags.get("owner") !== null) return PASS;
    return found(tags.value.finding("the resource has no tag `owner`"));
  },
);
