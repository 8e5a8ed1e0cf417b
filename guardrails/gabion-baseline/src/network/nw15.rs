//! NW15.

use gabion_guardrail::prelude::*;

use super::estate::{is_confidential, tag};
use crate::settings::Baseline;
use crate::target::aws;

/// What a segment may say of its egress.
const TIERS: [&str; 5] = ["none", "aws_only", "allowlist", "inspected", "open"];

/// ## What it does
///
/// Finds VPCs that say which data they are for (tag `data_tier`) and not which egress they have (tag `egress`, one of
/// `none`, `aws_only`, `allowlist`, `inspected` and `open`); and those for confidential or regulated data that say
/// `open`.
///
/// A VPC without the tag `data_tier` is not asked. The settings `data_tier_tag` and `egress_tag` of the pack name other
/// tags. What the routes do is for NW15A.
///
/// Known miss: a VPC that says nothing of its data.
///
/// ## Why it matters
///
/// Data leaves by the way that nobody decided on. Who has to write down the egress of a segment has thought of it, and
/// who reviews it sees it.
///
/// ## Example
///
/// ```hcl
/// resource "aws_vpc" "orders" {
///   cidr_block = "10.0.0.0/16"
///   tags = {
///     data_tier = "confidential"
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_vpc" "orders" {
///   cidr_block = "10.0.0.0/16"
///   tags = {
///     data_tier = "confidential"
///     egress    = "aws_only"
///   }
/// }
/// ```
///
/// ## References
///
/// - [Security pillar: protecting networks](https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/protecting-networks.html)
#[rule(
    code = "NW15",
    title = "an egress tier not declared, or open for a confidential segment",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_vpc")),
    controls(own("NW15"))
)]
pub(crate) fn undeclared_egress(change: &Change) -> Outcome {
    let Some(vpc) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let settings = settings::<Baseline>()?;
    let Some(tier) = tag(&vpc, &settings.data_tier_tag)? else {
        return NOT_APPLICABLE;
    };
    let tags = vpc.get("tags");
    match tag(&vpc, &settings.egress_tag)?.as_deref() {
        None => found(
            tags.finding("the VPC says which data it is for, and not which egress it has")
                .observed("no egress"),
        ),
        Some("open") if is_confidential(&tier) => found(
            tags.finding("a VPC for confidential data has open egress")
                .observed("open"),
        ),
        Some(egress) if !TIERS.contains(&egress) => {
            let message = ["the egress of the VPC is none of ", &TIERS.join(", ")].concat();
            found(tags.finding(message).observed(egress))
        }
        Some(_) => PASS,
    }
}
