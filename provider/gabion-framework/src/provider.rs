//! The provider: its configuration, and what it offers.

use async_trait::async_trait;

use crate::convert::Convert;
use crate::diag::Diagnostics;
use crate::erased::{DynDataSource, DynEphemeral, DynResource};
use crate::function::Function;
use crate::schema::Schema;

/// A provider.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The provider block.
    type Config: Convert + Send;
    /// What `configure` makes; every call of a resource gets it.
    type Configured: Send + Sync + 'static;

    /// What the type names begin with, such as `gabion`.
    fn type_prefix(&self) -> &'static str;

    /// The schema of the provider block.
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute; unknowns are never errors.
    fn validate(&self, config: &Self::Config, diags: &mut Diagnostics) {
        let _ = (config, diags);
    }

    /// Configures. Terraform calls this with unknown values in the validate walk, and sometimes in plan:
    /// the answer must then exist, and refuse the calls that need what is unknown.
    ///
    /// # Errors
    /// What the user is told. Warnings belong into [`Provider::validate`].
    async fn configure(
        &self,
        config: Self::Config,
        terraform_version: &str,
    ) -> Result<Self::Configured, Diagnostics>;

    /// The resources; any `Resource<Provider = Self::Configured>` can be boxed here.
    fn resources(&self) -> Vec<Box<dyn DynResource<Self::Configured>>> {
        Vec::new()
    }

    /// The data sources.
    fn data_sources(&self) -> Vec<Box<dyn DynDataSource<Self::Configured>>> {
        Vec::new()
    }

    /// The functions.
    fn functions(&self) -> Vec<Box<dyn Function>> {
        Vec::new()
    }

    /// The ephemeral resources.
    fn ephemerals(&self) -> Vec<Box<dyn DynEphemeral<Self::Configured>>> {
        Vec::new()
    }
}
