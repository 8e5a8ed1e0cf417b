//! NW04.

use gabion_guardrail::prelude::*;

use super::ways::{ADMIN, Port, Ports, open_to_all};
use crate::target::aws;
use crate::world::{cidr, is_world};

/// An entry of an ACL and the names of its attributes.
struct Entry {
    at: Value,
    number: &'static str,
    action: &'static str,
    v4: &'static str,
}

const INLINE: (&str, &str, &str) = ("rule_no", "action", "cidr_block");
const ALONE: (&str, &str, &str) = ("rule_number", "rule_action", "cidr_block");

/// ## What it does
///
/// Finds network ACLs that let everybody in to SSH (22) or RDP (3389): an entry that allows them, alone, within a range
/// of ports or over every protocol, from `0.0.0.0/0`, `::/0` or a block so large that it makes no difference. Ranges for
/// the way back (`1024-65535`) hold 3389, and are found too.
///
/// In `aws_network_acl` and `aws_default_network_acl` the entries are read in their order: one that an earlier entry
/// denies to all does not count.
///
/// Known misses: an `aws_network_acl_rule` is judged alone, so that one that another denies before it is found all the
/// same; and a VPC whose default ACL, which allows everything, no configuration holds.
///
/// ## Why it matters
///
/// The ACL of a subnet is the second lock, for the day on which somebody opens a security group. It holds for machines
/// that nobody thought of as well.
///
/// ## Example
///
/// ```hcl
/// resource "aws_network_acl" "private" {
///   vpc_id = "vpc-0123456789abcdef0"
///   ingress {
///     rule_no    = 100
///     action     = "allow"
///     protocol   = "-1"
///     from_port  = 0
///     to_port    = 0
///     cidr_block = "0.0.0.0/0"
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_network_acl" "private" {
///   vpc_id = "vpc-0123456789abcdef0"
///   ingress {
///     rule_no    = 100
///     action     = "allow"
///     protocol   = "-1"
///     from_port  = 0
///     to_port    = 0
///     cidr_block = "10.0.0.0/16"
///   }
/// }
/// ```
///
/// ## References
///
/// - [Control subnet traffic with network access control lists](https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html)
/// - CIS AWS Foundations v5 5.2, v7 6.2; Security Hub EC2.21
#[rule(
    code = "NW04",
    title = "a network ACL opens an admin port to the world",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_network_acl"), aws("aws_default_network_acl"), aws("aws_network_acl_rule")),
    controls(cis_v5("5.2"), cis_v7("6.2"), security_hub("EC2.21"))
)]
pub(crate) fn open_network_acl(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let of = |at, (number, action, v4)| Entry {
        at,
        number,
        action,
        v4,
    };
    let entries = if change.resource_type() == "aws_network_acl_rule" {
        if after.get("egress").boolean()? == Some(true) {
            return NOT_APPLICABLE;
        }
        vec![of(after, ALONE)]
    } else {
        let inline = after.get("ingress").elements()?.into_iter();
        inline.map(|at| of(at, INLINE)).collect()
    };
    let outcome = judge(&entries);
    // Read back from an ACL whose entries are resources of their own: those are judged.
    if matches!(outcome, Ok(Verdict::Violation(_)))
        && change.resource_type() == "aws_network_acl"
        && change.configured("ingress[0]") == Some(false)
    {
        return NOT_APPLICABLE;
    }
    outcome
}

/// An entry that opens ports, or denies them, to all.
struct Wide<'e> {
    entry: &'e Entry,
    number: i64,
    allows: bool,
    everybody: bool,
    ports: Ports,
    block: (&'static str, Cidr),
}

fn judge(entries: &[Entry]) -> Outcome {
    let mut review = Review::new();
    let mut wide = Vec::new();
    for entry in entries {
        review.look_at(|_| read(entry, &mut wide));
    }
    wide.sort_by_key(|one| one.number);
    for (position, one) in wide.iter().enumerate().filter(|(_, one)| one.allows) {
        let earlier = wide.get(..position).unwrap_or_default();
        let denies = |before: &Wide<'_>, udp: bool, port: &Port| {
            !before.allows
                && before.everybody
                && before.block.1.is_v6() == one.block.1.is_v6()
                && before.ports.hold_over(udp, port)
        };
        // What the entry allows over TCP and UDP has to be denied over each.
        let denied = |port: &Port| {
            [false, true].into_iter().all(|udp| {
                !one.ports.hold_over(udp, port)
                    || earlier.iter().any(|before| denies(before, udp, port))
            })
        };
        let mut open = one.ports.of(&ADMIN);
        open.retain(|port| !denied(port));
        if open.is_empty() {
            continue;
        }
        let (attribute, block) = &one.block;
        let message = open_to_all(&open);
        let observed = [&block.to_string(), " to ", &one.ports.describe()].concat();
        let at = one.entry.at.get(attribute);
        review.add(at.finding(message).observed(observed));
    }
    review.outcome()
}

fn read<'e>(entry: &'e Entry, wide: &mut Vec<Wide<'e>>) -> Result<(), Stop> {
    let ports = Ports::read(&entry.at, "protocol")?;
    if ports.of(&ADMIN).is_empty() {
        return Ok(());
    }
    let action = entry.at.get(entry.action).text()?;
    let allows = action.is_none_or(|action| !action.eq_ignore_ascii_case("deny"));
    for attribute in [entry.v4, "ipv6_cidr_block"] {
        let Some(block) = cidr(&entry.at.get(attribute))?.filter(is_world) else {
            continue;
        };
        wide.push(Wide {
            entry,
            number: entry.at.get(entry.number).integer()?.unwrap_or(0),
            allows,
            everybody: block.is_everything(),
            ports: Ports::read(&entry.at, "protocol")?,
            block: (attribute, block),
        });
    }
    Ok(())
}
