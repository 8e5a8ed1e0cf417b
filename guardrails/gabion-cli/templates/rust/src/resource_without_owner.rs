use gabion_guardrail::prelude::*;

/// ## What it does
/// Finds resources without a tag `owner`.
///
/// ## Why
/// When something costs too much or breaks at night, somebody must be found who knows it.
///
/// ## Fix
/// ```hcl
/// resource "aws_s3_bucket" "logs" {
///   tags = { owner = "team-logs" }
/// }
/// ```
#[rule(
    code = "AC01",
    name = "resource-without-owner",
    title = "a resource without an owner",
    level = mandatory,
    since = "0.1.0",
    targets(
        gabion_kms_key(provider = "gabion/gabion", versions = ">= 0.1"),
        aws_s3_bucket(provider = "hashicorp/aws", versions = ">= 5.0, < 7.0"),
    ),
    controls(own("AC01"))
)]
pub fn resource_without_owner(change: &Change) -> Outcome {
    let Some(resource) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let tags = Tags::own(&resource);
    // A tag that is not known yet ends the rule here: it is decided again at apply.
    if tags.get("owner")?.is_some() {
        return PASS;
    }
    found(tags.value().finding("the resource has no tag `owner`"))
}
