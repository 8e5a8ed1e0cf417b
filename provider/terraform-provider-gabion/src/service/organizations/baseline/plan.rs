//! What the plan of a baseline shows and refuses. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use gabion_aws::Clients;
use gabion_aws::ec2::DefaultVpc;
use gabion_framework::prelude::*;

use super::{Baseline, DELETED, KEPT, Live, OWN_KEYS, Places, VPC_BLOCK, adopt};
use crate::shared::{fault, strings};

/// How many things in a default VPC are named.
const NAMED: usize = 10;

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Made here.
    Made,
    /// There before: what its owner set stays, unless asked for.
    Adopted,
}

/// Checks that need more than one attribute.
pub(in super::super) fn validate(config: &Baseline, diags: &mut Diagnostics) {
    let Some(regions) = strings::known(&config.regions).filter(|_| !config.regions.is_null())
    else {
        return;
    };
    if regions.is_empty() {
        diags.error_at(
            Path::root("regions"),
            "No region",
            "The baseline needs at least one region. Leave `regions` out for all regions that need no opt-in.",
        );
    }
    if let Some(keys) = config.ebs_default_kms_key_id.known() {
        let named: BTreeSet<String> = keys.keys().cloned().collect();
        if named != regions {
            let list = |set: Vec<&String>| {
                set.iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let missing = list(regions.difference(&named).collect());
            let more = list(named.difference(&regions).collect());
            let fault = match (missing.is_empty(), more.is_empty()) {
                (false, _) => format!("It names no key for {missing}."),
                _ => format!("It names {more}, and `regions` does not."),
            };
            diags.error_at(
                Path::root("ebs_default_kms_key_id"),
                "Keys and regions do not fit",
                format!("{fault} Name a key for each of `regions`, or leave `ebs_default_kms_key_id` out."),
            );
        }
    }
}

/// What a plan is made from.
pub(in super::super) struct Asked<'a> {
    /// The provider's own clients; none while nothing may be called.
    pub(in super::super) clients: Option<&'a Clients>,
    /// The account, where it is there and may be read.
    pub(in super::super) places: Option<&'a Places>,
    /// Whose account it is.
    pub(in super::super) kind: Kind,
    /// What the user wrote.
    pub(in super::super) config: &'a Baseline,
    /// What the state says, which a refresh has just read.
    pub(in super::super) prior: Option<&'a Baseline>,
    /// What earlier runs remembered.
    pub(in super::super) private: &'a Private,
}

impl Asked<'_> {
    /// Whether the state does not say all that the plan rests on.
    fn needs_a_look(&self, planned: &Baseline, regions: &BTreeSet<String>) -> bool {
        let asks_for_vpcs = planned.default_vpc.as_str() == Some(DELETED)
            && self
                .prior
                .is_none_or(|prior| prior.default_vpc != planned.default_vpc);
        let new = |prior: &Baseline| {
            strings::known(&prior.regions).is_none_or(|before| !regions.is_subset(&before))
        };
        asks_for_vpcs || self.kind == Kind::Adopted && self.prior.is_none_or(new)
    }
}

/// Fills in what the configuration leaves out, and gives what is live where that was read.
///
/// # Errors
/// The regions, or the account, could not be read.
pub(in super::super) async fn fill(
    asked: &Asked<'_>,
    planned: &mut Baseline,
) -> Result<Option<Live>, Diagnostics> {
    let (config, prior) = (asked.config, asked.prior);
    let adopted = asked.kind == Kind::Adopted;
    if config.regions.is_null() && !planned.regions.is_known() {
        planned.regions = match asked.clients {
            None => Value::Unknown,
            Some(clients) => strings::of(clients.ec2().regions().await.map_err(
                fault::while_setting(Path::root("regions"), "reading the regions of AWS"),
            )?),
        };
    }
    if config.default_vpc.is_null() {
        planned.default_vpc = match prior.map(|prior| &prior.default_vpc) {
            _ if !adopted => DELETED.into(),
            Some(before) if before.is_known() => before.clone(),
            _ => KEPT.into(),
        };
    }
    let regions = strings::known(&planned.regions);
    let live = match (asked.places, &regions) {
        (Some(places), Some(regions)) if asked.needs_a_look(planned, regions) => {
            Some(super::read(places, regions).await?)
        }
        _ => None,
    };
    // What stands now: as it was just read, or as the state has it.
    let now = match &live {
        Some(live) => Some(live.observed(planned)),
        None => prior.cloned(),
    };
    if config.vpc_block_public_access.is_null() {
        planned.vpc_block_public_access = match now.as_ref().map(|now| &now.vpc_block_public_access)
        {
            _ if !adopted => "block-bidirectional".into(),
            Some(now) if now.is_known() => now.clone(),
            _ => Value::Unknown,
        };
    }
    if config.minimum_password_length.is_null() && adopted {
        planned.minimum_password_length = match &now {
            None => Value::Unknown,
            Some(now) => now
                .minimum_password_length
                .known()
                .map_or(adopt::LEAST_LENGTH, |length| {
                    adopt::LEAST_LENGTH.max(*length)
                })
                .into(),
        };
    }
    if config.ebs_default_kms_key_id.is_null() {
        planned.ebs_default_kms_key_id = match &regions {
            None => Value::Unknown,
            Some(regions) => keys(asked, now.as_ref(), regions),
        };
    }
    let same_regions = prior.is_some_and(|prior| prior.regions == planned.regions);
    let same = prior.is_some_and(|prior| {
        let held: BTreeSet<String> = prior
            .analyzer_arns
            .known()
            .map(|arns| arns.keys().cloned().collect())
            .unwrap_or_default();
        prior.access_analyzer == planned.access_analyzer
            && same_regions
            && (regions.as_ref() == Some(&held) || planned.access_analyzer.known() == Some(&false))
    });
    planned.analyzer_arns = match prior {
        Some(prior) if same => prior.analyzer_arns.clone(),
        _ => Value::Unknown,
    };
    planned.regional_differences = match prior {
        // One apply makes all regions the same, but for what an adopted account keeps.
        _ if !adopted => Value::Known(BTreeMap::new()),
        Some(prior) if same_regions => {
            let mut left = prior.regional_differences.clone();
            let kept = prior.vpc_block_public_access == planned.vpc_block_public_access;
            if let Some(left) = left.known_mut() {
                left.retain(|name, _| name == VPC_BLOCK && kept);
            }
            left
        }
        _ => Value::Unknown,
    };
    Ok(live)
}

/// The keys for EBS volumes: those that are ours, in an adopted account also those of its own; others are made.
fn keys(
    asked: &Asked<'_>,
    now: Option<&Baseline>,
    regions: &BTreeSet<String>,
) -> super::model::Map {
    let own: BTreeMap<String, String> = asked.private.get(OWN_KEYS).unwrap_or_default();
    let now = now.filter(|_| asked.kind == Kind::Adopted);
    let of = |region: &String| {
        own.get(region)
            .map(String::as_str)
            .or_else(|| adopt::own_key(now?, region))
            .map_or(Value::Unknown, Value::from)
    };
    Value::Known(
        regions
            .iter()
            .map(|region| (region.clone(), of(region)))
            .collect(),
    )
}

/// Says what the plan does to an account that is there, and refuses what would cut off or delete what is in use. `live`
/// is what [`fill`] has read.
///
/// # Errors
/// A call that failed.
pub(in super::super) async fn review(
    asked: &Asked<'_>,
    live: Option<&Live>,
    planned: &Baseline,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(places) = asked.places else {
        return Ok(());
    };
    let now = match live {
        Some(live) => Some(live.observed(planned)),
        None => asked.prior.cloned(),
    };
    if let (Some(now), Kind::Adopted) = (&now, asked.kind) {
        adopt::check(places.account(), now, planned, asked.private, diags);
        let changes = adopt::changes(now, planned);
        // A create has no difference to show: what it changes is told.
        if asked.prior.is_none() && !changes.is_empty() && !diags.has_errors() {
            diags.warning(
                "Adopting the account changes what stands",
                format!(
                    "Account `{}` was not made by this resource. Its baseline changes:\n\n  - {}",
                    places.account(),
                    changes.join("\n  - ")
                ),
            );
        }
    }
    match live {
        Some(live) => in_use(places, live, planned, diags).await,
        None => Ok(()),
    }
}

/// Refuses to delete default VPCs that are in use, in an account that is there.
///
/// # Errors
/// A call that failed.
async fn in_use(
    places: &Places,
    live: &Live,
    planned: &Baseline,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    if planned.default_vpc.as_str() != Some(DELETED) {
        return Ok(());
    }
    for (region, vpc) in live.default_vpcs() {
        let clients = places.region(region).await?;
        if let Some(refusal) = used(&clients, vpc).await? {
            diags.extend(refusal);
        }
    }
    Ok(())
}

/// Says that somebody uses a default VPC.
pub(super) async fn used(
    clients: &Clients,
    vpc: &DefaultVpc,
) -> Result<Option<Diagnostics>, Diagnostics> {
    let inside = clients
        .ec2()
        .dependants(&vpc.id)
        .await
        .map_err(fault::while_setting(
            Path::root("default_vpc"),
            format!("looking into the default VPC `{}`", vpc.id),
        ))?;
    if inside.is_empty() {
        return Ok(None);
    }
    let mut list: Vec<String> = inside
        .iter()
        .take(NAMED)
        .map(|one| format!("  - {} `{}`", one.what, one.id))
        .collect();
    if inside.len() > NAMED {
        list.push(format!("  - and {} more", inside.len() - NAMED));
    }
    Ok(Some(fault::error_at(
        Path::root("default_vpc"),
        "The default VPC is in use",
        format!(
            "The default VPC `{}` of account `{}` in {} holds what somebody put there:\n\n{}\n\nNothing that is in use is \
             deleted: move it elsewhere, or set `default_vpc = \"kept\"`.",
            vpc.id,
            clients.account_id(),
            clients.region(),
            list.join("\n")
        ),
    )))
}
