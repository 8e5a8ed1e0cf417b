//! A segment as it stands in AWS: everything is found by its VPC, so that no part is lost when a state is.

use std::collections::BTreeMap;

use gabion_aws::ec2::{
    Address, Ec2, Endpoint, FlowLog, InternetGateway, NatGateway, NetworkAcl, Peering,
    PublicAccessExclusion, RouteTable, RouteTarget, SecurityGroup, Subnet, Vpc,
};
use gabion_aws::networkfirewall::{Firewall, FirewallLog, FirewallPolicy, RuleGroup};
use gabion_aws::route53resolver::QueryLog;
use gabion_aws::{Clients, Result, Tags};

use super::design::Net;
use super::firewall;

/// The tag that says what part of a segment something is.
pub(super) const PART: &str = "gabion:part";
/// The tag that says of which segment (by its VPC).
pub(super) const SEGMENT: &str = "gabion:segment";
/// The segment's name, whatever `Name` says.
pub(super) const NAME: &str = "gabion:name";
/// The tags of the VPC that connections look at.
pub(super) const ENVIRONMENT: &str = "gabion:environment";
/// The environments that may be connected to it.
pub(super) const ALLOWS: &str = "gabion:allowed-environments";
/// The tier of its data.
pub(super) const DATA_TIER: &str = "gabion:data-tier";
/// Prefix of all tags that are not the user's.
pub(super) const OWN: &str = "gabion:";
/// The part name of endpoints.
pub(super) const ENDPOINT: &str = "endpoint";
/// Name of the security group of interface endpoints.
pub(super) const ENDPOINT_GROUP: &str = "gabion-endpoints";

/// What to look at beside the parts that every segment has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// Internet and NAT gateways, addresses and the exclusion.
    pub(super) gateways: bool,
    /// The firewall. It is looked at, too, where there are subnets for one.
    pub(super) firewall: bool,
    /// Whether listings of the whole region, shared with other readers, will do.
    pub(super) shared: bool,
}

impl Scope {
    /// Everything that is found by the VPC.
    pub(super) const ALL: Self = Self {
        gateways: true,
        firewall: false,
        shared: false,
    };

    /// What either looks at.
    pub(super) const fn with(self, other: Self) -> Self {
        Self {
            gateways: self.gateways || other.gateways,
            firewall: self.firewall || other.firewall,
            shared: self.shared && other.shared,
        }
    }
}

/// The firewall and what belongs to it.
#[derive(Clone, Debug, Default)]
pub(super) struct FirewallParts {
    pub(super) firewall: Option<Firewall>,
    pub(super) policy: Option<FirewallPolicy>,
    /// The rule groups of the segment's own.
    pub(super) groups: Vec<RuleGroup>,
    pub(super) logs: Vec<FirewallLog>,
}

/// All parts of a segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    pub(super) vpc: Vpc,
    pub(super) dns_hostnames: bool,
    pub(super) dns_support: bool,
    pub(super) subnets: Vec<Subnet>,
    pub(super) tables: Vec<RouteTable>,
    pub(super) acls: Vec<NetworkAcl>,
    pub(super) groups: Vec<SecurityGroup>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) flow_logs: Vec<FlowLog>,
    /// The configuration that the VPC's queries are logged by.
    pub(super) query_log: Option<QueryLog>,
    pub(super) gateways: Vec<InternetGateway>,
    pub(super) nats: Vec<NatGateway>,
    pub(super) addresses: Vec<Address>,
    pub(super) exclusion: Option<PublicAccessExclusion>,
    /// Whether the account blocks public access of its VPCs; looked at where there are gateways.
    pub(super) blocked: bool,
    pub(super) peerings: Vec<Peering>,
    pub(super) firewall: FirewallParts,
    /// The other ends of connections, by the id that the configuration writes.
    pub(super) fars: BTreeMap<String, Far>,
}

/// The other end of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Far {
    pub(super) vpc: Vpc,
    pub(super) tables: Vec<RouteTable>,
    pub(super) acls: Vec<NetworkAcl>,
}

/// Reads the other end of a connection; none when its VPC is gone.
pub(super) async fn read_far(clients: &Clients, vpc: &str, shared: bool) -> Result<Option<Far>> {
    let ec2 = ec2(clients, shared);
    let (found, tables, acls) = futures::try_join!(
        ec2.find_vpc(vpc),
        ec2.route_tables(vpc),
        ec2.network_acls(vpc)
    )?;
    Ok(found.map(|vpc| Far { vpc, tables, acls }))
}

fn ec2(clients: &Clients, shared: bool) -> Ec2 {
    if shared {
        clients.ec2().shared()
    } else {
        clients.ec2()
    }
}

/// The firewall of a VPC with all that belongs to it, found by their names.
pub(super) async fn firewall(clients: &Clients, vpc: &str) -> Result<FirewallParts> {
    let service = clients.networkfirewall();
    let (whole, domains, ranges) = (
        firewall::name(vpc),
        firewall::group_name(vpc, firewall::DOMAINS),
        firewall::group_name(vpc, firewall::RANGES),
    );
    let (found, policy, domains, ranges, logs) = futures::try_join!(
        Box::pin(service.firewall(&whole)),
        Box::pin(service.firewall_policy(&whole)),
        Box::pin(service.rule_group(&domains)),
        Box::pin(service.rule_group(&ranges)),
        Box::pin(service.firewall_logs(&whole)),
    )?;
    Ok(FirewallParts {
        firewall: found.filter(|one| one.vpc_id == vpc && one.state != "DELETING"),
        policy: policy.filter(|one| !one.deleting),
        groups: [domains, ranges]
            .into_iter()
            .flatten()
            .filter(|one| !one.deleting)
            .collect(),
        logs,
    })
}

/// Reads a segment; none when its VPC is gone.
pub(super) async fn read(clients: &Clients, vpc: &str, scope: Scope) -> Result<Option<Live>> {
    let ec2 = ec2(clients, scope.shared);
    let gateways = async {
        if !scope.gateways {
            return Ok(Default::default());
        }
        futures::try_join!(
            ec2.internet_gateways(SEGMENT, vpc),
            ec2.nat_gateways(vpc),
            ec2.addresses(SEGMENT, vpc),
            exclusion(&ec2, vpc),
            ec2.public_access_block(),
        )
    };
    // Where the VPC is gone, what asks for it by id fails: that is told by the VPC alone.
    let dns = async {
        match ec2.dns(vpc).await {
            Err(error) if error.is_not_found() => Ok((false, false)),
            other => other,
        }
    };
    let (
        found,
        (dns_hostnames, dns_support),
        subnets,
        tables,
        acls,
        groups,
        endpoints,
        flow_logs,
        query_log,
        gateways,
        peerings,
    ) = futures::try_join!(
        Box::pin(ec2.find_vpc(vpc)),
        Box::pin(dns),
        Box::pin(ec2.subnets(vpc)),
        Box::pin(ec2.route_tables(vpc)),
        Box::pin(ec2.network_acls(vpc)),
        Box::pin(ec2.security_groups(vpc)),
        Box::pin(ec2.endpoints(vpc)),
        Box::pin(ec2.flow_logs(vpc)),
        Box::pin(query_log(clients, vpc, scope.shared)),
        Box::pin(gateways),
        Box::pin(ec2.peerings(vpc)),
    )?;
    let (gateways, nats, addresses, exclusion, block) = gateways;
    let has_firewall = subnets.iter().any(|one| {
        one.tags
            .get(PART)
            .is_some_and(|part| part.starts_with(firewall::FIREWALL))
    });
    let firewall = if found.is_some() && (scope.firewall || has_firewall) {
        firewall(clients, vpc).await?
    } else {
        FirewallParts::default()
    };
    Ok(found.map(|found| Live {
        vpc: found,
        dns_hostnames,
        dns_support,
        subnets,
        tables,
        acls,
        groups,
        endpoints,
        flow_logs,
        query_log,
        gateways,
        nats,
        addresses,
        exclusion,
        blocked: block.is_some_and(|block| block != "off"),
        peerings,
        firewall,
        fars: BTreeMap::new(),
    }))
}

async fn exclusion(ec2: &Ec2, vpc: &str) -> Result<Option<PublicAccessExclusion>> {
    match ec2.public_access_exclusion(vpc).await {
        Err(error) if error.is_unsupported() => Ok(None),
        other => other,
    }
}

async fn query_log(clients: &Clients, vpc: &str, shared: bool) -> Result<Option<QueryLog>> {
    let resolver = clients.route53resolver();
    if shared {
        return resolver.shared_query_log_of(vpc).await;
    }
    match resolver.query_log_association(vpc).await? {
        Some(association) => resolver.query_log(&association.config_id).await,
        None => Ok(None),
    }
}

/// Whether the tags say that something is this part.
pub(super) fn is_part(tags: &Tags, part: &str) -> bool {
    tags.get(PART).is_some_and(|value| value == part)
}

impl Live {
    /// The subnet that a design wants, if it is there.
    pub(super) fn subnet(&self, net: &Net) -> Option<&Subnet> {
        self.subnets
            .iter()
            .find(|subnet| subnet.cidr_block == net.cidr && subnet.zone == net.zone)
    }

    /// The main route table.
    pub(super) fn main_table(&self) -> Option<&RouteTable> {
        self.tables.iter().find(|table| table.main)
    }

    /// A route table by its part.
    pub(super) fn table(&self, part: &str) -> Option<&RouteTable> {
        self.tables.iter().find(|table| is_part(&table.tags, part))
    }

    /// The route table that serves a subnet, by name or as the main one.
    pub(super) fn table_of(&self, subnet: &str) -> Option<&RouteTable> {
        self.tables
            .iter()
            .find(|table| table.associations.iter().any(|one| one.subnet_id == subnet))
            .or_else(|| self.main_table())
    }

    /// The default network ACL.
    pub(super) fn acl(&self) -> Option<&NetworkAcl> {
        self.acls.iter().find(|acl| acl.is_default)
    }

    /// The network ACL of the public subnets.
    pub(super) fn public_acl(&self) -> Option<&NetworkAcl> {
        self.acls.iter().find(|acl| is_part(&acl.tags, "public"))
    }

    /// The network ACL that a subnet uses.
    pub(super) fn acl_of(&self, subnet: &str) -> Option<&NetworkAcl> {
        self.acls
            .iter()
            .find(|acl| acl.associations.iter().any(|(_, of)| of == subnet))
    }

    /// The default security group.
    pub(super) fn default_group(&self) -> Option<&SecurityGroup> {
        self.groups.iter().find(|group| group.name == "default")
    }

    /// The security group of the interface endpoints.
    pub(super) fn endpoint_group(&self) -> Option<&SecurityGroup> {
        self.groups
            .iter()
            .find(|group| group.name == ENDPOINT_GROUP)
    }

    /// An endpoint by the short name of its service.
    pub(super) fn endpoint(&self, service: &str) -> Option<&Endpoint> {
        self.endpoints
            .iter()
            .find(|one| short(&one.service) == service)
    }

    /// The segment's flow log: one that was made for it, else any.
    pub(super) fn flow_log(&self) -> Option<&FlowLog> {
        self.flow_logs
            .iter()
            .find(|log| is_part(&log.tags, "flow-log"))
            .or_else(|| self.flow_logs.first())
    }

    /// The internet gateway.
    pub(super) fn gateway(&self) -> Option<&InternetGateway> {
        self.gateways.first()
    }

    /// The NAT gateway of a zone that works, or will.
    pub(super) fn nat(&self, zone: &str) -> Option<&NatGateway> {
        let part = nat_part(zone);
        self.nats
            .iter()
            .filter(|nat| matches!(nat.state.as_str(), "pending" | "available"))
            .find(|nat| is_part(&nat.tags, &part))
    }

    /// The endpoint of the firewall in a zone, once it filters.
    pub(super) fn firewall_endpoint(&self, zone: &str) -> Option<&str> {
        let firewall = self.firewall.firewall.as_ref()?;
        let endpoint = firewall.endpoints.get(zone)?;
        (endpoint.state == "READY").then_some(endpoint.id.as_str())
    }

    /// The address of a zone's NAT gateway.
    pub(super) fn address(&self, zone: &str) -> Option<&Address> {
        let part = nat_part(zone);
        self.addresses.iter().find(|one| is_part(&one.tags, &part))
    }
}

/// The part name of a zone's NAT gateway and its address.
pub(super) fn nat_part(zone: &str) -> String {
    format!("nat-{zone}")
}

/// The part name of a zone's route table.
pub(super) fn table_part(zone: &str) -> String {
    format!("private-{zone}")
}

/// `com.amazonaws.REGION.ecr.api` is `ecr.api`.
pub(super) fn short(service: &str) -> &str {
    service.splitn(4, '.').nth(3).unwrap_or(service)
}

/// Ranges that a table leads to beyond the segment, by working routes; connections and endpoints left out.
pub(super) fn ways_out(table: &RouteTable) -> Vec<String> {
    let mut out: Vec<String> = table
        .routes
        .iter()
        .filter(|route| !route.blackhole)
        .filter(|route| !matches!(route.target, RouteTarget::Peering(_)))
        .map(|route| route.destination.clone())
        .collect();
    out.sort();
    out
}
