//! DT01.

use gabion_guardrail::prelude::*;

use super::sink::has_second_bucket;
use crate::target::{aws, gabion};
use crate::unset;

/// The four settings, those of a log sink's second bucket, and what S3 does without each.
const SETTINGS: [(&str, &str, &str); 4] = [
    (
        "block_public_acls",
        "access_log_block_public_acls",
        "S3 accepts ACLs that make objects public",
    ),
    (
        "block_public_policy",
        "access_log_block_public_policy",
        "S3 accepts a bucket policy that makes the bucket public",
    ),
    (
        "ignore_public_acls",
        "access_log_ignore_public_acls",
        "S3 honours ACLs that make objects public",
    ),
    (
        "restrict_public_buckets",
        "access_log_restrict_public_buckets",
        "S3 lets anybody use a bucket whose policy is public",
    ),
];

/// ## What it does
///
/// Finds public access blocks, of a bucket or of an account, in which one of the four settings is not `true`.
/// In hashicorp/aws an unset one is `false`. A log sink has the four twice: its bucket for access logs has its own. A
/// `gabion_account` and a `gabion_account_baseline` have those of the account.
///
/// It judges the resource that carries the settings. A bucket without any `aws_s3_bucket_public_access_block`
/// is not its business: the block may live in another module, or at the account.
///
/// ## Why it matters
///
/// The block is the one switch that holds when a policy or an ACL is wrong. Each setting closes a different
/// way out: two for ACLs, two for policies, each for what is new and for what is there already.
///
/// ## Example
///
/// ```hcl
/// resource "aws_s3_bucket_public_access_block" "logs" {
///   bucket              = "example-logs"
///   block_public_acls   = true
///   block_public_policy = true
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_s3_bucket_public_access_block" "logs" {
///   bucket                  = "example-logs"
///   block_public_acls       = true
///   block_public_policy     = true
///   ignore_public_acls      = true
///   restrict_public_buckets = true
/// }
/// ```
///
/// ## References
///
/// - [Blocking public access to your Amazon S3 storage](https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html)
/// - CIS AWS Foundations v5 2.1.4, v7 3.1.4; Security Hub S3.1, S3.8
#[rule(
    code = "DT01",
    title = "a bucket without full public access block",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket_public_access_block"), aws("aws_s3_account_public_access_block"), gabion("gabion_log_sink"), gabion("gabion_account"), gabion("gabion_account_baseline")),
    controls(cis_v5("2.1.4"), cis_v7("3.1.4"), security_hub("S3.1"), security_hub("S3.8"))
)]
pub(crate) fn partial_public_access_block(change: &Change) -> Outcome {
    let Some(block) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    let account = change.resource_type().starts_with("gabion_account");
    for (name, _, message) in SETTINGS {
        if account {
            review.look(|| unset::must_not_be_false(&block.get(name), message));
        } else {
            review.must_be_true(&block.get(name), message);
        }
    }
    if change.resource_type() == "gabion_log_sink" {
        review.look_at(|found| {
            if !has_second_bucket(&block)? {
                return Ok(());
            }
            for (_, name, message) in SETTINGS {
                let setting = block.get(name);
                if setting.boolean()? != Some(true) {
                    found.push(setting.finding(message).fix(true));
                }
            }
            Ok(())
        });
    }
    review.outcome()
}
