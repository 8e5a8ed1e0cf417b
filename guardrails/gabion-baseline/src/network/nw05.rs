//! NW05.

use gabion_guardrail::prelude::*;

use super::ways::{self, Family, Port};
use crate::target::aws;

const CIFS: [Port; 2] = [Port::both(445, "CIFS"), Port::tcp(139, "NetBIOS session")];

/// ## What it does
///
/// Finds security groups that open CIFS (445), or its older port (139), to every address of IPv4 or IPv6: as `ingress`
/// of the group, or as a rule that stands alone.
///
/// Every address is as NW02 and NW03 have it. A group whose rules are resources of their own is not asked for what it
/// reads back.
///
/// Known miss: a prefix list, whose addresses the plan does not show.
///
/// ## Why it matters
///
/// File shares are what ransomware spreads by. Nobody has a reason to mount one over the internet without a VPN.
///
/// ## Example
///
/// ```hcl
/// resource "aws_vpc_security_group_ingress_rule" "share" {
///   security_group_id = "sg-0123456789abcdef0"
///   ip_protocol       = "tcp"
///   from_port         = 445
///   to_port           = 445
///   cidr_ipv4         = "0.0.0.0/0"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_vpc_security_group_ingress_rule" "share" {
///   security_group_id = "sg-0123456789abcdef0"
///   ip_protocol       = "tcp"
///   from_port         = 445
///   to_port           = 445
///   cidr_ipv4         = "10.0.0.0/16"
/// }
/// ```
///
/// ## References
///
/// - [File system access control with Amazon VPC](https://docs.aws.amazon.com/fsx/latest/WindowsGuide/limit-access-security-groups.html)
/// - CIS AWS Foundations v5 5.1.2, v7 6.1.2
#[rule(
    code = "NW05",
    title = "CIFS open to the world",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_security_group"), aws("aws_default_security_group"), aws("aws_security_group_rule"), aws("aws_vpc_security_group_ingress_rule")),
    controls(cis_v5("5.1.2"), cis_v7("6.1.2"))
)]
pub(crate) fn open_cifs(change: &Change) -> Outcome {
    ways::judge(change, &CIFS, Family::Both, ways::open_to_all)
}
