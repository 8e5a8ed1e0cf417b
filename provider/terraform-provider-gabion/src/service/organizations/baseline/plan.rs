//! What the plan of a baseline shows and refuses. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use gabion_aws::Clients;
use gabion_aws::ec2::DefaultVpc;
use gabion_framework::prelude::*;

use super::{Baseline, DELETED, KEPT, Live, OWN_KEYS, Places};
use crate::shared::{fault, strings};

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

/// Fills in what the configuration leaves out. `clients` are the provider's own; none while nothing may be called.
///
/// # Errors
/// The regions could not be read.
pub(in super::super) async fn fill(
    clients: Option<&Clients>,
    kind: Kind,
    config: &Baseline,
    prior: Option<&Baseline>,
    private: &Private,
    planned: &mut Baseline,
) -> Result<(), Diagnostics> {
    if config.regions.is_null() && !planned.regions.is_known() {
        planned.regions = match clients {
            None => Value::Unknown,
            Some(clients) => strings::of(clients.ec2().regions().await.map_err(
                fault::while_setting(Path::root("regions"), "reading the regions of AWS"),
            )?),
        };
    }
    if config.default_vpc.is_null() {
        planned.default_vpc = match (kind, prior.map(|prior| &prior.default_vpc)) {
            (Kind::Made, _) => DELETED.into(),
            (Kind::Adopted, Some(before)) if before.is_known() => before.clone(),
            (Kind::Adopted, _) => KEPT.into(),
        };
    }
    if config.vpc_block_public_access.is_null() {
        planned.vpc_block_public_access =
            match (kind, prior.map(|prior| &prior.vpc_block_public_access)) {
                (Kind::Made, _) => "block-bidirectional".into(),
                (Kind::Adopted, Some(before)) if before.is_known() => before.clone(),
                (Kind::Adopted, _) => Value::Unknown,
            };
    }
    let regions = strings::known(&planned.regions);
    if config.ebs_default_kms_key_id.is_null() {
        let own: BTreeMap<String, String> = private.get(OWN_KEYS).unwrap_or_default();
        planned.ebs_default_kms_key_id = match &regions {
            None => Value::Unknown,
            Some(regions) => Value::Known(
                regions
                    .iter()
                    .map(|region| {
                        let key = own
                            .get(region)
                            .map_or(Value::Unknown, |key| key.as_str().into());
                        (region.clone(), key)
                    })
                    .collect(),
            ),
        };
    }
    let same = prior.is_some_and(|prior| {
        let held: BTreeSet<String> = prior
            .analyzer_arns
            .known()
            .map(|arns| arns.keys().cloned().collect())
            .unwrap_or_default();
        prior.access_analyzer == planned.access_analyzer
            && prior.regions == planned.regions
            && (regions.as_ref() == Some(&held) || planned.access_analyzer.known() == Some(&false))
    });
    planned.analyzer_arns = match prior {
        Some(prior) if same => prior.analyzer_arns.clone(),
        _ => Value::Unknown,
    };
    Ok(())
}

/// Refuses to delete default VPCs that are in use, in an account that is there.
///
/// # Errors
/// A call that failed.
pub(in super::super) async fn in_use(
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
    let interfaces = clients
        .ec2()
        .interfaces_in(&vpc.id)
        .await
        .map_err(fault::while_setting(
            Path::root("default_vpc"),
            format!("looking into the default VPC `{}`", vpc.id),
        ))?;
    let Some(first) = interfaces.first() else {
        return Ok(None);
    };
    Ok(Some(fault::error_at(
        Path::root("default_vpc"),
        "The default VPC is in use",
        format!(
            "The default VPC `{}` of account `{}` in {} holds {} network interfaces, the first is `{first}`. Nothing that \
             is in use is deleted: move it elsewhere, or set `default_vpc = \"kept\"`.",
            vpc.id,
            clients.account_id(),
            clients.region(),
            interfaces.len()
        ),
    )))
}
