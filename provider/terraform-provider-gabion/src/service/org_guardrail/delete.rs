//! Destroy: detaches the policy from everything, and deletes it.

use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::{creation, deletion, fault, location, strings};

use super::model::OrgGuardrailModel;
use super::observed::observe;
use super::private;

pub(super) async fn delete(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<OrgGuardrailModel>,
) -> Diagnostics {
    fault::collect(Diagnostics::new(), run(ctx, state).await)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<OrgGuardrailModel>,
) -> Result<(), Diagnostics> {
    let Some(mut now) = state.get().cloned() else {
        return Ok(());
    };
    let Some(id) = now.id.as_str().map(str::to_owned) else {
        return Ok(());
    };
    let clients = location::write(ctx, &now.place()).await?;
    let Some(observed) = observe(&clients, &id).await? else {
        return Ok(());
    };
    // A replacement carries the private values of the new object's plan, so the policy itself is asked.
    let unfinished = creation::is_unfinished(&observed.tags);
    if unfinished && state.private.get(private::DESTROY) != Some(true) {
        // Core replaces what a failed create left: the create that follows finds it and goes on.
        return Ok(());
    }
    if !unfinished {
        let mut diags = Diagnostics::new();
        deletion::check_destroy(&now.deletion_protection, &now.title(), &mut diags);
        if diags.has_errors() {
            return Err(diags);
        }
    }
    let organizations = clients.organizations();
    let title = now.title();
    let doing = |what: &str| fault::while_doing(format!("{what} {title} (`{id}`)"));
    let mut left = observed.targets.clone();
    for target in &observed.targets {
        ctx.interrupted()?;
        organizations
            .detach_policy(&id, target)
            .await
            .map_err(doing(&format!("detaching from `{target}`")))?;
        left.remove(target);
        now.targets = strings::of(left.clone());
        state.set(now.clone());
    }
    ctx.interrupted()?;
    organizations
        .delete_policy(&id)
        .await
        .map_err(doing("deleting"))
}
