//! DT03A.

use gabion_guardrail::prelude::*;

use crate::companion::Companion;
use crate::target::aws;

/// ## What it does
///
/// Finds buckets (`aws_s3_bucket`) to which no `aws_s3_bucket_versioning` of the plan belongs. It joins them by
/// reference (`bucket = aws_s3_bucket.logs.id`, also on a first create), else by name. Whether versioning that is
/// there is enabled is for DT03.
///
/// A bucket that exists passes where its prior state shows that it keeps versions, whoever turned that on. Where
/// another configuration holds the versioning, name the type in
/// `pack "baseline" { settings = { companions_elsewhere = ["aws_s3_bucket_versioning"] } }`.
///
/// Known miss: versioning whose bucket name is made of another bucket's (`"${aws_s3_bucket.a.id}-copy"`) counts for
/// that other bucket while it is made.
///
/// ## Why it matters
///
/// A bucket keeps no versions unless told to: an overwrite or a delete is then final, whether by mistake, by a bug
/// or by somebody who covers their tracks.
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
/// resource "aws_s3_bucket_versioning" "logs" {
///   bucket = aws_s3_bucket.logs.id
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
    code = "DT03A",
    title = "a bucket that nothing versions",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket")),
    controls(security_hub_unconfirmed("S3.14"))
)]
pub(crate) fn unversioned_bucket(graph: &Graph) -> Outcome {
    let buckets = graph.of("aws_s3_bucket");
    if buckets.is_empty() {
        return NOT_APPLICABLE;
    }
    let versionings = Companion::of(graph, "aws_s3_bucket_versioning");
    let mut review = Review::new();
    for bucket in &buckets {
        let own = |bucket: &Change| {
            if bucket.configured("versioning[0]") == Some(true) {
                return Ok(true);
            }
            let Some(before) = versionings.prior(bucket)? else {
                return Ok(false);
            };
            let Some(block) = before.get("versioning").block()? else {
                return Ok(false);
            };
            Ok(block.get("enabled").boolean()? == Some(true))
        };
        review.look(|| versionings.missing(bucket, own, "nothing makes the bucket keep versions"));
    }
    review.outcome()
}
