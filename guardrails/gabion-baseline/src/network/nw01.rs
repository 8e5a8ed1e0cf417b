//! NW01.

use gabion_guardrail::prelude::*;

use super::estate::is_made_here;
use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds default security groups (`aws_default_security_group`) with rules of their own, `ingress` or `egress`.
/// An `aws_default_security_group` that says nothing takes all rules away.
///
/// A `gabion_network_segment` empties the default group of its VPC. A `gabion_account` that makes its account deletes the
/// default VPCs: one that is `kept` has a default group with the rules that AWS gives it, and is found.
///
/// It judges the resource that carries the rules. That a VPC has none of these resources, so that AWS's own rules stay
/// in force, is for NW01A; so are rules that stand alone.
///
/// Known miss: the default group of a VPC that no configuration made.
///
/// ## Why it matters
///
/// Whatever is launched without a group of its own gets this one. Empty, it reaches nothing and nothing reaches it, so
/// that a forgotten line does no harm.
///
/// ## Example
///
/// ```hcl
/// resource "aws_default_security_group" "main" {
///   vpc_id = "vpc-0123456789abcdef0"
///   ingress {
///     protocol  = "-1"
///     from_port = 0
///     to_port   = 0
///     self      = true
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_default_security_group" "main" {
///   vpc_id = "vpc-0123456789abcdef0"
/// }
/// ```
///
/// ## References
///
/// - [Default security groups for your VPCs](https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html)
/// - CIS AWS Foundations v5 5.5, v7 6.5; Security Hub EC2.2
#[rule(
    code = "NW01",
    title = "a default security group with rules",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_default_security_group"), gabion("gabion_network_segment"), gabion("gabion_account")),
    controls(cis_v5("5.5"), cis_v7("6.5"), security_hub("EC2.2"))
)]
pub(crate) fn default_security_group_with_rules(change: &Change) -> Outcome {
    let Some(group) = change.planned() else {
        return NOT_APPLICABLE;
    };
    match change.resource_type().as_str() {
        "gabion_network_segment" => return segment(&group),
        "gabion_account" => return account(change, &group),
        _ => {}
    }
    let mut review = Review::new();
    for (name, message) in [
        ("ingress", "the default security group lets traffic in"),
        ("egress", "the default security group lets traffic out"),
    ] {
        review.look_at(|found| {
            for rule in group.get(name).elements()? {
                found.push(rule.finding(message));
            }
            Ok(())
        });
    }
    review.outcome()
}

fn segment(segment: &Value) -> Outcome {
    let rules = segment.get("default_security_group_rules");
    match rules.integer()? {
        Some(0) | None => PASS,
        Some(_) => found(rules.finding("the default security group of the segment has rules")),
    }
}

fn account(change: &Change, account: &Value) -> Outcome {
    let vpc = account.get("default_vpc");
    if !is_made_here(change, account)? {
        return NOT_APPLICABLE;
    }
    match vpc.text()?.as_deref() {
        Some("deleted") | None => PASS,
        Some(_) => {
            let message = "the default VPCs stay, and their default security groups have the rules that AWS gives them";
            found(vpc.finding(message).fix("deleted"))
        }
    }
}
