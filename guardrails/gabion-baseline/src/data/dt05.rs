//! DT05.

use gabion_guardrail::prelude::*;

use super::sink::has_second_bucket;
use crate::target::{aws, gabion};

const MESSAGE: &str = "ACLs decide who may read and write, beside the policy";

/// ## What it does
///
/// Finds buckets whose ACLs have an effect: `object_ownership` of an `aws_s3_bucket_ownership_controls`, or of either bucket
/// of a `gabion_log_sink`, is not `BucketOwnerEnforced`; and an `aws_s3_bucket_acl` that gives anybody but the owner
/// something.
///
/// It judges the resource that carries the setting: a bucket that says nothing has `BucketOwnerEnforced` since April 2023.
///
/// Known misses: an older bucket without ownership controls, and ACLs of single objects.
///
/// ## Why it matters
///
/// Who reads the policy of a bucket believes to know who may read its objects. With ACLs, each object may say otherwise,
/// and one that another account wrote belongs to that account.
///
/// ## Example
///
/// ```hcl
/// resource "aws_s3_bucket_ownership_controls" "data" {
///   bucket = "example-data"
///   rule {
///     object_ownership = "ObjectWriter"
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_s3_bucket_ownership_controls" "data" {
///   bucket = "example-data"
///   rule {
///     object_ownership = "BucketOwnerEnforced"
///   }
/// }
/// ```
///
/// ## References
///
/// - [Controlling ownership of objects and disabling ACLs for your bucket](https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html)
/// - Security Hub S3.12
#[rule(
    code = "DT05",
    title = "bucket ACLs in use",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket_ownership_controls"), aws("aws_s3_bucket_acl"), gabion("gabion_log_sink")),
    controls(security_hub("S3.12"))
)]
pub(crate) fn bucket_acls(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    match change.resource_type().as_str() {
        "aws_s3_bucket_acl" => return acl(&after),
        "aws_s3_bucket_ownership_controls" => {
            review.look(|| match after.get("rule").block()? {
                Some(rule) => owned(&rule.get("object_ownership")),
                None => Ok(None),
            });
        }
        _ => {
            review.look(|| owned(&after.get("object_ownership")));
            review.look(|| {
                if has_second_bucket(&after)? {
                    return owned(&after.get("access_log_object_ownership"));
                }
                Ok(None)
            });
        }
    }
    review.outcome()
}

fn owned(at: &Value) -> Result<Option<Finding>, Stop> {
    let other = at.text()?.is_some_and(|text| text != "BucketOwnerEnforced");
    Ok(other.then(|| at.finding(MESSAGE).fix("BucketOwnerEnforced")))
}

fn acl(acl: &Value) -> Outcome {
    let name = acl.get("acl");
    if let Some(text) = name.filled()? {
        return if text == "private" {
            PASS
        } else {
            found(name.finding(MESSAGE).fix("private"))
        };
    }
    let policy = acl.get("access_control_policy");
    match policy.block()? {
        Some(block) if block.get("grant").elements()?.len() > 1 => {
            found(policy.finding(MESSAGE).observed("several grants"))
        }
        _ => PASS,
    }
}
