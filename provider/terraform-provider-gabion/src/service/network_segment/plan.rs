//! What the plan of a segment computes and refuses. Reads AWS, never writes.

use gabion_aws::Clients;
use gabion_aws::OrganizationLookup;
use gabion_framework::prelude::*;
use jiff::Timestamp;

use super::acl::Connected;
use super::design::{Design, Egress, NoDesign};
use super::firewall::{self, Filter};
use super::model::{SegmentModel, StringMap, ordered};
use super::observed::GATEWAY_SERVICES;
use super::registry::Clash;
use super::{NO_ORGANIZATION, acl, checks, connection, delete, policy, private, ways, weaker};
use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::strings::{self, Strings};
use crate::shared::subnets::segment_range;
use crate::shared::{exception, fault, location, tags};

/// Fills the plan of a create or an update.
///
/// # Errors
/// What stops the plan at once; what more there is to say is in `diags`.
pub(super) async fn change(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<SegmentModel>,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(mut planned) = plan.planned.take() else {
        return Ok(());
    };
    let result = fill(ctx, plan, &mut planned, diags).await;
    plan.planned = Some(planned);
    result
}

async fn fill(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<SegmentModel>,
    planned: &mut SegmentModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let prior = plan.prior.clone();
    planned.tags_all = match ctx.provider.as_ref() {
        Some(gabion) => tags::plan_all(&planned.tags, &gabion.default_tags),
        None => Value::Unknown,
    };
    tags::validate(&planned.tags_all, &Path::root("tags"), diags);
    if planned.tags_all.known().is_some_and(|tags| tags.len() > 40) {
        diags.error_at(
            Path::root("tags"),
            "Too many tags",
            "AWS takes 50 tags on a resource, and a segment needs ten of them. Use at most 40.",
        );
    }
    if plan.config.dns_log_destination.is_null() {
        planned.dns_log_destination = planned.log_destination.clone();
    }
    let mut place = planned.place();
    let clients = location::plan(ctx, &plan.config.place(), &mut place).await?;
    planned.account_id = place.account_id;
    planned.region = place.region;
    zones(
        clients.as_ref(),
        &plan.config,
        prior.as_ref(),
        planned,
        diags,
    )
    .await?;
    if let Some(clients) = &clients {
        organization(clients, &plan.config, planned, diags).await?;
    } else if !planned.organization_id.is_known() {
        planned.organization_id = Value::Unknown;
    }
    checks::consistent(planned, diags);
    checks::own_range(planned, diags);
    computed(clients.as_ref(), prior.as_ref(), planned, diags);
    beside(ctx, planned, prior.is_none(), diags);
    let moment = match &prior {
        Some(prior) if prior == planned => Moment::Still,
        _ => Moment::Change,
    };
    exception::check(
        planned,
        &planned.exception,
        weaker::TABLE,
        moment,
        Timestamp::now(),
        diags,
    );
    replacement(plan, prior.as_ref(), planned);
    if diags.has_errors() {
        return Ok(());
    }
    if let Some(clients) = &clients {
        connection::check(ctx, clients, prior.as_ref(), planned, diags).await?;
        if let Some(prior) = &prior {
            if plan.requires_replace.is_empty() {
                removals(plan, prior, planned, diags);
            } else {
                delete::refuse_in_use(clients, prior, diags).await?;
            }
        }
    }
    Ok(())
}

/// The zones: those named, those of the state, or the first of the region.
async fn zones(
    clients: Option<&Clients>,
    config: &SegmentModel,
    prior: Option<&SegmentModel>,
    planned: &mut SegmentModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let named = !config.availability_zones.is_null();
    if named {
        if let Some(list) = config.availability_zones.known() {
            let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
            if config
                .availability_zone_count
                .known()
                .is_some_and(|other| *other != count)
            {
                diags.error_at(
                    Path::root("availability_zone_count"),
                    "Two numbers of zones",
                    format!(
                        "`availability_zones` names {count}. Leave `availability_zone_count` out."
                    ),
                );
            }
            if config.availability_zone_count.is_null() {
                planned.availability_zone_count = count.into();
            }
        } else if config.availability_zone_count.is_null() {
            planned.availability_zone_count = Value::Unknown;
        }
    }
    let before = prior.filter(|prior| {
        prior.region == planned.region
            && prior.account_id == planned.account_id
            && prior.availability_zone_count == planned.availability_zone_count
    });
    if !named {
        if let Some(before) = before.filter(|before| before.availability_zones.is_known()) {
            planned.availability_zones = before.availability_zones.clone();
            return Ok(());
        }
        planned.availability_zones = Value::Unknown;
    } else if prior.is_some_and(|prior| prior.availability_zones == planned.availability_zones) {
        return Ok(());
    }
    let Some(clients) = clients else {
        return Ok(());
    };
    let all = clients
        .ec2()
        .shared()
        .zones()
        .await
        .map_err(fault::while_setting(
            Path::root("availability_zones"),
            "reading the zones of the region",
        ))?;
    let names: Vec<&str> = all
        .iter()
        .filter(|zone| zone.available)
        .map(|zone| zone.name.as_str())
        .collect();
    if named {
        for zone in strings::known_part(&planned.availability_zones) {
            if !names.contains(&zone.as_str()) {
                diags.error_at(
                    Path::root("availability_zones"),
                    "No such zone",
                    format!(
                        "`{zone}` is no zone that takes subnets in {}: there are {}.",
                        clients.region(),
                        names.join(", ")
                    ),
                );
            }
        }
        return Ok(());
    }
    let Some(count) = planned
        .availability_zone_count
        .known()
        .and_then(|count| usize::try_from(*count).ok())
    else {
        return Ok(());
    };
    if names.len() < count {
        diags.error_at(
            Path::root("availability_zone_count"),
            "Too few zones",
            format!(
                "{} has {} zones ({}), and {count} are asked for.",
                clients.region(),
                names.len(),
                names.join(", ")
            ),
        );
        return Ok(());
    }
    planned.availability_zones = strings::of(names.into_iter().take(count));
    Ok(())
}

/// The organization: the one named, the one of the state, or the one that the account is in.
async fn organization(
    clients: &Clients,
    config: &SegmentModel,
    planned: &mut SegmentModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    if planned.organization_id.is_known() || config.organization_id.is_unknown() {
        return Ok(());
    }
    let found = clients
        .organizations()
        .shared_organization()
        .await
        .map_err(fault::while_setting(
            Path::root("organization_id"),
            "reading the organization",
        ))?;
    planned.organization_id = match found {
        OrganizationLookup::Member(organization) => organization.id.into(),
        OrganizationLookup::NotInOrganization => NO_ORGANIZATION.into(),
        OrganizationLookup::Unknown { reason } => {
            diags.warning_at(
                Path::root("organization_id"),
                "The organization could not be read",
                format!(
                    "{reason}. The endpoints are bound to account {} alone. Set `organization_id` to the organization, or to \
                     `none` to say so.",
                    clients.account_id()
                ),
            );
            NO_ORGANIZATION.into()
        }
    };
    Ok(())
}

/// Two segments of one configuration do not overlap.
fn beside(ctx: &Ctx<Gabion>, planned: &SegmentModel, makes: bool, diags: &mut Diagnostics) {
    let (Some(gabion), Some(account), Some(region), Some(name), Some(Ok(range))) = (
        ctx.provider.as_ref(),
        planned.account_id.as_str(),
        planned.region.as_str(),
        planned.name.as_str(),
        planned.cidr_block.as_str().map(segment_range),
    ) else {
        return;
    };
    match gabion
        .segments
        .plan((account, region), name, range, makes)
    {
        Ok(()) => {}
        Err(Clash::Name(other)) => diags.error_at(
            Path::root("name"),
            "Two segments of one name",
            format!("Another segment of this configuration is called `{name}`, with the range `{other}`. Give one of them another name."),
        ),
        Err(Clash::Range(other, there)) => diags.error_at(
            Path::root("cidr_block"),
            "Segments overlap",
            format!("`{range}` overlaps with `{there}`, the range of the segment `{other}` of this configuration. Take another range."),
        ),
    }
}

/// The attributes whose change makes a new segment.
fn replacement(
    plan: &mut Plan<SegmentModel>,
    prior: Option<&SegmentModel>,
    planned: &SegmentModel,
) {
    let Some(prior) = prior else {
        plan.private
            .set(private::CONTINUES, &delete::parts(planned));
        return;
    };
    for (name, changed) in [
        ("cidr_block", prior.cidr_block != planned.cidr_block),
        (
            "availability_zones",
            prior.availability_zones != planned.availability_zones,
        ),
        ("account_id", prior.account_id != planned.account_id),
        ("region", prior.region != planned.region),
    ] {
        if changed {
            plan.requires_replace.push(Path::root(name));
        }
    }
}

/// What others put into a segment that was imported is not taken away unseen.
fn removals(
    plan: &Plan<SegmentModel>,
    prior: &SegmentModel,
    planned: &SegmentModel,
    diags: &mut Diagnostics,
) {
    if plan.private.get::<bool>(private::MADE).is_some()
        || planned.acknowledge_removals.is_unknown()
    {
        return;
    }
    let listed = strings::known_part(&planned.acknowledge_removals);
    let mut lost = Vec::new();
    if let (Some(before), Some(after)) = (
        strings::known(&prior.private_routes),
        strings::known(&planned.private_routes),
    ) {
        lost.extend(before.difference(&after).cloned());
    }
    if prior.network_acl_entries.is_known()
        && prior.network_acl_entries != planned.network_acl_entries
    {
        lost.push("network_acl_entries".to_owned());
    }
    if prior
        .default_security_group_rules
        .known()
        .is_some_and(|count| *count > 0)
    {
        lost.push("default_security_group_rules".to_owned());
    }
    lost.retain(|name| !listed.contains(name));
    if lost.is_empty() {
        return;
    }
    let names: Vec<String> = lost.iter().map(|name| format!("{name:?}")).collect();
    diags.error_at(
        Path::root("acknowledge_removals"),
        "The plan may cut traffic of a live segment",
        format!(
            "{} was imported, and the plan changes what traffic in it passes: {}. Look at each in the plan, and let it go \
             with:\n\n  acknowledge_removals = [{}]",
            planned.title(),
            lost.join(", "),
            names.join(", ")
        ),
    );
}

/// Keeps the ids of the state where what they name stays, and forgets them where it does not.
fn keep<T: Clone>(same: bool, before: Option<&Value<T>>, value: &mut Value<T>) {
    *value = match before {
        Some(before) if same && !before.is_unknown() => before.clone(),
        _ => Value::Unknown,
    };
}

/// Everything that follows from the configuration.
pub(super) fn computed(
    clients: Option<&Clients>,
    prior: Option<&SegmentModel>,
    planned: &mut SegmentModel,
    diags: &mut Diagnostics,
) {
    let design = match Design::of(planned) {
        Ok(design) => Some(design),
        Err(NoDesign::Unknown) => None,
        Err(NoDesign::Impossible(attribute, why)) => {
            diags.error_at(Path::root(attribute), "The segment does not fit", why);
            None
        }
    };
    firewall_parts(prior, planned, design.as_ref());
    planned.default_security_group_rules = 0.into();
    planned.gateway_endpoints = strings::of(GATEWAY_SERVICES);
    let cidrs = |nets: &[super::design::Net]| strings::of(nets.iter().map(|net| net.cidr.clone()));
    let entries = |entries: &[gabion_aws::ec2::AclEntry]| {
        strings::of(acl::texts(entries, &Connected::default()))
    };
    if let Some(design) = &design {
        planned.private_subnet_cidrs = cidrs(&design.private);
        planned.public_subnet_cidrs = cidrs(&design.public);
        planned.network_acl_entries = entries(&design.private_entries);
        planned.public_network_acl_entries = entries(&design.public_entries);
        planned.private_routes = strings::of(design.out.clone());
        planned.public_routes = strings::of(ways::planned_public(design));
        planned.firewall_routes = strings::of(ways::planned_firewall(design));
        planned.public_access_exclusion_mode = exclusion_mode(prior, design);
    } else {
        planned.public_access_exclusion_mode = Value::Unknown;
        for list in [
            &mut planned.private_subnet_cidrs,
            &mut planned.public_subnet_cidrs,
            &mut planned.network_acl_entries,
            &mut planned.public_network_acl_entries,
            &mut planned.private_routes,
            &mut planned.public_routes,
            &mut planned.firewall_routes,
        ] {
            *list = Value::Unknown;
        }
    }
    policies(clients, prior, planned);
    ids(prior, planned, design.as_ref());
}

/// What the exclusion is to let through: nothing is known before the account's block is looked at.
fn exclusion_mode(prior: Option<&SegmentModel>, design: &Design) -> Value<String> {
    let Some(mode) = design.exclusion() else {
        return Value::Null;
    };
    match prior.filter(|prior| prior.internet_gateway_id.is_known()) {
        Some(prior) if prior.public_access_exclusion_mode.is_null() => Value::Null,
        Some(prior) if prior.public_access_exclusion_mode.is_known() => mode.as_str().into(),
        _ => Value::Unknown,
    }
}

/// The firewall: nothing of it without one.
fn firewall_parts(
    prior: Option<&SegmentModel>,
    planned: &mut SegmentModel,
    design: Option<&Design>,
) {
    let Some(design) = design else {
        for list in [
            &mut planned.firewall_subnet_cidrs,
            &mut planned.firewall_subnet_ids,
            &mut planned.firewall_route_table_ids,
            &mut planned.firewall_rule_group_arns,
            &mut planned.firewall_rules,
            &mut planned.firewall_endpoint_ids,
            &mut planned.firewall_log_destinations,
        ] {
            *list = Value::Unknown;
        }
        planned.firewall_arn = Value::Unknown;
        planned.firewall_policy_arn = Value::Unknown;
        return;
    };
    planned.firewall_subnet_cidrs = strings::of(design.firewall.iter().map(|net| net.cidr.clone()));
    planned.firewall_rules = strings::of(design.filter.iter().flat_map(Filter::texts));
    planned.firewall_log_destinations = match (&design.filter, planned.firewall_logs.known()) {
        (None, _) | (_, Some(false)) => strings::of(Vec::<String>::new()),
        (Some(_), Some(true)) => match &planned.log_destination {
            Value::Known(text) => strings::of(firewall::log_texts(&firewall::logs(text))),
            _ => Value::Unknown,
        },
        (Some(_), None) => Value::Unknown,
    };
    let Some(filter) = &design.filter else {
        let none: Strings = Value::Known(Vec::new());
        planned.firewall_subnet_ids = none.clone();
        planned.firewall_route_table_ids = none.clone();
        planned.firewall_rule_group_arns = none.clone();
        planned.firewall_endpoint_ids = none;
        planned.firewall_arn = Value::Null;
        planned.firewall_policy_arn = Value::Null;
        return;
    };
    let count = |list: &Strings| ordered(list).map(|list| list.len());
    let same =
        prior.is_some_and(|prior| prior.firewall_subnet_cidrs == planned.firewall_subnet_cidrs);
    let whole = |list: fn(&SegmentModel) -> &Strings, wanted: usize| {
        same && prior.is_some_and(|prior| count(list(prior)) == Some(wanted))
    };
    let zones = design.firewall.len();
    let groups = filter.own_groups().len();
    keep(
        same,
        prior.map(|prior| &prior.firewall_subnet_ids),
        &mut planned.firewall_subnet_ids,
    );
    keep(
        whole(|m| &m.firewall_route_table_ids, zones),
        prior.map(|prior| &prior.firewall_route_table_ids),
        &mut planned.firewall_route_table_ids,
    );
    keep(
        whole(|m| &m.firewall_rule_group_arns, groups),
        prior.map(|prior| &prior.firewall_rule_group_arns),
        &mut planned.firewall_rule_group_arns,
    );
    let stands = prior.is_some_and(|prior| prior.firewall_arn.is_known());
    keep(
        stands && whole(|m| &m.firewall_endpoint_ids, zones),
        prior.map(|prior| &prior.firewall_endpoint_ids),
        &mut planned.firewall_endpoint_ids,
    );
    keep(
        stands,
        prior.map(|prior| &prior.firewall_arn),
        &mut planned.firewall_arn,
    );
    keep(
        prior.is_some_and(|prior| prior.firewall_policy_arn.is_known()),
        prior.map(|prior| &prior.firewall_policy_arn),
        &mut planned.firewall_policy_arn,
    );
}

fn policies(clients: Option<&Clients>, prior: Option<&SegmentModel>, planned: &mut SegmentModel) {
    let (Some(clients), Some(organization)) = (clients, planned.organization_id.as_str()) else {
        keep(
            prior.is_some(),
            prior.map(|prior| &prior.endpoint_policy),
            &mut planned.endpoint_policy,
        );
        keep(
            prior.is_some(),
            prior.map(|prior| &prior.s3_endpoint_policy),
            &mut planned.s3_endpoint_policy,
        );
        return;
    };
    let organization = (organization != NO_ORGANIZATION).then_some(organization);
    let (account, partition) = (clients.account_id(), clients.partition());
    let text = |wanted: String, before: Option<&Value<String>>| -> Value<String> {
        match before.and_then(Value::as_str) {
            Some(before) if policy::same(before, &wanted, partition) => before.into(),
            _ => wanted.into(),
        }
    };
    planned.endpoint_policy = text(
        policy::general(organization, account).to_json(),
        prior.map(|prior| &prior.endpoint_policy),
    );
    let place = (partition, clients.region());
    planned.s3_endpoint_policy = match reaches_ecr(planned) {
        Some(reaches) => text(
            policy::s3(organization, account, reaches.then_some(place)).to_json(),
            prior.map(|prior| &prior.s3_endpoint_policy),
        ),
        None => Value::Unknown,
    };
}

/// Whether images can be pulled from ECR: by its endpoint, or beyond AWS.
fn reaches_ecr(planned: &SegmentModel) -> Option<bool> {
    let egress = planned.egress.as_str().and_then(Egress::of)?;
    if egress.is_wide() {
        return Some(true);
    }
    let services = planned.services()?;
    Some(services.iter().any(|service| service == "ecr.dkr"))
}

fn ids(prior: Option<&SegmentModel>, planned: &mut SegmentModel, design: Option<&Design>) {
    let none: Strings = Value::Known(Vec::new());
    let stays = prior.is_some();
    let subnets =
        prior.is_some_and(|prior| prior.private_subnet_cidrs == planned.private_subnet_cidrs);
    keep(
        subnets,
        prior.map(|prior| &prior.private_subnet_ids),
        &mut planned.private_subnet_ids,
    );
    keep(
        stays,
        prior.map(|prior| &prior.main_route_table_id),
        &mut planned.main_route_table_id,
    );
    keep(
        stays,
        prior.map(|prior| &prior.network_acl_id),
        &mut planned.network_acl_id,
    );
    keep(
        stays,
        prior.map(|prior| &prior.default_security_group_id),
        &mut planned.default_security_group_id,
    );
    let tables = subnets
        && prior.is_some_and(|prior| {
            prior.egress == planned.egress
                && prior.single_nat_gateway == planned.single_nat_gateway
                && prior.firewall_subnet_cidrs == planned.firewall_subnet_cidrs
                && prior.private_routes == planned.private_routes
        });
    keep(
        tables,
        prior.map(|prior| &prior.private_route_table_ids),
        &mut planned.private_route_table_ids,
    );

    let same_public =
        prior.is_some_and(|prior| prior.public_subnet_cidrs == planned.public_subnet_cidrs);
    let has = |value: fn(&SegmentModel) -> &Value<String>| {
        prior.is_some_and(|prior| value(prior).is_known())
    };
    let public = [
        (
            has(|m| &m.public_route_table_id),
            &mut planned.public_route_table_id,
        ),
        (
            has(|m| &m.public_network_acl_id),
            &mut planned.public_network_acl_id,
        ),
        (
            has(|m| &m.internet_gateway_id),
            &mut planned.internet_gateway_id,
        ),
    ];
    let before = [
        prior.map(|prior| &prior.public_route_table_id),
        prior.map(|prior| &prior.public_network_acl_id),
        prior.map(|prior| &prior.internet_gateway_id),
    ];
    for ((there, value), before) in public.into_iter().zip(before) {
        match design {
            Some(design) if !design.has_gateway() => *value = Value::Null,
            Some(_) => keep(same_public && there, before, value),
            None => *value = Value::Unknown,
        }
    }
    let nats = |list: &Strings| ordered(list).map(|list| list.len());
    match design {
        Some(design) if !design.has_gateway() => {
            planned.public_subnet_ids = none.clone();
            planned.nat_gateway_ids = none.clone();
            planned.nat_public_ips = none;
            planned.public_access_exclusion_id = Value::Null;
        }
        Some(design) => {
            keep(
                same_public,
                prior.map(|prior| &prior.public_subnet_ids),
                &mut planned.public_subnet_ids,
            );
            let count = design.nat_zones.len();
            let same = same_public
                && prior.is_some_and(|prior| nats(&prior.nat_gateway_ids) == Some(count));
            let addresses = prior.is_some_and(|prior| nats(&prior.nat_public_ips) == Some(count));
            keep(
                same,
                prior.map(|prior| &prior.nat_gateway_ids),
                &mut planned.nat_gateway_ids,
            );
            keep(
                addresses,
                prior.map(|prior| &prior.nat_public_ips),
                &mut planned.nat_public_ips,
            );
            // The exclusion is changed in place, and made anew only where it is missing.
            let stands = prior.is_some_and(|prior| {
                prior.public_access_exclusion_id.is_known()
                    || (planned.public_access_exclusion_mode.is_null()
                        && prior.public_access_exclusion_id.is_null())
            });
            keep(
                stands,
                prior.map(|prior| &prior.public_access_exclusion_id),
                &mut planned.public_access_exclusion_id,
            );
        }
        None => {
            planned.public_subnet_ids = Value::Unknown;
            planned.nat_gateway_ids = Value::Unknown;
            planned.nat_public_ips = Value::Unknown;
            planned.public_access_exclusion_id = Value::Unknown;
        }
    }
    services(prior, planned);
    keep_log(
        prior.map(|prior| (&prior.flow_log_id, same_flow_log(prior, planned))),
        planned.flow_logs.known().copied(),
        &mut planned.flow_log_id,
    );
    keep_log(
        prior.map(|prior| {
            let same = prior.dns_log_destination == planned.dns_log_destination
                && prior.dns_query_logging == planned.dns_query_logging;
            (&prior.query_log_config_id, same)
        }),
        planned.dns_query_logging.known().copied(),
        &mut planned.query_log_config_id,
    );
}

fn services(prior: Option<&SegmentModel>, planned: &mut SegmentModel) {
    let wanted = planned.services();
    match &wanted {
        Some(wanted) if wanted.is_empty() => planned.endpoint_security_group_id = Value::Null,
        Some(_) => {
            let there = prior.is_some_and(|prior| prior.endpoint_security_group_id.is_known());
            keep(
                there,
                prior.map(|prior| &prior.endpoint_security_group_id),
                &mut planned.endpoint_security_group_id,
            );
        }
        None => planned.endpoint_security_group_id = Value::Unknown,
    }
    let same = prior.is_some_and(|prior| {
        prior.interface_endpoints == planned.interface_endpoints
            && prior.gateway_endpoints == planned.gateway_endpoints
    });
    let before: Option<&StringMap> = prior.map(|prior| &prior.endpoint_ids);
    keep(same && wanted.is_some(), before, &mut planned.endpoint_ids);
}

/// Whether the flow log stays: it cannot be changed, only made anew.
pub(super) fn same_flow_log(prior: &SegmentModel, planned: &SegmentModel) -> bool {
    prior.flow_logs == planned.flow_logs
        && prior.log_destination == planned.log_destination
        && prior.flow_log_traffic_type == planned.flow_log_traffic_type
        && prior.flow_log_max_aggregation_interval == planned.flow_log_max_aggregation_interval
        && prior.flow_log_iam_role_arn == planned.flow_log_iam_role_arn
}

fn keep_log(prior: Option<(&Value<String>, bool)>, on: Option<bool>, value: &mut Value<String>) {
    match on {
        Some(false) => *value = Value::Null,
        Some(true) => {
            let same = prior.is_some_and(|(before, same)| same && before.is_known());
            keep(same, prior.map(|(before, _)| before), value);
        }
        None => *value = Value::Unknown,
    }
}

/// At apply: what was unknown at plan is known now.
///
/// # Errors
/// What the plan would have refused.
pub(super) async fn finish(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    prior: Option<&SegmentModel>,
    plan: &mut SegmentModel,
) -> Result<Design, Diagnostics> {
    let mut diags = Diagnostics::new();
    let planned = plan.clone();
    let config: SegmentModel = ctx.config()?.unwrap_or_else(|| planned.clone());
    plan.account_id = clients.account_id().into();
    plan.region = clients.region().into();
    if config.dns_log_destination.is_null() {
        plan.dns_log_destination = plan.log_destination.clone();
    }
    if !planned.availability_zones.is_known() || prior.is_none() {
        let named = !config.availability_zones.is_null();
        if named || !planned.availability_zones.is_known() {
            zones(Some(clients), &config, None, plan, &mut diags).await?;
        }
    }
    organization(clients, &config, plan, &mut diags).await?;
    checks::consistent(plan, &mut diags);
    checks::own_range(plan, &mut diags);
    computed(Some(clients), prior, plan, &mut diags);
    for (text, before) in [
        (&mut plan.endpoint_policy, &planned.endpoint_policy),
        (&mut plan.s3_endpoint_policy, &planned.s3_endpoint_policy),
    ] {
        if let (Some(wanted), Some(before)) = (text.as_str(), before.as_str())
            && policy::same(wanted, before, clients.partition())
        {
            *text = before.into();
        }
    }
    exception::check(
        plan,
        &plan.exception,
        weaker::TABLE,
        Moment::Still,
        Timestamp::now(),
        &mut diags,
    );
    if diags.has_errors() {
        return Err(diags);
    }
    Design::of(plan).map_err(|why| {
        Diagnostics::from_error("The segment cannot be made", match why {
            NoDesign::Unknown => "Something of its configuration is still unknown at apply. This is a fault of the provider: please report it.".to_owned(),
            NoDesign::Impossible(attribute, text) => format!("`{attribute}`: {text}"),
        })
    })
}
