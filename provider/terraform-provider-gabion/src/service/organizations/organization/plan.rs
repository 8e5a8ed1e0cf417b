//! What the plan of an organization shows and refuses. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use gabion_aws::Clients;
use gabion_framework::prelude::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::live::{self, Live, with_parents};
use super::model::{OrganizationModel, administrator_list, administrators};
use super::{Ours, private};
use crate::configured::Gabion;
use crate::shared::exception::{self, Enforced, Moment, Strength};
use crate::shared::strings::{self, Strings};
use crate::shared::{fault, location};

/// The policy type that the rest rests on.
pub(super) const SCP: &str = "SERVICE_CONTROL_POLICY";

const TABLE: &[Enforced<OrganizationModel>] = &[Enforced {
    attribute: "enabled_policy_types",
    controls: &["own"],
    strength: |organization| match strings::known(&organization.enabled_policy_types) {
        None => Strength::Unknown,
        Some(types) if types.contains(SCP) => Strength::Kept,
        Some(_) if organization.adopt_control_tower.known() == Some(&true) => Strength::Kept,
        Some(_) => Strength::Weaker(format!("it is without `{SCP}`, the default is with it")),
    },
}];

/// Things of the organization that may be taken away, by what the user calls them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Removals {
    pub(super) services: BTreeSet<String>,
    pub(super) policy_types: BTreeSet<String>,
    pub(super) administrators: BTreeSet<(String, String)>,
}

/// Fills the plan of a create or an update.
///
/// # Errors
/// What stops the plan at once; what more there is to say is in `diags`.
pub(super) async fn change(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<OrganizationModel>,
    planned: &mut OrganizationModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let mut place = planned.place();
    let clients = location::plan(ctx, &plan.config.place(), &mut place).await?;
    planned.account_id = place.account_id;
    planned.region = place.region;
    let prior = plan
        .prior
        .clone()
        .filter(|prior| prior.account_id == planned.account_id);
    if plan.config.units.is_null() {
        planned.units = match &prior {
            Some(prior) if prior.units.is_known() => prior.units.clone(),
            _ => strings::of(Vec::<String>::new()),
        };
    }
    let Some(clients) = clients else {
        if prior.is_none() {
            unknown(planned);
        }
        return Ok(());
    };
    let live = match &prior {
        Some(prior) => Some(from_state(prior)),
        None => match live::find(&clients).await? {
            Some(found) => {
                let paths = strings::known(&planned.units).unwrap_or_default();
                Some(live::read(&clients, &found, Some(&paths)).await?)
            }
            None => None,
        },
    };
    planned.adopted = match (&prior, &live) {
        (Some(prior), _) => prior.adopted,
        (None, Some(live)) => (!live::made_here(&clients, &live.root_id).await?).into(),
        (None, None) => false.into(),
    };
    fill(&plan.config, live.as_ref(), prior.as_ref(), planned);
    let moment = match &prior {
        Some(prior) if prior == planned => Moment::Still,
        _ => Moment::Change,
    };
    exception::check(
        planned,
        &planned.exception,
        TABLE,
        moment,
        Timestamp::now(),
        diags,
    );
    if let Some(live) = &live {
        let ours: Ours = plan.private.get(private::OURS).unwrap_or_default();
        control_tower(live, planned, diags);
        removals(live, &ours, planned, diags);
        if let Some(prior) = &prior {
            units(&clients, prior, planned, &ours, diags).await?;
        }
    }
    Ok(())
}

/// What the state knows: a refresh has just read it.
fn from_state(prior: &OrganizationModel) -> Live {
    let text = |value: &Value<String>| value.as_str().unwrap_or_default().to_owned();
    Live {
        id: text(&prior.id),
        arn: text(&prior.arn),
        root_id: text(&prior.root_id),
        policy_types: strings::known_part(&prior.enabled_policy_types),
        services: strings::known_part(&prior.aws_service_access_principals),
        administrators: administrators(&prior.delegated_administrators).unwrap_or_default(),
        units: prior
            .unit_ids
            .known()
            .into_iter()
            .flatten()
            .filter_map(|(path, id)| Some((path.clone(), id.as_str()?.to_owned())))
            .collect(),
    }
}

fn unknown(planned: &mut OrganizationModel) {
    planned.unit_ids = Value::Unknown;
    planned.adopted = Value::Unknown;
}

/// Fills in what the configuration leaves out.
fn fill(
    config: &OrganizationModel,
    live: Option<&Live>,
    prior: Option<&OrganizationModel>,
    planned: &mut OrganizationModel,
) {
    let nothing = Live::default();
    let base = live.unwrap_or(&nothing);
    if config.aws_service_access_principals.is_null() {
        planned.aws_service_access_principals = keep(
            prior.map(|p| &p.aws_service_access_principals),
            &base.services,
        );
    }
    if config.enabled_policy_types.is_null() {
        let mut types = base.policy_types.clone();
        if planned.adopt_control_tower.known() != Some(&true) {
            types.insert(SCP.to_owned());
        }
        planned.enabled_policy_types = keep(prior.map(|p| &p.enabled_policy_types), &types);
    }
    if config.delegated_administrators.is_null() {
        planned.delegated_administrators = match prior {
            Some(prior) if prior.delegated_administrators.is_known() => {
                prior.delegated_administrators.clone()
            }
            _ => administrator_list(&base.administrators),
        };
    }
    if let Some(live) = live {
        planned.id = live.id.as_str().into();
        planned.arn = live.arn.as_str().into();
        planned.root_id = live.root_id.as_str().into();
    }
    planned.unit_ids = match strings::known(&planned.units) {
        None => Value::Unknown,
        Some(paths) => Value::Known(
            paths
                .into_iter()
                .map(|path| {
                    let id = base
                        .units
                        .get(&path)
                        .map_or(Value::Unknown, |id| id.as_str().into());
                    (path, id)
                })
                .collect::<BTreeMap<_, _>>(),
        ),
    };
}

/// The prior value where it says the same.
fn keep(prior: Option<&Strings>, wanted: &BTreeSet<String>) -> Strings {
    match prior {
        Some(prior) if strings::known(prior).as_ref() == Some(wanted) && !prior.is_null() => {
            prior.clone()
        }
        _ => strings::of(wanted.iter().cloned()),
    }
}

/// What the plan takes away.
pub(super) fn taken(live: &Live, planned: &OrganizationModel) -> Removals {
    let gone = |live: &BTreeSet<String>, planned: &Strings| match strings::known(planned) {
        Some(wanted) => live.difference(&wanted).cloned().collect(),
        None => BTreeSet::new(),
    };
    let administrators = match administrators(&planned.delegated_administrators) {
        Some(wanted) => live
            .administrators
            .difference(&wanted)
            .map(|item| (item.account_id.clone(), item.service_principal.clone()))
            .collect(),
        None => BTreeSet::new(),
    };
    Removals {
        services: gone(&live.services, &planned.aws_service_access_principals),
        policy_types: gone(&live.policy_types, &planned.enabled_policy_types),
        administrators,
    }
}

/// What others set up is named before anything takes it away.
pub(super) fn removals(
    live: &Live,
    ours: &Ours,
    planned: &OrganizationModel,
    diags: &mut Diagnostics,
) {
    if planned.acknowledge_removals.is_unknown() {
        return;
    }
    let acknowledged = strings::known_part(&planned.acknowledge_removals);
    let gone = taken(live, planned);
    let mut lost: Vec<(&str, String)> = Vec::new();
    for (attribute, names, own) in [
        (
            "aws_service_access_principals",
            &gone.services,
            &ours.services,
        ),
        (
            "enabled_policy_types",
            &gone.policy_types,
            &ours.policy_types,
        ),
    ] {
        lost.extend(
            names
                .iter()
                .filter(|name| !own.contains(*name))
                .map(|name| (attribute, name.clone())),
        );
    }
    lost.extend(
        gone.administrators
            .iter()
            .filter(|pair| !ours.administrators.contains(*pair))
            .map(|(account, service)| ("delegated_administrators", format!("{account} {service}"))),
    );
    lost.retain(|(_, name)| !acknowledged.contains(name));
    let Some((first, _)) = lost.first() else {
        return;
    };
    let names: Vec<String> = lost.iter().map(|(_, name)| format!("{name:?}")).collect();
    diags.error_at(
        Path::root(*first),
        "The plan would take away what others set up",
        format!(
            "The organization has what this configuration did not put there, and would lose: {}. Add it to the lists, or let \
             it go with:\n\n  acknowledge_removals = [{}]",
            names.join(", "),
            names.join(", ")
        ),
    );
}

/// An organization of AWS Control Tower is left as it is.
pub(super) fn control_tower(live: &Live, planned: &OrganizationModel, diags: &mut Diagnostics) {
    if !live.is_control_tower() {
        return;
    }
    if planned.adopt_control_tower.known() != Some(&true) {
        if planned.adopt_control_tower.is_known() {
            diags.error_at(
                Path::root("adopt_control_tower"),
                "AWS Control Tower manages this organization",
                format!(
                    "Units and policy types of `{}` belong to Control Tower, which does not notice changes from elsewhere. Set \
                     `adopt_control_tower = true` to adopt it without any change (its units can then be used), and make units \
                     in Control Tower.",
                    live.id
                ),
            );
        }
        return;
    }
    let mut changes = Vec::new();
    if strings::known(&planned.units)
        .is_some_and(|paths| paths.iter().any(|path| !live.units.contains_key(path)))
    {
        changes.push("units");
    }
    if strings::known(&planned.enabled_policy_types).is_some_and(|set| set != live.policy_types) {
        changes.push("enabled_policy_types");
    }
    if strings::known(&planned.aws_service_access_principals)
        .is_some_and(|set| set != live.services)
    {
        changes.push("aws_service_access_principals");
    }
    if administrators(&planned.delegated_administrators)
        .is_some_and(|set| set != live.administrators)
    {
        changes.push("delegated_administrators");
    }
    for attribute in changes {
        diags.error_at(
            Path::root(attribute),
            "An organization of AWS Control Tower is not changed",
            format!(
                "`{attribute}` would change `{}`, which AWS Control Tower manages. Do it there, or leave it out.",
                live.id
            ),
        );
    }
}

/// Units that leave the list go only when they are empty, and only those that were made here.
async fn units(
    clients: &Clients,
    prior: &OrganizationModel,
    planned: &OrganizationModel,
    ours: &Ours,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(wanted) = strings::known(&planned.units) else {
        return Ok(());
    };
    let stay = with_parents(&wanted);
    for (path, id) in &from_state(prior).units {
        if stay.contains(path) || !ours.units.contains(id) {
            continue;
        }
        if let Some(what) = occupied(clients, id, &BTreeSet::new()).await? {
            diags.error_at(
                Path::root("units"),
                "The unit is in use",
                format!(
                    "`{path}` (`{id}`) leaves `units`, so it would be deleted, and it holds {what}. Move that elsewhere first."
                ),
            );
        }
    }
    Ok(())
}

/// What a unit holds, if anything; units of `but` do not count.
///
/// # Errors
/// A call that failed.
pub(super) async fn occupied(
    clients: &Clients,
    id: &str,
    but: &BTreeSet<String>,
) -> Result<Option<String>, Diagnostics> {
    let organizations = clients.organizations();
    let looking =
        fault::while_setting(Path::root("units"), format!("looking into the unit `{id}`"));
    let (accounts, units) = futures::try_join!(
        organizations.accounts_below(id),
        organizations.units_below(id)
    )
    .map_err(looking)?;
    if let Some(account) = accounts.first() {
        return Ok(Some(format!(
            "account `{}` (`{}`)",
            account.name, account.id
        )));
    }
    Ok(units
        .iter()
        .find(|unit| !but.contains(&unit.id))
        .map(|unit| format!("the unit `{}`", unit.name)))
}
