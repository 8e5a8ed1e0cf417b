//! NW02.

use gabion_guardrail::prelude::*;

use super::ways::{self, ADMIN, Family};
use crate::target::aws;

/// ## What it does
///
/// Finds security groups that open SSH (22) or RDP (3389) to every IPv4 address: as `ingress` of the group, as a rule
/// that stands alone, alone or within a range of ports, over TCP (RDP over UDP too), or over every protocol (`-1`).
///
/// Every address is `0.0.0.0/0`, and any block with fewer than 8 fixed bits that is not private: two halves of the
/// internet are the internet. A group whose rules are resources of their own is not asked for what it reads back.
///
/// Known misses: a prefix list, whose addresses the plan does not show, and SSH on another port.
///
/// ## Why it matters
///
/// Who scans the internet finds an open port within minutes, and tries passwords and new weaknesses for as long as it
/// is there. Session Manager needs no open port.
///
/// ## Example
///
/// ```hcl
/// resource "aws_security_group" "bastion" {
///   name   = "bastion"
///   vpc_id = "vpc-0123456789abcdef0"
///   ingress {
///     protocol    = "tcp"
///     from_port   = 22
///     to_port     = 22
///     cidr_blocks = ["0.0.0.0/0"]
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_security_group" "bastion" {
///   name   = "bastion"
///   vpc_id = "vpc-0123456789abcdef0"
///   ingress {
///     protocol    = "tcp"
///     from_port   = 22
///     to_port     = 22
///     cidr_blocks = ["203.0.113.0/24"]
///   }
/// }
/// ```
///
/// ## References
///
/// - [Security group rules](https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html)
/// - CIS AWS Foundations v5 5.3, v7 6.3; Security Hub EC2.13, EC2.14
#[rule(
    code = "NW02",
    title = "an admin port open to 0.0.0.0/0",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_security_group"), aws("aws_default_security_group"), aws("aws_security_group_rule"), aws("aws_vpc_security_group_ingress_rule")),
    controls(cis_v5("5.3"), cis_v7("6.3"), security_hub_unconfirmed("EC2.13"), security_hub_unconfirmed("EC2.14"))
)]
pub(crate) fn open_admin_port(change: &Change) -> Outcome {
    ways::judge(change, &ADMIN, Family::V4, ways::open_to_all)
}
