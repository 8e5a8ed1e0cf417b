//! Refresh.

use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::{fault, location};

use super::model::OrgGuardrailModel;
use super::observed::observe;

pub(super) async fn read(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<OrgGuardrailModel>,
) -> Diagnostics {
    fault::collect(Diagnostics::new(), run(ctx, state).await)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<OrgGuardrailModel>,
) -> Result<(), Diagnostics> {
    let Some(prior) = state.get().cloned() else {
        return Ok(());
    };
    let Some(id) = prior.id.as_str() else {
        state.remove();
        return Ok(());
    };
    let clients = location::read(ctx, &prior.place()).await?;
    let defaults = &ctx.provider()?.default_tags;
    match observe(&clients, id).await? {
        None => state.remove(),
        // Only the state of an import has no policy yet.
        Some(observed) if prior.policy.is_null() => {
            state.set(observed.imported(&prior, defaults, &clients));
        }
        Some(observed) => state.set(observed.state(&prior, defaults, &clients)),
    }
    Ok(())
}
