//! `gabion_workload_role`: a role with a generated trust policy, a boundary and least-privilege statements.

mod checks;
mod converge;
mod create;
mod defaults;
mod delete;
mod human;
mod import;
mod model;
mod observed;
mod oidc;
#[cfg(test)]
mod page;
mod plan;
mod private;
mod read;
mod schema;
mod service_principal;
mod statement;
mod trust;
mod update;

use std::collections::BTreeMap;

use gabion_framework::prelude::*;
use gabion_framework::resource::{IdentitySchema, MoveSource};

use crate::configured::Gabion;
use crate::shared::{policy_statement, tags};

pub(crate) use model::WorkloadRoleModel;

/// The resource's type.
pub(crate) const TYPE: &str = "gabion_workload_role";

/// `gabion_workload_role`.
pub(crate) struct WorkloadRole;

#[async_trait]
impl Resource for WorkloadRole {
    type Model = WorkloadRoleModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &WorkloadRoleModel, diags: &mut Diagnostics) {
        tags::validate(&config.tags, &Path::root("tags"), diags);
        policy_statement::validate_all(
            &config.additional_policy_statements,
            trust::is_reserved,
            diags,
        );
        trust::validate(config, diags);
        statement::validate(&config.statement, diags);
        checks::names(config, diags);
    }

    async fn modify_plan(
        &self,
        ctx: &Ctx<Gabion>,
        plan: &mut Plan<WorkloadRoleModel>,
        diags: &mut Diagnostics,
    ) {
        plan::modify(ctx, plan, diags).await;
    }

    async fn create(
        &self,
        ctx: &Ctx<Gabion>,
        plan: WorkloadRoleModel,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Diagnostics {
        create::create(ctx, plan, state).await
    }

    async fn read(
        &self,
        ctx: &Ctx<Gabion>,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Diagnostics {
        read::read(ctx, state).await
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        prior: WorkloadRoleModel,
        plan: WorkloadRoleModel,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Diagnostics {
        update::update(ctx, prior, plan, state).await
    }

    async fn delete(
        &self,
        ctx: &Ctx<Gabion>,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Diagnostics {
        delete::delete(ctx, state).await
    }

    async fn import(
        &self,
        ctx: &Ctx<Gabion>,
        id: &str,
        state: &mut StateSlot<WorkloadRoleModel>,
    ) -> Diagnostics {
        import::import(ctx, id, state).await
    }

    fn move_from(&self, source: MoveSource) -> Option<Result<WorkloadRoleModel, Diagnostics>> {
        import::move_from(&source)
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(import::identity_schema())
    }

    fn identity(&self, state: &WorkloadRoleModel) -> Option<BTreeMap<String, Dynamic>> {
        import::identity(state)
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        import::import_id(identity)
    }
}
