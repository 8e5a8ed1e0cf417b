//! Typed data sources.

use async_trait::async_trait;

use crate::convert::Convert;
use crate::diag::Diagnostics;
use crate::resource::Ctx;
use crate::schema::Schema;

/// A data source.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// The configuration, and the answer.
    type Model: Convert + Clone + Send + Sync + 'static;
    /// What the provider's `configure` made.
    type Provider: Send + Sync + 'static;

    /// The whole name, such as `gabion_guardrails`.
    fn type_name(&self) -> &'static str;

    /// The schema.
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute; unknowns are never errors.
    fn validate(&self, config: &Self::Model, diags: &mut Diagnostics) {
        let _ = (config, diags);
    }

    /// Reads. The configuration is wholly known, and its values must stay in the answer. Warnings go with
    /// the answer.
    ///
    /// # Errors
    /// What the user is told when there is no answer.
    async fn read(
        &self,
        ctx: &Ctx<Self::Provider>,
        config: Self::Model,
    ) -> Result<(Self::Model, Diagnostics), Diagnostics>;
}
