use gabion_guardrail::policy::matches;
use gabion_guardrail::prelude::*;

use crate::Placement;

/// ## What it does
/// Finds resources in a region that is not among `allowed_regions`.
///
/// The region is that of the resource where it sets one (hashicorp/aws 6), else that of its provider block. Where the
/// provider takes it from the environment, a plan does not show it: the rule cannot tell.
///
/// ## Why
/// Data may have to stay in a country, and a region that nobody watches is where intruders work.
///
/// ## Fix
/// ```hcl
/// provider "aws" {
///   region = "eu-central-1"
/// }
/// ```
#[rule(
    code = "PL01",
    title = "a resource in a region that is not allowed",
    level = mandatory,
    since = "1.0.0",
    targets(
        provider = "hashicorp/aws",
        versions = ">= 5.0, < 7.0",
        aws_db_instance,
        aws_dynamodb_table,
        aws_ebs_volume,
        aws_efs_file_system,
        aws_instance,
        aws_kms_key,
        aws_lambda_function,
        aws_s3_bucket,
        aws_sqs_queue,
    ),
    controls(own("PL01"))
)]
pub fn region_not_allowed(change: &Change) -> Outcome {
    let Some(resource) = change.planned() else {
        return NOT_APPLICABLE;
    };
    // Before version 6 the attribute is not there, or only shows what the provider says.
    let own = match change.provider_version() {
        Some(version) if version.starts_with("5.") => None,
        _ => resource.get("region").filled()?,
    };
    let region = match own {
        Some(region) => Some(region),
        None => change.provider_configuration().get("region").filled()?,
    };
    let Some(region) = region else {
        return Err(Stop::Undetermined(
            "the provider block names no region".to_owned(),
        ));
    };
    let allowed = &settings::<Placement>()?.allowed_regions;
    if allowed.iter().any(|pattern| matches(pattern, &region)) {
        return PASS;
    }
    let message = [
        "the region is not allowed; allowed are ",
        &allowed.join(", "),
    ];
    found(Finding::new("region", message.concat()).observed(region))
}
