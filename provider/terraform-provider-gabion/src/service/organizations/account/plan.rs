//! What the plan of an account shows and refuses. Reads only.

use gabion_aws::Clients;
use gabion_aws::organizations::OrganizationLookup;
use gabion_framework::prelude::*;

use super::super::CONTROL_TOWER;
use super::super::baseline::{self, Asked, Kind, Places};
use super::model::AccountModel;
use super::{TYPE, private, table, unit, vend};
use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::location::{self, Place};
use crate::shared::{deletion, fault, tags};

/// Checks that need more than one attribute.
pub(super) fn validate(config: &AccountModel, diags: &mut Diagnostics) {
    let own = &config.own;
    if own.account_id.is_null() {
        for (name, value) in [("name", &own.name), ("email", &own.email)] {
            if value.is_null() {
                diags.error_at(
                    Path::root(name),
                    "Something is missing",
                    format!(
                        "A new account needs `{name}`. To adopt an account that is there, name it with `account_id`."
                    ),
                );
            }
        }
        return;
    }
    if own.quarantine.known() == Some(&true) {
        diags.error_at(
            Path::root("quarantine"),
            "An adopted account is never put under quarantine",
            "`account_id` names an account that is in use: a quarantine would stop everything in it. Leave `quarantine` out.",
        );
    }
    if own.deletion_policy.as_str() == Some("close") {
        diags.error_at(
            Path::root("deletion_policy"),
            "An adopted account is never closed",
            "`account_id` names an account that this resource did not make. Leave `deletion_policy` out, and close it by hand \
             if it must go.",
        );
    }
}

/// Clients of the provider's own account, which only read; none while the provider is not configured.
async fn management(ctx: &Ctx<Gabion>) -> Result<Option<Clients>, Diagnostics> {
    let nowhere = Place::default();
    location::plan(ctx, &nowhere, &mut nowhere.clone()).await
}

/// Fills the plan of a create or an update.
///
/// # Errors
/// What stops the plan at once; what more there is to say is in `diags`.
pub(super) async fn change(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<AccountModel>,
    planned: &mut AccountModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let here = management(ctx).await?;
    let config = plan.config.clone();
    let before = plan.prior.clone();
    let another = before.as_ref().is_some_and(|prior| {
        !config.own.account_id.is_null() && config.own.account_id != prior.own.account_id
    });
    if let (Some(prior), true) = (&before, another) {
        plan.requires_replace.push(Path::root("account_id"));
        deletion::check_replace(
            &prior.own.deletion_protection,
            &prior.title(),
            &["account_id"],
            diags,
        );
    }
    let prior = before.as_ref().filter(|_| !another);
    let adopted = match prior {
        Some(prior) => prior.is_adopted(),
        None => !config.own.account_id.is_null(),
    };
    let kind = if adopted { Kind::Adopted } else { Kind::Made };
    planned.own.adopted = adopted.into();
    planned.own.quarantined = false.into();
    planned.own.id = planned.own.account_id.clone();
    if let Some(gabion) = ctx.provider.as_ref() {
        planned.own.tags_all = tags::plan_all(&planned.own.tags, &gabion.default_tags);
    }
    identity(&config, prior, planned, diags);
    created_with(kind, &config, prior, planned, diags);
    if let (Some(gabion), Some(account)) = (&ctx.provider, planned.own.account_id.as_str()) {
        baseline::alone(gabion, account, TYPE)?;
    }
    if let (Some(gabion), true) = (&ctx.provider, kind == Kind::Made && prior.is_none()) {
        vendable(gabion, diags);
    }
    let there = match &here {
        Some(here) => organization(here, prior, planned, diags).await?,
        None => false,
    };
    // An account that is not the organization's is not looked into.
    if let (Some(here), true) = (&here, adopted && prior.is_none() && there)
        && !diags.has_errors()
    {
        adopting(here, &config, planned, diags).await?;
    }
    let nothing = Private::default();
    let places = match planned.own.account_id.as_str() {
        Some(id) if here.is_some() && there && !diags.has_errors() => {
            Some(Places::reading(ctx, id)?)
        }
        _ => None,
    };
    let asked = Asked {
        clients: here.as_ref(),
        places: places.as_ref(),
        kind,
        config: &config.baseline,
        prior: prior.map(|prior| &prior.baseline),
        private: if another { &nothing } else { &plan.private },
    };
    let live = baseline::fill(&asked, &mut planned.baseline).await?;
    baseline::check(
        planned,
        table::own(!adopted),
        !adopted,
        moment(prior, planned),
        diags,
    );
    let Some(here) = &here else {
        if prior
            .is_none_or(|prior| prior.own.organizational_unit != planned.own.organizational_unit)
        {
            planned.own.organizational_unit_id = Value::Unknown;
        }
        return Ok(());
    };
    if diags.has_errors() {
        return Ok(());
    }
    place(here, prior, planned, there).await?;
    if prior.is_none()
        && there
        && !adopted
        && let (Some(name), Some(email)) = (planned.own.name.as_str(), planned.own.email.as_str())
    {
        vend::look_at_plan(here, name, email, diags).await?;
    }
    baseline::review(&asked, live.as_ref(), &planned.baseline, diags).await
}

/// CreateAccount makes the vending role without a path: one with a path could never be assumed in the new account.
pub(super) fn vendable(gabion: &Gabion, diags: &mut Diagnostics) {
    let Some(pool) = gabion.pool_if_known() else {
        return;
    };
    let role = &pool.settings().vending_role_name;
    if let Some((_, name)) = role.trim_start_matches('/').rsplit_once('/') {
        diags.error(
            "The vending role has a path",
            format!(
                "`vending_role_name` of the provider is `{role}`, and the role that AWS makes in a new account has a plain \
                 name: `{role}` would not be there, and nobody could enter the account. Set it to a name without `/`, \
                 such as `{name}`. Roles with a path work for accounts that are there, and have such a role."
            ),
        );
    }
}

/// Name and address are AWS's to keep: changing them is not this resource's work.
fn identity(
    config: &AccountModel,
    prior: Option<&AccountModel>,
    planned: &mut AccountModel,
    diags: &mut Diagnostics,
) {
    let Some(prior) = prior else {
        return;
    };
    if let (Some(before), Some(now)) = (prior.own.email.as_str(), config.own.email.as_str())
        && before.eq_ignore_ascii_case(now)
    {
        planned.own.email = prior.own.email.clone();
    }
    let id = prior.own.account_id.as_str().unwrap_or_default();
    // What is not known yet is asked about when it is.
    let differs = |before: &Value<String>, now: &Value<String>| {
        before.is_known() && now.is_known() && before != now
    };
    if differs(&prior.own.email, &planned.own.email) {
        diags.error_at(
            Path::root("email"),
            "The address of an account is changed by its owner",
            format!(
                "Whoever has the address is the account's root user, and AWS asks both the old and the new one. Change it \
                 with `aws account start-primary-email-update --account-id {id} --primary-email ...`, and then here."
            ),
        );
    }
    if differs(&prior.own.name, &planned.own.name) {
        diags.error_at(
            Path::root("name"),
            "The name of an account is not changed here",
            format!(
                "Change it with `aws account put-account-name --account-id {id} --account-name ...`, and then here."
            ),
        );
    }
}

/// What counts only when an account is made.
fn created_with(
    kind: Kind,
    config: &AccountModel,
    prior: Option<&AccountModel>,
    planned: &mut AccountModel,
    diags: &mut Diagnostics,
) {
    let made = kind == Kind::Made;
    if config.own.quarantine.is_null() {
        planned.own.quarantine = match prior {
            Some(prior) if prior.own.quarantine.is_known() => prior.own.quarantine,
            _ => made.into(),
        };
    }
    let billing = &config.own.iam_user_access_to_billing;
    if billing.is_null() {
        planned.own.iam_user_access_to_billing = match prior {
            Some(prior) => prior.own.iam_user_access_to_billing.clone(),
            None if made => "DENY".into(),
            None => Value::Null,
        };
        return;
    }
    let before = prior.map(|prior| &prior.own.iam_user_access_to_billing);
    let fixed = match before {
        Some(before) => billing.is_known() && before != billing,
        None => !made,
    };
    if fixed {
        diags.error_at(
            Path::root("iam_user_access_to_billing"),
            "Access to billing is set when an account is made",
            "No API reads or changes it afterwards: its root user does, in the console. Leave it as it is here.",
        );
    }
}

/// Whether the organization is there; it may be made by the same apply.
async fn organization(
    here: &Clients,
    prior: Option<&AccountModel>,
    planned: &AccountModel,
    diags: &mut Diagnostics,
) -> Result<bool, Diagnostics> {
    if prior.is_some() {
        return Ok(true);
    }
    let found = here
        .organizations()
        .describe_organization()
        .await
        .map_err(fault::while_doing("reading the organization"))?;
    match found {
        OrganizationLookup::Member(found) if found.management_account_id == here.account_id() => {
            if !planned.is_adopted() {
                control_tower(here, &found.id, diags).await?;
            }
            Ok(true)
        }
        OrganizationLookup::Member(found) => {
            diags.error(
                "Not the management account",
                format!(
                    "The provider works in account `{}`, and the organization `{}` is managed by `{}`: only that one makes \
                     accounts. Use its credentials, or `assume_role` of the provider.",
                    here.account_id(),
                    found.id,
                    found.management_account_id
                ),
            );
            Ok(true)
        }
        OrganizationLookup::NotInOrganization => {
            if planned.own.organizational_unit.is_known() {
                diags.error(
                    "There is no organization",
                    format!(
                        "Account `{}` is in no organization. Make one with `gabion_organization`, and take \
                         `organizational_unit` from its `unit_ids`.",
                        here.account_id()
                    ),
                );
            }
            Ok(false)
        }
        OrganizationLookup::Unknown { reason } => {
            diags.error(
                "The organization could not be read",
                format!("{reason}. Accounts are made by the organization's management account."),
            );
            Ok(true)
        }
    }
}

/// AWS Control Tower makes the accounts of its organizations: one that is made beside it is not enrolled.
async fn control_tower(
    here: &Clients,
    organization: &str,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let services = here
        .organizations()
        .trusted_services()
        .await
        .map_err(fault::while_doing(
            "looking whether AWS Control Tower manages the organization",
        ))?;
    if services.contains(CONTROL_TOWER) {
        diags.error(
            "AWS Control Tower manages this organization",
            format!(
                "An account that is made beside Control Tower is not enrolled in the landing zone of `{organization}`. Make it \
                 with Control Tower's Account Factory, and adopt it here with `account_id`, or set its baseline with \
                 `gabion_account_baseline`."
            ),
        );
    }
    Ok(())
}

/// The unit.
async fn place(
    here: &Clients,
    prior: Option<&AccountModel>,
    planned: &mut AccountModel,
    there: bool,
) -> Result<(), Diagnostics> {
    let Some(wanted) = planned.own.organizational_unit.as_str().filter(|_| there) else {
        planned.own.organizational_unit_id = Value::Unknown;
        return Ok(());
    };
    if let Some(prior) = prior
        && prior.own.organizational_unit == planned.own.organizational_unit
        && prior.own.organizational_unit_id.is_known()
    {
        planned.own.organizational_unit_id = prior.own.organizational_unit_id.clone();
        return Ok(());
    }
    let id = unit::resolve(here, wanted).await?;
    if let Some(prior) = prior
        && prior.own.organizational_unit_id.as_str() == Some(&id)
    {
        // Another spelling of the same unit.
        planned.own.organizational_unit = prior.own.organizational_unit.clone();
    }
    planned.own.organizational_unit_id = id.into();
    Ok(())
}

/// For an adoption: the account that is there already.
async fn adopting(
    here: &Clients,
    config: &AccountModel,
    planned: &mut AccountModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(id) = planned.own.account_id.as_str() else {
        return Ok(());
    };
    let found = adopt(here, id).await?;
    for (attribute, wanted, live) in [
        ("name", &config.own.name, &found.name),
        ("email", &config.own.email, &found.email),
    ] {
        if let Some(wanted) = wanted.as_str()
            && !wanted.eq_ignore_ascii_case(live)
        {
            diags.error_at(
                Path::root(attribute),
                "Another account than the one named",
                format!("Account `{id}` has the {attribute} `{live}`, not `{wanted}`. Correct it, or leave it out."),
            );
        }
    }
    if config.own.name.is_null() {
        planned.own.name = found.name.into();
    }
    if config.own.email.is_null() {
        planned.own.email = found.email.into();
    }
    planned.own.arn = found.arn.into();
    Ok(())
}

/// The account to adopt.
///
/// # Errors
/// The organization does not have it, or it is closed.
pub(super) async fn adopt(
    here: &Clients,
    id: &str,
) -> Result<gabion_aws::organizations::Account, Diagnostics> {
    let found = here
        .organizations()
        .account(id)
        .await
        .map_err(fault::while_setting(
            Path::root("account_id"),
            format!("looking for account `{id}`"),
        ))?;
    match found {
        Some(found) if !found.is_closed() => Ok(found),
        Some(found) => Err(fault::error_at(
            Path::root("account_id"),
            "The account is closed",
            format!(
                "Account `{id}` (`{}`) is closed ({}).",
                found.name, found.state
            ),
        )),
        None => Err(fault::error_at(
            Path::root("account_id"),
            "The account is not in the organization",
            format!(
                "The organization has no account `{id}`. Invite it first, or use `gabion_account_baseline`, which needs no \
                 organization."
            ),
        )),
    }
}

/// What turns deletion protection off does not change the account.
pub(super) fn moment(prior: Option<&AccountModel>, planned: &AccountModel) -> Moment {
    let Some(prior) = prior else {
        return Moment::Change;
    };
    let mut before = prior.clone();
    if deletion::turns_off(
        &prior.own.deletion_protection,
        &planned.own.deletion_protection,
    ) {
        before.own.deletion_protection = planned.own.deletion_protection;
        before.own.deletion_policy = planned.own.deletion_policy.clone();
        before.own.acknowledge_irreversible = planned.own.acknowledge_irreversible.clone();
    }
    if before == *planned {
        Moment::Still
    } else {
        Moment::Change
    }
}

/// Whether the create has not come to its end.
pub(super) fn is_unfinished(kept: &Private) -> bool {
    kept.get::<bool>(private::UNFINISHED).is_some()
}
