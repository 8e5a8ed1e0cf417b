//! Drives a provider as Terraform core does, without sockets, for the tests of providers. What core would
//! refuse ("invalid plan", "inconsistent result after apply") is an error here as well.

mod core;

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;
use pb::provider_server::Provider as _;
use tonic::{Request, Status};

use crate::convert::Convert;
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::object::Conform;
use crate::path::{Path, Step};
use crate::provider::Provider;
use crate::schema::Schema;
use crate::server::ProviderServer;
use crate::wire;

/// What stands for an unknown value in [`value`].
pub const UNKNOWN: &str = "<unknown>";

/// A value from JSON; the text `<unknown>` is unknown.
///
/// ```
/// use gabion_framework::testing::value;
/// let config = value(&serde_json::json!({ "alias": "alias/a", "key_arn": "<unknown>" }));
/// assert!(!config.is_wholly_known());
/// ```
#[must_use]
pub fn value(json: &serde_json::Value) -> Dynamic {
    fn unknowns(value: Dynamic) -> Dynamic {
        match value {
            Dynamic::String(text) if text == UNKNOWN => Dynamic::Unknown,
            Dynamic::List(items) => Dynamic::List(items.into_iter().map(unknowns).collect()),
            Dynamic::Map(items) => Dynamic::Map(
                items
                    .into_iter()
                    .map(|(name, item)| (name, unknowns(item)))
                    .collect(),
            ),
            other => other,
        }
    }
    unknowns(Dynamic::from_json_value(json).unwrap_or_default())
}

/// What Terraform stores of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The state.
    pub state: Dynamic,
    /// The provider's private bytes.
    pub private: Vec<u8>,
}

impl Stored {
    /// The state as a model; none when it does not fit.
    pub fn model<M: Convert>(&self) -> Option<M> {
        M::from_dynamic(self.state.clone(), &Path::empty()).ok()
    }

    /// The value at a path such as `exception[0].expires`, written with dots: `exception.0.expires`; null
    /// where there is none.
    #[must_use]
    pub fn get(&self, path: &str) -> Dynamic {
        get(&self.state, path)
    }
}

/// The value at a path written with dots, such as `exception.0.expires`; null where there is none.
#[must_use]
pub fn get(value: &Dynamic, path: &str) -> Dynamic {
    let mut value = value;
    for step in path.split('.') {
        let next = match value {
            Dynamic::Map(items) => items.get(step),
            Dynamic::List(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return Dynamic::Null,
        }
    }
    value.clone()
}

/// A plan, and what was asked.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The resource type.
    pub type_name: String,
    /// What was there before.
    pub prior: Option<Stored>,
    /// The configuration, with every attribute; null for a destroy.
    pub config: Dynamic,
    /// The planned state; null for a destroy.
    pub state: Dynamic,
    /// The paths that require replacement.
    pub replace: Vec<String>,
    /// The private bytes for apply.
    pub private: Vec<u8>,
    /// What the user is told.
    pub diags: Diagnostics,
}

impl Planned {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_no_op(&self) -> bool {
        self.prior
            .as_ref()
            .map_or(&Dynamic::Null, |prior| &prior.state)
            == &self.state
    }

    /// Whether the object is replaced.
    #[must_use]
    pub const fn is_replace(&self) -> bool {
        !self.replace.is_empty()
    }

    /// The planned value at a path written with dots; null where there is none.
    #[must_use]
    pub fn get(&self, path: &str) -> Dynamic {
        get(&self.state, path)
    }
}

/// What a call left, and what the user is told.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What Terraform stores now; none when the object is gone.
    pub stored: Option<Stored>,
    /// What the user is told.
    pub diags: Diagnostics,
}

/// Terraform core's side of the protocol.
#[derive(Debug)]
pub struct Harness<P: Provider> {
    server: ProviderServer<P>,
}

impl<P: Provider> Harness<P> {
    /// A provider that is not configured yet.
    pub fn new(provider: P) -> Self {
        Self {
            server: ProviderServer::new(provider),
        }
    }

    /// The server, for calls that the harness has not.
    pub const fn server(&self) -> &ProviderServer<P> {
        &self.server
    }

    /// ConfigureProvider, after ValidateProviderConfig.
    pub async fn configure(&self, config: &serde_json::Value) -> Diagnostics {
        let schema = self.server.provider_schema();
        let config = filled(schema, value(config));
        let request = pb::validate_provider_config::Request {
            config: wire::encode(&config),
        };
        let mut diags = match self
            .server
            .validate_provider_config(Request::new(request))
            .await
        {
            Ok(answer) => read_diags(answer.into_inner().diagnostics),
            Err(status) => broken(&status),
        };
        if diags.has_errors() {
            return diags;
        }
        let request = pb::configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config: wire::encode(&config),
            client_capabilities: None,
        };
        diags.extend(
            match self.server.configure_provider(Request::new(request)).await {
                Ok(answer) => read_diags(answer.into_inner().diagnostics),
                Err(status) => broken(&status),
            },
        );
        diags
    }

    /// ValidateResourceConfig, as Terraform 1.11 asks it.
    pub async fn validate(&self, type_name: &str, config: &serde_json::Value) -> Diagnostics {
        self.validate_value(type_name, value(config)).await
    }

    async fn validate_value(&self, type_name: &str, config: Dynamic) -> Diagnostics {
        let config = match self.server.resource_schema(type_name) {
            Some(schema) => filled_keeping_faults(schema, config),
            None => config,
        };
        let request = pb::validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&config),
            client_capabilities: Some(pb::ClientCapabilities {
                deferral_allowed: false,
                write_only_attributes_allowed: true,
            }),
        };
        match self
            .server
            .validate_resource_config(Request::new(request))
            .await
        {
            Ok(answer) => read_diags(answer.into_inner().diagnostics),
            Err(status) => broken(&status),
        }
    }

    /// ValidateResourceConfig and PlanResourceChange.
    pub async fn plan(
        &self,
        type_name: &str,
        prior: Option<&Stored>,
        config: &serde_json::Value,
    ) -> Planned {
        let config = value(config);
        let config = match self.server.resource_schema(type_name) {
            Some(schema) => filled(schema, config),
            None => config,
        };
        let mut planned = Planned {
            type_name: type_name.to_owned(),
            prior: prior.cloned(),
            config: config.clone(),
            state: Dynamic::Null,
            replace: Vec::new(),
            private: Vec::new(),
            diags: self.validate_value(type_name, config).await,
        };
        if !planned.diags.has_errors() {
            let private = prior.map(|prior| prior.private.clone());
            self.plan_into(&mut planned, private.unwrap_or_default())
                .await;
        }
        planned
    }

    /// Plans again, as core does at apply when values have become known: what the first plan said must
    /// still hold.
    pub async fn plan_again(&self, first: &Planned, config: &serde_json::Value) -> Planned {
        let prior = first.prior.as_ref();
        let mut planned = self.plan(&first.type_name, prior, config).await;
        if planned.diags.has_errors() {
            return planned;
        }
        if let Some(schema) = self.server.resource_schema(&first.type_name) {
            for fault in core::apply_faults(schema, &first.state, &planned.state) {
                planned
                    .diags
                    .error("Provider produced inconsistent final plan", fault);
            }
        }
        planned
    }

    /// PlanResourceChange for a destroy.
    pub async fn plan_destroy(&self, type_name: &str, prior: &Stored) -> Planned {
        let mut planned = Planned {
            type_name: type_name.to_owned(),
            prior: Some(prior.clone()),
            config: Dynamic::Null,
            state: Dynamic::Null,
            replace: Vec::new(),
            private: Vec::new(),
            diags: Diagnostics::new(),
        };
        self.plan_into(&mut planned, prior.private.clone()).await;
        planned
    }

    async fn plan_into(&self, planned: &mut Planned, prior_private: Vec<u8>) {
        let prior = planned.prior.clone();
        let prior_state = prior
            .as_ref()
            .map_or(Dynamic::Null, |prior| prior.state.clone());
        let request = pb::plan_resource_change::Request {
            type_name: planned.type_name.clone(),
            prior_state: wire::encode(&prior_state),
            // Core merges the prior state into this; the framework starts from the configuration.
            proposed_new_state: wire::encode(&planned.config),
            config: wire::encode(&planned.config),
            prior_private,
            provider_meta: None,
            client_capabilities: None,
            prior_identity: None,
        };
        let answer = match self
            .server
            .plan_resource_change(Request::new(request))
            .await
        {
            Ok(answer) => answer.into_inner(),
            Err(status) => return planned.diags.extend(broken(&status)),
        };
        planned.diags.extend(read_diags(answer.diagnostics));
        planned.private = answer.planned_private;
        planned.replace = answer
            .requires_replace
            .iter()
            .map(|path| read_path(path).to_string())
            .collect();
        match wire::decode(answer.planned_state.as_ref(), "a plan") {
            Ok(state) => planned.state = state,
            Err(diags) => planned.diags.extend(diags),
        }
        if let Some(schema) = self.server.resource_schema(&planned.type_name) {
            let state = std::mem::take(&mut planned.state);
            planned.state = crate::numbers::in_body(schema.body(), state);
        }
        if planned.diags.has_errors() {
            return;
        }
        if let Some(schema) = self.server.resource_schema(&planned.type_name) {
            for fault in core::plan_faults(schema, &prior_state, &planned.config, &planned.state) {
                planned.diags.error("Provider produced invalid plan", fault);
            }
        }
    }

    /// ApplyResourceChange. A replacement goes as in core: it is planned once more as a create, from the private
    /// values of the first plan; the old object is deleted with those of that second plan, and never planned as
    /// a destroy; then the new one is planned a last time, and created.
    pub async fn apply(&self, planned: &Planned) -> Outcome {
        if !planned.is_replace() {
            return self.apply_one(planned).await;
        }
        let Some(prior) = &planned.prior else {
            return self.apply_one(planned).await;
        };
        self.replace(planned, prior, planned.private.clone()).await
    }

    /// The replacement of an object that a failed create left: core plans it as a create, without the object's
    /// private values, and deletes it first.
    pub async fn apply_tainted(
        &self,
        type_name: &str,
        tainted: &Stored,
        config: &serde_json::Value,
    ) -> Outcome {
        let planned = self.plan(type_name, None, config).await;
        if planned.diags.has_errors() {
            return Outcome {
                stored: Some(tainted.clone()),
                diags: planned.diags,
            };
        }
        self.replace(&planned, tainted, Vec::new()).await
    }

    async fn replace(&self, planned: &Planned, old: &Stored, private: Vec<u8>) -> Outcome {
        let mut create = Planned {
            prior: None,
            replace: Vec::new(),
            diags: Diagnostics::new(),
            ..planned.clone()
        };
        self.plan_into(&mut create, private).await;
        if create.diags.has_errors() {
            return Outcome {
                stored: Some(old.clone()),
                diags: create.diags,
            };
        }
        let delete = Planned {
            prior: Some(old.clone()),
            config: Dynamic::Null,
            state: Dynamic::Null,
            ..create.clone()
        };
        let deleted = self.apply_one(&delete).await;
        if deleted.diags.has_errors() {
            return deleted;
        }
        create.diags = deleted.diags;
        self.plan_into(&mut create, Vec::new()).await;
        if create.diags.has_errors() {
            return Outcome {
                stored: None,
                diags: create.diags,
            };
        }
        self.apply_one(&create).await
    }

    /// Plans a destroy and applies it.
    pub async fn destroy(&self, type_name: &str, prior: &Stored) -> Outcome {
        let planned = self.plan_destroy(type_name, prior).await;
        if planned.diags.has_errors() {
            return Outcome {
                stored: Some(prior.clone()),
                diags: planned.diags,
            };
        }
        self.apply_one(&planned).await
    }

    async fn apply_one(&self, planned: &Planned) -> Outcome {
        let prior = planned
            .prior
            .as_ref()
            .map_or(Dynamic::Null, |prior| prior.state.clone());
        let request = pb::apply_resource_change::Request {
            type_name: planned.type_name.clone(),
            prior_state: wire::encode(&prior),
            planned_state: wire::encode(&planned.state),
            config: wire::encode(&planned.config),
            planned_private: planned.private.clone(),
            provider_meta: None,
            planned_identity: None,
        };
        let answer = match self
            .server
            .apply_resource_change(Request::new(request))
            .await
        {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                return Outcome {
                    stored: planned.prior.clone(),
                    diags: broken(&status),
                };
            }
        };
        let schema = self.server.resource_schema(&planned.type_name);
        let mut outcome = outcome(
            schema,
            answer.new_state.as_ref(),
            answer.private,
            read_diags(answer.diagnostics),
        );
        let state = outcome
            .stored
            .as_ref()
            .map_or(Dynamic::Null, |stored| stored.state.clone());
        if !outcome.diags.has_errors()
            && let Some(schema) = schema
        {
            for fault in core::apply_faults(schema, &planned.state, &state) {
                outcome
                    .diags
                    .error("Provider produced inconsistent result after apply", fault);
            }
        }
        if !state.is_wholly_known() {
            outcome.diags.error(
                "Provider returned invalid result object after apply",
                "The state holds unknown values.",
            );
        }
        outcome
    }

    /// ReadResource.
    pub async fn read(&self, type_name: &str, stored: &Stored) -> Outcome {
        let request = pb::read_resource::Request {
            type_name: type_name.to_owned(),
            current_state: wire::encode(&stored.state),
            private: stored.private.clone(),
            provider_meta: None,
            client_capabilities: None,
            current_identity: None,
        };
        match self.server.read_resource(Request::new(request)).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                let schema = self.server.resource_schema(type_name);
                outcome(
                    schema,
                    answer.new_state.as_ref(),
                    answer.private,
                    read_diags(answer.diagnostics),
                )
            }
            Err(status) => Outcome {
                stored: Some(stored.clone()),
                diags: broken(&status),
            },
        }
    }

    /// ImportResourceState, and ReadResource as core does after it.
    pub async fn import(&self, type_name: &str, id: &str) -> Outcome {
        let request = pb::import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            client_capabilities: None,
            identity: None,
        };
        let answer = match self
            .server
            .import_resource_state(Request::new(request))
            .await
        {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                return Outcome {
                    stored: None,
                    diags: broken(&status),
                };
            }
        };
        let diags = read_diags(answer.diagnostics);
        let Some(imported) = answer.imported_resources.into_iter().next() else {
            return Outcome {
                stored: None,
                diags,
            };
        };
        let schema = self.server.resource_schema(type_name);
        let imported = outcome(schema, imported.state.as_ref(), imported.private, diags);
        match &imported.stored {
            Some(stored) => {
                let mut read = self.read(type_name, stored).await;
                let mut diags = imported.diags;
                diags.extend(read.diags);
                read.diags = diags;
                read
            }
            None => imported,
        }
    }

    /// ReadDataSource, after ValidateDataResourceConfig.
    pub async fn data(&self, type_name: &str, config: &serde_json::Value) -> Outcome {
        let config = value(config);
        let config = match self.server.data_source_schema(type_name) {
            Some(schema) => filled(schema, config),
            None => config,
        };
        let request = pb::validate_data_resource_config::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&config),
        };
        let server = &self.server;
        let diags = match server
            .validate_data_resource_config(Request::new(request))
            .await
        {
            Ok(answer) => read_diags(answer.into_inner().diagnostics),
            Err(status) => broken(&status),
        };
        if diags.has_errors() {
            return Outcome {
                stored: None,
                diags,
            };
        }
        let request = pb::read_data_source::Request {
            type_name: type_name.to_owned(),
            config: wire::encode(&config),
            provider_meta: None,
            client_capabilities: None,
        };
        match self.server.read_data_source(Request::new(request)).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                let mut diags = diags;
                diags.extend(read_diags(answer.diagnostics));
                let schema = self.server.data_source_schema(type_name);
                outcome(schema, answer.state.as_ref(), Vec::new(), diags)
            }
            Err(status) => Outcome {
                stored: None,
                diags: broken(&status),
            },
        }
    }

    /// CallFunction.
    ///
    /// # Errors
    /// The argument, counted from 0, and the text of the function's error.
    pub async fn call(
        &self,
        name: &str,
        args: &[serde_json::Value],
    ) -> Result<Dynamic, (Option<i64>, String)> {
        let request = pb::call_function::Request {
            name: name.to_owned(),
            arguments: args
                .iter()
                .filter_map(|arg| wire::encode(&value(arg)))
                .collect(),
        };
        let answer = match self.server.call_function(Request::new(request)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Err((None, status.to_string())),
        };
        match answer.error {
            Some(error) => Err((error.function_argument, error.text)),
            None => wire::decode(answer.result.as_ref(), "a result")
                .map_err(|_| (None, "unreadable result".to_owned())),
        }
    }
}

/// What core sends: every attribute, null where it is not configured.
fn filled(schema: &Schema, config: Dynamic) -> Dynamic {
    Conform::input().body(schema.body(), config, &Path::empty())
}

/// As [`filled`], but leaves alone what does not fit, so that the provider's own checks see it.
fn filled_keeping_faults(schema: &Schema, config: Dynamic) -> Dynamic {
    let mut conform = Conform::input();
    let full = conform.body(schema.body(), config.clone(), &Path::empty());
    let same_names = match (&config, &full) {
        (Dynamic::Map(config), Dynamic::Map(full)) => {
            config.keys().all(|name| full.contains_key(name))
        }
        _ => false,
    };
    if conform.faults.is_empty() && same_names {
        full
    } else {
        config
    }
}

fn outcome(
    schema: Option<&Schema>,
    state: Option<&pb::DynamicValue>,
    private: Vec<u8>,
    mut diags: Diagnostics,
) -> Outcome {
    let state = match wire::decode(state, "a state") {
        Ok(state) => match schema {
            Some(schema) => crate::numbers::in_body(schema.body(), state),
            None => state,
        },
        Err(fault) => {
            diags.extend(fault);
            Dynamic::Null
        }
    };
    Outcome {
        stored: (!state.is_null()).then_some(Stored { state, private }),
        diags,
    }
}

fn broken(status: &Status) -> Diagnostics {
    Diagnostics::from_error("The call failed", status.to_string())
}

fn read_diags(diagnostics: Vec<pb::Diagnostic>) -> Diagnostics {
    diagnostics
        .into_iter()
        .map(|diagnostic| Diagnostic {
            severity: match diagnostic.severity() {
                pb::diagnostic::Severity::Warning => Severity::Warning,
                _ => Severity::Error,
            },
            path: diagnostic.attribute.as_ref().map(read_path),
            summary: diagnostic.summary,
            detail: diagnostic.detail,
        })
        .collect()
}

fn read_path(path: &pb::AttributePath) -> Path {
    use pb::attribute_path::step::Selector;
    let mut read = Path::empty();
    for step in &path.steps {
        let step = match &step.selector {
            Some(Selector::AttributeName(name)) => Step::Attribute(name.clone()),
            Some(Selector::ElementKeyString(key)) => Step::Key(key.clone()),
            Some(Selector::ElementKeyInt(index)) => {
                Step::Index(usize::try_from(*index).unwrap_or(usize::MAX))
            }
            None => continue,
        };
        read = read.then(step);
    }
    read
}

/// The messages as lines, `error` or `warning`, path, summary and detail; for snapshots.
#[must_use]
pub fn render(diags: &Diagnostics) -> String {
    let lines: Vec<String> = diags
        .iter()
        .map(|diagnostic| {
            let severity = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let place = diagnostic
                .path
                .as_ref()
                .map(|path| format!(" at {path}"))
                .unwrap_or_default();
            format!(
                "{severity}{place}: {}: {}",
                diagnostic.summary, diagnostic.detail
            )
        })
        .collect();
    lines.join("\n")
}
