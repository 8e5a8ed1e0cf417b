//! The provider block, and what the provider offers.

mod config;
mod guard;

use std::path::PathBuf;

use gabion_aws::ClientPool;
use gabion_framework::erased::{DynDataSource, DynEphemeral, DynResource};
use gabion_framework::plugin::guard::JudgeSlot;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::data_source::guardrails::Guardrails;
use crate::ephemeral::session::Session;
use crate::function::data_tier::DataTier;
use crate::function::subnets::Subnets;
use crate::service::iam::role::WorkloadRole;
use crate::service::kms::key::KmsKey;
use crate::service::log_sink::LogSink;
use crate::service::network_segment::NetworkSegment;
use crate::service::org_guardrail::OrgGuardrail;
use crate::service::organizations::account::Account;
use crate::service::organizations::account_baseline::AccountBaseline;
use crate::service::organizations::organization::Organization;
use crate::shared::tags;

pub(crate) use config::{SESSION_NAME, SessionDuration, is_session_name};

/// The provider's source address.
pub const ADDRESS: &str = "registry.terraform.io/gabion/gabion";

/// The provider. Configuring it loads the guardrails, and puts them where the guard layer looks for them.
#[derive(Clone, Debug, Default)]
pub struct GabionProvider {
    judge: JudgeSlot,
    directory: Option<PathBuf>,
}

impl GabionProvider {
    /// A provider whose guardrails go into `judge`. The policy is found from the working directory upwards.
    #[must_use]
    pub fn new(judge: JudgeSlot) -> Self {
        Self {
            judge,
            directory: None,
        }
    }

    /// Looks for the policy from this directory upwards, in place of the working directory.
    #[must_use]
    pub fn with_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }
}

#[async_trait]
impl Provider for GabionProvider {
    type Config = config::Config;
    type Configured = Gabion;

    fn type_prefix(&self) -> &'static str {
        "gabion"
    }

    fn schema(&self) -> Schema {
        config::schema()
    }

    fn validate(&self, config: &config::Config, diags: &mut Diagnostics) {
        if let Some(defaults) = config.default_tags.known() {
            tags::validate(
                &defaults.tags,
                &Path::root("default_tags").attribute("tags"),
                diags,
            );
        }
        if config.unknown().is_empty()
            && let Err(faults) = config.settings().and_then(|settings| settings.validate())
        {
            for fault in faults {
                diags.error("Invalid provider configuration", format!("{fault}."));
            }
        }
    }

    async fn configure(
        &self,
        config: config::Config,
        _terraform_version: &str,
    ) -> Result<Gabion, Diagnostics> {
        let guard = guard::load(self.directory.clone()).await?;
        self.judge.set(guard.clone());
        let unknown = config.unknown();
        let pool = if unknown.is_empty() {
            let settings = config.settings().map_err(|faults| {
                Diagnostics::from_error(
                    "Invalid provider configuration",
                    format!("{}.", faults.join("; ")),
                )
            })?;
            Some(ClientPool::new(settings))
        } else {
            None
        };
        Ok(Gabion::new(
            pool,
            unknown,
            config.default_tags(),
            Some(guard),
        ))
    }

    fn resources(&self) -> Vec<Box<dyn DynResource<Gabion>>> {
        vec![
            Box::new(Account),
            Box::new(AccountBaseline),
            Box::new(KmsKey),
            Box::new(LogSink),
            Box::new(OrgGuardrail),
            Box::new(Organization),
            Box::new(WorkloadRole),
            Box::new(NetworkSegment),
        ]
    }

    fn data_sources(&self) -> Vec<Box<dyn DynDataSource<Gabion>>> {
        vec![Box::new(Guardrails)]
    }

    fn functions(&self) -> Vec<Box<dyn Function>> {
        vec![Box::new(DataTier), Box::new(Subnets)]
    }

    fn ephemerals(&self) -> Vec<Box<dyn DynEphemeral<Gabion>>> {
        vec![Box::new(Session)]
    }
}
