//! DT03.

use gabion_guardrail::prelude::*;

use super::sink::has_second_bucket;
use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds buckets whose versioning is set to something else than `Enabled`: `aws_s3_bucket_versioning` with
/// `Suspended` or `Disabled`, and the older `versioning` block of `aws_s3_bucket` with `enabled = false`.
///
/// It judges the resource that carries the setting. A bucket without any versioning resource is not its
/// business.
///
/// ## Why it matters
///
/// Without versions an overwrite or a delete is final, whether by mistake, by a bug or by somebody who covers
/// their tracks. Object Lock and replication need versions too.
///
/// ## Example
///
/// ```hcl
/// resource "aws_s3_bucket_versioning" "logs" {
///   bucket = "example-logs"
///   versioning_configuration {
///     status = "Suspended"
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_s3_bucket_versioning" "logs" {
///   bucket = "example-logs"
///   versioning_configuration {
///     status = "Enabled"
///   }
/// }
/// ```
///
/// ## References
///
/// - [Retaining multiple versions of objects with S3 Versioning](https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html)
/// - Security Hub S3.14
#[rule(
    code = "DT03",
    title = "a bucket without versioning",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket_versioning"), aws("aws_s3_bucket"), gabion("gabion_log_sink")),
    controls(security_hub_unconfirmed("S3.14"))
)]
pub(crate) fn bucket_without_versioning(change: &Change) -> Outcome {
    let Some(bucket) = change.planned() else {
        return NOT_APPLICABLE;
    };
    match change.resource_type().as_str() {
        "aws_s3_bucket" => {
            if change.configured("versioning[0]") == Some(false) {
                return NOT_APPLICABLE;
            }
            let Some(block) = bucket.get("versioning").block()? else {
                return NOT_APPLICABLE;
            };
            let mut review = Review::new();
            review.must_be_true(&block.get("enabled"), "the bucket keeps no versions");
            review.outcome()
        }
        "aws_s3_bucket_versioning" => {
            let configuration = bucket.get("versioning_configuration");
            match configuration.block()? {
                Some(block) => {
                    let mut review = Review::new();
                    review.look(|| enabled(&block.get("status")));
                    review.outcome()
                }
                None => found(configuration.finding("the bucket keeps no versions")),
            }
        }
        _ => {
            let mut review = Review::new();
            review.look(|| enabled(&bucket.get("versioning")));
            review.look(|| {
                if !has_second_bucket(&bucket)? {
                    return Ok(None);
                }
                enabled(&bucket.get("access_log_versioning"))
            });
            review.outcome()
        }
    }
}

fn enabled(status: &Value) -> Result<Option<Finding>, Stop> {
    Ok(match status.text()?.as_deref() {
        Some("Enabled") => None,
        _ => Some(
            status
                .finding("the bucket keeps no versions")
                .fix("Enabled"),
        ),
    })
}
