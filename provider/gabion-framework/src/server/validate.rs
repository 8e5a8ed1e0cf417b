//! The Validate calls, and ConfigureProvider.

use std::sync::{Arc, PoisonError};

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;

use super::{Configured, Inner, not_served, told};
use crate::config::Check;
use crate::convert::Convert;
use crate::diag::Diagnostics;
use crate::erased;
use crate::object::Conform;
use crate::path::Path;
use crate::provider::Provider;
use crate::schema::Schema;
use crate::wire;

/// The schema's checks, then the typed ones where a model can be made.
fn check(
    schema: &Schema,
    config: Option<&pb::DynamicValue>,
    write_only_allowed: bool,
    typed: impl FnOnce(Dynamic) -> Diagnostics,
) -> Diagnostics {
    let config = match wire::decode_body(config, "a configuration", schema.body()) {
        Ok(config) => config,
        Err(diags) => return diags,
    };
    let mut check = Check::new(write_only_allowed);
    check.body(schema.body(), &config, &Path::empty());
    let mut diags = check.diags;
    if check.well_typed && matches!(config, Dynamic::Map(_)) {
        diags.extend(typed(Conform::input().body(
            schema.body(),
            config,
            &Path::empty(),
        )));
    }
    diags
}

impl<P: Provider> Inner<P> {
    pub(super) fn validate_provider(
        &self,
        request: &pb::validate_provider_config::Request,
    ) -> pb::validate_provider_config::Response {
        let diags = check(&self.schema, request.config.as_ref(), true, |config| {
            match P::Config::from_dynamic(config, &Path::empty()) {
                Ok(config) => {
                    let mut diags = Diagnostics::new();
                    let ended =
                        erased::guarded_sync(self.provider.type_prefix(), "validate", || {
                            self.provider.validate(&config, &mut diags);
                        });
                    if let Err(fault) = ended {
                        diags.extend(fault);
                    }
                    diags
                }
                Err(error) => erased::model_fault("the provider configuration", &error),
            }
        });
        pb::validate_provider_config::Response {
            diagnostics: wire::diagnostics(diags, Some(self.schema.body())),
        }
    }

    pub(super) fn validate_resource(
        &self,
        request: &pb::validate_resource_config::Request,
    ) -> pb::validate_resource_config::Response {
        let diagnostics = match self.resource(&request.type_name) {
            Ok(entry) => {
                let write_only_allowed = request
                    .client_capabilities
                    .as_ref()
                    .is_some_and(|client| client.write_only_attributes_allowed);
                let config = request.config.as_ref();
                let diags = check(&entry.schema, config, write_only_allowed, |config| {
                    entry.served.raw_validate(config)
                });
                told(diags, entry)
            }
            Err(diags) => wire::diagnostics(diags, None),
        };
        pb::validate_resource_config::Response { diagnostics }
    }

    pub(super) fn validate_data_source(
        &self,
        request: &pb::validate_data_resource_config::Request,
    ) -> pb::validate_data_resource_config::Response {
        let diagnostics = match self.data_sources.get(&request.type_name) {
            Some(entry) => {
                let diags = check(&entry.schema, request.config.as_ref(), true, |config| {
                    entry.served.raw_validate(config)
                });
                told(diags, entry)
            }
            None => wire::diagnostics(not_served("data source", &request.type_name), None),
        };
        pb::validate_data_resource_config::Response { diagnostics }
    }

    pub(super) fn validate_ephemeral(
        &self,
        request: &pb::validate_ephemeral_resource_config::Request,
    ) -> pb::validate_ephemeral_resource_config::Response {
        let diagnostics = match self.ephemerals.get(&request.type_name) {
            Some(entry) => {
                let diags = check(&entry.schema, request.config.as_ref(), true, |config| {
                    entry.served.raw_validate(config)
                });
                told(diags, entry)
            }
            None => wire::diagnostics(not_served("ephemeral resource", &request.type_name), None),
        };
        pb::validate_ephemeral_resource_config::Response { diagnostics }
    }

    pub(super) async fn configure(
        &self,
        request: pb::configure_provider::Request,
    ) -> pb::configure_provider::Response {
        let diags = match self.try_configure(request).await {
            Ok(()) => Diagnostics::new(),
            Err(diags) => diags,
        };
        pb::configure_provider::Response {
            diagnostics: wire::diagnostics(diags, Some(self.schema.body())),
        }
    }

    async fn try_configure(
        &self,
        request: pb::configure_provider::Request,
    ) -> Result<(), Diagnostics> {
        let config = wire::decode_body(
            request.config.as_ref(),
            "a provider configuration",
            self.schema.body(),
        )?;
        // Without a provider block, core sends an object of nulls; nothing at all means the same.
        let config = match config {
            Dynamic::Null => Dynamic::Map(std::collections::BTreeMap::new()),
            config => config,
        };
        let mut conform = Conform::input();
        let config = conform.body(self.schema.body(), config, &Path::empty());
        if let Some(fault) = conform.faults.first() {
            return Err(erased::model_fault("the provider configuration", fault));
        }
        let config = P::Config::from_dynamic(config, &Path::empty())
            .map_err(|error| erased::model_fault("the provider configuration", &error))?;
        let version = request.terraform_version;
        let provider = erased::guarded(
            self.provider.type_prefix(),
            "configure",
            self.provider.configure(config, &version),
        )
        .await??;
        *self
            .configured
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Configured {
            provider: Arc::new(provider),
            terraform_version: version,
        });
        Ok(())
    }
}
