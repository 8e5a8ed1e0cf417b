//! The ways in that security groups open, in each of the resources that can.

use gabion_guardrail::prelude::*;

use crate::world::{cidr, is_world};

/// A port, and what listens there.
pub(super) struct Port {
    pub(super) number: i64,
    pub(super) name: &'static str,
    /// Whether it listens on UDP as well.
    pub(super) udp: bool,
}

impl Port {
    pub(super) const fn tcp(number: i64, name: &'static str) -> Self {
        Self {
            number,
            name,
            udp: false,
        }
    }

    pub(super) const fn both(number: i64, name: &'static str) -> Self {
        Self {
            number,
            name,
            udp: true,
        }
    }
}

/// Ports from which machines are administered.
pub(super) const ADMIN: [Port; 2] = [Port::tcp(22, "SSH"), Port::both(3389, "RDP")];

/// Which addresses a rule is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
    Both,
}

/// What an entry speaks of: a protocol and its ports.
pub(super) struct Ports {
    protocol: Protocol,
    first: i64,
    last: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    All,
    Tcp,
    Udp,
    Other,
}

impl Ports {
    /// Reads `from_port`, `to_port` and the protocol of an entry.
    pub(super) fn read(entry: &Value, protocol: &str) -> Result<Self, Stop> {
        let protocol = match entry.get(protocol).text()?.as_deref().map(str::trim) {
            None | Some("-1" | "") => Protocol::All,
            Some("6") => Protocol::Tcp,
            Some("17") => Protocol::Udp,
            Some(name) if name.eq_ignore_ascii_case("all") => Protocol::All,
            Some(name) if name.eq_ignore_ascii_case("tcp") => Protocol::Tcp,
            Some(name) if name.eq_ignore_ascii_case("udp") => Protocol::Udp,
            Some(_) => Protocol::Other,
        };
        if matches!(protocol, Protocol::All | Protocol::Other) {
            // AWS does not look at the ports then.
            return Ok(Self {
                protocol,
                first: 0,
                last: 65_535,
            });
        }
        let port = |name: &str, unset: i64| -> Result<i64, Stop> {
            Ok(entry
                .get(name)
                .integer()?
                .filter(|port| *port >= 0)
                .unwrap_or(unset))
        };
        Ok(Self {
            protocol,
            first: port("from_port", 0)?,
            last: port("to_port", 65_535)?,
        })
    }

    pub(super) fn hold(&self, port: &Port) -> bool {
        self.hold_over(false, port) || self.hold_over(true, port)
    }

    /// The same, over TCP alone, or over UDP alone.
    pub(super) fn hold_over(&self, udp: bool, port: &Port) -> bool {
        let protocol = match self.protocol {
            Protocol::All => !udp || port.udp,
            Protocol::Tcp => !udp,
            Protocol::Udp => udp && port.udp,
            Protocol::Other => false,
        };
        protocol && (self.first..=self.last).contains(&port.number)
    }

    /// Those of the ports that it opens.
    pub(super) fn of<'p>(&self, ports: &'p [Port]) -> Vec<&'p Port> {
        ports.iter().filter(|port| self.hold(port)).collect()
    }

    /// `tcp 22`, `tcp 0-65535`, `every protocol`: what tells an entry that grew from one that was there before.
    pub(super) fn describe(&self) -> String {
        let name = match self.protocol {
            Protocol::All => return "every protocol".to_owned(),
            Protocol::Tcp => "tcp ",
            Protocol::Udp => "udp ",
            Protocol::Other => return "another protocol".to_owned(),
        };
        let first = self.first.to_string();
        if self.first == self.last {
            return [name, &first].concat();
        }
        [name, &first, "-", &self.last.to_string()].concat()
    }
}

/// `SSH (22) and RDP (3389) are open to the whole internet`.
pub(super) fn open_to_all(ports: &[&Port]) -> String {
    let verb = if ports.len() == 1 { " is" } else { " are" };
    [&names(ports), verb, " open to the whole internet"].concat()
}

/// `SSH (22) and RDP (3389)`.
pub(super) fn names(ports: &[&Port]) -> String {
    let mut text = String::new();
    for (index, port) in ports.iter().enumerate() {
        if index > 0 {
            text.push_str(if index + 1 == ports.len() {
                " and "
            } else {
                ", "
            });
        }
        text.push_str(port.name);
        text.push_str(" (");
        text.push_str(&port.number.to_string());
        text.push(')');
    }
    text
}

/// An entry of a security group, and how it spells what it holds.
struct Way {
    entry: Value,
    protocol: &'static str,
    v4: &'static str,
    v6: &'static str,
}

fn ways(change: &Change, after: Value) -> Result<Vec<Way>, Stop> {
    let of = |entry| Way {
        entry,
        protocol: "protocol",
        v4: "cidr_blocks",
        v6: "ipv6_cidr_blocks",
    };
    Ok(match change.resource_type().as_str() {
        "aws_vpc_security_group_ingress_rule" => vec![Way {
            entry: after,
            protocol: "ip_protocol",
            v4: "cidr_ipv4",
            v6: "cidr_ipv6",
        }],
        "aws_security_group_rule" => {
            if after.get("type").text()?.as_deref() == Some("egress") {
                Vec::new()
            } else {
                vec![of(after)]
            }
        }
        _ => after
            .get("ingress")
            .elements()?
            .into_iter()
            .map(of)
            .collect(),
    })
}

/// Judges the ways in to some ports: a finding for each block that is the internet. `say` makes the message of those
/// ports that the entry opens.
pub(super) fn judge(
    change: &Change,
    ports: &[Port],
    family: Family,
    say: impl Fn(&[&Port]) -> String,
) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    for way in ways(change, after)? {
        let mut sources = Vec::new();
        let mut opened = None;
        review.look_at(|_| {
            let held = Ports::read(&way.entry, way.protocol)?;
            let hit = held.of(ports);
            if hit.is_empty() {
                return Ok(());
            }
            opened = Some((say(&hit), held.describe()));
            for (attribute, skipped) in [(way.v4, Family::V6), (way.v6, Family::V4)] {
                if family == skipped {
                    continue;
                }
                let blocks = way.entry.get(attribute);
                if attribute.ends_with("_blocks") {
                    sources.extend(blocks.elements()?);
                } else {
                    sources.push(blocks);
                }
            }
            Ok(())
        });
        let Some((message, held)) = opened else {
            continue;
        };
        for source in sources {
            review.look(|| {
                Ok(cidr(&source)?.filter(is_world).map(|cidr| {
                    let observed = [&cidr.to_string(), " to ", &held].concat();
                    source.finding(message.as_str()).observed(observed)
                }))
            });
        }
    }
    // Read back from a group whose rules are resources of their own: those are judged.
    if review.found() && has_rules_elsewhere(change) {
        return NOT_APPLICABLE;
    }
    review.outcome()
}

fn has_rules_elsewhere(change: &Change) -> bool {
    change.resource_type() == "aws_security_group" && change.configured("ingress[0]") == Some(false)
}
