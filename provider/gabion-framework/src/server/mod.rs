//! A provider behind the plugin protocol.

mod apply;
mod ephemeral;
mod functions;
mod plan;
mod read;
mod schemas;
mod state;
mod validate;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tracing::Instrument;

use crate::diag::Diagnostics;
use crate::erased::{DynDataSource, DynEphemeral, DynResource};
use crate::function::{Function, FunctionDefinition};
use crate::path::Path;
use crate::provider::Provider;
use crate::resource::{ConfigValue, Ctx};
use crate::schema::{Body, Schema};
use crate::wire;

/// Serves a [`Provider`]: implements the protocol's service trait, for `gabion_plugin::serve`.
pub struct ProviderServer<P: Provider> {
    inner: Arc<Inner<P>>,
}

impl<P: Provider> ProviderServer<P> {
    /// A server for this provider; it asks for all schemas once, here.
    #[must_use]
    pub fn new(provider: P) -> Self {
        Self::with_stop(provider, &CancellationToken::new())
    }

    /// As [`ProviderServer::new`]; running calls also stop when `stop` is cancelled, which is what
    /// `gabion_plugin::ServeOptions::stop` is for. `StopProvider` does not cancel it.
    #[must_use]
    pub fn with_stop(provider: P, stop: &CancellationToken) -> Self {
        Self {
            inner: Arc::new(Inner::new(provider, stop.child_token())),
        }
    }

    /// The faults in the schemas and models of this provider: duplicate names, models that do not fit
    /// their schema, attributes that are required and computed. Empty when there is none; for a
    /// provider's own tests.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.inner.all_faults()
    }

    /// A context as calls get it.
    #[cfg(test)]
    pub(crate) fn test_ctx(&self) -> Ctx<P::Configured> {
        self.inner.ctx(None, None)
    }

    pub(crate) fn provider_schema(&self) -> &Schema {
        &self.inner.schema
    }

    pub(crate) fn resource_schema(&self, name: &str) -> Option<&Schema> {
        self.inner.resources.get(name).map(|entry| &entry.schema)
    }

    pub(crate) fn data_source_schema(&self, name: &str) -> Option<&Schema> {
        self.inner.data_sources.get(name).map(|entry| &entry.schema)
    }
}

impl<P: Provider> Clone for ProviderServer<P> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<P: Provider> std::fmt::Debug for ProviderServer<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderServer")
            .field("type_prefix", &self.inner.provider.type_prefix())
            .finish_non_exhaustive()
    }
}

/// A resource, data source or ephemeral resource with its schema.
struct Entry<T: ?Sized> {
    schema: Schema,
    served: Box<T>,
}

impl<T: ?Sized> Entry<T> {
    fn body(&self) -> Body<'_> {
        self.schema.body()
    }
}

struct FunctionEntry {
    definition: FunctionDefinition,
    served: Box<dyn Function>,
}

struct Configured<C> {
    provider: Arc<C>,
    terraform_version: String,
}

struct Inner<P: Provider> {
    provider: P,
    schema: Schema,
    resources: BTreeMap<String, Entry<dyn DynResource<P::Configured>>>,
    data_sources: BTreeMap<String, Entry<dyn DynDataSource<P::Configured>>>,
    ephemerals: BTreeMap<String, Entry<dyn DynEphemeral<P::Configured>>>,
    functions: BTreeMap<String, FunctionEntry>,
    /// Names that are served twice.
    duplicates: Vec<String>,
    answer: OnceLock<pb::get_provider_schema::Response>,
    configured: RwLock<Option<Configured<P::Configured>>>,
    stop: CancellationToken,
}

impl<P: Provider> Inner<P> {
    fn new(provider: P, stop: CancellationToken) -> Self {
        let mut duplicates = Vec::new();
        let mut note = |kind: &str, name: &str, before: bool| {
            if before {
                duplicates.push(format!("the {kind} `{name}` is served twice"));
            }
        };
        let mut resources = BTreeMap::new();
        for served in provider.resources() {
            let name = served.raw_type_name();
            let schema = served.raw_schema();
            let before = resources.insert(name.to_owned(), Entry { schema, served });
            note("resource", name, before.is_some());
        }
        let mut data_sources = BTreeMap::new();
        for served in provider.data_sources() {
            let name = served.raw_type_name();
            let schema = served.raw_schema();
            let before = data_sources.insert(name.to_owned(), Entry { schema, served });
            note("data source", name, before.is_some());
        }
        let mut ephemerals = BTreeMap::new();
        for served in provider.ephemerals() {
            let name = served.raw_type_name();
            let schema = served.raw_schema();
            let before = ephemerals.insert(name.to_owned(), Entry { schema, served });
            note("ephemeral resource", name, before.is_some());
        }
        let mut functions = BTreeMap::new();
        for served in provider.functions() {
            let name = served.name();
            let definition = served.definition();
            let before = functions.insert(name.to_owned(), FunctionEntry { definition, served });
            note("function", name, before.is_some());
        }
        Self {
            schema: provider.schema(),
            provider,
            resources,
            data_sources,
            ephemerals,
            functions,
            duplicates,
            answer: OnceLock::new(),
            configured: RwLock::new(None),
            stop,
        }
    }

    fn resource(&self, name: &str) -> Result<&Entry<dyn DynResource<P::Configured>>, Diagnostics> {
        self.resources
            .get(name)
            .ok_or_else(|| not_served("resource type", name))
    }

    fn ctx(&self, deadline: Option<Instant>, config: Option<Dynamic>) -> Ctx<P::Configured> {
        let configured = self
            .configured
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let (provider, terraform_version) = match configured.as_ref() {
            Some(configured) => (
                Some(Arc::clone(&configured.provider)),
                configured.terraform_version.clone(),
            ),
            None => (None, String::new()),
        };
        Ctx {
            provider,
            cancel: self.stop.child_token(),
            deadline,
            terraform_version,
            replacing: false,
            config: ConfigValue(config.map(Arc::new)),
        }
    }
}

fn not_served(kind: &str, name: &str) -> Diagnostics {
    Diagnostics::from_error(
        format!("Unknown {kind}"),
        format!("This provider has no {kind} `{name}`."),
    )
}

/// A fault of a resource: its answer does not have the shape of its schema.
fn answer_faults(what: &str, faults: Vec<crate::convert::ConvertError>, diags: &mut Diagnostics) {
    for fault in faults {
        let detail = format!(
            "The provider made {what} that does not fit its schema: {fault}. This is a fault of the provider: please report it."
        );
        if fault.path.is_empty() {
            diags.error("Invalid provider answer", detail);
        } else {
            diags.error_at(fault.path, "Invalid provider answer", detail);
        }
    }
}

/// A fault of a resource: it left values unknown where all must be known.
fn unknown_faults(what: &str, value: &Dynamic, diags: &mut Diagnostics) {
    let mut paths = Vec::new();
    crate::object::unknown_paths(value, &Path::empty(), &mut paths);
    for path in paths {
        let detail = format!(
            "The provider left `{path}` unknown in {what}. This is a fault of the provider: please report it."
        );
        diags.error_at(path, "Invalid provider answer", detail);
    }
}

/// Runs a call to its end, even when Terraform goes away in the middle: half-made objects must reach the
/// state slot.
async fn run<T: Send + 'static>(
    call: impl Future<Output = T> + Send + 'static,
) -> Result<Response<T>, Status> {
    tokio::spawn(call.in_current_span())
        .await
        .map(Response::new)
        .map_err(|_| Status::internal("the provider broke off in the middle of a call"))
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<P: Provider> pb::provider_server::Provider for ProviderServer<P> {
    async fn get_metadata(
        &self,
        _: Request<pb::get_metadata::Request>,
    ) -> Answer<pb::get_metadata::Response> {
        Ok(Response::new(self.inner.metadata()))
    }

    async fn get_provider_schema(
        &self,
        _: Request<pb::get_provider_schema::Request>,
    ) -> Answer<pb::get_provider_schema::Response> {
        Ok(Response::new(self.inner.schemas()))
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<pb::get_resource_identity_schemas::Request>,
    ) -> Answer<pb::get_resource_identity_schemas::Response> {
        Ok(Response::new(self.inner.identity_schemas()))
    }

    async fn validate_provider_config(
        &self,
        request: Request<pb::validate_provider_config::Request>,
    ) -> Answer<pb::validate_provider_config::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.validate_provider(&request.into_inner()) }).await
    }

    async fn validate_resource_config(
        &self,
        request: Request<pb::validate_resource_config::Request>,
    ) -> Answer<pb::validate_resource_config::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.validate_resource(&request.into_inner()) }).await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<pb::validate_data_resource_config::Request>,
    ) -> Answer<pb::validate_data_resource_config::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.validate_data_source(&request.into_inner()) }).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<pb::validate_ephemeral_resource_config::Request>,
    ) -> Answer<pb::validate_ephemeral_resource_config::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.validate_ephemeral(&request.into_inner()) }).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<pb::upgrade_resource_state::Request>,
    ) -> Answer<pb::upgrade_resource_state::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.upgrade(&request.into_inner()) }).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<pb::upgrade_resource_identity::Request>,
    ) -> Answer<pb::upgrade_resource_identity::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.upgrade_identity(&request.into_inner()) }).await
    }

    async fn configure_provider(
        &self,
        request: Request<pb::configure_provider::Request>,
    ) -> Answer<pb::configure_provider::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.configure(request.into_inner()).await }).await
    }

    async fn read_resource(
        &self,
        request: Request<pb::read_resource::Request>,
    ) -> Answer<pb::read_resource::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.read(request.into_inner()).await }).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<pb::plan_resource_change::Request>,
    ) -> Answer<pb::plan_resource_change::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.plan(request.into_inner()).await }).await
    }

    async fn apply_resource_change(
        &self,
        request: Request<pb::apply_resource_change::Request>,
    ) -> Answer<pb::apply_resource_change::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.apply(request.into_inner()).await }).await
    }

    async fn import_resource_state(
        &self,
        request: Request<pb::import_resource_state::Request>,
    ) -> Answer<pb::import_resource_state::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.import(request.into_inner()).await }).await
    }

    async fn move_resource_state(
        &self,
        request: Request<pb::move_resource_state::Request>,
    ) -> Answer<pb::move_resource_state::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.move_state(request.into_inner()) }).await
    }

    async fn read_data_source(
        &self,
        request: Request<pb::read_data_source::Request>,
    ) -> Answer<pb::read_data_source::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.read_data_source(request.into_inner()).await }).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<pb::open_ephemeral_resource::Request>,
    ) -> Answer<pb::open_ephemeral_resource::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.open(request.into_inner()).await }).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<pb::renew_ephemeral_resource::Request>,
    ) -> Answer<pb::renew_ephemeral_resource::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.renew(request.into_inner()).await }).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<pb::close_ephemeral_resource::Request>,
    ) -> Answer<pb::close_ephemeral_resource::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.close(request.into_inner()).await }).await
    }

    async fn get_functions(
        &self,
        _: Request<pb::get_functions::Request>,
    ) -> Answer<pb::get_functions::Response> {
        Ok(Response::new(self.inner.function_list()))
    }

    async fn call_function(
        &self,
        request: Request<pb::call_function::Request>,
    ) -> Answer<pb::call_function::Response> {
        let inner = Arc::clone(&self.inner);
        run(async move { inner.call(request.into_inner()) }).await
    }

    async fn stop_provider(
        &self,
        _: Request<pb::stop_provider::Request>,
    ) -> Answer<pb::stop_provider::Response> {
        tracing::info!("asked to stop: running calls end at their next step");
        self.inner.stop.cancel();
        Ok(Response::new(pb::stop_provider::Response {
            error: String::new(),
        }))
    }
}

/// Messages for the protocol, with paths into this schema.
fn told<T: ?Sized>(diags: Diagnostics, entry: &Entry<T>) -> Vec<pb::Diagnostic> {
    wire::diagnostics(diags, Some(entry.body()))
}
