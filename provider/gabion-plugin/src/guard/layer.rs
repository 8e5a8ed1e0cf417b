//! The layer itself: a provider around a provider.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use gabion_engine::policy::Judgement;
use gabion_model::{Change, Data, Operation, Stage, Tree, TreeBuilder};
use tokio::sync::OnceCell;
use tonic::{Request, Response, Status};

use super::change::{Provided, Sides};
use super::diagnostics::{Said, Show, diagnostics, unjudged};
use super::judge::JudgeSlot;
use super::schemas::{Schema, Schemas};
use super::secrets::Secrets;
use super::tree::tree;
use crate::proto::tfplugin6 as pb;
use crate::proto::tfplugin6::diagnostic::Severity;
use crate::proto::tfplugin6::provider_server::Provider;

/// Who is guarded, and by whom.
#[derive(Clone, Debug, Default)]
pub struct GuardLayerOptions {
    /// The provider's source address with host, `registry.terraform.io/gabion/gabion`.
    pub provider: String,
    /// The provider's version.
    pub provider_version: Option<String>,
    /// Where the judge is found once there is one.
    pub judge: JudgeSlot,
}

/// A provider whose changes are judged before core hears of them, and again before they are made.
///
/// Every failure on the way to a judgement refuses the change.
pub struct GuardLayer<P> {
    inner: P,
    options: GuardLayerOptions,
    schemas: OnceCell<Arc<Schemas>>,
    configuration: RwLock<Arc<Tree>>,
    secrets: Arc<Secrets>,
    said: Said,
}

impl<P> fmt::Debug for GuardLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardLayer")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> GuardLayer<P> {
    /// Puts the layer around a provider.
    pub fn new(inner: P, options: GuardLayerOptions) -> Self {
        Self {
            inner,
            options,
            schemas: OnceCell::new(),
            configuration: RwLock::new(Arc::new(Tree::null())),
            secrets: Arc::default(),
            said: Said::default(),
        }
    }

    /// The provider's schemas. Asked of the provider itself: core may have them from an earlier process.
    async fn schemas(&self) -> Result<&Arc<Schemas>, Status> {
        let ask = async || {
            let answer = self
                .inner
                .get_provider_schema(Request::new(pb::get_provider_schema::Request {}))
                .await?;
            Ok(Schemas::from_proto(answer.get_ref()))
        };
        self.schemas.get_or_try_init(ask).await
    }

    fn provided(&self) -> Provided {
        Provided {
            address: self.options.provider.clone(),
            version: self.options.provider_version.clone(),
            configuration: self
                .configuration
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }

    /// Judges off the asynchronous threads: a rule may use its whole budget of time.
    async fn judge(&self, change: Change) -> Result<Judgement, String> {
        let judge = self
            .options
            .judge
            .get()
            .ok_or("the provider was not configured, so no policy was loaded")?;
        let change = Arc::new(change);
        tokio::task::spawn_blocking(move || judge.judge(&change))
            .await
            .map_err(|_| "the judgement ended in an internal error".to_owned())
    }

    /// The diagnostics for one change. `Err` says why it could not be judged.
    async fn examine(
        &self,
        type_name: &str,
        stage: Stage,
        values: [Option<&pb::DynamicValue>; 3],
        requires_replace: &[pb::AttributePath],
    ) -> Result<Vec<pb::Diagnostic>, String> {
        let schemas = self
            .schemas()
            .await
            .map_err(|_| "the provider's schema could not be read".to_owned())?;
        let schema = schemas.resource(type_name)?;
        let [prior, planned, config] = values.map(|value| {
            schema
                .decode(value)
                .map_err(|error| format!("its values could not be read: {error}"))
        });
        let sides = Sides {
            prior: prior?,
            planned: planned?,
            config: config?,
        };
        let Some(operation) = sides.operation(schema) else {
            return Ok(Vec::new());
        };
        let replaced =
            operation == Operation::Update && sides.will_be_replaced(schema, requires_replace);
        let change = sides.change(
            type_name.to_owned(),
            stage,
            if replaced {
                Operation::Replace
            } else {
                operation
            },
            schema,
            self.provided(),
            &self.secrets,
        );
        let judgement = self.judge(change).await?;
        // Core plans a replacement once more as a create, and takes only errors from that second answer: so
        // warnings go with the first. Refusals wait for the second, which no longer has the old object's values.
        // A delete is planned only by providers that ask for it: its warnings come where it is made.
        let show = if replaced {
            Show::Warnings
        } else if stage == Stage::Plan || operation == Operation::Delete {
            Show::All
        } else {
            Show::Refusals
        };
        Ok(diagnostics(&judgement, &schema.block, show, &self.said))
    }

    /// As [`Self::examine`], a failure being a refusal.
    async fn examined(
        &self,
        type_name: &str,
        stage: Stage,
        values: [Option<&pb::DynamicValue>; 3],
        requires_replace: &[pb::AttributePath],
    ) -> Vec<pb::Diagnostic> {
        match self
            .examine(type_name, stage, values, requires_replace)
            .await
        {
            Ok(diagnostics) => diagnostics,
            Err(why) => {
                tracing::error!(type_name, %why, "a change could not be judged");
                vec![unjudged(type_name, &why)]
            }
        }
    }

    /// Keeps the provider's configuration for rules to see, and its secrets for us to hide.
    async fn note_configuration(&self, config: Option<&pb::DynamicValue>) {
        let schemas = self.schemas().await.ok();
        let schema = schemas.and_then(|schemas| schemas.provider.as_ref());
        let redacted = schema.and_then(|schema| {
            let value = schema.decode(config).ok()?;
            self.secrets.learn(&schema.block, &value);
            Some(tree(&schema.block, &value, None, &self.secrets))
        });
        // What cannot be read is not known: null would tell a rule that nothing is set.
        let redacted = redacted.unwrap_or_else(|| {
            let mut builder = TreeBuilder::new();
            let root = builder.push(Data::Unknown, false);
            builder.finish(root)
        });
        *self
            .configuration
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(redacted);
    }

    /// Remembers the secrets of an answer. Whatever goes wrong here, the answer itself must reach core.
    async fn learn<'s>(
        &'s self,
        pick: impl FnOnce(&'s Schemas) -> Option<&'s Schema>,
        value: Option<&pb::DynamicValue>,
    ) {
        if let Ok(schemas) = self.schemas().await
            && let Some(schema) = pick(schemas)
        {
            schema.learn(value, &self.secrets);
        }
    }
}

/// The answer that leaves everything as it was.
fn refused(
    asked: pb::apply_resource_change::Request,
    diagnostics: Vec<pb::Diagnostic>,
) -> pb::apply_resource_change::Response {
    // What does not exist yet has no identity to keep.
    let exists = asked
        .prior_state
        .as_ref()
        .is_some_and(|state| !matches!(state.msgpack.as_slice(), [] | [0xc0]));
    pb::apply_resource_change::Response {
        new_state: asked.prior_state,
        private: asked.planned_private,
        diagnostics,
        new_identity: asked.planned_identity.filter(|_| exists),
        ..Default::default()
    }
}

fn has_errors(diagnostics: &[pb::Diagnostic]) -> bool {
    diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity() == Severity::Error)
}

macro_rules! guarded {
    ($($method:ident),* $(,)?) => {
        #[tonic::async_trait]
        impl<P: Provider> Provider for GuardLayer<P> {
            /// After the provider has planned: its planned state is what is judged.
            async fn plan_resource_change(
                &self,
                request: Request<pb::plan_resource_change::Request>,
            ) -> Result<Response<pb::plan_resource_change::Response>, Status> {
                let asked = request.get_ref();
                let (type_name, prior, config) =
                    (asked.type_name.clone(), asked.prior_state.clone(), asked.config.clone());
                let mut response = self.inner.plan_resource_change(request).await?;
                let answer = response.get_mut();
                // A plan that failed is no plan: there is nothing to judge, and nothing to apply.
                if !has_errors(&answer.diagnostics) {
                    let values = [prior.as_ref(), answer.planned_state.as_ref(), config.as_ref()];
                    let found = self.examined(&type_name, Stage::Plan, values, &answer.requires_replace).await;
                    answer.diagnostics.extend(found);
                }
                Ok(response)
            }

            /// Before the provider is asked: what is refused here never reaches it.
            async fn apply_resource_change(
                &self,
                request: Request<pb::apply_resource_change::Request>,
            ) -> Result<Response<pb::apply_resource_change::Response>, Status> {
                let asked = request.get_ref();
                let values = [asked.prior_state.as_ref(), asked.planned_state.as_ref(), asked.config.as_ref()];
                let found = self.examined(&asked.type_name, Stage::Apply, values, &[]).await;
                if has_errors(&found) {
                    return Ok(Response::new(refused(request.into_inner(), found)));
                }
                let type_name = asked.type_name.clone();
                let mut response = self.inner.apply_resource_change(request).await?;
                // What was made may hold new secrets, which the changes that follow must not show.
                let state = response.get_ref().new_state.as_ref();
                self.learn(|schemas| schemas.resource(&type_name).ok(), state).await;
                response.get_mut().diagnostics.extend(found);
                Ok(response)
            }

            async fn configure_provider(
                &self,
                request: Request<pb::configure_provider::Request>,
            ) -> Result<Response<pb::configure_provider::Response>, Status> {
                self.note_configuration(request.get_ref().config.as_ref()).await;
                self.inner.configure_provider(request).await
            }

            async fn read_resource(
                &self,
                request: Request<pb::read_resource::Request>,
            ) -> Result<Response<pb::read_resource::Response>, Status> {
                let type_name = request.get_ref().type_name.clone();
                let response = self.inner.read_resource(request).await?;
                let state = response.get_ref().new_state.as_ref();
                self.learn(|schemas| schemas.resource(&type_name).ok(), state).await;
                Ok(response)
            }

            async fn read_data_source(
                &self,
                request: Request<pb::read_data_source::Request>,
            ) -> Result<Response<pb::read_data_source::Response>, Status> {
                let type_name = request.get_ref().type_name.clone();
                let response = self.inner.read_data_source(request).await?;
                let state = response.get_ref().state.as_ref();
                self.learn(|schemas| schemas.data_source(&type_name), state).await;
                Ok(response)
            }

            async fn open_ephemeral_resource(
                &self,
                request: Request<pb::open_ephemeral_resource::Request>,
            ) -> Result<Response<pb::open_ephemeral_resource::Response>, Status> {
                let type_name = request.get_ref().type_name.clone();
                let response = self.inner.open_ephemeral_resource(request).await?;
                let result = response.get_ref().result.as_ref();
                self.learn(|schemas| schemas.ephemeral(&type_name), result).await;
                Ok(response)
            }

            $(async fn $method(
                &self,
                request: Request<pb::$method::Request>,
            ) -> Result<Response<pb::$method::Response>, Status> {
                self.inner.$method(request).await
            })*
        }
    };
}

guarded! {
    get_metadata, get_provider_schema, get_resource_identity_schemas, validate_provider_config,
    validate_resource_config, validate_data_resource_config, upgrade_resource_state, upgrade_resource_identity,
    import_resource_state, move_resource_state, validate_ephemeral_resource_config, renew_ephemeral_resource,
    close_ephemeral_resource, get_functions, call_function, stop_provider,
}

#[cfg(test)]
mod tests;
