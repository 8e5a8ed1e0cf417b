//! Import, which changes nothing.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;
use gabion_framework::resource::IdentitySchema;

use crate::configured::Gabion;
use crate::shared::fault;
use crate::shared::location::{self, Place};

use super::POLICY_TYPE;
use super::model::OrgGuardrailModel;

pub(super) async fn import(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<OrgGuardrailModel>,
) -> Diagnostics {
    fault::collect(Diagnostics::new(), run(ctx, id, state).await)
}

async fn run(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<OrgGuardrailModel>,
) -> Result<(), Diagnostics> {
    let id = id.trim();
    let clients = location::read(ctx, &Place::default()).await?;
    let organizations = clients.organizations();
    let doing = || fault::while_doing(format!("looking for the policy `{id}`"));
    let found = if id.starts_with("p-") {
        organizations
            .policy(id)
            .await
            .map_err(doing())?
            .map(|(summary, _)| summary)
    } else {
        organizations
            .find_policy(POLICY_TYPE, id)
            .await
            .map_err(doing())?
    };
    let Some(policy) = found else {
        return Err(Diagnostics::from_error(
            "There is no such policy",
            format!(
                "There is no service control policy `{id}`. Import by id (`p-...`) or by name."
            ),
        ));
    };
    if policy.aws_managed || !policy.arn.contains("/service_control_policy/") {
        return Err(Diagnostics::from_error(
            "The policy cannot be imported",
            format!(
                "`{}` is not a service control policy of the organization's own.",
                policy.arn
            ),
        ));
    }
    state.set(OrgGuardrailModel {
        name: policy.name.as_str().into(),
        id: policy.id.as_str().into(),
        account_id: clients.account_id().into(),
        region: clients.region().into(),
        ..OrgGuardrailModel::default()
    });
    Ok(())
}

/// What identifies a guardrail.
pub(super) fn identity_schema() -> IdentitySchema {
    IdentitySchema::new().required("id", Type::String, "The policy's id (`p-...`).")
}

/// The identity of a guardrail in the state.
pub(super) fn identity(state: &OrgGuardrailModel) -> Option<BTreeMap<String, Dynamic>> {
    let id = state.id.known()?.clone();
    Some(BTreeMap::from([("id".to_owned(), Dynamic::String(id))]))
}

/// The import id for an identity.
pub(super) fn import_id(identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
    identity
        .get("id")
        .and_then(Dynamic::as_str)
        .map(str::to_owned)
        .ok_or_else(|| {
            Diagnostics::from_error("The identity is not complete", "Give the policy's `id`.")
        })
}
