//! NW09.

use gabion_guardrail::prelude::*;

use super::estate::is_made_here;
use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds an `aws_vpc_block_public_access_options` with `internet_gateway_block_mode = "off"`. Both `block-ingress` and
/// `block-bidirectional` pass.
///
/// A `gabion_account` blocks both directions in an account that it makes: anything less is found. In an account that was
/// there before, and by `gabion_account_baseline`, the block is set only when asked for: there `off` is found where the
/// configuration says it.
///
/// It judges the resource that carries the setting: an account without it is not found.
///
/// Known misses: exclusions (`aws_vpc_block_public_access_exclusion`), which are meant to let single VPCs out, and the
/// resource's destruction, which turns the block off.
///
/// ## Why it matters
///
/// It is the one switch over all internet gateways of a region: with it on, a route or a security group that somebody
/// opens by mistake opens nothing.
///
/// ## Example
///
/// ```hcl
/// resource "aws_vpc_block_public_access_options" "region" {
///   internet_gateway_block_mode = "off"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_vpc_block_public_access_options" "region" {
///   internet_gateway_block_mode = "block-bidirectional"
/// }
/// ```
///
/// ## References
///
/// - [Block public access to VPCs and subnets](https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html)
/// - Security Hub EC2.172
#[rule(
    code = "NW09",
    title = "VPC block public access is off",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_vpc_block_public_access_options"), gabion("gabion_account"), gabion("gabion_account_baseline")),
    controls(security_hub("EC2.172"))
)]
pub(crate) fn vpc_public_access(change: &Change) -> Outcome {
    let Some(options) = change.planned() else {
        return NOT_APPLICABLE;
    };
    if change.resource_type().starts_with("gabion_") {
        return account(change, &options);
    }
    let mode = options.get("internet_gateway_block_mode");
    match mode.text()?.as_deref() {
        Some("block-bidirectional" | "block-ingress") => PASS,
        _ => found(
            mode.finding("internet gateways are not blocked")
                .fix("block-bidirectional"),
        ),
    }
}

fn account(change: &Change, account: &Value) -> Outcome {
    const BLOCK: &str = "vpc_block_public_access";
    let mode = account.get(BLOCK);
    let made = is_made_here(change, account)?;
    // Read from the account as its owner has it.
    if !made && change.configured(BLOCK) == Some(false) {
        return NOT_APPLICABLE;
    }
    let message = match mode.text()?.as_deref() {
        None | Some("block-bidirectional") => return PASS,
        Some("block-ingress") if made => "internet gateways let traffic out",
        Some("block-ingress") => return PASS,
        Some(_) => "internet gateways are not blocked",
    };
    found(mode.finding(message).fix("block-bidirectional"))
}
