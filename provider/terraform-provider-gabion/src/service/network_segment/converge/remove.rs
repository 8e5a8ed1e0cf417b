//! Takes away what is no longer wanted, in the order that AWS asks for.

use std::time::Duration;

use gabion_aws::{Clients, Kind, WaitOptions};

use super::super::live::{ENDPOINT, Live, SEGMENT, is_part, nat_part, short, table_part};
use super::super::observed::GATEWAY_SERVICES;
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
        let zones = if self.design.has_gateway() {
            self.design.nat_zones.clone()
        } else {
            Vec::new()
        };
        gateways(
            self.clients,
            &self.vpc,
            live,
            &zones,
            self.design.has_zone_tables(),
            self.design.has_gateway(),
        )
        .await
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

/// Deletes gateways, addresses and tables beside those of these zones, and everything public where `public` is not
/// wanted.
///
/// # Errors
/// A call that failed.
pub(in super::super) async fn gateways(
    clients: &Clients,
    vpc: &str,
    live: &mut Live,
    zones: &[String],
    zone_tables: bool,
    public: bool,
) -> Step {
    let ec2 = clients.ec2();
    let kept: Vec<String> = zones.iter().map(|zone| nat_part(zone)).collect();
    let stays = |tags: &gabion_aws::Tags| kept.iter().any(|part| is_part(tags, part));
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
    tables(clients, live, zones, zone_tables, public).await?;
    if public {
        return Ok(());
    }
    everything_public(clients, vpc, live).await
}

async fn tables(
    clients: &Clients,
    live: &mut Live,
    zones: &[String],
    zone_tables: bool,
    public: bool,
) -> Step {
    let kept: Vec<String> = zones
        .iter()
        .filter(|_| zone_tables)
        .map(|zone| table_part(zone))
        .collect();
    let stale: Vec<_> = live
        .tables
        .iter()
        .filter(|table| !table.main && table.tags.contains_key(SEGMENT))
        .filter(|table| {
            !(kept.iter().any(|part| is_part(&table.tags, part))
                || (public && is_part(&table.tags, "public")))
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
    // Its subnets go back to the default network ACL first: one that subnets use cannot be deleted.
    if let (Some(acl), Some(default)) = (live.public_acl(), live.acl()) {
        for (association, _) in &acl.associations {
            let doing = at(
                "public_network_acl_id",
                "giving a subnet back to the default network ACL",
            );
            match clients
                .ec2()
                .move_acl_association(association, &default.id)
                .await
            {
                Err(error) if error.is_not_found() => {}
                other => other.map_err(doing)?,
            }
        }
    }
    let public = |tags: &gabion_aws::Tags| {
        tags.get(super::PART)
            .is_some_and(|part| part.starts_with("public-"))
    };
    let subnets: Vec<String> = live
        .subnets
        .iter()
        .filter(|one| public(&one.tags))
        .map(|one| one.id.clone())
        .collect();
    all(subnets.iter().map(|id| async move {
        let what = format!("deleting the subnet `{id}`");
        retried(clients, &what, || async {
            clients.ec2().delete_subnet(id).await
        })
        .await
        .map_err(at("public_subnet_ids", what.clone()))
    }))
    .await?;
    live.subnets.retain(|one| !subnets.contains(&one.id));
    if let Some(acl) = live.public_acl().map(|acl| acl.id.clone()) {
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
