//! Update: compares with what is there now, not with what the state says.

use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::{fault, location};

use super::converge::Converge;
use super::model::WorkloadRoleModel;
use super::observed::observe;
use super::{create, plan as planning};

pub(super) async fn update(
    ctx: &Ctx<Gabion>,
    prior: WorkloadRoleModel,
    plan: WorkloadRoleModel,
    state: &mut StateSlot<WorkloadRoleModel>,
) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, prior, plan, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    prior: WorkloadRoleModel,
    plan: WorkloadRoleModel,
    state: &mut StateSlot<WorkloadRoleModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let clients = location::write(ctx, &prior.place()).await?;
    let moment = planning::moment(Some(&prior), &plan);
    let documents = create::ready(&plan, &clients, moment, warnings)?;
    let name = prior.name.as_str().unwrap_or_default();
    let observed = observe(&clients, name, plan.inline_name()).await?;
    let same = |id: &str| prior.unique_id.as_str().is_none_or(|before| before == id);
    let Some(observed) = observed.filter(|found| same(&found.role.unique_id)) else {
        return Err(Diagnostics::from_error(
            format!("{} is gone", prior.title()),
            format!("The role `{name}` was deleted after the plan was made. Plan again."),
        ));
    };
    Converge {
        ctx,
        clients: &clients,
        observed: &observed,
        plan: &plan,
        trust: &documents.0,
        policy: &documents.1,
    }
    .run(state)
    .await
}
