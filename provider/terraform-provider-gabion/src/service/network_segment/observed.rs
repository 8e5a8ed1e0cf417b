//! What a read makes of the live parts, as the state shows it.

use std::collections::{BTreeMap, BTreeSet};

use gabion_aws::Clients;
use gabion_aws::ec2::RouteTable;
use gabion_aws::networkfirewall::Rules;
use gabion_framework::prelude::*;

use super::live::{self, ALLOWS, DATA_TIER, ENDPOINT, ENVIRONMENT, Live, OWN, short};
use super::model::{SegmentModel, ordered};
use super::{acl, connection, firewall, policy, ways};
use crate::shared::strings::{self, Strings};
use crate::shared::subnets::{layout, segment_range};
use crate::shared::tags::{self, TagMap};

/// The services of the gateway endpoints.
pub(super) const GATEWAY_SERVICES: [&str; 2] = ["dynamodb", "s3"];

/// The state: live values, and from before what AWS does not hold.
pub(super) fn model(
    clients: &Clients,
    prior: &SegmentModel,
    live: &Live,
    default_tags: &TagMap,
) -> SegmentModel {
    let mut model = prior.clone();
    let vpc = &live.vpc;
    model.id = vpc.id.clone().into();
    model.arn = format!(
        "arn:{}:ec2:{}:{}:vpc/{}",
        clients.partition(),
        clients.region(),
        clients.account_id(),
        vpc.id
    )
    .into();
    model.cidr_block = vpc.cidr_block.clone().into();
    model.account_id = clients.account_id().into();
    model.region = clients.region().into();
    model.enable_dns_hostnames = live.dns_hostnames.into();
    model.enable_dns_support = live.dns_support.into();
    let tag = |key: &str| vpc.tags.get(key).cloned();
    model.environment = tag(ENVIRONMENT).map_or(Value::Null, Value::Known);
    model.data_tier = tag(DATA_TIER).map_or(Value::Null, Value::Known);
    model.name = tag(live::NAME)
        .or_else(|| tag("Name"))
        .map_or(Value::Null, Value::Known);
    let allows: BTreeSet<String> = tag(ALLOWS)
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    model.allowed_environments = none_or(allows, &prior.allowed_environments);

    subnets(prior, live, &mut model);
    routing(prior, live, &mut model);
    guards(live, &mut model);
    inspection(prior, live, &mut model);
    gateways(prior, live, &mut model);
    endpoints(clients, prior, live, &mut model);
    logs(prior, live, &mut model);
    model.connects_to = none_or(
        connection::observed(clients, prior, live),
        &prior.connects_to,
    );

    let user: gabion_aws::Tags = vpc
        .tags
        .iter()
        .filter(|(key, _)| !key.starts_with(OWN) && (*key != "Name" || prior.names_tag()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    (model.tags, model.tags_all) =
        tags::read_after(&user, &prior.tags, &prior.tags_all, default_tags);
    model
}

impl SegmentModel {
    /// Whether the user's own tags hold `Name`, which then wins.
    pub(super) fn names_tag(&self) -> bool {
        self.tags_all
            .known()
            .is_some_and(|tags| tags.contains_key("Name"))
    }
}

/// An empty set reads as null, unless the configuration has an empty one.
fn none_or(found: BTreeSet<String>, prior: &Strings) -> Strings {
    if found.is_empty() && !prior.known().is_some_and(Vec::is_empty) {
        Value::Null
    } else {
        strings::of(found)
    }
}

fn subnets(prior: &SegmentModel, live: &Live, model: &mut SegmentModel) {
    let zones = prior.zones().unwrap_or_else(|| zones_of(live));
    let cut = live
        .vpc
        .cidr_block
        .parse_range()
        .and_then(|range| layout(range, zones.len().max(1)).ok())
        .unwrap_or_default();
    let nets = |ranges: &[crate::shared::subnets::Range]| {
        let found: Vec<_> = zones
            .iter()
            .zip(ranges)
            .filter_map(|(zone, range)| {
                let cidr = range.to_string();
                live.subnets
                    .iter()
                    .find(|subnet| subnet.cidr_block == cidr && subnet.zone == *zone)
            })
            .cloned()
            .collect();
        (
            strings::of(found.iter().map(|subnet| subnet.cidr_block.clone())),
            strings::of(found.iter().map(|subnet| subnet.id.clone())),
        )
    };
    (model.private_subnet_cidrs, model.private_subnet_ids) = nets(&cut.private);
    (model.public_subnet_cidrs, model.public_subnet_ids) = nets(&cut.public);
    (model.firewall_subnet_cidrs, model.firewall_subnet_ids) = nets(&cut.firewall);
    let any = live.subnets.iter().any(|subnet| subnet.public_ip_on_launch);
    let all =
        !live.subnets.is_empty() && live.subnets.iter().all(|subnet| subnet.public_ip_on_launch);
    model.map_public_ip_on_launch = if prior.map_public_ip_on_launch.known() == Some(&true) {
        all
    } else {
        any
    }
    .into();
    model.availability_zone_count = i64::try_from(zones.len()).unwrap_or_default().into();
    model.availability_zones = strings::of(zones);
}

trait ParseRange {
    fn parse_range(&self) -> Option<crate::shared::subnets::Range>;
}

impl ParseRange for String {
    fn parse_range(&self) -> Option<crate::shared::subnets::Range> {
        segment_range(self).ok()
    }
}

/// The zones of an imported segment: those that its subnets lie in.
fn zones_of(live: &Live) -> Vec<String> {
    let zones: BTreeSet<String> = live
        .subnets
        .iter()
        .map(|subnet| subnet.zone.clone())
        .collect();
    zones.into_iter().collect()
}

/// The tables that serve the private subnets, once each, in the order of the subnets.
pub(super) fn private_tables<'a>(ids: &[String], live: &'a Live) -> Vec<&'a RouteTable> {
    let mut tables: Vec<&RouteTable> = Vec::new();
    for id in ids {
        if let Some(table) = live.table_of(id)
            && !tables.iter().any(|one| one.id == table.id)
        {
            tables.push(table);
        }
    }
    if tables.is_empty() {
        tables.extend(live.main_table());
    }
    tables
}

fn routing(prior: &SegmentModel, live: &Live, model: &mut SegmentModel) {
    let ids = ordered(&model.private_subnet_ids).unwrap_or_default();
    let tables = private_tables(&ids, live);
    let before = strings::known_part(&prior.private_routes);
    let each: Vec<BTreeSet<String>> = tables
        .iter()
        .map(|table| ways::private(table, live, prior.egress.is_known()))
        .collect();
    // A range is reached when every zone reaches it; one that was not planned counts wherever it is.
    let all: BTreeSet<String> = each
        .iter()
        .flatten()
        .filter(|range| !before.contains(*range) || each.iter().all(|table| table.contains(*range)))
        .cloned()
        .collect();
    model.private_routes = strings::of(all);
    model.private_route_table_ids = strings::of(tables.iter().map(|table| table.id.clone()));
    model.main_route_table_id = or_null(live.main_table().map(|table| &table.id));
    model.public_route_table_id = or_null(live.table("public").map(|table| &table.id));
    let ids = |list: &Strings| ordered(list).unwrap_or_default();
    model.public_routes = strings::of(ways::public(live, &ids(&model.public_subnet_ids)));
    model.firewall_routes = strings::of(ways::firewall(live, &ids(&model.firewall_subnet_ids)));
}

fn or_null(id: Option<&String>) -> Value<String> {
    id.cloned().map_or(Value::Null, Value::Known)
}

fn guards(live: &Live, model: &mut SegmentModel) {
    let group = live.default_group();
    model.default_security_group_id = or_null(group.map(|group| &group.id));
    model.default_security_group_rules = i64::try_from(group.map_or(0, |group| group.rules()))
        .unwrap_or_default()
        .into();
    let acl = live.acl();
    model.network_acl_id = or_null(acl.map(|acl| &acl.id));
    let connected = connection::connected(live);
    // An entry for IPv6 shows as one that is not planned, and so does a subnet that does without the entries.
    let entries = |acl: Option<&gabion_aws::ec2::NetworkAcl>, subnets: &[&Strings]| {
        let strayed = acl.into_iter().flat_map(|acl| {
            let ids = subnets.iter().filter_map(|list| ordered(list)).flatten();
            ids.filter_map(|subnet| {
                let other = live.acl_of(&subnet).filter(|other| other.id != acl.id)?;
                Some(format!("none for {subnet}, which uses {}", other.id))
            })
        });
        let strayed: Vec<String> = strayed.collect();
        let mut texts = acl.map_or_else(Vec::new, |acl| acl::texts(&acl.entries, &connected));
        for (number, egress) in acl.iter().flat_map(|acl| &acl.ipv6_entries) {
            texts.push(format!(
                "{} {number} for IPv6",
                if *egress { "egress" } else { "ingress" }
            ));
        }
        texts.extend(strayed);
        strings::of(texts)
    };
    model.network_acl_entries = entries(acl, &[&model.private_subnet_ids]);
    let public = live.public_acl();
    model.public_network_acl_id = or_null(public.map(|acl| &acl.id));
    model.public_network_acl_entries = entries(
        public,
        &[&model.public_subnet_ids, &model.firewall_subnet_ids],
    );
}

fn inspection(prior: &SegmentModel, live: &Live, model: &mut SegmentModel) {
    let parts = &live.firewall;
    let zones = model.zones().unwrap_or_default();
    let tables = zones
        .iter()
        .filter_map(|zone| live.table(&firewall::zone_part(zone)));
    model.firewall_route_table_ids = strings::of(tables.map(|table| table.id.clone()));
    model.firewall_policy_arn = or_null(parts.policy.as_ref().map(|policy| &policy.arn));
    model.firewall_rule_group_arns = strings::of(parts.groups.iter().map(|one| one.arn.clone()));
    model.firewall_rules = strings::of(firewall::live_texts(parts));
    model.firewall_log_destinations = strings::of(firewall::log_texts(&parts.logs));
    model.firewall_arn = or_null(parts.firewall.as_ref().map(|one| &one.arn));
    let endpoints = zones.iter().filter_map(|zone| live.firewall_endpoint(zone));
    model.firewall_endpoint_ids = strings::of(endpoints.map(str::to_owned));
    let Some(found) = &parts.firewall else {
        if !prior.egress.is_known() {
            model.firewall_logs = true.into();
            model.firewall_protection = true.into();
        }
        return;
    };
    let protections = [
        found.delete_protection,
        found.subnet_protection,
        found.policy_protection,
    ];
    // Half protected is drift, whatever is planned.
    let off = prior.firewall_protection.known() == Some(&false);
    model.firewall_protection = if off {
        protections.contains(&true)
    } else {
        !protections.contains(&false)
    }
    .into();
    model.firewall_kms_key_id = or_null(found.kms_key.as_ref());
    if !prior.egress.is_known() {
        model.firewall_logs = (!parts.logs.is_empty()).into();
    }
}

fn gateways(prior: &SegmentModel, live: &Live, model: &mut SegmentModel) {
    let zones = model.zones().unwrap_or_default();
    model.internet_gateway_id = or_null(live.gateway().map(|gateway| &gateway.id));
    let nats: Vec<_> = zones.iter().filter_map(|zone| live.nat(zone)).collect();
    model.nat_gateway_ids = strings::of(nats.iter().map(|nat| nat.id.clone()));
    let addresses = zones.iter().filter_map(|zone| live.address(zone));
    model.nat_public_ips = strings::of(addresses.map(|one| one.public_ip.clone()));
    model.public_access_exclusion_id = or_null(live.exclusion.as_ref().map(|one| &one.id));
    model.public_access_exclusion_mode = match (&live.exclusion, live.blocked) {
        (Some(one), _) => one.mode.clone().into(),
        (None, true) => "none".into(),
        (None, false) => Value::Null,
    };
    if prior.egress.is_known() {
        return;
    }
    // Imported: the tiers follow from what there is.
    let out = strings::known(&model.private_routes).unwrap_or_default();
    let wide = !nats.is_empty() && !out.is_empty();
    let interface = live.endpoints.iter().any(|one| !one.gateway);
    model.single_nat_gateway = (zones.len() > 1 && nats.len() == 1).into();
    model.egress = if let (true, Some(policy)) = (wide, &live.firewall.policy) {
        imported_filter(policy, live, model)
    } else if wide && out.contains("0.0.0.0/0") {
        "open"
    } else if wide {
        model.egress_allowed_cidrs = strings::of(out);
        "allowlist"
    } else if interface {
        "aws_only"
    } else {
        "none"
    }
    .into();
    let lets_in = live.public_acl().is_some_and(|acl| {
        acl.entries
            .iter()
            .any(|entry| !entry.egress && entry.ports == Some((443, 443)))
    });
    model.ingress = if lets_in { "internet" } else { "none" }.into();
}

/// The tier of an imported firewall, with the lists that it was made of.
fn imported_filter(
    policy: &gabion_aws::networkfirewall::FirewallPolicy,
    live: &Live,
    model: &mut SegmentModel,
) -> &'static str {
    let groups = &live.firewall.groups;
    if groups.is_empty() {
        let region = model.region.as_str().unwrap_or_default();
        let usual = firewall::default_groups(gabion_aws::partition_of(region), region);
        if policy.rules.rule_groups != usual {
            model.inspection_rule_group_arns = strings::of(policy.rules.rule_groups.clone());
        }
        return "inspected";
    }
    for group in groups {
        match &group.rules {
            Rules::Domains(domains) => model.egress_allowed_domains = strings::of(domains.clone()),
            Rules::Ranges(ranges) => model.egress_allowed_cidrs = strings::of(ranges.clone()),
            Rules::Other => {}
        }
    }
    "allowlist"
}

fn endpoints(clients: &Clients, prior: &SegmentModel, live: &Live, model: &mut SegmentModel) {
    let ids: BTreeMap<String, Value<String>> = live
        .endpoints
        .iter()
        .map(|one| (short(&one.service).to_owned(), Value::Known(one.id.clone())))
        .collect();
    model.endpoint_ids = Value::Known(ids);
    let tables: BTreeSet<String> = private_tables(
        &ordered(&model.private_subnet_ids).unwrap_or_default(),
        live,
    )
    .into_iter()
    .map(|table| table.id.clone())
    .collect();
    let gateway = GATEWAY_SERVICES.iter().filter(|service| {
        // One that no table leads to is as good as none.
        live.endpoint(service)
            .is_some_and(|one| tables.iter().all(|table| one.route_tables.contains(table)))
    });
    model.gateway_endpoints = strings::of(gateway.copied());
    let before = strings::known_part(&prior.interface_endpoints);
    let interface: BTreeSet<String> = live
        .endpoints
        .iter()
        .filter(|one| !one.gateway && one.private_dns)
        // One that others made is theirs, unless the segment is being imported.
        .filter(|one| {
            !prior.egress.is_known()
                || live::is_part(&one.tags, ENDPOINT)
                || before.contains(short(&one.service))
        })
        .map(|one| short(&one.service).to_owned())
        .collect();
    model.interface_endpoints = none_or(interface, &prior.interface_endpoints);
    model.endpoint_security_group_id = or_null(live.endpoint_group().map(|group| &group.id));
    let text = |of_s3: bool, before: &Value<String>| {
        let mut texts = live
            .endpoints
            .iter()
            .filter(|one| (short(&one.service) == "s3") == of_s3)
            .map(|one| one.policy.clone());
        let differs = |text: &String| {
            before
                .as_str()
                .is_none_or(|before| !policy::same(before, text, clients.partition()))
        };
        match texts.find(differs) {
            Some(other) => other.into(),
            None => before.clone(),
        }
    };
    model.endpoint_policy = text(false, &prior.endpoint_policy);
    model.s3_endpoint_policy = text(true, &prior.s3_endpoint_policy);
}

fn logs(prior: &SegmentModel, live: &Live, model: &mut SegmentModel) {
    let log = live.flow_log();
    model.flow_logs = log.is_some().into();
    model.flow_log_id = or_null(log.map(|log| &log.id));
    if let Some(log) = log {
        model.log_destination = log.destination.clone().into();
        model.flow_log_traffic_type = log.traffic_type.clone().into();
        model.flow_log_max_aggregation_interval = i64::from(log.interval).into();
        model.flow_log_iam_role_arn = or_null(log.role_arn.as_ref());
    }
    model.dns_query_logging = live.query_log.is_some().into();
    model.query_log_config_id = or_null(live.query_log.as_ref().map(|config| &config.id));
    match &live.query_log {
        Some(config) => model.dns_log_destination = config.destination.clone().into(),
        None if !prior.dns_log_destination.is_known() => model.dns_log_destination = Value::Null,
        None => {}
    }
}

/// The segment's tags as the live read needs them: what to look at for this state.
pub(super) fn scope(model: &SegmentModel) -> live::Scope {
    live::Scope {
        firewall: model.may_have_firewall(),
        shared: false,
        gateways: model.may_be_wide(),
    }
}
