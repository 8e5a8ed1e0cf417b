//! Takes away what is no longer wanted, in the order that AWS asks for.

use std::time::Duration;

use gabion_aws::{Clients, Kind, WaitOptions};

use super::super::design::Net;
use super::super::firewall::{FIREWALL, group_name, zone_part};
use super::super::live::{ENDPOINT, Live, PART, SEGMENT, is_part, nat_part, short, table_part};
use super::super::observed::GATEWAY_SERVICES;
use super::firewall::{groups_away, take_away};
use super::{Converge, Step, all, at};

/// Tries a deletion again while something that it depends on is on its way out.
///
/// # Errors
/// It is still held when the time is up, or another error.
pub(in super::super) async fn retried<F, Fut>(
    clients: &Clients,
    what: &str,
    action: F,
) -> gabion_aws::Result<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = gabion_aws::Result<()>>,
{
    let options = WaitOptions {
        first: Duration::from_millis(500),
        max: Duration::from_secs(10),
        limit: Duration::from_secs(45 * 60),
    };
    let waiting = |error: &gabion_aws::AwsError| {
        let held = error.kind == Kind::Conflict || error.code() == Some("DependencyViolation");
        if held {
            tracing::info!(what, reason = error.message, "still in use, tried again");
        }
        held
    };
    gabion_aws::wait::retry_while(clients, what, options, waiting, action).await
}

impl Converge<'_> {
    /// What the design does not have.
    pub(super) async fn remove(&self, live: &mut Live) -> Step {
        let services = self.plan.services().unwrap_or_default();
        let stale: Vec<String> = live
            .endpoints
            .iter()
            .filter(|one| is_part(&one.tags, ENDPOINT))
            .filter(|one| {
                let name = short(&one.service);
                !GATEWAY_SERVICES.contains(&name) && !services.iter().any(|service| service == name)
            })
            .map(|one| one.id.clone())
            .collect();
        self.clients
            .ec2()
            .delete_endpoints(&stale)
            .await
            .map_err(at("interface_endpoints", "deleting endpoints"))?;
        live.endpoints.retain(|one| !stale.contains(&one.id));
        if services.is_empty() {
            endpoint_groups(self.clients, live).await?;
        }
        match &self.design.filter {
            None => take_away(self.clients, live).await?,
            Some(filter) => {
                let kept: Vec<String> = filter
                    .own_groups()
                    .iter()
                    .map(|group| group_name(&self.vpc, group.part))
                    .collect();
                let groups = std::mem::take(&mut live.firewall.groups);
                let (kept, stale) = groups
                    .into_iter()
                    .partition(|group| kept.contains(&group.name));
                live.firewall.groups = kept;
                groups_away(self.clients, &self.vpc, stale).await?;
            }
        }
        let kept = Kept {
            nats: self.design.nat_zones.clone(),
            private_tables: if self.design.has_zone_tables() {
                zones_of(&self.design.private)
            } else {
                Vec::new()
            },
            firewall: zones_of(&self.design.firewall),
            public: self.design.has_gateway(),
        };
        gateways(self.clients, &self.vpc, live, &kept).await
    }
}

/// Deletes the security group of the endpoints, once their interfaces are gone.
///
/// # Errors
/// A call that failed.
pub(in super::super) async fn endpoint_groups(clients: &Clients, live: &mut Live) -> Step {
    let Some(group) = live.endpoint_group().map(|group| group.id.clone()) else {
        return Ok(());
    };
    let what = format!("deleting the security group `{group}`");
    retried(clients, &what, || async {
        clients.ec2().delete_security_group(&group).await
    })
    .await
    .map_err(at("endpoint_security_group_id", what.clone()))?;
    live.groups.retain(|one| one.id != group);
    Ok(())
}

fn zones_of(nets: &[Net]) -> Vec<String> {
    nets.iter().map(|net| net.zone.clone()).collect()
}

/// What stays where gateways and tables are taken away; by zone.
#[derive(Debug, Default)]
pub(in super::super) struct Kept {
    /// NAT gateways and their addresses.
    nats: Vec<String>,
    /// Route tables of private subnets beside the main one.
    private_tables: Vec<String>,
    /// Subnets and tables of the firewall.
    firewall: Vec<String>,
    /// Everything public.
    public: bool,
}

/// Deletes gateways, addresses, tables and subnets beside those that stay, in the order that AWS asks for.
///
/// # Errors
/// A call that failed.
pub(in super::super) async fn gateways(
    clients: &Clients,
    vpc: &str,
    live: &mut Live,
    kept: &Kept,
) -> Step {
    let ec2 = clients.ec2();
    let parts: Vec<String> = kept.nats.iter().map(|zone| nat_part(zone)).collect();
    let stays = |tags: &gabion_aws::Tags| parts.iter().any(|part| is_part(tags, part));
    let nats: Vec<String> = live
        .nats
        .iter()
        .filter(|nat| nat.state != "deleted" && nat.tags.contains_key(SEGMENT))
        .filter(|nat| !stays(&nat.tags) || nat.state == "failed")
        .map(|nat| nat.id.clone())
        .collect();
    if !nats.is_empty() {
        let doing = || at("nat_gateway_ids", "deleting NAT gateways");
        all(nats.iter().map(|nat| {
            let ec2 = ec2.clone();
            async move { ec2.delete_nat_gateway(nat).await.map_err(doing()) }
        }))
        .await?;
        ec2.wait_for_nats_gone(vpc, &nats).await.map_err(doing())?;
        live.nats.retain(|nat| !nats.contains(&nat.id));
    }
    let addresses: Vec<String> = live
        .addresses
        .iter()
        .filter(|one| !stays(&one.tags))
        .map(|one| one.id.clone())
        .collect();
    all(addresses.iter().map(|id| async move {
        let what = format!("releasing the address `{id}`");
        retried(clients, &what, || async {
            clients.ec2().release_address(id).await
        })
        .await
        .map_err(at("nat_public_ips", what.clone()))
    }))
    .await?;
    live.addresses.retain(|one| !addresses.contains(&one.id));
    tables(clients, live, kept).await?;
    let stale: Vec<String> = live
        .subnets
        .iter()
        .filter(|one| {
            let part = one.tags.get(PART);
            part.is_some_and(|part| part.starts_with(FIREWALL))
                && !kept
                    .firewall
                    .iter()
                    .any(|zone| part == Some(&zone_part(zone)))
        })
        .map(|one| one.id.clone())
        .collect();
    subnets(clients, vpc, live, &stale, "firewall_subnet_ids").await?;
    if kept.public {
        return Ok(());
    }
    everything_public(clients, vpc, live).await
}

/// Deletes subnets that use the public network ACL. They go back to the default one first: a network ACL that subnets
/// use cannot be deleted.
async fn subnets(
    clients: &Clients,
    vpc: &str,
    live: &mut Live,
    ids: &[String],
    attribute: &'static str,
) -> Step {
    if ids.is_empty() {
        return Ok(());
    }
    give_back(clients, vpc, |subnet| ids.iter().any(|id| id == subnet)).await?;
    all(ids.iter().map(|id| async move {
        let what = format!("deleting the subnet `{id}`");
        retried(clients, &what, || async {
            clients.ec2().delete_subnet(id).await
        })
        .await
        .map_err(at(attribute, what.clone()))
    }))
    .await?;
    live.subnets.retain(|one| !ids.contains(&one.id));
    Ok(())
}

/// Lets subnets that use the public network ACL use the default one. Those of this apply were associated meanwhile.
async fn give_back(clients: &Clients, vpc: &str, of: impl Fn(&str) -> bool) -> Step {
    let doing = || {
        at(
            "public_network_acl_id",
            "giving subnets back to the default network ACL",
        )
    };
    let acls = clients.ec2().network_acls(vpc).await.map_err(doing())?;
    if let Some(default) = acls.iter().find(|acl| acl.is_default) {
        let public = acls.iter().filter(|acl| is_part(&acl.tags, "public"));
        let used = public.flat_map(|acl| &acl.associations);
        for (association, subnet) in used.filter(|(_, subnet)| of(subnet)) {
            match clients
                .ec2()
                .move_acl_association(association, subnet, &default.id)
                .await
            {
                Err(error) if error.is_not_found() => {}
                other => other.map_err(doing())?,
            }
        }
    }
    Ok(())
}

async fn tables(clients: &Clients, live: &mut Live, zones: &Kept) -> Step {
    let kept: Vec<String> = zones
        .private_tables
        .iter()
        .map(|zone| table_part(zone))
        .chain(zones.firewall.iter().map(|zone| zone_part(zone)))
        .collect();
    let stale: Vec<_> = live
        .tables
        .iter()
        .filter(|table| !table.main && table.tags.contains_key(SEGMENT))
        .filter(|table| {
            !(kept.iter().any(|part| is_part(&table.tags, part))
                || (zones.public && is_part(&table.tags, "public")))
        })
        .cloned()
        .collect();
    all(stale.iter().map(|table| async move {
        let ec2 = clients.ec2();
        let doing = || {
            at(
                "private_route_table_ids",
                format!("deleting the route table `{}`", table.id),
            )
        };
        // Those of this apply were associated elsewhere meanwhile.
        let now = ec2.route_tables(&live_vpc(table)).await.map_err(doing())?;
        let now = now.into_iter().find(|one| one.id == table.id);
        for association in now.iter().flat_map(|table| &table.associations) {
            ec2.disassociate_route_table(&association.id)
                .await
                .map_err(doing())?;
        }
        let what = format!("deleting the route table `{}`", table.id);
        retried(clients, &what, || async {
            clients.ec2().delete_route_table(&table.id).await
        })
        .await
        .map_err(doing())
    }))
    .await?;
    live.tables
        .retain(|table| !stale.iter().any(|one| one.id == table.id));
    Ok(())
}

fn live_vpc(table: &gabion_aws::ec2::RouteTable) -> String {
    table.tags.get(SEGMENT).cloned().unwrap_or_default()
}

async fn everything_public(clients: &Clients, vpc: &str, live: &mut Live) -> Step {
    let public = |tags: &gabion_aws::Tags| {
        tags.get(PART)
            .is_some_and(|part| part.starts_with("public-"))
    };
    let stale: Vec<String> = live
        .subnets
        .iter()
        .filter(|one| public(&one.tags))
        .map(|one| one.id.clone())
        .collect();
    subnets(clients, vpc, live, &stale, "public_subnet_ids").await?;
    if let Some(acl) = live.public_acl().map(|acl| acl.id.clone()) {
        give_back(clients, vpc, |_| true).await?;
        let what = format!("deleting the network ACL `{acl}`");
        retried(clients, &what, || async {
            clients.ec2().delete_network_acl(&acl).await
        })
        .await
        .map_err(at("public_network_acl_id", what.clone()))?;
        live.acls.retain(|one| one.id != acl);
    }
    for gateway in std::mem::take(&mut live.gateways) {
        let what = format!("deleting the internet gateway `{}`", gateway.id);
        let doing = || at("internet_gateway_id", what.clone());
        if gateway.vpc_id.is_some() {
            retried(clients, &what, || async {
                clients
                    .ec2()
                    .detach_internet_gateway(&gateway.id, vpc)
                    .await
            })
            .await
            .map_err(doing())?;
        }
        clients
            .ec2()
            .delete_internet_gateway(&gateway.id)
            .await
            .map_err(doing())?;
    }
    if let Some(exclusion) = live.exclusion.take() {
        let doing = at(
            "public_access_exclusion_id",
            "taking away the exclusion from the account's block of public access",
        );
        clients
            .ec2()
            .delete_public_access_exclusion(&exclusion.id)
            .await
            .map_err(doing)?;
    }
    Ok(())
}
