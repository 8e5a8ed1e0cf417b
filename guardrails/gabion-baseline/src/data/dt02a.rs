//! DT02A.

use gabion_guardrail::prelude::*;

use super::dt02;
use crate::companion::Companion;
use crate::target::aws;

/// ## What it does
///
/// Finds buckets (`aws_s3_bucket`) to which no `aws_s3_bucket_policy` of the plan belongs: nothing denies plain HTTP.
/// It joins them by reference (`bucket = aws_s3_bucket.logs.id`, also on a first create), else by name. Whether a
/// policy that is there denies plain HTTP is for DT02.
///
/// A bucket that exists passes where its prior state shows a policy that denies plain HTTP, whoever set it. Where
/// another configuration holds the policies, name the type in
/// `pack "baseline" { settings = { companions_elsewhere = ["aws_s3_bucket_policy"] } }`.
///
/// Known miss: a policy whose bucket name is made of another bucket's (`"${aws_s3_bucket.a.id}-copy"`) counts for
/// that other bucket while it is made.
///
/// ## Why it matters
///
/// S3 answers plain HTTP unless a policy denies it: without a policy, every bucket does.
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
/// resource "aws_s3_bucket_policy" "logs" {
///   bucket = aws_s3_bucket.logs.id
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Sid       = "DenyPlainHttp"
///       Effect    = "Deny"
///       Principal = "*"
///       Action    = "s3:*"
///       Resource  = ["arn:aws:s3:::example-logs", "arn:aws:s3:::example-logs/*"]
///       Condition = { Bool = { "aws:SecureTransport" = "false" } }
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [Security best practices for Amazon S3](https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html)
/// - CIS AWS Foundations v5 2.1.1, v7 3.1.1; Security Hub S3.5
#[rule(
    code = "DT02A",
    title = "a bucket without a policy that denies plain HTTP",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket")),
    controls(cis_v5("2.1.1"), cis_v7("3.1.1"), security_hub("S3.5"))
)]
pub(crate) fn bucket_without_policy(graph: &Graph) -> Outcome {
    let buckets = graph.of("aws_s3_bucket");
    if buckets.is_empty() {
        return NOT_APPLICABLE;
    }
    let policies = Companion::of(graph, "aws_s3_bucket_policy");
    let mut review = Review::new();
    for bucket in &buckets {
        let own = |bucket: &Change| {
            if bucket.configured("policy") == Some(true) {
                return Ok(true);
            }
            let Some(before) = policies.prior(bucket)? else {
                return Ok(false);
            };
            let document = PolicyDocument::read(&before.get("policy"))?;
            Ok(document.is_some_and(|document| dt02::denies(&document)))
        };
        review.look(|| policies.missing(bucket, own, "no policy denies plain HTTP to the bucket"));
    }
    review.outcome()
}
