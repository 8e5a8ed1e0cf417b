//! Refresh.

use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::{fault, location};

use super::model::KmsKeyModel;
use super::observed::{Found, observe};

pub(super) async fn read(ctx: &Ctx<Gabion>, state: &mut StateSlot<KmsKeyModel>) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<KmsKeyModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(prior) = state.get().cloned() else {
        return Ok(());
    };
    let Some(id) = prior.key_id.as_str().map(str::to_owned) else {
        state.remove();
        return Ok(());
    };
    let clients = location::read(ctx, &prior.place()).await?;
    let defaults = &ctx.provider()?.default_tags;
    match observe(&clients, &id).await? {
        Found::Gone => state.remove(),
        Found::Leaving(key) => {
            let date = key
                .deletion_date
                .map_or_else(|| "soon".to_owned(), |date| format!("at {date}"));
            warnings.warning(
                format!("{} is pending deletion", prior.title()),
                format!(
                    "The key `{}` was scheduled for deletion outside of this configuration and is deleted {date}. It is \
                     planned anew. To keep it, cancel the deletion (`aws kms cancel-key-deletion --key-id {id}`) before \
                     you apply.",
                    key.arn
                ),
            );
            state.remove();
        }
        Found::Here(observed) => {
            // Only the state of an import, or of a move from another type, has no policy yet.
            let imported = prior.policy.is_null();
            state.set(if imported {
                observed.imported(&prior, defaults, &clients)
            } else {
                observed.state(&prior, defaults, &clients)
            });
        }
    }
    Ok(())
}
