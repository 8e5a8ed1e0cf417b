//! Refresh.

use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::{fault, location};

use super::model::WorkloadRoleModel;
use super::observed::{complete, own_inline};

pub(super) async fn read(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<WorkloadRoleModel>,
) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<WorkloadRoleModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(mut prior) = state.get().cloned() else {
        return Ok(());
    };
    let Some(name) = prior.name.as_str().map(str::to_owned) else {
        state.remove();
        return Ok(());
    };
    let clients = location::read(ctx, &prior.place()).await?;
    let defaults = &ctx.provider()?.default_tags;
    let iam = clients.iam();
    let doing = || fault::while_doing(format!("reading the role `{name}`"));
    let Some(role) = iam.find_role(&name).await.map_err(doing())? else {
        state.remove();
        return Ok(());
    };
    if let Some(before) = prior.unique_id.as_str()
        && before != role.unique_id
    {
        warnings.warning(
            format!("{} is another role now", prior.title()),
            format!(
                "The role with the unique id `{before}` was deleted outside of this configuration, and a role of the same \
                 name was made (`{}`). It is not this resource's own: import it to manage it here, or delete it.",
                role.unique_id
            ),
        );
        state.remove();
        return Ok(());
    }
    // Only the state of an import, or of a move from another type, has no policy yet.
    let imported = prior.assume_role_policy.is_null();
    if imported && prior.policy_name.is_null() {
        let inline = iam.inline_policies(&name).await.map_err(doing())?;
        prior.policy_name = own_inline(&inline).into();
    }
    let found = complete(&clients, role, prior.inline_name())
        .await
        .map_err(doing())?;
    match found {
        None => state.remove(),
        Some(observed) if imported => state.set(observed.imported(&prior, defaults, &clients)),
        Some(observed) => state.set(observed.state(&prior, defaults, &clients)),
    }
    Ok(())
}
