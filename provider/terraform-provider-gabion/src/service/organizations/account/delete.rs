//! Destroy: forgets the account, or closes it where that was acknowledged.

use gabion_framework::prelude::*;

use super::model::AccountModel;
use super::{plan as planning, private, quarantine};
use crate::configured::Gabion;
use crate::shared::location::{self, Place};
use crate::shared::{acknowledge, creation, deletion, fault};

fn closes(account: &AccountModel) -> bool {
    account.own.deletion_policy.as_str() == Some("close")
}

/// Checks a destroy before anything happens.
pub(super) fn plan(plan: &mut Plan<AccountModel>, diags: &mut Diagnostics) {
    plan.private.set(private::DESTROY, &true);
    let Some(prior) = plan.prior.as_ref() else {
        return;
    };
    if !planning::is_unfinished(&plan.private) {
        deletion::check_destroy(&prior.own.deletion_protection, &prior.title(), diags);
    }
    refuse(prior, diags);
}

fn refuse(account: &AccountModel, diags: &mut Diagnostics) {
    if !closes(account) {
        return;
    }
    if account.is_adopted() {
        diags.error_at(
            Path::root("deletion_policy"),
            "An adopted account is never closed",
            format!(
                "{} was there before this configuration. Apply `deletion_policy = \"retain\"` first; close it by hand if it \
                 must go.",
                account.title()
            ),
        );
        return;
    }
    let clause = format!(
        "The deletion policy `close` closes the account {}: everything in it stops, and is deleted after 90 days",
        account.title()
    );
    acknowledge::check(
        &account.own.acknowledge_irreversible,
        account.name(),
        Path::root("deletion_policy"),
        &clause,
        diags,
    );
}

pub(super) async fn delete(ctx: &Ctx<Gabion>, state: &mut StateSlot<AccountModel>) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &StateSlot<AccountModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(account) = state.get() else {
        return Ok(());
    };
    let Some(id) = account.own.account_id.as_str() else {
        return Ok(());
    };
    let here = location::write(ctx, &Place::default()).await?;
    let organizations = here.organizations();
    let doing = |what: &str| fault::while_doing(format!("{what} account `{id}`"));
    let Some(found) = organizations.account(id).await.map_err(doing("reading"))? else {
        return Ok(());
    };
    let live = organizations
        .tags(id)
        .await
        .map_err(doing("reading the tags of"))?;
    if creation::is_unfinished(&live) && state.private.get(private::DESTROY) != Some(true) {
        // Core replaces what a failed create left. The account stays as it is, marked as not complete: the create that
        // follows finds it and goes on.
        return Ok(());
    }
    let mut diags = Diagnostics::new();
    if !planning::is_unfinished(&state.private) {
        deletion::check_destroy(
            &account.own.deletion_protection,
            &account.title(),
            &mut diags,
        );
    }
    refuse(account, &mut diags);
    if diags.has_errors() {
        return Err(diags);
    }
    if !closes(account) {
        let quarantined = if account.own.quarantined.known() == Some(&true) {
            format!(
                " It is still under quarantine: the policy `{}` stays attached.",
                quarantine::name(id)
            )
        } else {
            String::new()
        };
        warnings.warning(
            "The account stays",
            format!(
                "{} (`{id}`) is no longer managed, and stays as it is, with its baseline, its keys for EBS volumes and its \
                 analyzers.{quarantined} To close it by destroying, set `deletion_policy = \"close\"` before.",
                account.title()
            ),
        );
        return Ok(());
    }
    if !found.is_closed() {
        organizations
            .close_account(id)
            .await
            .map_err(doing("closing"))?;
    }
    quarantine::lift(&here, id).await
}
