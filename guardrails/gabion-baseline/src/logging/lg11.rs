//! LG11.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// How long logs must stay locked, in days.
const LEAST_RETENTION: i64 = 365;

/// ## What it does
///
/// Finds log sinks (`gabion_log_sink`) without Object Lock, or locked for less than 365 days; and
/// `aws_s3_bucket_object_lock_configuration` without a default retention, which locks nothing unless each writer
/// asks for it.
///
/// It judges the resource that carries the setting. Known misses: it cannot tell whether an `aws_s3_bucket` is a
/// log bucket, so it neither asks other buckets for a lock nor finds a lock on an access log bucket, which S3
/// then cannot write to; and it takes any default retention of hashicorp/aws as long enough.
///
/// ## Why it matters
///
/// Who takes over an account deletes the logs next. A locked object cannot be deleted or overwritten before its
/// retention ends, in COMPLIANCE mode by nobody at all.
///
/// ## Example
///
/// ```hcl
/// resource "aws_s3_bucket_object_lock_configuration" "logs" {
///   bucket = "example-logs"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_s3_bucket_object_lock_configuration" "logs" {
///   bucket = "example-logs"
///   rule {
///     default_retention {
///       mode = "GOVERNANCE"
///       days = 365
///     }
///   }
/// }
/// ```
///
/// ## References
///
/// - [Locking objects with Object Lock](https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html)
/// - Security Hub S3.15
#[rule(
    code = "LG11",
    title = "a log bucket not locked",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket_object_lock_configuration"), gabion("gabion_log_sink")),
    controls(security_hub_unconfirmed("S3.15"))
)]
pub(crate) fn unlocked_log_bucket(change: &Change) -> Outcome {
    let Some(bucket) = change.planned() else {
        return NOT_APPLICABLE;
    };
    if change.resource_type() == "gabion_log_sink" {
        sink(&bucket)
    } else {
        lock(&bucket)
    }
}

fn sink(sink: &Value) -> Outcome {
    let mut review = Review::new();
    review.must_be_true(
        &sink.get("object_lock_enabled"),
        "the logs are not locked: they can be deleted and overwritten",
    );
    review.look(|| {
        let days = sink.get("retention_in_days");
        Ok(days
            .integer()?
            .filter(|value| *value < LEAST_RETENTION)
            .map(|_| {
                days.finding("the logs are locked for less than 365 days")
                    .fix(LEAST_RETENTION)
            }))
    });
    review.outcome()
}

fn lock(configuration: &Value) -> Outcome {
    let rule = configuration.get("rule");
    let retention = match rule.block()? {
        Some(block) => block.get("default_retention").block()?,
        None => None,
    };
    let nothing = || {
        found(
            rule.finding("objects are not locked unless each writer asks for it")
                .observed("no default retention"),
        )
    };
    let Some(retention) = retention else {
        return nothing();
    };
    let is_set = retention.get("mode").filled()?.is_some()
        && (retention
            .get("days")
            .integer()?
            .is_some_and(|days| days > 0)
            || retention
                .get("years")
                .integer()?
                .is_some_and(|years| years > 0));
    if is_set { PASS } else { nothing() }
}
