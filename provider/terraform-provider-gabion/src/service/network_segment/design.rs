//! What a segment consists of, as far as the plan knows: subnets, ways out, entries. Pure.

use gabion_aws::ec2::{AclEntry, PublicAccessMode};

use super::acl::AclInput;
use super::firewall::{Filter, default_groups};
use super::model::{SegmentModel, ordered};
use crate::shared::strings;
use crate::shared::subnets::{Layout, layout, segment_range};

/// The tiers of egress that this version makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Egress {
    /// Nothing leaves but to S3 and DynamoDB.
    None,
    /// AWS services by endpoints.
    AwsOnly,
    /// Ranges and domains by name, through NAT.
    Allowlist,
    /// Everything that a firewall does not drop, through NAT.
    Inspected,
    /// Everything, through NAT.
    Open,
}

impl Egress {
    /// Reads the attribute.
    pub(super) fn of(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::None),
            "aws_only" => Some(Self::AwsOnly),
            "allowlist" => Some(Self::Allowlist),
            "inspected" => Some(Self::Inspected),
            "open" => Some(Self::Open),
            _ => None,
        }
    }

    /// Whether anything goes beyond AWS.
    pub(super) const fn is_wide(self) -> bool {
        matches!(self, Self::Allowlist | Self::Inspected | Self::Open)
    }
}

/// A subnet that should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Net {
    /// Its zone.
    pub(super) zone: String,
    /// Its range.
    pub(super) cidr: String,
}

/// A segment that should be.
#[derive(Clone, Debug)]
pub(super) struct Design {
    /// Private subnets, in the order of the zones.
    pub(super) private: Vec<Net>,
    /// Public subnets; empty without an internet gateway.
    pub(super) public: Vec<Net>,
    /// Subnets of the firewall's endpoints; empty without a firewall.
    pub(super) firewall: Vec<Net>,
    /// What the firewall lets through; none without a firewall.
    pub(super) filter: Option<Filter>,
    /// Zones that have a NAT gateway.
    pub(super) nat_zones: Vec<String>,
    /// Ranges that private subnets reach through NAT, or through the firewall and NAT.
    pub(super) out: Vec<String>,
    /// Whether the internet may come in.
    pub(super) internet: bool,
    /// Entries of the private subnets' network ACL.
    pub(super) private_entries: Vec<AclEntry>,
    /// Entries of the public subnets' network ACL.
    pub(super) public_entries: Vec<AclEntry>,
}

/// Why there is no design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoDesign {
    /// Something is not known yet.
    Unknown,
    /// It cannot be: the attribute, and what is wrong.
    Impossible(&'static str, String),
}

impl Design {
    /// The design of a planned segment.
    ///
    /// # Errors
    /// Something is unknown, or does not fit.
    pub(super) fn of(model: &SegmentModel) -> Result<Self, NoDesign> {
        let (
            Some(cidr),
            Some(zones),
            Some(egress),
            Some(ingress),
            Some(allowed),
            Some(domains),
            Some(east_west),
        ) = (
            model.cidr_block.as_str(),
            model.zones(),
            model.egress.as_str().and_then(Egress::of),
            model.ingress.as_str(),
            strings::known(&model.egress_allowed_cidrs),
            strings::known(&model.egress_allowed_domains),
            strings::known(&model.east_west_cidrs),
        )
        else {
            return Err(NoDesign::Unknown);
        };
        let Some(single) = model.single_nat_gateway.known() else {
            return Err(NoDesign::Unknown);
        };
        let cut = cut(cidr, zones.len())?;
        let internet = ingress == "internet";
        let public = if egress.is_wide() || internet {
            zipped(&zones, &cut.public)
        } else {
            Vec::new()
        };
        if (egress.is_wide() || internet) && public.is_empty() {
            return Err(NoDesign::Impossible(
                "cidr_block",
                format!(
                    "`{cidr}` has no room for public subnets in {} zones, which `egress = \"{}\"` and `ingress = \
                     \"{ingress}\"` need: take a `/24` or larger for 3 zones, or fewer zones.",
                    zones.len(),
                    model.egress.as_str().unwrap_or_default()
                ),
            ));
        }
        let allowed: Vec<String> = allowed.into_iter().collect();
        let filter = match egress {
            Egress::Allowlist if !domains.is_empty() => Some(Filter::Allow {
                domains: domains.into_iter().collect(),
                ranges: allowed.clone(),
            }),
            Egress::Inspected => Some(Filter::Inspect(inspection(model)?)),
            _ => None,
        };
        let firewall = if filter.is_some() {
            zipped(&zones, &cut.firewall)
        } else {
            Vec::new()
        };
        if filter.is_some() && firewall.is_empty() {
            return Err(NoDesign::Impossible(
                "cidr_block",
                format!(
                    "`{cidr}` has no room for the subnets of a firewall in {} zones beside the public ones: take a `/23` \
                     or larger for 3 zones, or fewer zones.",
                    zones.len()
                ),
            ));
        }
        let input = AclInput {
            cidr,
            east_west: &east_west.into_iter().collect::<Vec<_>>(),
            egress,
            allowed: &allowed,
            internet,
        };
        let natted = if egress.is_wide() {
            if *single { 1 } else { zones.len() }
        } else {
            0
        };
        Ok(Self {
            private: zipped(&zones, &cut.private),
            private_entries: input.private(),
            public_entries: if public.is_empty() {
                Vec::new()
            } else {
                input.public()
            },
            public,
            nat_zones: zones.iter().take(natted).cloned().collect(),
            out: match egress {
                _ if filter.is_some() => vec![EVERYWHERE.to_owned()],
                Egress::Open | Egress::Inspected => vec![EVERYWHERE.to_owned()],
                Egress::Allowlist => allowed,
                Egress::None | Egress::AwsOnly => Vec::new(),
            },
            firewall,
            filter,
            internet,
        })
    }

    /// Whether it needs an internet gateway.
    pub(super) fn has_gateway(&self) -> bool {
        !self.public.is_empty()
    }

    /// Whether each zone has a route table of its own; else the main one serves all private subnets.
    pub(super) fn has_zone_tables(&self) -> bool {
        self.nat_zones.len() > 1 || self.firewall.len() > 1
    }

    /// The zone whose NAT gateway serves a zone.
    pub(super) fn nat_zone(&self, zone: &str) -> Option<&String> {
        self.nat_zones
            .iter()
            .find(|one| *one == zone)
            .or_else(|| self.nat_zones.first())
    }

    /// The subnets whose network ACL is not the default one: public ones, and those of the firewall.
    pub(super) fn beyond(&self) -> Vec<Net> {
        self.public.iter().chain(&self.firewall).cloned().collect()
    }

    /// What public subnets reach through the internet gateway.
    pub(super) fn public_out(&self) -> Vec<String> {
        if self.internet {
            vec![EVERYWHERE.to_owned()]
        } else {
            self.out.clone()
        }
    }

    /// The exclusion that it needs where the account blocks public access.
    pub(super) fn exclusion(&self) -> Option<PublicAccessMode> {
        self.has_gateway().then_some(if self.internet {
            PublicAccessMode::AllowBidirectional
        } else {
            PublicAccessMode::AllowEgress
        })
    }
}

/// Everything.
const EVERYWHERE: &str = "0.0.0.0/0";

/// The rule groups that inspect: those named, or AWS's.
fn inspection(model: &SegmentModel) -> Result<Vec<String>, NoDesign> {
    if !model.inspection_rule_group_arns.is_null() {
        return ordered(&model.inspection_rule_group_arns).ok_or(NoDesign::Unknown);
    }
    let region = model.region.as_str().ok_or(NoDesign::Unknown)?;
    Ok(default_groups(gabion_aws::partition_of(region), region))
}

/// The layout of a range.
fn cut(cidr: &str, zones: usize) -> Result<Layout, NoDesign> {
    let fault = |text: String| NoDesign::Impossible("cidr_block", format!("{text}."));
    layout(segment_range(cidr).map_err(fault)?, zones).map_err(fault)
}

fn zipped(zones: &[String], ranges: &[crate::shared::subnets::Range]) -> Vec<Net> {
    zones
        .iter()
        .zip(ranges)
        .map(|(zone, range)| Net {
            zone: zone.clone(),
            cidr: range.to_string(),
        })
        .collect()
}
