//! NW03.

use gabion_guardrail::prelude::*;

use super::ways::{self, ADMIN, Family};
use crate::target::aws;

/// ## What it does
///
/// Finds security groups that open SSH (22) or RDP (3389) to every IPv6 address: as `ingress` of the group, as a rule
/// that stands alone, alone or within a range of ports, over TCP (RDP over UDP too), or over every protocol (`-1`).
///
/// Every address is `::/0`, however it is spelled, and any block with fewer than 16 fixed bits that is not private:
/// `2000::/3` holds all of the internet. A group whose rules are resources of their own is not asked for what it reads back.
///
/// Known misses: a prefix list, whose addresses the plan does not show, and SSH on another port.
///
/// ## Why it matters
///
/// The rule for IPv6 is the one that is forgotten when that for IPv4 is closed. Addresses in IPv6 are not hidden by being
/// many: names, certificates and logs give them away.
///
/// ## Example
///
/// ```hcl
/// resource "aws_security_group" "bastion" {
///   name   = "bastion"
///   vpc_id = "vpc-0123456789abcdef0"
///   ingress {
///     protocol         = "tcp"
///     from_port        = 22
///     to_port          = 22
///     ipv6_cidr_blocks = ["::/0"]
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
///     protocol         = "tcp"
///     from_port        = 22
///     to_port          = 22
///     ipv6_cidr_blocks = ["2001:db8:1234::/48"]
///   }
/// }
/// ```
///
/// ## References
///
/// - [Security group rules](https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html)
/// - CIS AWS Foundations v5 5.4, v7 6.4
#[rule(
    code = "NW03",
    title = "an admin port open to ::/0",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_security_group"), aws("aws_default_security_group"), aws("aws_security_group_rule"), aws("aws_vpc_security_group_ingress_rule")),
    controls(cis_v5("5.4"), cis_v7("6.4"))
)]
pub(crate) fn open_admin_port_over_ipv_six(change: &Change) -> Outcome {
    ways::judge(change, &ADMIN, Family::V6, |ports| {
        [&ways::open_to_all(ports), " over IPv6"].concat()
    })
}
