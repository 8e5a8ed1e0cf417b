//! LG11A.

use gabion_guardrail::prelude::*;

use crate::companion::{Companion, NAMES};
use crate::target::aws;

/// ## What it does
///
/// Finds buckets (`aws_s3_bucket`) to which a trail of the plan delivers (`s3_bucket_name` of `aws_cloudtrail`) and to
/// which no `aws_s3_bucket_object_lock_configuration` of the plan belongs. It joins all three by reference, also on a
/// first create, else by name. Whether a lock that is there locks anything is for LG11.
///
/// A bucket passes where its older `object_lock_configuration` block, or its prior state, has a default retention.
/// Where another configuration holds the locks, name the type in
/// `pack "baseline" { settings = { companions_elsewhere = ["aws_s3_bucket_object_lock_configuration"] } }`.
///
/// Known misses: it knows log buckets by their trail alone, so that buckets for other logs are not asked for a lock
/// (S3 cannot write access logs to a locked bucket, and AWS Config does not deliver to one); and a trail whose bucket
/// another configuration makes.
///
/// ## Why it matters
///
/// Who takes over an account deletes the logs next. A locked object cannot be deleted or overwritten before its
/// retention ends.
///
/// ## Example
///
/// ```hcl
/// resource "aws_s3_bucket" "logs" {
///   bucket = "example-logs"
/// }
///
/// resource "aws_cloudtrail" "main" {
///   name                       = "main"
///   s3_bucket_name             = aws_s3_bucket.logs.id
///   is_multi_region_trail      = true
///   enable_log_file_validation = true
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_s3_bucket" "logs" {
///   bucket              = "example-logs"
///   object_lock_enabled = true
/// }
///
/// resource "aws_s3_bucket_object_lock_configuration" "logs" {
///   bucket = aws_s3_bucket.logs.id
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
    code = "LG11A",
    title = "a trail's bucket without Object Lock",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket")),
    controls(security_hub_unconfirmed("S3.15"))
)]
pub(crate) fn trail_bucket_without_lock(graph: &Graph) -> Outcome {
    let trails = graph.companions("aws_cloudtrail", "s3_bucket_name");
    let buckets = graph.of("aws_s3_bucket");
    if trails.is_empty() || buckets.is_empty() {
        return NOT_APPLICABLE;
    }
    let locks = Companion::of(graph, "aws_s3_bucket_object_lock_configuration");
    let mut review = Review::new();
    for bucket in &buckets {
        let own = |bucket: &Change| {
            if bucket.configured("object_lock_configuration[0]") == Some(true)
                && has_default_retention(&bucket.after())?
            {
                return Ok(true);
            }
            match locks.prior(bucket)? {
                Some(before) => has_default_retention(&before),
                None => Ok(false),
            }
        };
        review.look(|| {
            let delivers = trails.of(bucket, &NAMES);
            if let Join::Absent = delivers {
                return Ok(None);
            }
            let found = locks.missing(bucket, own, "the logs of the trail are not locked")?;
            if found.is_some() {
                delivers.settled()?;
            }
            Ok(found)
        });
    }
    review.outcome()
}

/// Whether the bucket's own block, which the provider also fills from what the bucket has, locks what is written.
fn has_default_retention(bucket: &Value) -> Result<bool, Stop> {
    let Some(lock) = bucket.get("object_lock_configuration").block()? else {
        return Ok(false);
    };
    let Some(rule) = lock.get("rule").block()? else {
        return Ok(false);
    };
    Ok(rule.get("default_retention").block()?.is_some())
}
