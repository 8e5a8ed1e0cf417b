//! NW15.

use gabion_guardrail::prelude::*;

use super::estate::{is_confidential, tag};
use crate::settings::Baseline;
use crate::target::{aws, gabion};
use crate::world::{cidr, is_world};

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
/// A `gabion_network_segment` says both in its arguments `data_tier` and `egress`, and refuses `open` for such data itself.
/// Besides, ranges of its `egress_allowed_cidrs` that are the internet, or a large part of it, are found.
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
    targets(aws("aws_vpc"), gabion("gabion_network_segment")),
    controls(own("NW15"))
)]
pub(crate) fn undeclared_egress(change: &Change) -> Outcome {
    let Some(vpc) = change.planned() else {
        return NOT_APPLICABLE;
    };
    if change.resource_type() == "gabion_network_segment" {
        return segment(&vpc);
    }
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

fn segment(segment: &Value) -> Outcome {
    if !segment
        .get("data_tier")
        .text()?
        .is_some_and(|tier| is_confidential(&tier))
    {
        return PASS;
    }
    let mut review = Review::new();
    let egress = segment.get("egress");
    review.look(|| {
        let open = egress.text()?.as_deref() == Some("open");
        Ok(open.then(|| egress.finding("a segment for confidential data has open egress")))
    });
    review.look_at(|found| {
        for range in segment.get("egress_allowed_cidrs").elements()? {
            if let Some(block) = cidr(&range)?.filter(is_world) {
                let message =
                    "a segment for confidential data may reach a large part of the internet";
                found.push(range.finding(message).observed(block.to_string()));
            }
        }
        Ok(())
    });
    review.outcome()
}
