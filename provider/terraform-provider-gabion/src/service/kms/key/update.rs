//! Update: compares with what is there now, not with what the state says.

use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::{fault, location};

use super::converge::Converge;
use super::model::KmsKeyModel;
use super::observed::{Found, observe};
use super::{create, plan as planning};

pub(super) async fn update(
    ctx: &Ctx<Gabion>,
    prior: KmsKeyModel,
    plan: KmsKeyModel,
    state: &mut StateSlot<KmsKeyModel>,
) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, prior, plan, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    prior: KmsKeyModel,
    plan: KmsKeyModel,
    state: &mut StateSlot<KmsKeyModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let clients = location::write(ctx, &prior.place()).await?;
    let moment = planning::moment(Some(&prior), &plan);
    let document = create::ready(&plan, &clients, moment, warnings)?;
    let id = prior.key_id.as_str().unwrap_or_default();
    let observed = match observe(&clients, id).await? {
        Found::Here(observed) => observed,
        Found::Gone | Found::Leaving(_) => {
            return Err(Diagnostics::from_error(
                format!("{} is gone", prior.title()),
                format!(
                    "The key `{id}` was deleted, or scheduled for deletion, after the plan was made. Plan again."
                ),
            ));
        }
    };
    Converge {
        ctx,
        clients: &clients,
        observed: &observed,
        plan: &plan,
        document: &document,
        old_alias: prior.alias.known().cloned(),
    }
    .run(state)
    .await
}
