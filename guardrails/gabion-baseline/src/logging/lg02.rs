//! LG02.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

rule! {
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
    pub struct TrailWithoutValidation {
        code: "LG02",
        name: "trail-without-validation",
        title: "a trail without log file validation",
        level: Mandatory,
        since: "1.0.0",
        targets: [aws("aws_cloudtrail"), gabion("gabion_log_sink")],
        controls: [Control::cis_v5("3.2"), Control::cis_v7("4.2"), Control::security_hub("CloudTrail.4")],
    }
    fn check(change) {
        let Some(trail) = change.planned() else { return NOT_APPLICABLE };
        let mut review = Review::new();
        review.must_be_true(
            &trail.get("enable_log_file_validation"),
            "nobody can prove that the trail's log files were not changed",
        );
        review.outcome()
    }
}
