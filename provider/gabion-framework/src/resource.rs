//! Typed managed resources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gabion_plugin::dynamic::Dynamic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::convert::Convert;
use crate::diag::Diagnostics;
use crate::path::Path;
use crate::schema::{Schema, Type};

/// How long create, update and delete may take where neither the resource nor the user says so.
pub const DEFAULT_TIMEOUTS: [Duration; 3] = [
    Duration::from_secs(20 * 60),
    Duration::from_secs(20 * 60),
    Duration::from_secs(20 * 60),
];

/// A managed resource. Its model is made with [`object!`](crate::object) and has exactly the attributes
/// and blocks of the schema.
///
/// Calls are never dropped in the middle: look at [`Ctx::cancel`] (or call [`Ctx::interrupted`]) between
/// steps, and set the [`StateSlot`] after each step that made something.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The configuration, plan and state.
    type Model: Convert + Clone + Send + Sync + 'static;
    /// What the provider's `configure` made.
    type Provider: Send + Sync + 'static;

    /// The whole name, such as `gabion_kms_key`.
    fn type_name(&self) -> &'static str;

    /// The schema. Called once for each server.
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute. Unknowns may be anywhere and are never errors; the
    /// provider is not configured yet.
    fn validate(&self, config: &Self::Model, diags: &mut Diagnostics) {
        let _ = (config, diags);
    }

    /// Changes the plan, after the framework filled in defaults and unknowns; called for creates, updates,
    /// resources without a change (planned equals prior) and destroys (planned is none). It may set
    /// computed values that the configuration leaves null, add paths that require replacement, and read
    /// (never write) the cloud.
    async fn modify_plan(
        &self,
        ctx: &Ctx<Self::Provider>,
        plan: &mut Plan<Self::Model>,
        diags: &mut Diagnostics,
    ) {
        let _ = (ctx, plan, diags);
    }

    /// Makes the object. Whatever `state` holds at the end is kept, with errors or without.
    async fn create(
        &self,
        ctx: &Ctx<Self::Provider>,
        plan: Self::Model,
        state: &mut StateSlot<Self::Model>,
    ) -> Diagnostics;

    /// Reads the object; [`StateSlot::remove`] when it is gone.
    async fn read(
        &self,
        ctx: &Ctx<Self::Provider>,
        state: &mut StateSlot<Self::Model>,
    ) -> Diagnostics;

    /// Changes the object. `state` starts as the prior state.
    async fn update(
        &self,
        ctx: &Ctx<Self::Provider>,
        prior: Self::Model,
        plan: Self::Model,
        state: &mut StateSlot<Self::Model>,
    ) -> Diagnostics;

    /// Deletes the object. Without errors it is removed from the state.
    async fn delete(
        &self,
        ctx: &Ctx<Self::Provider>,
        state: &mut StateSlot<Self::Model>,
    ) -> Diagnostics;

    /// Sets what [`Resource::read`] needs; core calls read afterwards.
    async fn import(
        &self,
        ctx: &Ctx<Self::Provider>,
        id: &str,
        state: &mut StateSlot<Self::Model>,
    ) -> Diagnostics {
        let _ = (ctx, id, state);
        Diagnostics::from_error(
            "Import is not supported",
            format!("`{}` cannot be imported.", self.type_name()),
        )
    }

    /// Brings a state of an older schema version to the current one, as JSON. Attributes that the current
    /// schema does not have are dropped afterwards, and missing ones become null.
    ///
    /// # Errors
    /// A state that cannot be understood.
    fn upgrade(
        &self,
        version: i64,
        raw: serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostics> {
        let _ = version;
        Ok(raw)
    }

    /// Takes over the state of another resource type (a `moved` block). None when it does not know the
    /// source.
    fn move_from(&self, source: MoveSource) -> Option<Result<Self::Model, Diagnostics>> {
        let _ = source;
        None
    }

    /// The attributes that identify the object in the cloud, for Terraform 1.12 and newer.
    fn identity_schema(&self) -> Option<IdentitySchema> {
        None
    }

    /// The identity of an object, with the attributes of [`Resource::identity_schema`].
    fn identity(&self, state: &Self::Model) -> Option<BTreeMap<String, Dynamic>> {
        let _ = state;
        None
    }

    /// The import id for an identity, where the user imports by identity.
    ///
    /// # Errors
    /// An identity that is incomplete; by default always.
    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        let _ = identity;
        Err(Diagnostics::from_error(
            "Import by identity is not supported",
            format!("Import `{}` by its id.", self.type_name()),
        ))
    }

    /// How long create, update and delete may take where the `timeouts` block does not say.
    fn default_timeouts(&self) -> [Duration; 3] {
        DEFAULT_TIMEOUTS
    }
}

/// A planned change.
#[derive(Clone, Debug)]
pub struct Plan<M> {
    /// The state before; none for a create.
    pub prior: Option<M>,
    /// The configuration, write-only values included; for a destroy the prior state again.
    pub config: M,
    /// The state after; none for a destroy. A nested block that the user makes with `dynamic` over
    /// something unknown is one element in which all is unknown, and is planned as unknown whatever
    /// is set here.
    pub planned: Option<M>,
    /// More paths whose change replaces the object. Those where prior and planned are equal are ignored.
    pub requires_replace: Vec<Path>,
    /// Values kept beside the state.
    pub private: Private,
}

impl<M> Plan<M> {
    /// Whether the object is made.
    pub const fn is_create(&self) -> bool {
        self.prior.is_none() && self.planned.is_some()
    }

    /// Whether the object is deleted.
    pub const fn is_destroy(&self) -> bool {
        self.planned.is_none()
    }

    /// Whether the object exists and stays (perhaps without a change).
    pub const fn is_update(&self) -> bool {
        self.prior.is_some() && self.planned.is_some()
    }
}

/// What Terraform keeps when the call returns, with errors or without.
#[derive(Clone, Debug)]
pub struct StateSlot<M> {
    state: Option<M>,
    touched: bool,
    /// Values kept beside the state.
    pub private: Private,
}

impl<M> StateSlot<M> {
    /// A slot that holds `state`; for tests of resources.
    pub const fn new(state: Option<M>, private: Private) -> Self {
        Self {
            state,
            touched: false,
            private,
        }
    }

    /// Keeps `state`.
    pub fn set(&mut self, state: M) {
        self.state = Some(state);
        self.touched = true;
    }

    /// What is kept.
    pub const fn get(&self) -> Option<&M> {
        self.state.as_ref()
    }

    /// Keeps nothing: the object is gone.
    pub fn remove(&mut self) {
        self.state = None;
        self.touched = true;
    }

    /// Whether `set` or `remove` was called.
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    /// The state and the private values.
    pub fn into_parts(self) -> (Option<M>, Private) {
        (self.state, self.private)
    }
}

/// The key by which a destroy that was planned is known again at apply. Core plans every destroy but the one in
/// a replacement, which gets the private values of the new object's plan.
const DESTROY: &str = "gabion:destroy";

/// Values of the provider beside the state, which the user does not see. Not encrypted: no secrets. Keys that
/// begin with `gabion:` are the framework's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Private {
    values: BTreeMap<String, serde_json::Value>,
}

impl Private {
    /// The value of `key`, if it is there and has this type.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.values.get(key)?;
        T::deserialize(value).ok()
    }

    /// Sets `key`. A value that has no JSON form is not kept, and the answer is false.
    pub fn set<T: Serialize + ?Sized>(&mut self, key: impl Into<String>, value: &T) -> bool {
        match serde_json::to_value(value) {
            Ok(value) => {
                self.values.insert(key.into(), value);
                true
            }
            Err(_) => false,
        }
    }

    /// Removes `key`.
    pub fn remove(&mut self, key: &str) {
        self.values.remove(key);
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Marks the plan of a destroy.
    pub(crate) fn mark_destroy(&mut self) {
        self.set(DESTROY, &true);
    }

    /// Takes the mark off, and says whether it was there. A refused destroy leaves it in the state, so it is
    /// taken off whenever private values come in.
    pub(crate) fn take_destroy(&mut self) -> bool {
        self.values.remove(DESTROY).is_some()
    }

    /// Reads what [`Private::to_bytes`] wrote. Bytes of another shape read as empty: another provider's
    /// private data (after a move) means nothing here.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let values = match serde_json::from_slice(bytes) {
            Ok(serde_json::Value::Object(values)) => values.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        Self { values }
    }

    /// A JSON object; no bytes when empty.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.values.is_empty() {
            return Vec::new();
        }
        serde_json::to_vec(&self.values).unwrap_or_default()
    }
}

/// What every call gets.
#[derive(Debug)]
pub struct Ctx<P> {
    /// What the provider's `configure` made; none while it is not configured.
    pub provider: Option<Arc<P>>,
    /// Cancelled when the user interrupts Terraform.
    pub cancel: CancellationToken,
    /// When the call should be done, from the `timeouts` block or the resource's defaults. None for plan,
    /// read and import.
    pub deadline: Option<Instant>,
    /// The version of Terraform or OpenTofu; empty while not configured.
    pub terraform_version: String,
    /// In a delete: that it was never planned as a destroy, so it is the first half of a replacement, and a
    /// create of the same resource follows. False where the old object goes after the new one was made
    /// (`create_before_destroy`): core plans that one as a destroy. False in every other call.
    pub replacing: bool,
    pub(crate) config: ConfigValue,
}

impl<P> Clone for Ctx<P> {
    fn clone(&self) -> Self {
        Self {
            provider: self.provider.clone(),
            cancel: self.cancel.clone(),
            deadline: self.deadline,
            terraform_version: self.terraform_version.clone(),
            replacing: self.replacing,
            config: self.config.clone(),
        }
    }
}

impl<P> Ctx<P> {
    /// A context with this provider and nothing else; for tests of resources.
    #[must_use]
    pub fn new(provider: Option<Arc<P>>) -> Self {
        Self {
            provider,
            cancel: CancellationToken::new(),
            deadline: None,
            terraform_version: String::new(),
            replacing: false,
            config: ConfigValue::default(),
        }
    }

    /// The configured provider.
    ///
    /// # Errors
    /// It is not configured yet.
    pub fn provider(&self) -> Result<&Arc<P>, Diagnostics> {
        self.provider.as_ref().ok_or_else(|| {
            Diagnostics::from_error(
                "The provider is not configured",
                "Terraform asked for something that needs a configured provider before it configured one. \
                 This is a fault of the provider or of Terraform: please report it.",
            )
        })
    }

    /// The configuration of the resource, write-only values included; none in read, delete and import.
    ///
    /// # Errors
    /// The model does not fit the schema.
    pub fn config<M: Convert>(&self) -> Result<Option<M>, Diagnostics> {
        match &self.config.0 {
            None => Ok(None),
            Some(config) => M::from_dynamic((**config).clone(), &Path::empty())
                .map(Some)
                .map_err(|error| crate::erased::model_fault("the configuration", &error)),
        }
    }

    /// Sets what [`Ctx::config`] answers; for tests of resources.
    #[must_use]
    pub fn with_config(mut self, config: Dynamic) -> Self {
        self.config = ConfigValue(Some(Arc::new(config)));
        self
    }

    /// What is left until the deadline; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether the user interrupted Terraform.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// For use between steps: an error to return when the user interrupted, or the deadline passed.
    ///
    /// # Errors
    /// Interrupted or too late. What the state slot holds is kept all the same.
    pub fn interrupted(&self) -> Result<(), Diagnostics> {
        if self.is_cancelled() {
            return Err(Diagnostics::from_error(
                "Interrupted",
                "The operation was stopped between two steps. What was done is in the state; \
                 apply again to continue.",
            ));
        }
        if self.remaining() == Some(Duration::ZERO) {
            return Err(Diagnostics::from_error(
                "Timed out",
                "The operation took longer than it may. What was done is in the state; apply again to \
                 continue, or allow more time in the `timeouts` block.",
            ));
        }
        Ok(())
    }
}

/// The configuration in a [`Ctx`]; it may hold secrets, so its `Debug` shows none of it.
#[derive(Clone, Default)]
pub(crate) struct ConfigValue(pub(crate) Option<Arc<Dynamic>>);

impl std::fmt::Debug for ConfigValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "none" })
    }
}

/// The state of another resource type, for [`Resource::move_from`].
#[derive(Clone, Debug)]
pub struct MoveSource {
    /// The address of the source's provider, such as `registry.terraform.io/hashicorp/aws`.
    pub provider_address: String,
    /// The source's type, such as `aws_kms_key`.
    pub type_name: String,
    /// The version of the source's schema.
    pub schema_version: i64,
    /// The source's state.
    pub state: serde_json::Value,
    /// The source's private data, as its provider wrote it.
    pub private: Vec<u8>,
}

/// An attribute of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: String,
    /// Its type: a plain type, or a list of one.
    pub kind: Type,
    /// Whether an import must give it.
    pub required_for_import: bool,
    /// What it is.
    pub description: String,
}

/// The attributes that identify an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentitySchema {
    /// The version of the identity.
    pub version: i64,
    /// The attributes.
    pub attributes: Vec<IdentityAttribute>,
}

impl IdentitySchema {
    /// Version 0, no attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an attribute that an import must give.
    #[must_use]
    pub fn required(
        mut self,
        name: impl Into<String>,
        kind: Type,
        description: impl Into<String>,
    ) -> Self {
        self.attributes.push(IdentityAttribute {
            name: name.into(),
            kind,
            required_for_import: true,
            description: description.into(),
        });
        self
    }

    /// Adds an attribute that an import may give.
    #[must_use]
    pub fn optional(
        mut self,
        name: impl Into<String>,
        kind: Type,
        description: impl Into<String>,
    ) -> Self {
        self.attributes.push(IdentityAttribute {
            name: name.into(),
            kind,
            required_for_import: false,
            description: description.into(),
        });
        self
    }
}
