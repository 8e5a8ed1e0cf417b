//! LG02.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds trails without log file validation (`enable_log_file_validation` is not `true`; unset is `false` in
/// hashicorp/aws).
///
/// ## Why it matters
///
/// With validation CloudTrail signs an hourly digest of the files it delivered. Without it nobody can prove
/// that a log file was not changed, or that none is missing.
///
/// ## Example
///
/// ```hcl
/// resource "aws_cloudtrail" "main" {
///   name                  = "main"
///   s3_bucket_name        = "example-logs"
///   is_multi_region_trail = true
///   kms_key_id            = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
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
/// - [Validating CloudTrail log file integrity](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html)
/// - CIS AWS Foundations v5 3.2, v7 4.2; Security Hub CloudTrail.4
#[rule(
    code = "LG02",
    title = "a trail without log file validation",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_cloudtrail"), gabion("gabion_log_sink")),
    controls(cis_v5("3.2"), cis_v7("4.2"), security_hub("CloudTrail.4"))
)]
pub(crate) fn trail_without_validation(change: &Change) -> Outcome {
    let Some(trail) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    review.must_be_true(
        &trail.get("enable_log_file_validation"),
        "nobody can prove that the trail's log files were not changed",
    );
    review.outcome()
}
