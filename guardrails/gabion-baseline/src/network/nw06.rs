//! NW06.

use gabion_guardrail::prelude::*;

use super::ways::{self, Family, Port};
use crate::target::aws;

/// The ports of Security Hub EC2.19, without those of NW02 and NW05.
const RISKY: [Port; 24] = [
    Port::tcp(20, "FTP data"),
    Port::tcp(21, "FTP"),
    Port::tcp(23, "Telnet"),
    Port::tcp(25, "SMTP"),
    Port::tcp(110, "POP3"),
    Port::tcp(135, "RPC"),
    Port::tcp(143, "IMAP"),
    Port::tcp(1433, "SQL Server"),
    Port::both(1434, "SQL Server browser"),
    Port::tcp(3000, "development servers"),
    Port::tcp(3306, "MySQL"),
    Port::tcp(4333, "mSQL"),
    Port::tcp(5000, "development servers"),
    Port::tcp(5432, "PostgreSQL"),
    Port::tcp(5500, "fcp-addr-srvr1"),
    Port::tcp(5601, "Kibana"),
    Port::tcp(6379, "Redis"),
    Port::tcp(8080, "proxies"),
    Port::tcp(8088, "old HTTP"),
    Port::tcp(8888, "old HTTP"),
    Port::tcp(9200, "OpenSearch"),
    Port::tcp(9300, "OpenSearch nodes"),
    Port::both(11211, "memcached"),
    Port::tcp(27017, "MongoDB"),
];

/// ## What it does
///
/// Finds security groups that open one of these ports to every address of IPv4 or IPv6, alone or within a range: 20, 21,
/// 23, 25, 110, 135, 143, 1433, 1434, 3000, 3306, 4333, 5000, 5432, 5500, 5601, 6379, 8080, 8088, 8888, 9200, 9300, 11211
/// and 27017. SSH and RDP are for NW02 and NW03, CIFS for NW05.
///
/// Every address is as NW02 and NW03 have it. A group whose rules are resources of their own is not asked for what it
/// reads back.
///
/// Known misses: a prefix list, whose addresses the plan does not show, and a service on a port that is not in the list:
/// EC2.18, which lets pass 80 and 443 alone, is met in part.
///
/// ## Why it matters
///
/// These are the ports of databases, of protocols without encryption, and of servers that were never meant to leave a
/// desk. Security Hub finds them in the account; here they do not get that far.
///
/// ## Example
///
/// ```hcl
/// resource "aws_vpc_security_group_ingress_rule" "database" {
///   security_group_id = "sg-0123456789abcdef0"
///   ip_protocol       = "tcp"
///   from_port         = 5432
///   to_port           = 5432
///   cidr_ipv4         = "0.0.0.0/0"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_vpc_security_group_ingress_rule" "database" {
///   security_group_id            = "sg-0123456789abcdef0"
///   ip_protocol                  = "tcp"
///   from_port                    = 5432
///   to_port                      = 5432
///   referenced_security_group_id = "sg-0fedcba9876543210"
/// }
/// ```
///
/// ## References
///
/// - [Security Hub controls for Amazon EC2](https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html)
/// - Security Hub EC2.18, EC2.19
#[rule(
    code = "NW06",
    title = "a high-risk port open to the world",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_security_group"), aws("aws_default_security_group"), aws("aws_security_group_rule"), aws("aws_vpc_security_group_ingress_rule")),
    controls(security_hub("EC2.18"), security_hub("EC2.19"))
)]
pub(crate) fn open_high_risk_port(change: &Change) -> Outcome {
    ways::judge(change, &RISKY, Family::Both, |ports| {
        let count = ports.len();
        if count == RISKY.len() {
            return "every high-risk port is open to the whole internet".to_owned();
        }
        if count > 4 {
            let number = count.to_string();
            return [&number, " high-risk ports are open to the whole internet"].concat();
        }
        ways::open_to_all(ports)
    })
}
