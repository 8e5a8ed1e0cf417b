//! LG10.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// How long logs must be kept, in days.
const LEAST: i64 = 365;

/// ## What it does
///
/// Finds log groups that forget in less than 365 days, or that are not encrypted with a customer managed key: an
/// `aws_cloudwatch_log_group` with `retention_in_days` from 1 to 364 (0, as unset, is for ever) or without `kms_key_id`, and
/// a `gabion_log_sink` with such a `log_group_retention_in_days`, whose log group always has a key.
///
/// Known misses: a log group that a service made by itself, and what a key's policy permits.
///
/// ## Why it matters
///
/// Many an intrusion is found months later. What happened then is in the logs, if they are still there.
///
/// ## Example
///
/// ```hcl
/// resource "aws_cloudwatch_log_group" "app" {
///   name              = "app"
///   retention_in_days = 30
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_cloudwatch_log_group" "app" {
///   name              = "app"
///   retention_in_days = 365
///   kms_key_id        = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
/// }
/// ```
///
/// ## References
///
/// - [Encrypt log data in CloudWatch Logs using AWS KMS](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html)
/// - NIST 800-53 AU-11, SC-28, by a mapping of third parties
#[rule(
    code = "LG10",
    title = "a log group under 365 days or without customer managed key",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_cloudwatch_log_group"), gabion("gabion_log_sink")),
    controls(own("LG10"))
)]
pub(crate) fn short_log_group(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let sink = change.resource_type() == "gabion_log_sink";
    let mut review = Review::new();
    let days = after.get(if sink {
        "log_group_retention_in_days"
    } else {
        "retention_in_days"
    });
    review.look(|| {
        let short = days.integer()?.is_some_and(|days| days > 0 && days < LEAST);
        Ok(short.then(|| {
            days.finding("the logs are kept for less than 365 days")
                .fix(LEAST)
        }))
    });
    if !sink {
        let key = after.get("kms_key_id");
        review.look(|| {
            Ok(key.filled()?.is_none().then(|| {
                key.finding("the logs are not encrypted with a customer managed key")
                    .observed("not set")
            }))
        });
    }
    review.outcome()
}
