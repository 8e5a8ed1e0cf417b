//! A whole plan against a guard, what does not change included.

use std::collections::BTreeSet;
use std::sync::Arc;

use gabion_engine::policy::{Guard, Judgement};

use crate::plan::{Names, Plan, PlanError};

/// What the guard says of everything in a plan, and the objects that it was asked about: type and id.
///
/// # Errors
/// Where a part of the file is no JSON.
pub(crate) fn everything(
    guard: &Guard,
    plan: &Plan<'_>,
) -> Result<(Judgement, BTreeSet<(String, String)>), PlanError> {
    let mut names = Names::default();
    let mut judgement = Judgement::default();
    let mut objects = BTreeSet::new();
    for planned in &plan.changes {
        if guard.concerns(&planned.index_type()) {
            let change = plan.change(planned, &mut names)?;
            if let Some(id) = change.identity() {
                objects.insert((change.resource_type.clone(), id));
            }
            judgement.extend(guard.judge(&Arc::new(change)));
        }
    }
    let types = plan.changes.iter();
    if guard.judges_plans(types.map(|planned| planned.index_type())) {
        judgement.extend(guard.judge_plan(&Arc::new(plan.graph()?)));
    }
    Ok((judgement, objects))
}
