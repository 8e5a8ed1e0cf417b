//! Update: compares with what is there now, not with what the state says.

use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::{deletion, fault, location};

use super::converge::Converge;
use super::create;
use super::model::OrgGuardrailModel;
use super::observed::observe;
use super::private;

pub(super) async fn update(
    ctx: &Ctx<Gabion>,
    prior: OrgGuardrailModel,
    plan: OrgGuardrailModel,
    state: &mut StateSlot<OrgGuardrailModel>,
) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, prior, plan, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    prior: OrgGuardrailModel,
    plan: OrgGuardrailModel,
    state: &mut StateSlot<OrgGuardrailModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let clients = location::write(ctx, &prior.place()).await?;
    let document =
        create::ready(ctx, Some(&prior), &plan, &clients, &state.private, warnings).await?;
    let id = prior.id.as_str().unwrap_or_default();
    let Some(observed) = observe(&clients, id).await? else {
        return Err(Diagnostics::from_error(
            format!("{} is gone", prior.title()),
            format!("The policy `{id}` was deleted after the plan was made. Plan again."),
        ));
    };
    Converge {
        ctx,
        clients: &clients,
        observed: &observed,
        plan: &plan,
        document: &document,
    }
    .run(state)
    .await?;
    // Turning off deletion protection asked nothing of another vending role, and so says nothing of it.
    if !deletion::turns_off(&prior.deletion_protection, &plan.deletion_protection) {
        let role = &ctx.provider()?.pool()?.settings().vending_role_name;
        state.private.set(private::VENDING_ROLE, role);
    }
    Ok(())
}
