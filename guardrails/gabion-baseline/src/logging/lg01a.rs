//! LG01A.

use gabion_guardrail::prelude::*;

/// ## What it does
///
/// Finds a plan without any trail that records all regions: neither an `aws_cloudtrail` nor a `gabion_log_sink` with
/// `is_multi_region_trail = true` that is switched on.
///
/// Most configurations hold no trail, and should not. So the rule is off until the policy file of the configuration
/// that should hold it says so: `rule "LG01A" { level = "mandatory" }`.
///
/// Known miss: it does not look at whose account the trail records.
///
/// ## Why it matters
///
/// Who gets into an account often works in a region that nobody uses. Without a trail of all regions, nobody sees it.
///
/// ## Example
///
/// ```hcl
/// resource "aws_cloudtrail" "main" {
///   name                       = "main"
///   s3_bucket_name             = "example-logs"
///   enable_log_file_validation = true
///   kms_key_id                 = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_cloudtrail" "main" {
///   name                       = "main"
///   s3_bucket_name             = "example-logs"
///   is_multi_region_trail      = true
///   enable_log_file_validation = true
///   kms_key_id                 = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
/// }
/// ```
///
/// ## References
///
/// - [Understanding multi-Region trails and opt-in Regions](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-multi-region-trails.html)
/// - CIS AWS Foundations v5 3.1, v7 4.1; Security Hub CloudTrail.1
#[rule(
    code = "LG01A",
    title = "no trail that records all regions",
    level = off,
    since = "1.0.0",
    targets(any),
    controls(cis_v5("3.1"), cis_v7("4.1"), security_hub("CloudTrail.1"))
)]
pub(crate) fn no_multi_region_trail(graph: &Graph) -> Outcome {
    let mut unclear = None;
    for resource_type in ["aws_cloudtrail", "gabion_log_sink"] {
        for trail in graph.of(resource_type) {
            match records_all_regions(&trail.after()) {
                Ok(true) => return PASS,
                Ok(false) => {}
                Err(stop) => unclear = Some(stop),
            }
        }
    }
    if let Some(stop) = unclear {
        return Err(stop);
    }
    if !graph.complete() {
        return Err(Stop::Undetermined(
            "the plan does not hold everything".to_owned(),
        ));
    }
    // Nothing at all is no place that lacks a trail; and what was empty before is no old violation.
    if graph.changes("").is_empty() {
        return NOT_APPLICABLE;
    }
    found(Finding::new("", "no trail here records all regions"))
}

fn records_all_regions(trail: &Value) -> Result<bool, Stop> {
    Ok(trail.get("is_multi_region_trail").boolean()? == Some(true)
        && trail.get("enable_logging").boolean()? != Some(false))
}
