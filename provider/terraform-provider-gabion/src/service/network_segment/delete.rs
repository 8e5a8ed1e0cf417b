//! Takes a segment down, in the order that AWS asks for.

use gabion_aws::Clients;
use gabion_framework::prelude::*;

use super::converge::{
    Kept, Step, all, at, endpoint_groups, leave, merged, remove_gateways, retried, take_away,
    timed, told,
};
use super::live::{self, Live, PART, Scope};
use super::model::SegmentModel;
use super::{TYPE, connection, observed, private};
use crate::configured::Gabion;
use crate::shared::{creation, fault, location};

/// Most names that a message lists.
const NAMED: usize = 10;

/// What tells a create from others: two creates with the same continue one another.
pub(super) fn parts(segment: &SegmentModel) -> Vec<Option<String>> {
    [
        &segment.account_id,
        &segment.region,
        &segment.name,
        &segment.cidr_block,
    ]
    .into_iter()
    .map(|value| value.known().cloned())
    .chain(segment.zones().unwrap_or_default().into_iter().map(Some))
    .collect()
}

/// Looks at a segment before a destroy is planned: what is in it may well go in the same apply, so it is a warning.
///
/// # Errors
/// A call that failed.
pub(super) async fn plan(ctx: &Ctx<Gabion>, prior: &SegmentModel, diags: &mut Diagnostics) -> Step {
    if prior.vpc().is_empty()
        || ctx
            .provider
            .as_ref()
            .is_none_or(|gabion| gabion.pool_if_known().is_none())
    {
        return Ok(());
    }
    let clients = location::read(ctx, &prior.place()).await?;
    refuse_in_use(&clients, prior, diags).await
}

/// Warns of what lives in a segment that goes.
///
/// # Errors
/// A call that failed.
pub(super) async fn refuse_in_use(
    clients: &Clients,
    prior: &SegmentModel,
    diags: &mut Diagnostics,
) -> Step {
    let guests = guests(clients, prior.vpc()).await?;
    if !guests.is_empty() {
        diags.warning_at(
            Path::root("id"),
            "The segment is in use",
            format!(
                "{} is to be deleted, and holds {}. The delete is refused unless they are gone by then.",
                prior.title(),
                list(&guests)
            ),
        );
    }
    Ok(())
}

fn list(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if let Some(more) = names.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// Network interfaces of others than the segment's own endpoints and NAT gateways.
async fn guests(clients: &Clients, vpc: &str) -> Result<Vec<String>, Diagnostics> {
    let reading = || at("id", format!("looking for what lives in `{vpc}`"));
    let ec2 = clients.ec2();
    let interfaces = ec2.interfaces(vpc).await.map_err(reading())?;
    if interfaces.is_empty() {
        return Ok(Vec::new());
    }
    let (endpoints, nats) =
        futures::try_join!(ec2.all_endpoints(vpc), ec2.nat_gateways(vpc)).map_err(reading())?;
    let own: Vec<&String> = endpoints
        .iter()
        .flat_map(|one| &one.interfaces)
        .chain(nats.iter().flat_map(|one| &one.interfaces))
        .collect();
    Ok(interfaces
        .into_iter()
        .filter(|one| {
            !own.contains(&&one.id)
                && !matches!(
                    one.kind.as_str(),
                    "gateway_load_balancer_endpoint" | "nat_gateway" | "vpc_endpoint"
                )
        })
        .map(|one| match one.instance_id {
            Some(instance) => format!("the instance `{instance}`"),
            None if one.description.is_empty() => format!("the interface `{}`", one.id),
            None => format!("the interface `{}` ({})", one.id, one.description),
        })
        .collect())
}

/// What others made in the VPC, and what would hold its deletion for ever.
fn foreign(live: &Live) -> Vec<String> {
    let ours = |tags: &gabion_aws::Tags| tags.contains_key(PART);
    let subnets = live
        .subnets
        .iter()
        .filter(|one| !ours(&one.tags))
        .map(|one| format!("the subnet `{}`", one.id));
    let groups = live
        .groups
        .iter()
        .filter(|one| one.name != "default" && !ours(&one.tags))
        .map(|one| format!("the security group `{}`", one.id));
    let tables = live
        .tables
        .iter()
        .filter(|one| !one.main && !ours(&one.tags))
        .map(|one| format!("the route table `{}`", one.id));
    let acls = live
        .acls
        .iter()
        .filter(|one| !one.is_default && !ours(&one.tags))
        .map(|one| format!("the network ACL `{}`", one.id));
    let endpoints = live
        .endpoints
        .iter()
        .filter(|one| !ours(&one.tags))
        .map(|one| format!("the endpoint `{}`", one.id));
    subnets
        .chain(groups)
        .chain(tables)
        .chain(acls)
        .chain(endpoints)
        .collect()
}

/// Deletes the segment. It leaves the state only when all of it is gone.
///
/// # Errors
/// What refuses, and a call that failed; what is left stays in the state.
pub(super) async fn delete(
    ctx: &Ctx<Gabion>,
    state: &StateSlot<SegmentModel>,
) -> Result<Diagnostics, Diagnostics> {
    let Some(prior) = state.get().cloned() else {
        return Ok(Diagnostics::new());
    };
    let vpc = prior.vpc().to_owned();
    if vpc.is_empty() {
        return Ok(Diagnostics::new());
    }
    let clients = location::write(ctx, &prior.place()).await?;
    let reading = at("id", format!("reading the segment `{vpc}`"));
    let scope = Scope::ALL.with(observed::scope(&prior));
    let Some(mut live) = live::read(&clients, &vpc, scope).await.map_err(reading)? else {
        return Ok(Diagnostics::new());
    };
    let creating = creation::is_creating(
        &live.vpc.tags,
        TYPE,
        prior.name.as_str().unwrap_or_default(),
    );
    let destroys = state.private.get::<bool>(private::DESTROY).is_some();
    let continues = state.private.get::<Vec<Option<String>>>(private::CONTINUES);
    if creating && !destroys && continues == Some(parts(&prior)) {
        // Terraform replaces what a failed create left; the create that follows continues it.
        return Ok(Diagnostics::new());
    }
    let mut held = foreign(&live);
    held.extend(
        guests(&clients, &vpc)
            .await?
            .into_iter()
            .filter(|guest| guest.starts_with("the instance")),
    );
    if !held.is_empty() {
        return Err(fault::error_at(
            Path::root("id"),
            "The segment is in use",
            format!(
                "{} (`{vpc}`) holds what this resource did not make: {}. Delete that first; nothing was changed.",
                prior.title(),
                list(&held)
            ),
        ));
    }
    let mut slow = Vec::new();
    take_down(ctx, &clients, &vpc, &mut live, &mut slow).await?;
    Ok(told(&slow, &prior.title()))
}

async fn take_down(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    vpc: &str,
    live: &mut Live,
    slow: &mut Vec<String>,
) -> Step {
    let ec2 = clients.ec2();
    let connections = async {
        let gabion = ctx.provider()?;
        let _turn = gabion.network_turn.lock().await;
        if let Some(config) = &live.query_log {
            leave(clients, vpc, config)
                .await
                .map_err(at("dns_query_logging", "taking away the DNS query log"))?;
        }
        for peering in &live.peerings {
            connection::disconnect(ctx, clients, peering, live).await?;
        }
        Ok(())
    };
    let logs: Vec<String> = live.flow_logs.iter().map(|log| log.id.clone()).collect();
    let endpoints: Vec<String> = live.endpoints.iter().map(|one| one.id.clone()).collect();
    let steps = futures::join!(
        connections,
        async {
            ec2.delete_flow_logs(&logs)
                .await
                .map_err(at("flow_logs", "deleting the flow log"))
        },
        async {
            ec2.delete_endpoints(&endpoints)
                .await
                .map_err(at("endpoint_ids", "deleting the endpoints"))
        },
    );
    merged([steps.0, steps.1, steps.2])?;
    ctx.interrupted()?;
    timed("the firewall", slow, Box::pin(take_away(clients, live))).await?;
    ctx.interrupted()?;
    timed(
        "gateways and routes",
        slow,
        remove_gateways(clients, vpc, live, &Kept::default()),
    )
    .await?;
    ctx.interrupted()?;
    timed("endpoints", slow, endpoint_groups(clients, live)).await?;
    ctx.interrupted()?;
    let subnets = all(live.subnets.iter().map(|subnet| async move {
        let what = format!("deleting the subnet `{}`", subnet.id);
        retried(clients, &what, || async {
            clients.ec2().delete_subnet(&subnet.id).await
        })
        .await
        .map_err(at("private_subnet_ids", what.clone()))
    }));
    timed("subnets", slow, subnets).await?;
    ctx.interrupted()?;
    let what = format!("deleting the VPC `{vpc}`");
    let last = retried(clients, &what, || async {
        clients.ec2().delete_vpc(vpc).await
    });
    timed("the VPC", slow, last)
        .await
        .map_err(at("id", what.clone()))
}
