//! Route tables, which subnets use them, and where they lead.

use std::collections::BTreeSet;

use gabion_aws::ec2::{CreateRoute, RouteTable, RouteTarget};

use super::super::firewall::{FIREWALL, zone_part};
use super::super::live::{Live, PART, is_part, table_part, ways_out};
use super::{Converge, Step, all, at, merged};

impl Converge<'_> {
    /// The tables beside the main one.
    pub(super) async fn tables(&self, live: &mut Vec<RouteTable>) -> Step {
        let mut parts = Vec::new();
        if self.design.has_zone_tables() {
            parts.extend(self.design.private.iter().map(|net| table_part(&net.zone)));
        }
        parts.extend(self.design.firewall.iter().map(|net| zone_part(&net.zone)));
        if self.design.has_gateway() {
            parts.push("public".to_owned());
        }
        parts.retain(|part| !live.iter().any(|table| is_part(&table.tags, part)));
        let steps = parts.into_iter().map(|part| async move {
            let tags = self.part_tags(&part, Some(&part));
            let doing = format!("creating the route table `{part}`");
            let attribute = if part == "public" {
                "public_route_table_id"
            } else if part.starts_with(FIREWALL) {
                "firewall_route_table_ids"
            } else {
                "private_route_table_ids"
            };
            self.clients
                .ec2()
                .create_route_table(&self.vpc, &tags, (PART, &part))
                .await
                .map_err(at(attribute, doing))
        });
        let mut done = Vec::new();
        for result in futures::future::join_all(steps.map(Box::pin)).await {
            match result {
                Ok(made) => live.push(made),
                Err(errors) => done.push(Err(errors)),
            }
        }
        merged(done)
    }

    /// Each subnet uses its table: public ones the public table, those of the firewall that of their zone, private ones
    /// that of their zone, too, or the main one.
    pub(super) async fn associations(&self, live: &Live) -> Step {
        let private = self.design.private.iter().map(|net| {
            let table = self.design.has_zone_tables().then(|| table_part(&net.zone));
            (net, table)
        });
        let public = self
            .design
            .public
            .iter()
            .map(|net| (net, Some("public".to_owned())));
        let firewall = self
            .design
            .firewall
            .iter()
            .map(|net| (net, Some(zone_part(&net.zone))));
        let steps = private
            .chain(public)
            .chain(firewall)
            .filter_map(|(net, part)| {
                let subnet = live.subnet(net)?;
                let wanted = part.and_then(|part| live.table(&part));
                let now = live.tables.iter().find_map(|table| {
                    let one = table
                        .associations
                        .iter()
                        .find(|one| one.subnet_id == subnet.id)?;
                    Some((table.id.clone(), one.id.clone()))
                });
                Some((subnet.id.clone(), wanted.map(|table| table.id.clone()), now))
            });
        all(steps.map(|(subnet, wanted, now)| async move {
            let ec2 = self.clients.ec2();
            let doing = || {
                at(
                    "private_route_table_ids",
                    format!("associating the subnet `{subnet}` with its route table"),
                )
            };
            if now.as_ref().map(|(table, _)| table) == wanted.as_ref() {
                return Ok(());
            }
            if let Some((_, association)) = &now {
                ec2.disassociate_route_table(association)
                    .await
                    .map_err(doing())?;
            }
            match &wanted {
                Some(table) => ec2
                    .associate_route_table(table, &subnet)
                    .await
                    .map_err(doing()),
                None => Ok(()),
            }
        }))
        .await
    }

    /// What public subnets reach through the internet gateway.
    pub(super) async fn public_routes(&self, live: &Live) -> Step {
        let (Some(table), Some(gateway)) = (live.table("public"), live.gateway()) else {
            return Ok(());
        };
        if !self.design.has_gateway() {
            return Ok(());
        }
        let mut wanted: Vec<(String, RouteTarget)> = self
            .design
            .public_out()
            .into_iter()
            .map(|range| (range, RouteTarget::Gateway(gateway.id.clone())))
            .collect();
        if self.design.filter.is_some() {
            // What comes back from NAT goes through the firewall of the zone that it is for.
            wanted.extend(self.design.private.iter().filter_map(|net| {
                let endpoint = live.firewall_endpoint(&net.zone)?;
                Some((net.cidr.clone(), RouteTarget::Endpoint(endpoint.to_owned())))
            }));
        }
        self.lead(table, &wanted, "public_route_table_id").await
    }

    /// What private subnets reach: through the firewall or the NAT gateway of their zone, or nothing.
    pub(super) async fn private_routes(&self, live: &Live) -> Step {
        let mut wanted: Vec<(&RouteTable, Option<RouteTarget>)> = Vec::new();
        let nat = |zone: &str| {
            if self.design.filter.is_some() {
                let endpoint = live.firewall_endpoint(zone)?;
                return Some(RouteTarget::Endpoint(endpoint.to_owned()));
            }
            live.nat(zone).map(|nat| RouteTarget::Nat(nat.id.clone()))
        };
        if self.design.has_zone_tables() {
            for net in &self.design.private {
                if let Some(table) = live.table(&table_part(&net.zone)) {
                    wanted.push((table, nat(&net.zone)));
                }
            }
            wanted.extend(live.main_table().map(|table| (table, None)));
        } else if let Some(table) = live.main_table() {
            wanted.push((
                table,
                self.design.nat_zones.first().and_then(|zone| nat(zone)),
            ));
        }
        all(wanted.into_iter().map(|(table, target)| async move {
            let wanted: Vec<(String, RouteTarget)> = target
                .into_iter()
                .flat_map(|target| {
                    let out = self.design.out.iter();
                    out.map(move |range| (range.clone(), target.clone()))
                })
                .collect();
            self.lead(table, &wanted, "private_routes").await
        }))
        .await
    }

    /// Makes a table lead to these ranges, each by its target, and nowhere else.
    pub(super) async fn lead(
        &self,
        table: &RouteTable,
        wanted: &[(String, RouteTarget)],
        attribute: &'static str,
    ) -> Step {
        let ec2 = self.clients.ec2();
        let right: BTreeSet<&str> = table
            .routes
            .iter()
            .filter(|route| {
                let leads = (route.destination.clone(), route.target.clone());
                !route.blackhole && wanted.contains(&leads)
            })
            .map(|route| route.destination.as_str())
            .collect();
        let mut stale: BTreeSet<String> = ways_out(table).into_iter().collect();
        // What leads nowhere any more goes, too.
        stale.extend(
            table
                .routes
                .iter()
                .filter(|route| route.blackhole && !matches!(route.target, RouteTarget::Peering(_)))
                .map(|route| route.destination.clone()),
        );
        stale.retain(|range| !right.contains(range.as_str()));
        for range in &stale {
            let doing = format!("taking the route to `{range}` out of `{}`", table.id);
            ec2.delete_route(&table.id, range)
                .await
                .map_err(at(attribute, doing))?;
        }
        all(wanted
            .iter()
            .filter(|(range, _)| !right.contains(range.as_str()))
            .map(|(range, target)| async move {
                let route = CreateRoute {
                    table: table.id.clone(),
                    destination: range.clone(),
                    target: target.clone(),
                };
                let doing = format!("adding the route to `{range}` to `{}`", table.id);
                match self.clients.ec2().create_route(&route).await {
                    // A reply was lost, and the SDK asked again.
                    Err(error) if error.is_already_exists() => Ok(()),
                    other => other.map_err(at(attribute, doing)),
                }
            }))
        .await
    }
}
