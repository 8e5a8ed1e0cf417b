//! The entries of the segment's network ACLs. Pure.
//!
//! A network ACL cannot name the addresses of S3 and DynamoDB, which gateway endpoints lead to: so TCP 443 goes out
//! and answers come in, and the route tables decide where to.

use std::collections::BTreeSet;

use gabion_aws::ec2::{AclAction, AclEntry};

use super::design::Egress;

const ANY: &str = "0.0.0.0/0";
const ALL: &str = "-1";
const TCP: &str = "6";
const UDP: &str = "17";

/// Numbers of the entries for connections, which the side that connects makes on both.
pub(super) const CONNECTIONS: std::ops::RangeInclusive<i32> = 200..=299;

/// What the entries follow from.
pub(super) struct AclInput<'a> {
    /// The segment's range.
    pub(super) cidr: &'a str,
    /// Ranges of other segments.
    pub(super) east_west: &'a [String],
    /// The egress tier.
    pub(super) egress: Egress,
    /// Ranges that an allowlist names.
    pub(super) allowed: &'a [String],
    /// Whether the internet may come in.
    pub(super) internet: bool,
}

fn entry(
    egress: bool,
    number: i32,
    action: AclAction,
    protocol: &str,
    cidr: &str,
    ports: Option<(i32, i32)>,
) -> AclEntry {
    AclEntry {
        egress,
        number,
        action,
        protocol: protocol.to_owned(),
        cidr_block: cidr.to_owned(),
        ports,
    }
}

impl AclInput<'_> {
    /// What both lists begin with: no remote administration from anywhere, the segment itself, no other segment.
    fn base(&self) -> Vec<AclEntry> {
        let mut all = vec![
            entry(false, 10, AclAction::Deny, TCP, ANY, Some((22, 22))),
            entry(false, 20, AclAction::Deny, TCP, ANY, Some((3389, 3389))),
            entry(false, 100, AclAction::Allow, ALL, self.cidr, None),
            entry(true, 100, AclAction::Allow, ALL, self.cidr, None),
        ];
        for (number, cidr) in (300..).step_by(10).zip(self.east_west) {
            all.push(entry(false, number, AclAction::Deny, ALL, cidr, None));
            all.push(entry(true, number, AclAction::Deny, ALL, cidr, None));
        }
        all.push(entry(
            false,
            900,
            AclAction::Allow,
            TCP,
            ANY,
            Some((1024, 65535)),
        ));
        all
    }

    /// The entries of the private subnets.
    pub(super) fn private(&self) -> Vec<AclEntry> {
        let mut all = self.base();
        match self.egress {
            // Where a firewall decides what leaves, the entries do not.
            Egress::Open | Egress::Inspected => {
                all.push(entry(
                    false,
                    910,
                    AclAction::Allow,
                    UDP,
                    ANY,
                    Some((1024, 65535)),
                ));
                all.push(entry(true, 900, AclAction::Allow, ALL, ANY, None));
            }
            Egress::None | Egress::AwsOnly => {
                all.push(entry(
                    true,
                    900,
                    AclAction::Allow,
                    TCP,
                    ANY,
                    Some((443, 443)),
                ));
            }
            Egress::Allowlist => {
                all.push(entry(
                    false,
                    910,
                    AclAction::Allow,
                    UDP,
                    ANY,
                    Some((1024, 65535)),
                ));
                all.push(entry(
                    true,
                    900,
                    AclAction::Allow,
                    TCP,
                    ANY,
                    Some((443, 443)),
                ));
                for (number, cidr) in (910..).step_by(10).zip(self.allowed) {
                    all.push(entry(true, number, AclAction::Allow, ALL, cidr, None));
                }
            }
        }
        all.sort();
        all
    }

    /// The entries of the public subnets.
    pub(super) fn public(&self) -> Vec<AclEntry> {
        let mut all = self.base();
        if self.internet {
            all.push(entry(
                false,
                800,
                AclAction::Allow,
                TCP,
                ANY,
                Some((80, 80)),
            ));
            all.push(entry(
                false,
                810,
                AclAction::Allow,
                TCP,
                ANY,
                Some((443, 443)),
            ));
        }
        all.push(entry(
            false,
            910,
            AclAction::Allow,
            UDP,
            ANY,
            Some((1024, 65535)),
        ));
        all.push(entry(true, 900, AclAction::Allow, ALL, ANY, None));
        all.sort();
        all
    }
}

/// The entries that a connection needs in a segment: all from and to the other range, under this number.
pub(super) fn connection(number: i32, cidr: &str) -> [AclEntry; 2] {
    [false, true].map(|egress| entry(egress, number, AclAction::Allow, ALL, cidr, None))
}

/// An entry as the state shows it: `ingress 10 deny tcp 22 from 0.0.0.0/0`.
pub(super) fn text(entry: &AclEntry) -> String {
    let (direction, word) = if entry.egress {
        ("egress", "to")
    } else {
        ("ingress", "from")
    };
    let action = match entry.action {
        AclAction::Allow => "allow",
        AclAction::Deny => "deny",
    };
    let protocol = match entry.protocol.as_str() {
        ALL => "all",
        TCP => "tcp",
        UDP => "udp",
        other => other,
    };
    let ports = match entry.ports {
        None => String::new(),
        Some((from, to)) if from == to => format!(" {from}"),
        Some((from, to)) => format!(" {from}-{to}"),
    };
    format!(
        "{direction} {} {action} {protocol}{ports} {word} {}",
        entry.number, entry.cidr_block
    )
}

/// The ranges that a segment is connected to, which its entries for connections may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Connected {
    /// The ranges.
    pub(super) ranges: BTreeSet<String>,
    /// Whether a connection stands whose range is not told: then no entry is strange.
    pub(super) others: bool,
}

/// Whether an entry is one that a connection made. One of their numbers that names another range, or does something
/// else, is somebody's.
pub(super) fn is_of_connection(entry: &AclEntry, connected: &Connected) -> bool {
    let ours = entry.action == AclAction::Allow && entry.protocol == ALL && entry.ports.is_none();
    CONNECTIONS.contains(&entry.number)
        && ours
        && (connected.others || connected.ranges.contains(&entry.cidr_block))
}

/// The entries of a live list as the state shows them, those of connections left out.
pub(super) fn texts(entries: &[AclEntry], connected: &Connected) -> Vec<String> {
    let mut own: Vec<&AclEntry> = entries
        .iter()
        .filter(|entry| !is_of_connection(entry, connected))
        .collect();
    own.sort();
    own.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(egress: Egress, internet: bool) -> (String, String) {
        let input = AclInput {
            cidr: "10.1.0.0/16",
            east_west: &["10.0.0.0/8".to_owned()],
            egress,
            allowed: &["203.0.113.0/24".to_owned()],
            internet,
        };
        let none = Connected::default();
        (
            texts(&input.private(), &none).join("\n"),
            texts(&input.public(), &none).join("\n"),
        )
    }

    #[test]
    fn entries_of_connections_are_told_from_others() {
        let connected = Connected {
            ranges: ["10.2.0.0/16".to_owned()].into(),
            others: false,
        };
        let entries = connection(207, "10.2.0.0/16");
        assert!(texts(&entries, &connected).is_empty());
        assert_eq!(
            texts(&entries, &Connected::default()),
            [
                "ingress 207 allow all from 10.2.0.0/16",
                "egress 207 allow all to 10.2.0.0/16"
            ]
        );
        let mut ssh = entries[0].clone();
        (ssh.protocol, ssh.ports) = (TCP.to_owned(), Some((22, 22)));
        assert_eq!(texts(&[ssh], &connected).len(), 1);
    }

    #[test]
    fn closed() {
        insta::assert_snapshot!(told(Egress::None, false).0, @r"
        ingress 10 deny tcp 22 from 0.0.0.0/0
        ingress 20 deny tcp 3389 from 0.0.0.0/0
        ingress 100 allow all from 10.1.0.0/16
        ingress 300 deny all from 10.0.0.0/8
        ingress 900 allow tcp 1024-65535 from 0.0.0.0/0
        egress 100 allow all to 10.1.0.0/16
        egress 300 deny all to 10.0.0.0/8
        egress 900 allow tcp 443 to 0.0.0.0/0
        ");
        assert_eq!(told(Egress::None, false).0, told(Egress::AwsOnly, false).0);
    }

    #[test]
    fn open_with_ingress() {
        let (private, public) = told(Egress::Open, true);
        insta::assert_snapshot!(format!("{private}\n--\n{public}"), @r"
        ingress 10 deny tcp 22 from 0.0.0.0/0
        ingress 20 deny tcp 3389 from 0.0.0.0/0
        ingress 100 allow all from 10.1.0.0/16
        ingress 300 deny all from 10.0.0.0/8
        ingress 900 allow tcp 1024-65535 from 0.0.0.0/0
        ingress 910 allow udp 1024-65535 from 0.0.0.0/0
        egress 100 allow all to 10.1.0.0/16
        egress 300 deny all to 10.0.0.0/8
        egress 900 allow all to 0.0.0.0/0
        --
        ingress 10 deny tcp 22 from 0.0.0.0/0
        ingress 20 deny tcp 3389 from 0.0.0.0/0
        ingress 100 allow all from 10.1.0.0/16
        ingress 300 deny all from 10.0.0.0/8
        ingress 800 allow tcp 80 from 0.0.0.0/0
        ingress 810 allow tcp 443 from 0.0.0.0/0
        ingress 900 allow tcp 1024-65535 from 0.0.0.0/0
        ingress 910 allow udp 1024-65535 from 0.0.0.0/0
        egress 100 allow all to 10.1.0.0/16
        egress 300 deny all to 10.0.0.0/8
        egress 900 allow all to 0.0.0.0/0
        ");
    }

    #[test]
    fn an_allowlist_lets_out_to_its_ranges() {
        assert!(
            told(Egress::Allowlist, false)
                .0
                .contains("egress 910 allow all to 203.0.113.0/24")
        );
        assert!(
            !told(Egress::Allowlist, false)
                .0
                .contains("egress 900 allow all")
        );
    }

    #[test]
    fn nobody_lets_remote_administration_in() {
        for egress in [
            Egress::None,
            Egress::AwsOnly,
            Egress::Allowlist,
            Egress::Open,
        ] {
            for internet in [false, true] {
                let (private, public) = told(egress, internet);
                for list in [private, public] {
                    assert!(list.contains("ingress 10 deny tcp 22 from 0.0.0.0/0"));
                    assert!(list.contains("ingress 20 deny tcp 3389 from 0.0.0.0/0"));
                }
            }
        }
    }
}
