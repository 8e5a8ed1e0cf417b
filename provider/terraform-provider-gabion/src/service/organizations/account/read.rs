//! Refresh.

use std::collections::BTreeSet;

use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use super::super::baseline::{self, Places};
use super::model::AccountModel;
use super::{TYPE, plan as planning, private, quarantine};
use crate::configured::Gabion;
use crate::shared::location::{self, Place};
use crate::shared::tags::TagMap;
use crate::shared::{creation, fault, strings, tags};

pub(super) async fn read(ctx: &Ctx<Gabion>, state: &mut StateSlot<AccountModel>) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<AccountModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(mut model) = state.get().cloned() else {
        return Ok(());
    };
    let Some(id) = model.own.account_id.as_str().map(str::to_owned) else {
        state.remove();
        return Ok(());
    };
    let here = location::read(ctx, &Place::default()).await?;
    let organizations = here.organizations();
    let reading = || fault::while_doing(format!("reading account `{id}`"));
    let found = match organizations.account(&id).await.map_err(reading())? {
        Some(found) if !found.is_closed() => found,
        other => {
            let why = match other {
                Some(found) => format!("is closed ({})", found.state),
                None => "left the organization".to_owned(),
            };
            warnings.warning(
                format!("{} is gone", model.title()),
                format!(
                    "Account `{id}` {why} outside of this configuration. It is planned anew, which needs another e-mail \
                     address; take the resource out of the configuration if the account shall not come back."
                ),
            );
            state.remove();
            return Ok(());
        }
    };
    let imported = state.private.get::<bool>(private::IMPORT).is_some();
    let (parent, live) =
        futures::try_join!(organizations.parent(&id), organizations.tags(&id)).map_err(reading())?;
    if imported {
        let ours = live
            .get(creation::TAG)
            .is_some_and(|mark| mark.split(' ').nth(1) == Some(TYPE));
        model.own.adopted = (!ours).into();
        model.own.quarantine = ours.into();
    }
    model.own.id = id.as_str().into();
    model.own.arn = found.arn.into();
    model.own.name = found.name.into();
    if !model
        .own
        .email
        .as_str()
        .is_some_and(|email| email.eq_ignore_ascii_case(&found.email))
    {
        model.own.email = found.email.into();
    }
    if model.own.organizational_unit_id.as_str() != Some(&parent) {
        model.own.organizational_unit = parent.as_str().into();
        model.own.organizational_unit_id = parent.into();
    }
    let defaults = &ctx.provider()?.default_tags;
    read_tags(&mut model, live, defaults);
    model.own.quarantined = if model.is_adopted() {
        false
    } else {
        quarantine::holds(&here, &id).await?
    }
    .into();
    let regions = regions(&here, &model).await?;
    let places = Places::reading(ctx, &id)?;
    match baseline::read(&places, &regions).await {
        Ok(live) => model.baseline = live.observed(&model.baseline),
        Err(errors) if planning::is_unfinished(&state.private) => {
            // Its create was cut off, perhaps before the vending role was there: the next apply goes on.
            for error in &errors {
                tracing::warn!(
                    account = id,
                    error = error.detail,
                    "an unfinished account cannot be read"
                );
            }
        }
        Err(errors) => return Err(errors),
    }
    if imported {
        state.private.remove(private::IMPORT);
        if !model.is_adopted() {
            baseline::complete(&model.baseline, &mut state.private);
        }
    }
    state.set(model);
    Ok(())
}

async fn regions(here: &Clients, model: &AccountModel) -> Result<BTreeSet<String>, Diagnostics> {
    match strings::known(&model.baseline.regions) {
        Some(regions) if !regions.is_empty() => Ok(regions),
        _ => Ok(here
            .ec2()
            .regions()
            .await
            .map_err(fault::while_doing("reading the regions of AWS"))?
            .into_iter()
            .collect()),
    }
}

/// Tags that others gave an adopted account are theirs, and not shown.
fn read_tags(model: &mut AccountModel, mut live: Tags, defaults: &TagMap) {
    if model.is_adopted() {
        let ours = tags::known(&model.own.tags_all).unwrap_or_default();
        live.retain(|key, _| ours.contains_key(key));
    }
    (model.own.tags, model.own.tags_all) =
        tags::read_after(&live, &model.own.tags, &model.own.tags_all, defaults);
}
