//! LG12.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds buckets in which objects expire before their retention ends: `expiration_in_days` of a
/// `gabion_log_sink` under its `retention_in_days`, and an `aws_s3_bucket` that carries both a `lifecycle_rule`
/// and an `object_lock_configuration` with a longer default retention.
///
/// Known miss: where lifecycle and lock are resources of their own (`aws_s3_bucket_lifecycle_configuration`,
/// `aws_s3_bucket_object_lock_configuration`), no single resource tells. A whole-plan rule will.
///
/// ## Why it matters
///
/// The expiry of a locked object hides it behind a delete marker: those who look for the log do not see it,
/// though it is kept and paid for. Where the lock is off, it is gone.
///
/// ## Example
///
/// ```hcl refused
/// resource "gabion_log_sink" "logs" {
///   bucket             = "example-logs"
///   kms_key_id         = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
///   retention_in_days  = 730
///   expiration_in_days = 365
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "gabion_log_sink" "logs" {
///   bucket             = "example-logs"
///   kms_key_id         = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
///   retention_in_days  = 730
///   expiration_in_days = 730
/// }
/// ```
///
/// ## References
///
/// - [Object Lock considerations](https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html)
#[rule(
    code = "LG12",
    title = "logs that expire before their retention ends",
    level = mandatory,
    since = "1.0.0",
    targets(gabion("gabion_log_sink"), aws("aws_s3_bucket")),
    controls(own("LG12"))
)]
pub(crate) fn logs_expire_early(change: &Change) -> Outcome {
    let Some(bucket) = change.planned() else {
        return NOT_APPLICABLE;
    };
    if change.resource_type() == "gabion_log_sink" {
        return sink(&bucket);
    }
    // Both may be read back from a bucket whose lifecycle and lock are resources of their own.
    let elsewhere = |path: &str| change.configured(path) == Some(false);
    if elsewhere("lifecycle_rule[0]") || elsewhere("object_lock_configuration[0]") {
        return NOT_APPLICABLE;
    }
    inline(&bucket)
}

fn sink(sink: &Value) -> Outcome {
    let expiration = sink.get("expiration_in_days");
    // 0 is never.
    let Some(days) = expiration.integer()?.filter(|days| *days > 0) else {
        return PASS;
    };
    match sink.get("retention_in_days").integer()? {
        Some(retention) if days < retention => found(
            expiration
                .finding("logs expire before their retention ends")
                .fix(retention),
        ),
        _ => PASS,
    }
}

/// The older blocks within `aws_s3_bucket`.
fn inline(bucket: &Value) -> Outcome {
    let Some(lock) = bucket.get("object_lock_configuration").block()? else {
        return NOT_APPLICABLE;
    };
    let Some(rule) = lock.get("rule").block()? else {
        return NOT_APPLICABLE;
    };
    let Some(retention) = rule.get("default_retention").block()? else {
        return NOT_APPLICABLE;
    };
    let years = retention
        .get("years")
        .integer()?
        .unwrap_or(0)
        .saturating_mul(365);
    let locked = retention.get("days").integer()?.unwrap_or(0).max(years);
    let mut review = Review::new();
    for lifecycle in bucket.get("lifecycle_rule").elements()? {
        review.look(|| {
            if lifecycle.get("enabled").boolean()? == Some(false) {
                return Ok(None);
            }
            let Some(expiration) = lifecycle.get("expiration").block()? else {
                return Ok(None);
            };
            let days = expiration.get("days");
            Ok(days
                .integer()?
                .filter(|value| *value > 0 && *value < locked)
                .map(|_| {
                    days.finding("objects expire before their retention ends")
                        .fix(locked)
                }))
        });
    }
    review.outcome()
}
