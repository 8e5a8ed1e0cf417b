//! NW01A.

use gabion_guardrail::prelude::*;

use crate::companion::Companion;
use crate::target::aws;

/// Resources that put a rule into a group.
const RULES: [&str; 3] = [
    "aws_security_group_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
];

/// ## What it does
///
/// Finds VPCs to which no `aws_default_security_group` of the plan belongs, so that the default group keeps the rules
/// that AWS gives it; and rules that stand alone (`aws_security_group_rule`, `aws_vpc_security_group_ingress_rule`,
/// `aws_vpc_security_group_egress_rule`) and are put into a default group. It joins them by reference, also on a first
/// create, else by id.
///
/// Where another configuration empties the groups, name the type in
/// `pack "baseline" { settings = { companions_elsewhere = ["aws_default_security_group"] } }`.
///
/// Known miss: a rule that names the default group by its id, and not by a reference.
///
/// ## Why it matters
///
/// AWS makes the group with the VPC: everything in it reaches everything else in it, and the internet. It cannot be
/// deleted, only emptied.
///
/// ## Example
///
/// ```hcl
/// resource "aws_vpc" "main" {
///   cidr_block = "10.0.0.0/16"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_vpc" "main" {
///   cidr_block = "10.0.0.0/16"
/// }
///
/// resource "aws_default_security_group" "main" {
///   vpc_id = aws_vpc.main.id
/// }
/// ```
///
/// ## References
///
/// - [Default security groups for your VPCs](https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html)
/// - CIS AWS Foundations v5 5.5, v7 6.5; Security Hub EC2.2
#[rule(
    code = "NW01A",
    title = "a VPC whose default security group nothing empties",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_vpc"), aws("aws_default_vpc"), aws("aws_security_group_rule"), aws("aws_vpc_security_group_ingress_rule"), aws("aws_vpc_security_group_egress_rule")),
    controls(cis_v5("5.5"), cis_v7("6.5"), security_hub("EC2.2"))
)]
pub(crate) fn default_security_group_left_open(graph: &Graph) -> Outcome {
    let mut review = Review::new();
    let mut looked = false;
    let groups = Companion::by(graph, "aws_default_security_group", "vpc_id");
    for kind in ["aws_vpc", "aws_default_vpc"] {
        for vpc in graph.of(kind) {
            looked = true;
            review.look(|| {
                groups.missing_by(
                    &vpc,
                    &["id"],
                    |_| Ok(false),
                    "the default security group of the VPC keeps the rules that AWS gives it",
                )
            });
        }
    }
    for kind in RULES {
        for rule in graph.of(kind) {
            looked = true;
            let group = graph.references(&rule).into_iter().find(|reference| {
                reference.path == "security_group_id"
                    && (reference.attribute == "default_security_group_id"
                        || reference.address.contains("aws_default_security_group."))
            });
            if let Some(group) = group {
                let message = "the rule is put into a default security group";
                let finding = Finding::new("security_group_id", message).observed(group.address);
                review.add(finding.on(rule.address()));
            }
        }
    }
    if looked {
        review.outcome()
    } else {
        NOT_APPLICABLE
    }
}
