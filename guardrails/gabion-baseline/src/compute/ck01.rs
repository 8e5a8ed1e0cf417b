//! CK01.

use gabion_guardrail::prelude::*;

use crate::settings::Baseline;
use crate::target::{aws, gabion};
use crate::unset;

/// ## What it does
///
/// Finds instances that answer metadata requests without a session token (IMDSv1): `http_tokens` in `metadata_options` of
/// `aws_instance`, `aws_launch_template` and `aws_launch_configuration` is not `required`, and `http_endpoint` is not
/// `disabled`; and an `aws_ec2_instance_metadata_defaults` whose `http_tokens` is not `required`. A `gabion_account` and a
/// `gabion_account_baseline` set these defaults too, with a hop limit of 1: a larger one, or none, is found there.
///
/// Unset means that the account's default decides, and that allows IMDSv1 unless somebody changed it. Where it requires
/// tokens, say so: `pack "baseline" { settings = { imdsv2_by_default = true } }`. Then only `optional` is found. An
/// instance that is made from a launch template and says nothing itself passes: the template is judged.
///
/// Known misses: an image that requires tokens is found all the same, and in hashicorp/aws a hop limit over 1, which lets
/// containers ask.
///
/// ## Why it matters
///
/// A web server that can be made to fetch a URL hands out the credentials of its role. With tokens, one request more is
/// needed, of a kind that such a server does not make.
///
/// ## Example
///
/// ```hcl
/// resource "aws_instance" "web" {
///   ami           = "ami-0123456789abcdef0"
///   instance_type = "t4g.small"
///   root_block_device {
///     encrypted = true
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_instance" "web" {
///   ami           = "ami-0123456789abcdef0"
///   instance_type = "t4g.small"
///   root_block_device {
///     encrypted = true
///   }
///   metadata_options {
///     http_tokens = "required"
///   }
/// }
/// ```
///
/// ## References
///
/// - [Use the Instance Metadata Service to access instance metadata](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html)
/// - CIS AWS Foundations v5 5.7, v7 6.7; Security Hub EC2.8, EC2.170
#[rule(
    code = "CK01",
    title = "an instance that allows IMDSv1",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_instance"), aws("aws_launch_template"), aws("aws_launch_configuration"), aws("aws_ec2_instance_metadata_defaults"), gabion("gabion_account"), gabion("gabion_account_baseline")),
    controls(cis_v5("5.7"), cis_v7("6.7"), security_hub("EC2.8"), security_hub("EC2.170"))
)]
pub(crate) fn metadata_without_token(change: &Change) -> Outcome {
    const MESSAGE: &str = "metadata is given out without a session token";
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let kind = change.resource_type();
    if kind == "aws_ec2_instance_metadata_defaults" {
        let tokens = after.get("http_tokens");
        return match tokens.text()?.as_deref() {
            Some("required") => PASS,
            _ => found(unset::finding(&tokens, MESSAGE).fix("required")),
        };
    }
    if kind.starts_with("gabion_") {
        return account(&after, MESSAGE);
    }
    let by_default = settings::<Baseline>()?.imdsv2_by_default;
    let options = after.get("metadata_options");
    let Some(block) = options.block()? else {
        let from_template =
            kind == "aws_instance" && after.get("launch_template").block()?.is_some();
        if by_default || from_template {
            return PASS;
        }
        return found(options.finding(MESSAGE).observed("the account's default"));
    };
    let tokens = block.get("http_tokens");
    match tokens.filled()?.as_deref() {
        Some("required") => return PASS,
        None if by_default => return PASS,
        _ => {}
    }
    if block.get("http_endpoint").text()?.as_deref() == Some("disabled") {
        return PASS;
    }
    found(unset::finding(&tokens, MESSAGE).fix("required"))
}

/// The account's defaults, as a composite sets them.
fn account(account: &Value, message: &str) -> Outcome {
    let mut review = Review::new();
    let tokens = account.get("http_tokens");
    review.look(|| {
        let weaker = tokens.text()?.is_some_and(|text| text != "required");
        Ok(weaker.then(|| tokens.finding(message).fix("required")))
    });
    let hops = account.get("http_put_response_hop_limit");
    review.look(|| {
        let far = hops.integer()?.is_some_and(|hops| hops != 1);
        Ok(far.then(|| {
            hops.finding("metadata may be given out to more than the instance")
                .fix(1)
        }))
    });
    review.outcome()
}
