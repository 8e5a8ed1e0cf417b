//! DT02.

use gabion_guardrail::policy::Condition;
use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds bucket policies that do not deny plain HTTP: no statement denies everybody (`Principal = "*"`) every
/// action (`s3:*`) on the bucket and on its objects where `aws:SecureTransport` is `false`. Two statements may
/// share the work, one for the bucket and one for the objects.
///
/// It judges `aws_s3_bucket_policy`, and the `policy` of an `aws_s3_bucket` that configures one. A bucket that
/// leaves its policy to the provider is not judged: its policy may be another resource. A policy that is not
/// known before apply is judged then.
///
/// ## Why it matters
///
/// S3 answers plain HTTP. Whoever is on the way then reads the objects, and the request's signature with them.
///
/// ## Example
///
/// ```hcl
/// resource "aws_s3_bucket_policy" "logs" {
///   bucket = "example-logs"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Deny"
///       Principal = "*"
///       Action    = "s3:GetObject"
///       Resource  = "arn:aws:s3:::example-logs/*"
///       Condition = { Bool = { "aws:SecureTransport" = "false" } }
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_s3_bucket_policy" "logs" {
///   bucket = "example-logs"
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
    code = "DT02",
    title = "a bucket that allows plain HTTP",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_s3_bucket_policy"), aws("aws_s3_bucket"), gabion("gabion_log_sink")),
    controls(cis_v5("2.1.1"), cis_v7("3.1.1"), security_hub("S3.5"))
)]
pub(crate) fn plain_http_bucket(change: &Change) -> Outcome {
    let Some(bucket) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let policy = bucket.get("policy");
    let mut review = Review::new();
    match change.resource_type().as_str() {
        "aws_s3_bucket_policy" => review.look(|| {
            // `jsonencode({})`, which the provider plans as an empty text, is a policy that denies nothing.
            let document = PolicyDocument::read(&policy)?.unwrap_or_default();
            Ok(judge(&policy, &document))
        }),
        "aws_s3_bucket" => {
            // Read back from a bucket whose policy is another resource: that one is judged.
            if change.configured("policy") == Some(false) {
                return NOT_APPLICABLE;
            }
            let Some(document) = PolicyDocument::read(&policy)? else {
                return NOT_APPLICABLE;
            };
            review.look(|| Ok(judge(&policy, &document)));
        }
        // Generated, with the statement: what the composite has not made yet cannot lack it.
        _ => {
            for policy in [policy, bucket.get("access_log_policy")] {
                review.look(|| {
                    Ok(PolicyDocument::read(&policy)?
                        .and_then(|document| judge(&policy, &document)))
                });
            }
        }
    }
    review.outcome()
}

fn judge(policy: &Value, document: &PolicyDocument) -> Option<Finding> {
    let (whole_bucket, all_objects) = denied(document);
    let (observed, message) = match (whole_bucket, all_objects) {
        (true, true) => return None,
        (true, false) => (
            "the bucket alone",
            "the bucket policy denies plain HTTP for the bucket and not for its objects",
        ),
        (false, true) => (
            "the objects alone",
            "the bucket policy denies plain HTTP for the objects and not for the bucket",
        ),
        (false, false) => (
            "no such statement",
            "the bucket policy does not deny plain HTTP to everybody for every action",
        ),
    };
    Some(policy.finding(message).observed(observed))
}

/// Whether a policy denies plain HTTP as it should.
pub(super) fn denies(document: &PolicyDocument) -> bool {
    denied(document) == (true, true)
}

/// Whether a policy denies plain HTTP for the bucket, and for all of its objects.
fn denied(document: &PolicyDocument) -> (bool, bool) {
    let (mut whole_bucket, mut all_objects) = (false, false);
    for statement in document
        .denies()
        .filter(|statement| denies_plain_http(statement))
    {
        whole_bucket |= statement.resources.holds(|arn| covers_bucket(arn));
        all_objects |= statement.resources.holds(|arn| covers_objects(arn));
    }
    (whole_bucket, all_objects)
}

fn denies_plain_http(statement: &Statement) -> bool {
    let all = matches!(
        &statement.principals,
        gabion_guardrail::policy::Set::Only(_)
    ) && statement.covers_everybody();
    let plain = |condition: &Condition| condition.is_bool("aws:SecureTransport", false);
    // Services never use plain HTTP: to leave them out takes nothing away.
    let harmless = |condition: &Condition| condition.is_bool("aws:PrincipalIsAWSService", false);
    all && statement.covers_service("s3")
        && statement.conditions.iter().any(plain)
        && statement
            .conditions
            .iter()
            .all(|condition| plain(condition) || harmless(condition))
}

/// `*`, `arn:aws:s3:::logs`, `arn:aws:s3:::logs*`.
fn covers_bucket(arn: &str) -> bool {
    !arn.contains('/')
}

/// `*`, `arn:aws:s3:::logs/*`, `arn:aws:s3:::logs*`; a prefix within the bucket is not all objects.
fn covers_objects(arn: &str) -> bool {
    match arn.split_once('/') {
        Some((_, key)) => key == "*",
        None => arn.ends_with('*'),
    }
}
