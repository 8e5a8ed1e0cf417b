//! Connections between segments: made from one side, for both.
//!
//! A connection is a peering connection, a route in every table of both sides, and an entry in every network ACL of
//! both. The entries have numbers of their own, which the other segment leaves alone.

use std::collections::BTreeSet;

use gabion_aws::Clients;
use gabion_aws::ec2::{
    AclEntry, CreateRoute, NetworkAcl, Peer, Peering, RouteTable, RouteTarget, Vpc,
};
use gabion_framework::prelude::*;

use super::acl::{CONNECTIONS, Connected, connection, is_of_connection};
use super::live::{self, ALLOWS, ENVIRONMENT, Far, Live, PART, SEGMENT, Scope, is_part, read_far};
use super::model::SegmentModel;
use super::observed;
use crate::configured::Gabion;
use crate::shared::location::Place;
use crate::shared::subnets::Range;
use crate::shared::{fault, strings};

type Step = Result<(), Diagnostics>;

/// Whether a text is the id of a segment, with or without its place.
pub(super) fn is_id(text: &str) -> bool {
    parse(text).is_some()
}

/// The place and the VPC of an id.
pub(super) fn parse(text: &str) -> Option<(Place, &str)> {
    let is_vpc = |vpc: &str| {
        vpc.strip_prefix("vpc-")
            .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [vpc] if is_vpc(vpc) => Some((Place::default(), text)),
        [account, region, vpc]
            if validate::is_account_id(account) && validate::is_region(region) && is_vpc(vpc) =>
        {
            let place = Place {
                account_id: (*account).into(),
                region: (*region).into(),
            };
            Some((place, text.rsplit('/').next().unwrap_or(text)))
        }
        _ => None,
    }
}

/// Clients of the place of another segment: this segment's own where the id names none.
pub(super) async fn clients_of(
    ctx: &Ctx<Gabion>,
    near: &Clients,
    place: &Place,
) -> Result<Clients, Diagnostics> {
    let (Some(account), Some(region)) = (place.account_id.as_str(), place.region.as_str()) else {
        return Ok(near.clone());
    };
    let clients = ctx
        .provider()?
        .pool()?
        .get(Some(account), Some(region))
        .await
        .map_err(fault::while_setting(
            Path::root("connects_to"),
            "connecting to the account of the other segment",
        ))?;
    Ok(if near.is_read_only() {
        clients.read_only()
    } else {
        clients.scoped(ctx.cancel.clone(), ctx.deadline)
    })
}

/// Reads the other ends of these connections into `live`.
///
/// # Errors
/// A call that failed.
pub(super) async fn read_fars(
    ctx: &Ctx<Gabion>,
    near: &Clients,
    ids: BTreeSet<String>,
    live: &mut Live,
) -> Step {
    let shared = near.is_read_only();
    let reads = ids.into_iter().map(|id| async move {
        let Some((place, vpc)) = parse(&id) else {
            return Ok(None);
        };
        let clients = clients_of(ctx, near, &place).await?;
        let found = read_far(&clients, vpc, shared)
            .await
            .map_err(reading(&id))?;
        Ok::<_, Diagnostics>(found.map(|far| (id.clone(), far)))
    });
    let found = futures::future::try_join_all(reads).await?;
    live.fars.extend(found.into_iter().flatten());
    Ok(())
}

fn reading(id: &str) -> impl FnOnce(gabion_aws::AwsError) -> Diagnostics {
    fault::while_setting(
        Path::root("connects_to"),
        format!("reading the segment `{id}`"),
    )
}

/// The connections that stand whole, by the ids of the state; one of which a part is missing is drift.
pub(super) fn observed(clients: &Clients, prior: &SegmentModel, live: &Live) -> BTreeSet<String> {
    let known = strings::known_part(&prior.connects_to);
    let mut found: BTreeSet<String> = known
        .iter()
        .filter(|id| is_whole(id, live))
        .cloned()
        .collect();
    // One that this segment made and the state does not list.
    for peering in &live.peerings {
        let named = known
            .iter()
            .any(|id| parse(id).is_some_and(|(_, vpc)| peering.connects(&live.vpc.id, vpc)));
        if !named && peering.tags.get(SEGMENT) == Some(&live.vpc.id) {
            found.insert(id_of(clients, other_end(peering, &live.vpc.id)));
        }
    }
    found
}

/// The ranges that stand behind the live connections of a segment, whoever made them.
pub(super) fn connected(live: &Live) -> Connected {
    let ends = live
        .peerings
        .iter()
        .map(|peering| other_end(peering, &live.vpc.id).cidr_block.clone());
    let mut ranges: BTreeSet<String> = ends.collect();
    Connected {
        others: ranges.remove(""),
        ranges,
    }
}

/// Takes entries away that have numbers of connections and belong to none.
async fn strays(clients: &Clients, live: &mut Live) -> Step {
    let connected = connected(live);
    let (_, acls) = of_segment(&live.tables, &live.acls);
    for acl in acls {
        let strays = acl.entries.iter().filter(|entry| {
            CONNECTIONS.contains(&entry.number) && !is_of_connection(entry, &connected)
        });
        for entry in strays {
            clients
                .ec2()
                .delete_acl_entry(&acl.id, entry.number, entry.egress)
                .await
                .map_err(fault::while_setting(
                    Path::root("network_acl_entries"),
                    format!("taking entry {} out of `{}`", entry.number, acl.id),
                ))?;
        }
    }
    for acl in &mut live.acls {
        acl.entries.retain(|entry| {
            !CONNECTIONS.contains(&entry.number) || is_of_connection(entry, &connected)
        });
    }
    Ok(())
}

/// Whether there is something for [`converge`] to do.
pub(super) fn is_needed(plan: &SegmentModel, live: &Live) -> bool {
    let numbered = |acl: &NetworkAcl| {
        let mut entries = acl.entries.iter();
        entries.any(|entry| CONNECTIONS.contains(&entry.number))
    };
    !strings::known_part(&plan.connects_to).is_empty()
        || !live.peerings.is_empty()
        || live.acls.iter().any(numbered)
}

fn id_of(clients: &Clients, peer: &Peer) -> String {
    if peer.account_id == clients.account_id() && peer.region == clients.region() {
        peer.vpc_id.clone()
    } else {
        format!("{}/{}/{}", peer.account_id, peer.region, peer.vpc_id)
    }
}

fn other_end<'a>(peering: &'a Peering, near: &str) -> &'a Peer {
    if peering.requester.vpc_id == near {
        &peering.accepter
    } else {
        &peering.requester
    }
}

fn is_whole(id: &str, live: &Live) -> bool {
    let Some((far, peering)) = live.fars.get(id).and_then(|far| {
        let peering = live
            .peerings
            .iter()
            .find(|one| one.connects(&live.vpc.id, &far.vpc.id))?;
        Some((far, peering))
    }) else {
        return false;
    };
    peering.state == "active"
        && is_wired(&live.tables, &live.acls, &far.vpc.cidr_block, &peering.id)
        && is_wired(&far.tables, &far.acls, &live.vpc.cidr_block, &peering.id)
}

/// The tables and network ACLs that segments make, those of hands left out.
fn of_segment<'a>(
    tables: &'a [RouteTable],
    acls: &'a [NetworkAcl],
) -> (Vec<&'a RouteTable>, Vec<&'a NetworkAcl>) {
    (
        tables
            .iter()
            .filter(|table| table.main || table.tags.contains_key(PART))
            .collect(),
        acls.iter()
            .filter(|acl| acl.is_default || is_part(&acl.tags, "public"))
            .collect(),
    )
}

fn leads(table: &RouteTable, cidr: &str, peering: &str) -> bool {
    table.routes.iter().any(|route| {
        route.destination == cidr
            && !route.blackhole
            && route.target == RouteTarget::Peering(peering.to_owned())
    })
}

fn admits(acl: &NetworkAcl, cidr: &str) -> bool {
    [false, true]
        .iter()
        .all(|egress| entry_of(acl, cidr, *egress).is_some())
}

fn entry_of<'a>(acl: &'a NetworkAcl, cidr: &str, egress: bool) -> Option<&'a AclEntry> {
    acl.entries.iter().find(|entry| {
        entry.egress == egress && entry.cidr_block == cidr && CONNECTIONS.contains(&entry.number)
    })
}

fn is_wired(tables: &[RouteTable], acls: &[NetworkAcl], cidr: &str, peering: &str) -> bool {
    let (tables, acls) = of_segment(tables, acls);
    tables.iter().all(|table| leads(table, cidr, peering))
        && acls.iter().all(|acl| admits(acl, cidr))
}

/// Whether two segments may be connected.
///
/// # Errors
/// Why not.
pub(super) fn may_connect(near: &SegmentModel, id: &str, far: &Vpc) -> Result<(), String> {
    let Some(environment) = far.tags.get(ENVIRONMENT) else {
        return Err(format!(
            "`{id}` has no tag `{ENVIRONMENT}`, so it is no segment that Gabion made. Connect segments only, by their `id`."
        ));
    };
    if near.id.as_str() == Some(far.id.as_str()) {
        return Err(format!("`{id}` is this segment itself."));
    }
    if let (Some(own), Ok(other)) = (
        near.cidr_block
            .as_str()
            .and_then(|text| Range::parse(text).ok()),
        Range::parse(&far.cidr_block),
    ) && own.overlaps(other)
    {
        return Err(format!(
            "`{id}` has the range `{other}`, which overlaps with `{own}`, this segment's own: no route can tell them apart."
        ));
    }
    let Some(own) = near.environment.as_str() else {
        return Ok(());
    };
    if own == environment {
        return Ok(());
    }
    let near_allows = near.allowed_environments.is_unknown()
        || strings::known(&near.allowed_environments).is_none_or(|list| list.contains(environment));
    let far_allows = far
        .tags
        .get(ALLOWS)
        .is_some_and(|list| list.split_whitespace().any(|name| name == own));
    if near_allows && far_allows {
        return Ok(());
    }
    let who = match (near_allows, far_allows) {
        (false, false) => "neither of the two allows",
        (false, true) => "this segment does not allow",
        _ => "the other segment does not allow",
    };
    Err(format!(
        "`{id}` is of the environment `{environment}` and this segment of `{own}`, and {who} that. A connection between \
         environments needs `allowed_environments = [\"{environment}\"]` here and `allowed_environments = [\"{own}\"]` there."
    ))
}

/// At plan: refuses new connections that may not be.
///
/// # Errors
/// A call that failed; what refuses is in `diags`.
pub(super) async fn check(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    prior: Option<&SegmentModel>,
    planned: &SegmentModel,
    diags: &mut Diagnostics,
) -> Step {
    let before = prior
        .map(|prior| strings::known_part(&prior.connects_to))
        .unwrap_or_default();
    for id in strings::known_part(&planned.connects_to) {
        let Some((place, vpc)) = parse(&id).filter(|_| !before.contains(&id)) else {
            continue;
        };
        let far = clients_of(ctx, clients, &place)
            .await?
            .ec2()
            .find_vpc(vpc)
            .await
            .map_err(reading(&id))?;
        let refused = match far {
            None => Err(format!(
                "There is no segment `{id}`. Write the `id` of one, and its place where that is another: `ACCOUNT/REGION/ID`."
            )),
            Some(far) => may_connect(planned, &id, &far),
        };
        if let Err(why) = refused {
            let summary = "The segments cannot be connected";
            // The same apply may change what the other side allows: it is asked again then.
            if why.contains("the other segment does not allow") {
                let why =
                    format!("{why} The connection is refused unless that is so when it is made.");
                diags.warning_at(Path::root("connects_to"), summary, why);
            } else {
                diags.error_at(Path::root("connects_to"), summary, why);
            }
        }
    }
    Ok(())
}

/// Makes every planned connection whole, and takes away those of this segment that are not planned. Reads the segment
/// anew: new tables and lists get their share.
///
/// # Errors
/// What refuses, or a call that failed.
pub(super) async fn converge(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    plan: &SegmentModel,
    live: &mut Live,
    tags: &gabion_aws::Tags,
) -> Step {
    let wanted = strings::known_part(&plan.connects_to);
    // Numbers of entries are looked for and taken in one go.
    let gabion = ctx.provider()?;
    let _turn = gabion.network_turn.lock().await;
    let scope = Scope::ALL.with(observed::scope(plan));
    let fresh = live::read(clients, &live.vpc.id, scope)
        .await
        .map_err(fault::while_setting(
            Path::root("connects_to"),
            "reading the segment",
        ))?;
    if let Some(fresh) = fresh {
        *live = fresh;
    }
    strays(clients, live).await?;
    read_fars(ctx, clients, wanted.clone(), live).await?;
    for id in &wanted {
        ctx.interrupted()?;
        let Some(far) = live.fars.get(id) else {
            return Err(fault::error_at(
                Path::root("connects_to"),
                "The segments cannot be connected",
                format!("There is no segment `{id}`."),
            ));
        };
        may_connect(plan, id, &far.vpc).map_err(|why| {
            fault::error_at(
                Path::root("connects_to"),
                "The segments cannot be connected",
                why,
            )
        })?;
        if !is_whole(id, live) {
            connect(ctx, clients, id, far, live, tags).await?;
        }
    }
    for peering in live
        .peerings
        .iter()
        .filter(|one| one.tags.get(SEGMENT) == Some(&live.vpc.id))
    {
        let stays = live
            .fars
            .iter()
            .any(|(id, far)| wanted.contains(id) && peering.connects(&live.vpc.id, &far.vpc.id));
        if !stays {
            disconnect(ctx, clients, peering, live).await?;
        }
    }
    Ok(())
}

async fn connect(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    id: &str,
    far: &Far,
    live: &Live,
    tags: &gabion_aws::Tags,
) -> Step {
    let doing = || {
        fault::while_setting(
            Path::root("connects_to"),
            format!("connecting to the segment `{id}`"),
        )
    };
    let place = parse(id).map(|(place, _)| place).unwrap_or_default();
    let there = clients_of(ctx, clients, &place).await?;
    let vpc = &live.vpc;
    let peering = match live
        .peerings
        .iter()
        .find(|one| one.connects(&vpc.id, &far.vpc.id))
    {
        Some(found) => found.clone(),
        None => {
            let peer = Peer {
                vpc_id: far.vpc.id.clone(),
                account_id: there.account_id().to_owned(),
                region: there.region().to_owned(),
                cidr_block: far.vpc.cidr_block.clone(),
            };
            let mut tags = tags.clone();
            tags.insert(PART.to_owned(), "connection".to_owned());
            clients
                .ec2()
                .create_peering(&vpc.id, &peer, &tags)
                .await
                .map_err(doing())?
        }
    };
    let accepter = if peering.accepter.vpc_id == vpc.id {
        clients
    } else {
        &there
    };
    accepter
        .ec2()
        .accept_peering(&peering.id)
        .await
        .map_err(doing())?;
    wire(
        clients,
        &live.tables,
        &live.acls,
        &far.vpc.cidr_block,
        &peering.id,
    )
    .await
    .map_err(doing())?;
    wire(&there, &far.tables, &far.acls, &vpc.cidr_block, &peering.id)
        .await
        .map_err(doing())
}

async fn wire(
    clients: &Clients,
    tables: &[RouteTable],
    acls: &[NetworkAcl],
    cidr: &str,
    peering: &str,
) -> gabion_aws::Result<()> {
    let ec2 = clients.ec2();
    let (tables, acls) = of_segment(tables, acls);
    for table in tables
        .into_iter()
        .filter(|table| !leads(table, cidr, peering))
    {
        if table.routes.iter().any(|route| route.destination == cidr) {
            ec2.delete_route(&table.id, cidr).await?;
        }
        let route = CreateRoute {
            table: table.id.clone(),
            destination: cidr.to_owned(),
            target: RouteTarget::Peering(peering.to_owned()),
        };
        ec2.create_route(&route).await?;
    }
    for acl in acls.into_iter().filter(|acl| !admits(acl, cidr)) {
        let number = number_for(acl, cidr);
        for entry in connection(number, cidr) {
            if entry_of(acl, cidr, entry.egress).is_none() {
                ec2.put_acl_entry(&acl.id, &entry, false).await?;
            }
        }
    }
    Ok(())
}

/// A free number for a range: always the same one to begin with, so that two who look at once seldom meet.
fn number_for(acl: &NetworkAcl, cidr: &str) -> i32 {
    let sum = cidr.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let start = i32::try_from(sum % 100).unwrap_or_default();
    (0..100)
        .map(|step| CONNECTIONS.start() + (start + step) % 100)
        .find(|number| !acl.entries.iter().any(|entry| entry.number == *number))
        .unwrap_or(*CONNECTIONS.start())
}

/// Takes a connection away on both sides. The other side may be gone already.
///
/// # Errors
/// A call that failed.
pub(super) async fn disconnect(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    peering: &Peering,
    live: &Live,
) -> Step {
    let doing = || {
        fault::while_setting(
            Path::root("connects_to"),
            format!("taking away the connection `{}`", peering.id),
        )
    };
    let peer = other_end(peering, &live.vpc.id);
    let place = Place {
        account_id: peer.account_id.clone().into(),
        region: peer.region.clone().into(),
    };
    let here = peer.account_id == clients.account_id() && peer.region == clients.region();
    let there = if here {
        clients.clone()
    } else {
        clients_of(ctx, clients, &place).await?
    };
    if let Some(far) = read_far(&there, &peer.vpc_id, false)
        .await
        .map_err(doing())?
    {
        unwire(
            &there,
            &far.tables,
            &far.acls,
            &live.vpc.cidr_block,
            &peering.id,
        )
        .await
        .map_err(doing())?;
        unwire(
            clients,
            &live.tables,
            &live.acls,
            &far.vpc.cidr_block,
            &peering.id,
        )
        .await
        .map_err(doing())?;
    }
    clients
        .ec2()
        .delete_peering(&peering.id)
        .await
        .map_err(doing())
}

async fn unwire(
    clients: &Clients,
    tables: &[RouteTable],
    acls: &[NetworkAcl],
    cidr: &str,
    peering: &str,
) -> gabion_aws::Result<()> {
    let ec2 = clients.ec2();
    for table in tables {
        let leads = table.routes.iter().any(|route| {
            route.destination == cidr && route.target == RouteTarget::Peering(peering.to_owned())
        });
        if leads {
            ec2.delete_route(&table.id, cidr).await?;
        }
    }
    for acl in acls {
        for egress in [false, true] {
            if let Some(entry) = entry_of(acl, cidr, egress) {
                ec2.delete_acl_entry(&acl.id, entry.number, egress).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(environment: &str, allows: &str) -> Vpc {
        Vpc {
            id: "vpc-0b".to_owned(),
            cidr_block: "10.2.0.0/16".to_owned(),
            tags: [
                (ENVIRONMENT.to_owned(), environment.to_owned()),
                (ALLOWS.to_owned(), allows.to_owned()),
            ]
            .into(),
            ..Vpc::default()
        }
    }

    fn near(allows: &[&str]) -> SegmentModel {
        SegmentModel {
            id: "vpc-0a".into(),
            cidr_block: "10.1.0.0/16".into(),
            environment: "prod".into(),
            allowed_environments: strings::of(allows.iter().copied()),
            ..SegmentModel::default()
        }
    }

    #[test]
    fn environments_meet_only_where_both_say_so() {
        assert!(may_connect(&near(&[]), "vpc-0b", &far("prod", "")).is_ok());
        assert!(may_connect(&near(&["test"]), "vpc-0b", &far("test", "dev prod")).is_ok());
        for (allows, there) in [(&[][..], "prod"), (&["test"][..], "dev"), (&[][..], "")] {
            assert!(may_connect(&near(allows), "vpc-0b", &far("test", there)).is_err());
        }
        assert!(
            may_connect(
                &near(&[]),
                "vpc-0b",
                &Vpc {
                    cidr_block: "10.2.0.0/16".to_owned(),
                    ..Vpc::default()
                }
            )
            .is_err()
        );
        let same = Vpc {
            cidr_block: "10.1.128.0/17".to_owned(),
            ..far("prod", "")
        };
        assert!(
            may_connect(&near(&[]), "vpc-0b", &same)
                .unwrap_err()
                .contains("overlaps")
        );
    }

    #[test]
    fn ids() {
        assert!(is_id("vpc-0ab1") && is_id("111122223333/eu-west-1/vpc-0ab1"));
        assert!(!is_id("vpc-") && !is_id("eu-west-1/vpc-1") && !is_id("subnet-1") && !is_id(""));
    }

    #[test]
    fn numbers_are_free_and_within_their_range() {
        let mut acl = NetworkAcl::default();
        let mut seen = BTreeSet::new();
        for _ in 0..100 {
            let number = number_for(&acl, "10.2.0.0/16");
            assert!(CONNECTIONS.contains(&number) && seen.insert(number));
            acl.entries.extend(connection(number, "10.9.0.0/16"));
        }
    }
}
