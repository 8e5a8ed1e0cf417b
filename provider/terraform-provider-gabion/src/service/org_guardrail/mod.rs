//! `gabion_org_guardrail`: a service control policy generated from named intents, attached to units and accounts,
//! and checked for shutting out those who administer.

mod checks;
mod converge;
mod create;
mod delete;
mod import;
mod intents;
mod lockout;
mod model;
mod observed;
#[cfg(test)]
mod page;
mod plan;
mod read;
mod schema;
mod update;

use std::collections::BTreeMap;

use gabion_framework::prelude::*;
use gabion_framework::resource::IdentitySchema;

use crate::configured::Gabion;
use crate::shared::tags;

pub(crate) use model::OrgGuardrailModel;

/// The resource's type.
pub(crate) const TYPE: &str = "gabion_org_guardrail";

/// The type of its policy.
const POLICY_TYPE: &str = "SERVICE_CONTROL_POLICY";

/// Keys of private values.
mod private {
    /// The create has not come to its end.
    pub(super) const UNFINISHED: &str = "unfinished";
    /// The plan is to destroy, not to replace.
    pub(super) const DESTROY: &str = "destroy";
    /// The name of the vending role that the lock-out check last passed for.
    pub(super) const VENDING_ROLE: &str = "vending_role";
}

/// `gabion_org_guardrail`.
pub(crate) struct OrgGuardrail;

#[async_trait]
impl Resource for OrgGuardrail {
    type Model = OrgGuardrailModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &OrgGuardrailModel, diags: &mut Diagnostics) {
        tags::validate(&config.tags, &Path::root("tags"), diags);
        checks::any_intent(config, diags);
    }

    async fn modify_plan(
        &self,
        ctx: &Ctx<Gabion>,
        plan: &mut Plan<OrgGuardrailModel>,
        diags: &mut Diagnostics,
    ) {
        plan::modify(ctx, plan, diags).await;
    }

    async fn create(
        &self,
        ctx: &Ctx<Gabion>,
        plan: OrgGuardrailModel,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Diagnostics {
        create::create(ctx, plan, state).await
    }

    async fn read(
        &self,
        ctx: &Ctx<Gabion>,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Diagnostics {
        read::read(ctx, state).await
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        prior: OrgGuardrailModel,
        plan: OrgGuardrailModel,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Diagnostics {
        update::update(ctx, prior, plan, state).await
    }

    async fn delete(
        &self,
        ctx: &Ctx<Gabion>,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Diagnostics {
        delete::delete(ctx, state).await
    }

    async fn import(
        &self,
        ctx: &Ctx<Gabion>,
        id: &str,
        state: &mut StateSlot<OrgGuardrailModel>,
    ) -> Diagnostics {
        import::import(ctx, id, state).await
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(import::identity_schema())
    }

    fn identity(&self, state: &OrgGuardrailModel) -> Option<BTreeMap<String, Dynamic>> {
        import::identity(state)
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        import::import_id(identity)
    }
}
