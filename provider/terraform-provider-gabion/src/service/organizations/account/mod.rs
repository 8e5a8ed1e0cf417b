//! `gabion_account`: an account that is vended through AWS Organizations, or adopted, with its baseline.

mod apply;
mod delete;
mod import;
mod model;
mod plan;
mod quarantine;
mod read;
mod schema;
mod table;
mod unit;
mod vend;

use std::collections::BTreeMap;
use std::time::Duration;

use gabion_framework::prelude::*;

use self::model::AccountModel;
use super::baseline;
use crate::configured::Gabion;
use crate::shared::tags;

pub(super) use import::import_id;

/// The resource type.
const TYPE: &str = "gabion_account";

/// Keys of private values.
mod private {
    /// The create has not come to its end.
    pub(super) const UNFINISHED: &str = "unfinished";
    /// The plan is to destroy, not to replace.
    pub(super) const DESTROY: &str = "destroy";
    /// The next read is the first after an import.
    pub(super) const IMPORT: &str = "import";
}

/// The resource.
#[derive(Debug, Default)]
pub(crate) struct Account;

#[async_trait]
impl Resource for Account {
    type Model = AccountModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn default_timeouts(&self) -> [Duration; 3] {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        [minutes(60), minutes(30), minutes(10)]
    }

    fn validate(&self, config: &AccountModel, diags: &mut Diagnostics) {
        tags::validate(&config.own.tags, &Path::root("tags"), diags);
        baseline::validate(&config.baseline, diags);
        plan::validate(config, diags);
    }

    async fn modify_plan(
        &self,
        ctx: &Ctx<Gabion>,
        plan: &mut Plan<AccountModel>,
        diags: &mut Diagnostics,
    ) {
        match plan.planned.take() {
            None => delete::plan(plan, diags),
            Some(mut planned) => {
                if let Err(errors) = plan::change(ctx, plan, &mut planned, diags).await {
                    diags.extend(errors);
                }
                plan.planned = Some(planned);
            }
        }
    }

    async fn create(
        &self,
        ctx: &Ctx<Gabion>,
        plan: AccountModel,
        state: &mut StateSlot<AccountModel>,
    ) -> Diagnostics {
        apply::create(ctx, plan, state).await
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        prior: AccountModel,
        plan: AccountModel,
        state: &mut StateSlot<AccountModel>,
    ) -> Diagnostics {
        apply::update(ctx, &prior, plan, state).await
    }

    async fn read(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<AccountModel>) -> Diagnostics {
        read::read(ctx, state).await
    }

    async fn delete(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<AccountModel>) -> Diagnostics {
        delete::delete(ctx, state).await
    }

    async fn import(
        &self,
        ctx: &Ctx<Gabion>,
        id: &str,
        state: &mut StateSlot<AccountModel>,
    ) -> Diagnostics {
        import::import(ctx, id.trim(), state)
            .await
            .err()
            .unwrap_or_default()
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new().required("account_id", Type::String, "The account."))
    }

    fn identity(&self, state: &AccountModel) -> Option<BTreeMap<String, Dynamic>> {
        let id = state.own.account_id.known()?.clone();
        Some(BTreeMap::from([(
            "account_id".to_owned(),
            Dynamic::String(id),
        )]))
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        import_id(identity)
    }
}
