//! DT01A.

use gabion_guardrail::prelude::*;

use crate::companion::Companion;
use crate::settings::Baseline;
use crate::target::aws;

/// ## What it does
///
/// Finds buckets (`aws_s3_bucket`) to which no `aws_s3_bucket_public_access_block` of the plan belongs. It joins them
/// by reference (`bucket = aws_s3_bucket.logs.id`, also on a first create), else by name.
///
/// Where the account blocks public access for all buckets, say so:
/// `pack "baseline" { settings = { account_public_access_block = true } }`. Where the plan holds an
/// `aws_s3_account_public_access_block` and the setting is not given, the rule cannot tell whether it is that of the
/// bucket's account. Where another configuration holds the blocks, name the type in `companions_elsewhere`.
///
/// Known misses: S3 blocks public access on new buckets by itself, which a plan does not show; and a block whose
/// name is made of a bucket's (`"${aws_s3_bucket.a.id}-copy"`) counts for that bucket while it is made.
///
/// ## Why it matters
///
/// What no resource holds, nothing repairs: the block that S3 sets on a new bucket can be lifted by anybody with the
/// permission, and no plan shows it.
///
/// ## Example
///
/// ```hcl
/// resource "aws_s3_bucket" "logs" {
///   bucket = "example-logs"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_s3_bucket" "logs" {
///   bucket = "example-logs"
/// }
///
/// resource "aws_s3_bucket_public_access_block" "logs" {
///   bucket                  = aws_s3_bucket.logs.id
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
/// - CIS AWS Foundations v5 2.1.4, v7 3.1.4; Security Hub S3.8
#[rule(
    code = "DT01A",
    title = "a bucket without public access block",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket")),
    controls(cis_v5("2.1.4"), cis_v7("3.1.4"), security_hub("S3.8"))
)]
pub(crate) fn bucket_without_public_access_block(graph: &Graph) -> Outcome {
    let buckets = graph.of("aws_s3_bucket");
    if buckets.is_empty() {
        return NOT_APPLICABLE;
    }
    if settings::<Baseline>()?.account_public_access_block {
        return PASS;
    }
    let blocks = Companion::of(graph, "aws_s3_bucket_public_access_block");
    let of_account = !graph.of("aws_s3_account_public_access_block").is_empty();
    let mut review = Review::new();
    for bucket in &buckets {
        review.look(|| {
            let found = blocks.missing(
                bucket,
                |_| Ok(false),
                "no resource blocks public access to the bucket",
            )?;
            if found.is_some() && of_account {
                return Err(Stop::Undetermined(
                    "the account's own block may cover the bucket: the setting `account_public_access_block` says so"
                        .to_owned(),
                ));
            }
            Ok(found)
        });
    }
    review.outcome()
}
