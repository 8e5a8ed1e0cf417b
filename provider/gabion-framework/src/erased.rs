//! Resources without their types, as the server holds them. Implemented for every typed resource; nobody
//! else need implement or call this.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use gabion_plugin::dynamic::Dynamic;

use crate::convert::{Convert, ConvertError};
use crate::data_source::DataSource;
use crate::diag::Diagnostics;
use crate::ephemeral::{Ephemeral, Opened, Renewed};
use crate::path::Path;
use crate::resource::{Ctx, IdentitySchema, MoveSource, Plan, Private, Resource, StateSlot};
use crate::schema::Schema;

/// One call that may change a [`StateSlot`].
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "plans may hold secrets")]
pub enum Call {
    /// Make the object.
    Create {
        /// What is planned.
        plan: Dynamic,
    },
    /// Read the object in the slot.
    Read,
    /// Change the object.
    Update {
        /// The state before.
        prior: Dynamic,
        /// What is planned.
        plan: Dynamic,
    },
    /// Delete the object in the slot.
    Delete,
    /// Find an object.
    Import {
        /// What the user wrote.
        id: String,
    },
}

impl Call {
    const fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Read => "read",
            Self::Update { .. } => "update",
            Self::Delete => "delete",
            Self::Import { .. } => "import",
        }
    }
}

/// A [`Resource`] without its model's type.
#[async_trait]
pub trait DynResource<P>: Send + Sync + 'static {
    /// See [`Resource::type_name`].
    fn raw_type_name(&self) -> &'static str;
    /// See [`Resource::schema`].
    fn raw_schema(&self) -> Schema;
    /// See [`Resource::validate`].
    fn raw_validate(&self, config: Dynamic) -> Diagnostics;
    /// See [`Resource::modify_plan`].
    async fn raw_plan(&self, ctx: &Ctx<P>, plan: &mut Plan<Dynamic>) -> Diagnostics;
    /// Any of the calls that change a slot.
    async fn raw_call(
        &self,
        ctx: &Ctx<P>,
        call: Call,
        state: &mut StateSlot<Dynamic>,
    ) -> Diagnostics;
    /// See [`Resource::upgrade`].
    ///
    /// # Errors
    /// As there.
    fn raw_upgrade(
        &self,
        version: i64,
        raw: serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostics>;
    /// See [`Resource::move_from`].
    fn raw_move(&self, source: MoveSource) -> Option<Result<Dynamic, Diagnostics>>;
    /// See [`Resource::identity_schema`].
    fn raw_identity_schema(&self) -> Option<IdentitySchema>;
    /// See [`Resource::identity`].
    fn raw_identity(&self, state: &Dynamic) -> Option<BTreeMap<String, Dynamic>>;
    /// See [`Resource::import_id`].
    ///
    /// # Errors
    /// As there.
    fn raw_import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics>;
    /// See [`Resource::default_timeouts`].
    fn raw_default_timeouts(&self) -> [Duration; 3];
    /// What a model made from nulls lacks or has beyond the schema: each is a fault of the resource.
    fn raw_model_faults(&self) -> Vec<String>;
}

/// A [`DataSource`] without its model's type.
#[async_trait]
pub trait DynDataSource<P>: Send + Sync + 'static {
    /// See [`DataSource::type_name`].
    fn raw_type_name(&self) -> &'static str;
    /// See [`DataSource::schema`].
    fn raw_schema(&self) -> Schema;
    /// See [`DataSource::validate`].
    fn raw_validate(&self, config: Dynamic) -> Diagnostics;
    /// See [`DataSource::read`].
    ///
    /// # Errors
    /// As there.
    async fn raw_read(
        &self,
        ctx: &Ctx<P>,
        config: Dynamic,
    ) -> Result<(Dynamic, Diagnostics), Diagnostics>;
    /// As for resources.
    fn raw_model_faults(&self) -> Vec<String>;
}

/// An [`Ephemeral`] resource without its model's type.
#[async_trait]
pub trait DynEphemeral<P>: Send + Sync + 'static {
    /// See [`Ephemeral::type_name`].
    fn raw_type_name(&self) -> &'static str;
    /// See [`Ephemeral::schema`].
    fn raw_schema(&self) -> Schema;
    /// See [`Ephemeral::validate`].
    fn raw_validate(&self, config: Dynamic) -> Diagnostics;
    /// See [`Ephemeral::open`].
    ///
    /// # Errors
    /// As there.
    async fn raw_open(&self, ctx: &Ctx<P>, config: Dynamic)
    -> Result<Opened<Dynamic>, Diagnostics>;
    /// See [`Ephemeral::renew`].
    ///
    /// # Errors
    /// As there.
    async fn raw_renew(&self, ctx: &Ctx<P>, private: Private) -> Result<Renewed, Diagnostics>;
    /// See [`Ephemeral::close`].
    async fn raw_close(&self, ctx: &Ctx<P>, private: Private) -> Diagnostics;
    /// As for resources.
    fn raw_model_faults(&self) -> Vec<String>;
}

#[async_trait]
impl<P, R> DynResource<P> for R
where
    P: Send + Sync + 'static,
    R: Resource<Provider = P>,
{
    fn raw_type_name(&self) -> &'static str {
        self.type_name()
    }

    fn raw_schema(&self) -> Schema {
        self.schema()
    }

    fn raw_validate(&self, config: Dynamic) -> Diagnostics {
        typed_validate(self.type_name(), config, |config, diags| {
            self.validate(config, diags);
        })
    }

    async fn raw_plan(&self, ctx: &Ctx<P>, plan: &mut Plan<Dynamic>) -> Diagnostics {
        let mut typed = match typed_plan::<R::Model>(plan) {
            Ok(typed) => typed,
            Err(diags) => return diags,
        };
        let mut diags = Diagnostics::new();
        let ended = guarded(
            self.type_name(),
            "plan",
            self.modify_plan(ctx, &mut typed, &mut diags),
        )
        .await;
        match ended {
            Ok(()) => {
                plan.planned = typed.planned.map(Convert::into_dynamic);
                plan.requires_replace = typed.requires_replace;
                plan.private = typed.private;
            }
            Err(fault) => diags.extend(fault),
        }
        diags
    }

    async fn raw_call(
        &self,
        ctx: &Ctx<P>,
        call: Call,
        state: &mut StateSlot<Dynamic>,
    ) -> Diagnostics {
        let operation = call.name();
        let before = match state.get() {
            None => None,
            Some(value) => match typed::<R::Model>(value.clone(), "the state") {
                Ok(model) => Some(model),
                Err(diags) => return diags,
            },
        };
        let mut slot = StateSlot::new(before, std::mem::take(&mut state.private));
        let name = self.type_name();
        let result = match call {
            Call::Create { plan } => match typed(plan, "the plan") {
                Ok(plan) => guarded(name, operation, self.create(ctx, plan, &mut slot)).await,
                Err(diags) => Err(diags),
            },
            Call::Read => guarded(name, operation, self.read(ctx, &mut slot)).await,
            Call::Update { prior, plan } => {
                match (typed(prior, "the prior state"), typed(plan, "the plan")) {
                    (Ok(prior), Ok(plan)) => {
                        guarded(name, operation, self.update(ctx, prior, plan, &mut slot)).await
                    }
                    (Err(diags), _) | (_, Err(diags)) => Err(diags),
                }
            }
            Call::Delete => guarded(name, operation, self.delete(ctx, &mut slot)).await,
            Call::Import { id } => guarded(name, operation, self.import(ctx, &id, &mut slot)).await,
        };
        let touched = slot.is_touched();
        let (after, private) = slot.into_parts();
        state.private = private;
        if touched {
            match after {
                Some(model) => state.set(model.into_dynamic()),
                None => state.remove(),
            }
        }
        match result {
            Ok(diags) | Err(diags) => diags,
        }
    }

    fn raw_upgrade(
        &self,
        version: i64,
        raw: serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostics> {
        guarded_sync(self.type_name(), "upgrade", || self.upgrade(version, raw))?
    }

    fn raw_move(&self, source: MoveSource) -> Option<Result<Dynamic, Diagnostics>> {
        match guarded_sync(self.type_name(), "move", || self.move_from(source)) {
            Ok(None) => None,
            Ok(Some(result)) => Some(result.map(Convert::into_dynamic)),
            Err(diags) => Some(Err(diags)),
        }
    }

    fn raw_identity_schema(&self) -> Option<IdentitySchema> {
        self.identity_schema()
    }

    fn raw_identity(&self, state: &Dynamic) -> Option<BTreeMap<String, Dynamic>> {
        let model = R::Model::from_dynamic(state.clone(), &Path::empty()).ok()?;
        guarded_sync(self.type_name(), "identity", || self.identity(&model)).ok()?
    }

    fn raw_import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        guarded_sync(self.type_name(), "import", || self.import_id(identity))?
    }

    fn raw_default_timeouts(&self) -> [Duration; 3] {
        self.default_timeouts()
    }

    fn raw_model_faults(&self) -> Vec<String> {
        model_faults::<R::Model>(&self.schema())
    }
}

#[async_trait]
impl<P, D> DynDataSource<P> for D
where
    P: Send + Sync + 'static,
    D: DataSource<Provider = P>,
{
    fn raw_type_name(&self) -> &'static str {
        self.type_name()
    }

    fn raw_schema(&self) -> Schema {
        self.schema()
    }

    fn raw_validate(&self, config: Dynamic) -> Diagnostics {
        typed_validate(self.type_name(), config, |config, diags| {
            self.validate(config, diags);
        })
    }

    async fn raw_read(
        &self,
        ctx: &Ctx<P>,
        config: Dynamic,
    ) -> Result<(Dynamic, Diagnostics), Diagnostics> {
        let config = typed(config, "the configuration")?;
        let (model, diags) = guarded(self.type_name(), "read", self.read(ctx, config)).await??;
        Ok((model.into_dynamic(), diags))
    }

    fn raw_model_faults(&self) -> Vec<String> {
        model_faults::<D::Model>(&self.schema())
    }
}

#[async_trait]
impl<P, E> DynEphemeral<P> for E
where
    P: Send + Sync + 'static,
    E: Ephemeral<Provider = P>,
{
    fn raw_type_name(&self) -> &'static str {
        self.type_name()
    }

    fn raw_schema(&self) -> Schema {
        self.schema()
    }

    fn raw_validate(&self, config: Dynamic) -> Diagnostics {
        typed_validate(self.type_name(), config, |config, diags| {
            self.validate(config, diags);
        })
    }

    async fn raw_open(
        &self,
        ctx: &Ctx<P>,
        config: Dynamic,
    ) -> Result<Opened<Dynamic>, Diagnostics> {
        let config = typed(config, "the configuration")?;
        let opened = guarded(self.type_name(), "open", self.open(ctx, config)).await??;
        Ok(Opened {
            result: opened.result.into_dynamic(),
            renew_at: opened.renew_at,
            private: opened.private,
            diagnostics: opened.diagnostics,
        })
    }

    async fn raw_renew(&self, ctx: &Ctx<P>, private: Private) -> Result<Renewed, Diagnostics> {
        guarded(self.type_name(), "renew", self.renew(ctx, private)).await?
    }

    async fn raw_close(&self, ctx: &Ctx<P>, private: Private) -> Diagnostics {
        match guarded(self.type_name(), "close", self.close(ctx, private)).await {
            Ok(diags) | Err(diags) => diags,
        }
    }

    fn raw_model_faults(&self) -> Vec<String> {
        model_faults::<E::Model>(&self.schema())
    }
}

fn typed<M: Convert>(value: Dynamic, what: &str) -> Result<M, Diagnostics> {
    M::from_dynamic(value, &Path::empty()).map_err(|error| model_fault(what, &error))
}

fn typed_plan<M: Convert>(plan: &mut Plan<Dynamic>) -> Result<Plan<M>, Diagnostics> {
    Ok(Plan {
        prior: plan
            .prior
            .clone()
            .map(|value| typed(value, "the prior state"))
            .transpose()?,
        config: typed(plan.config.clone(), "the configuration")?,
        planned: plan
            .planned
            .clone()
            .map(|value| typed(value, "the plan"))
            .transpose()?,
        requires_replace: std::mem::take(&mut plan.requires_replace),
        private: std::mem::take(&mut plan.private),
    })
}

fn typed_validate<M: Convert>(
    name: &str,
    config: Dynamic,
    check: impl FnOnce(&M, &mut Diagnostics),
) -> Diagnostics {
    let model = match typed(config, "the configuration") {
        Ok(model) => model,
        Err(diags) => return diags,
    };
    let mut diags = Diagnostics::new();
    if let Err(fault) = guarded_sync(name, "validate", || check(&model, &mut diags)) {
        diags.extend(fault);
    }
    diags
}

/// The model and the schema of a resource disagree.
pub(crate) fn model_fault(what: &str, error: &ConvertError) -> Diagnostics {
    let mut diags = Diagnostics::new();
    let detail = format!(
        "The provider cannot read {what}: {error}. This is a fault of the provider: please report it."
    );
    if error.path.is_empty() {
        diags.error("Unreadable value", detail);
    } else {
        diags.error_at(error.path.clone(), "Unreadable value", detail);
    }
    diags
}

/// Runs a call of a resource; a panic in it becomes an error. The panic's text may hold anything, a secret
/// too, so it is not repeated.
pub(crate) async fn guarded<T>(
    name: &str,
    operation: &str,
    call: impl Future<Output = T>,
) -> Result<T, Diagnostics> {
    AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .map_err(|_| panicked(name, operation))
}

pub(crate) fn guarded_sync<T>(
    name: &str,
    operation: &str,
    call: impl FnOnce() -> T,
) -> Result<T, Diagnostics> {
    std::panic::catch_unwind(AssertUnwindSafe(call)).map_err(|_| panicked(name, operation))
}

fn panicked(name: &str, operation: &str) -> Diagnostics {
    tracing::error!(name, operation, "a call of the provider panicked");
    Diagnostics::from_error(
        format!("Internal error in {name}"),
        format!(
            "The {operation} operation of `{name}` broke off. This is a fault of the provider: please \
             report it, with the log that `TF_LOG=error` gives. What was done before is kept in the state."
        ),
    )
}

/// Compares the attributes of a model with those of a schema, nested ones included, and tries whether the
/// model can hold nulls and unknowns.
fn model_faults<M: Convert>(schema: &Schema) -> Vec<String> {
    let root = Path::empty();
    let sample = crate::object::sample(schema.body());
    let mut faults = Vec::new();
    match M::from_dynamic(sample.clone(), &root) {
        Err(error) => faults.push(error.to_string()),
        Ok(model) => {
            let back = model.into_dynamic();
            crate::object::compare_shape(&sample, &back, &root, &mut faults);
        }
    }
    let empty = Dynamic::Map(BTreeMap::new());
    let nulls = crate::object::Conform::input().body(schema.body(), empty, &root);
    if let Err(error) = M::from_dynamic(nulls, &root) {
        faults.push(format!("where nothing is set: {error}"));
    }
    if let Err(error) = M::from_dynamic(Dynamic::Unknown, &root) {
        faults.push(format!("where nothing is known: {error}"));
    }
    faults
}
