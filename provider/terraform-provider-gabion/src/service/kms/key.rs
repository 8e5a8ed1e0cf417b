//! `gabion_kms_key`: a KMS key with its alias, rotation and generated policy.

mod alias;
mod checks;
mod converge;
mod create;
mod defaults;
mod delete;
mod import;
mod model;
mod observed;
#[cfg(test)]
mod page;
mod plan;
mod policy;
mod read;
mod schema;
mod service_user;
mod unfinished;
mod update;

use std::collections::BTreeMap;

use gabion_framework::prelude::*;
use gabion_framework::resource::{IdentitySchema, MoveSource};

use crate::configured::Gabion;
use crate::shared::{policy_statement, tags};

pub(crate) use model::KmsKeyModel;
pub(crate) use policy::policy_for_service;
pub(crate) use unfinished::Unfinished;

/// The resource's type.
pub(crate) const TYPE: &str = "gabion_kms_key";

/// Keys of private values.
mod private {
    /// The create has not come to its end.
    pub(super) const UNFINISHED: &str = "unfinished";
    /// The plan is to destroy, not to replace.
    pub(super) const DESTROY: &str = "destroy";
    /// The alias that this resource has made.
    pub(super) const ALIAS: &str = "alias";
}

/// `gabion_kms_key`.
pub(crate) struct KmsKey;

#[async_trait]
impl Resource for KmsKey {
    type Model = KmsKeyModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &KmsKeyModel, diags: &mut Diagnostics) {
        tags::validate(&config.tags, &Path::root("tags"), diags);
        policy_statement::validate_all(
            &config.additional_policy_statements,
            policy::is_reserved,
            diags,
        );
        checks::separation(config, diags);
        service_user::validate(&config.service_users, diags);
    }

    async fn modify_plan(
        &self,
        ctx: &Ctx<Gabion>,
        plan: &mut Plan<KmsKeyModel>,
        diags: &mut Diagnostics,
    ) {
        plan::modify(ctx, plan, diags).await;
    }

    async fn create(
        &self,
        ctx: &Ctx<Gabion>,
        plan: KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Diagnostics {
        create::create(ctx, plan, state).await
    }

    async fn read(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<KmsKeyModel>) -> Diagnostics {
        read::read(ctx, state).await
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        prior: KmsKeyModel,
        plan: KmsKeyModel,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Diagnostics {
        update::update(ctx, prior, plan, state).await
    }

    async fn delete(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<KmsKeyModel>) -> Diagnostics {
        delete::delete(ctx, state).await
    }

    async fn import(
        &self,
        ctx: &Ctx<Gabion>,
        id: &str,
        state: &mut StateSlot<KmsKeyModel>,
    ) -> Diagnostics {
        import::import(ctx, id, state).await
    }

    fn move_from(&self, source: MoveSource) -> Option<Result<KmsKeyModel, Diagnostics>> {
        import::move_from(&source)
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(import::identity_schema())
    }

    fn identity(&self, state: &KmsKeyModel) -> Option<BTreeMap<String, Dynamic>> {
        import::identity(state)
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        import::import_id(identity)
    }
}
