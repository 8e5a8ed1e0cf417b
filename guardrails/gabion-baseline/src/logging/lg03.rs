//! LG03.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds trails whose log files are not encrypted with a customer managed key: `kms_key_id` is not set, or names
/// a key that AWS manages (`alias/aws/...`).
///
/// A key that the same plan creates is not known before apply; the rule decides then, before the trail is made.
/// Known miss: whether the key exists and is managed by the customer cannot be seen in its ARN.
///
/// ## Why it matters
///
/// With a key of one's own, reading the logs takes a right on the key besides a right on the bucket, and each
/// use of the key is recorded.
///
/// ## Example
///
/// ```hcl
/// resource "aws_cloudtrail" "main" {
///   name                       = "main"
///   s3_bucket_name             = "example-logs"
///   is_multi_region_trail      = true
///   enable_log_file_validation = true
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
/// - [Encrypting CloudTrail log files with AWS KMS keys](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html)
/// - CIS AWS Foundations v5 3.5, v7 4.5; Security Hub CloudTrail.2
#[rule(
    code = "LG03",
    title = "a trail without customer managed key",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_cloudtrail"), gabion("gabion_log_sink")),
    controls(cis_v5("3.5"), cis_v7("4.5"), security_hub("CloudTrail.2"))
)]
pub(crate) fn trail_without_customer_key(change: &Change) -> Outcome {
    let Some(trail) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let key = trail.get("kms_key_id");
    match key.filled()? {
        None => found(
            key.finding("the trail's log files are not encrypted with a customer managed key")
                .observed("not set"),
        ),
        Some(id) if is_aws_managed(&id) => {
            found(key.finding("the key of the trail's log files is managed by AWS"))
        }
        Some(_) => PASS,
    }
}

/// `alias/aws/s3`, or its ARN.
fn is_aws_managed(id: &str) -> bool {
    id.starts_with("alias/aws/") || id.contains(":alias/aws/")
}
