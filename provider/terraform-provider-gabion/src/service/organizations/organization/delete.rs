//! Destroy: takes away the empty units that were made here, and leaves the organization unless that was acknowledged.

use gabion_framework::prelude::*;

use super::live;
use super::model::OrganizationModel;
use super::plan::occupied;
use super::{Ours, private};
use crate::configured::Gabion;
use crate::shared::{fault, location};

pub(super) async fn delete(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<OrganizationModel>,
) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &StateSlot<OrganizationModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(model) = state.get() else {
        return Ok(());
    };
    let clients = location::write(ctx, &model.place()).await?;
    if live::find(&clients).await?.is_none() {
        return Ok(());
    }
    let organizations = clients.organizations();
    let ours: Ours = state.private.get(private::OURS).unwrap_or_default();
    let mut stays = Vec::new();
    let root = model.root_id.as_str().unwrap_or_default();
    // Every unit that was made here, also those above the ones that are listed; deepest first.
    let all = live::units(&clients, root, None).await?;
    let mut made: Vec<(&String, &String)> = all
        .iter()
        .filter(|(_, id)| ours.units.contains(*id))
        .collect();
    made.sort_by_key(|(path, _)| std::cmp::Reverse(path.matches('/').count()));
    for (path, id) in made {
        ctx.interrupted()?;
        match occupied(&clients, id, &std::collections::BTreeSet::new()).await? {
            Some(what) => stays.push(format!("the unit `{path}`, which holds {what}")),
            None => organizations
                .delete_unit(id)
                .await
                .map_err(fault::while_doing(format!("deleting the unit `{path}`")))?,
        }
    }
    let acknowledged = model.acknowledge_irreversible.known() == model.id.known();
    if acknowledged && !model.is_adopted() {
        ctx.interrupted()?;
        return organizations
            .delete_organization()
            .await
            .map_err(fault::while_doing(format!(
                "deleting the organization `{}` (it must hold no other account)",
                model.id.as_str().unwrap_or_default()
            )));
    }
    stays.push(format!(
        "the organization `{}` itself, with its policy types and services",
        model.id.as_str().unwrap_or_default()
    ));
    warnings.warning(
        "The organization stays",
        format!(
            "{} is no longer managed. What stays: {}.",
            model.title(),
            stays.join("; ")
        ),
    );
    Ok(())
}
