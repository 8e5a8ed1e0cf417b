//! Typed ephemeral resources: values that never touch plan or state.

use std::time::SystemTime;

use async_trait::async_trait;

use crate::convert::Convert;
use crate::diag::Diagnostics;
use crate::resource::{Ctx, Private};
use crate::schema::Schema;

/// An ephemeral resource.
#[async_trait]
pub trait Ephemeral: Send + Sync + 'static {
    /// The configuration, and the answer.
    type Model: Convert + Clone + Send + Sync + 'static;
    /// What the provider's `configure` made.
    type Provider: Send + Sync + 'static;

    /// The whole name, such as `gabion_session`.
    fn type_name(&self) -> &'static str;

    /// The schema.
    fn schema(&self) -> Schema;

    /// Checks that need more than one attribute; unknowns are never errors.
    fn validate(&self, config: &Self::Model, diags: &mut Diagnostics) {
        let _ = (config, diags);
    }

    /// Makes the values. What the configuration sets must stay in the answer.
    ///
    /// # Errors
    /// What the user is told when there is no answer.
    async fn open(
        &self,
        ctx: &Ctx<Self::Provider>,
        config: Self::Model,
    ) -> Result<Opened<Self::Model>, Diagnostics>;

    /// Keeps what is open usable for longer; called at [`Opened::renew_at`].
    ///
    /// # Errors
    /// What the user is told.
    async fn renew(
        &self,
        ctx: &Ctx<Self::Provider>,
        private: Private,
    ) -> Result<Renewed, Diagnostics> {
        let _ = ctx;
        Ok(Renewed {
            renew_at: None,
            private,
            diagnostics: Diagnostics::new(),
        })
    }

    /// Ends the use of what is open.
    async fn close(&self, ctx: &Ctx<Self::Provider>, private: Private) -> Diagnostics {
        let _ = (ctx, private);
        Diagnostics::new()
    }
}

/// What [`Ephemeral::open`] gives. It may hold secrets, so there is no `Debug`.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "the result may hold secrets")]
pub struct Opened<M> {
    /// The values.
    pub result: M,
    /// When Terraform should call renew; none when never.
    pub renew_at: Option<SystemTime>,
    /// What renew and close need. It stays in Terraform's memory.
    pub private: Private,
    /// Warnings.
    pub diagnostics: Diagnostics,
}

impl<M> Opened<M> {
    /// Values that need no renewal and have nothing to tell.
    pub fn new(result: M) -> Self {
        Self {
            result,
            renew_at: None,
            private: Private::default(),
            diagnostics: Diagnostics::new(),
        }
    }
}

/// What [`Ephemeral::renew`] gives.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// When to renew again; none when never.
    pub renew_at: Option<SystemTime>,
    /// What the next renew and close need.
    pub private: Private,
    /// Warnings.
    pub diagnostics: Diagnostics,
}
