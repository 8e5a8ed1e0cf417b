//! Where the route tables lead, as the plan computes it and as the state shows it. Pure.
//!
//! A route that leads where the segment makes it lead shows as its range alone. Any other shows with its target, so that
//! a way past the firewall is drift although its range is planned.

use std::collections::BTreeSet;

use gabion_aws::ec2::{Route, RouteTable, RouteTarget};

use super::design::Design;
use super::firewall::{ZONE, zone_part};
use super::live::{Live, SEGMENT, ways_out};

/// What follows the range of a route to private subnets by the firewall.
const THROUGH: &str = " through the firewall";

fn id(target: &RouteTarget) -> &str {
    match target {
        RouteTarget::Gateway(id)
        | RouteTarget::Endpoint(id)
        | RouteTarget::Nat(id)
        | RouteTarget::Peering(id)
        | RouteTarget::Transit(id)
        | RouteTarget::Other(id) => id,
    }
}

fn strange(route: &Route) -> String {
    let id = id(&route.target);
    let id = if id.is_empty() { "something else" } else { id };
    format!("{} by {id}", route.destination)
}

fn own_nat(live: &Live, target: &RouteTarget) -> bool {
    matches!(target, RouteTarget::Nat(id) if live.nats.iter().any(|nat| {
        nat.id == *id && nat.tags.get(SEGMENT) == Some(&live.vpc.id)
    }))
}

fn own_endpoint(live: &Live, target: &RouteTarget) -> bool {
    matches!(target, RouteTarget::Endpoint(id) if live.firewall.firewall.iter().any(|firewall| {
        firewall.endpoints.values().any(|one| one.id == *id)
    }))
}

fn texts(table: &RouteTable, text: impl Fn(&Route) -> String) -> BTreeSet<String> {
    let out = ways_out(table);
    table
        .routes
        .iter()
        .filter(|route| !route.blackhole && out.contains(&route.destination))
        .map(text)
        .collect()
}

/// Where a table of private subnets leads to. `made` is whether this resource made the segment, and so knows its own.
pub(super) fn private(table: &RouteTable, live: &Live, made: bool) -> BTreeSet<String> {
    let guarded = live.firewall.firewall.is_some();
    texts(table, |route| {
        let right = if guarded {
            own_endpoint(live, &route.target)
        } else {
            own_nat(live, &route.target)
        };
        if right || !made {
            route.destination.clone()
        } else {
            strange(route)
        }
    })
}

/// Subnets of a list that do not use the table that they should.
fn strayed(live: &Live, subnets: &[String], table: &RouteTable) -> Vec<String> {
    subnets
        .iter()
        .filter_map(|subnet| {
            let now = live.table_of(subnet).filter(|now| now.id != table.id)?;
            Some(format!("none for {subnet}, which uses {}", now.id))
        })
        .collect()
}

/// Where public subnets lead to.
pub(super) fn public(live: &Live, subnets: &[String]) -> Vec<String> {
    let Some(table) = live.table("public") else {
        return Vec::new();
    };
    let gateway = live.gateway().map(|gateway| gateway.id.as_str());
    let mut all: Vec<String> = texts(table, |route| match &route.target {
        RouteTarget::Gateway(id) if Some(id.as_str()) == gateway => route.destination.clone(),
        target if own_endpoint(live, target) => format!("{}{THROUGH}", route.destination),
        _ => strange(route),
    })
    .into_iter()
    .collect();
    all.extend(strayed(live, subnets, table));
    all
}

/// Where the subnets of the firewall lead to, in all zones.
pub(super) fn firewall(live: &Live, subnets: &[String]) -> Vec<String> {
    let tables: Vec<&RouteTable> = live
        .tables
        .iter()
        .filter(|table| {
            let part = table.tags.get(super::live::PART);
            part.is_some_and(|part| part.starts_with(ZONE))
        })
        .collect();
    let each: Vec<BTreeSet<String>> = tables
        .iter()
        .map(|table| {
            texts(table, |route| {
                if own_nat(live, &route.target) {
                    route.destination.clone()
                } else {
                    strange(route)
                }
            })
        })
        .collect();
    let all: BTreeSet<String> = each.iter().flatten().cloned().collect();
    let mut out = Vec::new();
    for text in all {
        let lacking = each.iter().filter(|one| !one.contains(&text)).count();
        if lacking == 0 {
            out.push(text);
        } else {
            out.push(format!("{text}, not in {lacking} of the zones"));
        }
    }
    for subnet in live.subnets.iter().filter(|one| subnets.contains(&one.id)) {
        if let Some(table) = live.table(&zone_part(&subnet.zone)) {
            out.extend(strayed(live, std::slice::from_ref(&subnet.id), table));
        }
    }
    out
}

/// Where public subnets are to lead to.
pub(super) fn planned_public(design: &Design) -> Vec<String> {
    if !design.has_gateway() {
        return Vec::new();
    }
    let mut all: BTreeSet<String> = design.public_out().into_iter().collect();
    if design.filter.is_some() {
        all.extend(
            design
                .private
                .iter()
                .map(|net| format!("{}{THROUGH}", net.cidr)),
        );
    }
    all.into_iter().collect()
}

/// Where the subnets of the firewall are to lead to.
pub(super) fn planned_firewall(design: &Design) -> Vec<String> {
    if design.filter.is_some() {
        design.out.clone()
    } else {
        Vec::new()
    }
}
