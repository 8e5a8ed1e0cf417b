//! `gabion_organization`: the organization, created or adopted as it is.

mod apply;
mod delete;
mod live;
mod model;
mod plan;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use gabion_framework::prelude::*;
use serde::{Deserialize, Serialize};

use self::model::OrganizationModel;
use crate::configured::Gabion;
use crate::shared::{location, strings};

/// The resource type.
const TYPE: &str = "gabion_organization";

/// Keys of private values.
mod private {
    /// What this resource put there.
    pub(super) const OURS: &str = "ours";
    /// The next read is the first after an import.
    pub(super) const IMPORT: &str = "import";
}

/// What this resource put into the organization: that may go again without a word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Ours {
    /// Ids of units.
    units: BTreeSet<String>,
    /// Services with trusted access.
    services: BTreeSet<String>,
    /// Policy types.
    policy_types: BTreeSet<String>,
    /// Accounts and the services that they administer.
    administrators: BTreeSet<(String, String)>,
}

/// The resource.
#[derive(Debug, Default)]
pub(crate) struct Organization;

#[async_trait]
impl Resource for Organization {
    type Model = OrganizationModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    async fn modify_plan(
        &self,
        ctx: &Ctx<Gabion>,
        plan: &mut Plan<OrganizationModel>,
        diags: &mut Diagnostics,
    ) {
        if let Some(mut planned) = plan.planned.take() {
            if let Err(errors) = plan::change(ctx, plan, &mut planned, diags).await {
                diags.extend(errors);
            }
            plan.planned = Some(planned);
        }
    }

    async fn create(
        &self,
        ctx: &Ctx<Gabion>,
        plan: OrganizationModel,
        state: &mut StateSlot<OrganizationModel>,
    ) -> Diagnostics {
        apply::apply(ctx, plan, state).await
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        _prior: OrganizationModel,
        plan: OrganizationModel,
        state: &mut StateSlot<OrganizationModel>,
    ) -> Diagnostics {
        apply::apply(ctx, plan, state).await
    }

    async fn read(
        &self,
        ctx: &Ctx<Gabion>,
        state: &mut StateSlot<OrganizationModel>,
    ) -> Diagnostics {
        refresh(ctx, state).await.err().unwrap_or_default()
    }

    async fn delete(
        &self,
        ctx: &Ctx<Gabion>,
        state: &mut StateSlot<OrganizationModel>,
    ) -> Diagnostics {
        delete::delete(ctx, state).await
    }

    async fn import(
        &self,
        ctx: &Ctx<Gabion>,
        id: &str,
        state: &mut StateSlot<OrganizationModel>,
    ) -> Diagnostics {
        import(ctx, id.trim(), state)
            .await
            .err()
            .unwrap_or_default()
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new().required("id", Type::String, "The organization's id."))
    }

    fn identity(&self, state: &OrganizationModel) -> Option<BTreeMap<String, Dynamic>> {
        let id = state.id.known()?.clone();
        Some(BTreeMap::from([("id".to_owned(), Dynamic::String(id))]))
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        identity
            .get("id")
            .and_then(Dynamic::as_str)
            .map(str::to_owned)
            .ok_or_else(|| {
                Diagnostics::from_error("Incomplete identity", "The identity needs `id`.")
            })
    }
}

async fn refresh(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<OrganizationModel>,
) -> Result<(), Diagnostics> {
    let Some(prior) = state.get().cloned() else {
        return Ok(());
    };
    let clients = location::read(ctx, &prior.place()).await?;
    let Some(found) = live::find(&clients).await? else {
        state.remove();
        return Ok(());
    };
    let imported = state.private.get::<bool>(private::IMPORT).is_some();
    state.private.remove(private::IMPORT);
    let paths = strings::known(&prior.units).unwrap_or_default();
    let live = live::read(&clients, &found, (!imported).then_some(&paths)).await?;
    let mut model = prior;
    if imported {
        model.units = strings::of(live.units.keys().cloned());
        // What this resource made stays what it made.
        model.adopted = (!live::made_here(&clients, &live.root_id).await?).into();
        let ours = Ours {
            units: live::made_among(&clients, live.units.values()).await?,
            ..Ours::default()
        };
        state.private.set(private::OURS, &ours);
    }
    model.account_id = clients.account_id().into();
    model.region = clients.region().into();
    state.set(apply::recorded(&model, &live));
    Ok(())
}

async fn import(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<OrganizationModel>,
) -> Result<(), Diagnostics> {
    let clients = location::read(ctx, &location::Place::default()).await?;
    match live::find(&clients).await? {
        Some(found) if found.id == id => {}
        other => {
            let there = other.map_or_else(
                || "is in no organization".to_owned(),
                |found| format!("manages `{}`", found.id),
            );
            return Err(Diagnostics::from_error(
                "There is no such organization",
                format!(
                    "Account `{}` {there}, not `{id}`. Import an organization by its id, with credentials of its management \
                     account.",
                    clients.account_id()
                ),
            ));
        }
    }
    state.private.set(private::IMPORT, &true);
    state.set(OrganizationModel {
        id: id.into(),
        account_id: clients.account_id().into(),
        region: clients.region().into(),
        adopted: true.into(),
        adopt_control_tower: false.into(),
        ..OrganizationModel::default()
    });
    Ok(())
}
