//! What configuring the provider makes: every call of a resource gets it.

use std::sync::Arc;

use gabion_aws::ClientPool;
use gabion_engine::policy::Guard;
use gabion_framework::prelude::*;

use crate::service::kms::key::Unfinished;
use crate::service::network_segment::Segments;
use crate::shared::claim::Claims;
use crate::shared::tags::TagMap;

/// The configured provider.
#[allow(missing_debug_implementations, reason = "the guard has none")]
pub struct Gabion {
    /// None while the provider block holds something unknown.
    pub(crate) pool: Option<ClientPool>,
    /// Attributes of the provider block that are not known yet.
    pub(crate) unknown: Vec<String>,
    /// The provider's `default_tags`.
    pub(crate) default_tags: TagMap,
    /// The guardrails in force.
    pub(crate) guard: Option<Arc<Guard>>,
    /// Objects that a resource of this process has taken.
    pub(crate) claims: Claims,
    /// Keys of earlier creates that were cut off.
    pub(crate) unfinished_keys: Unfinished,
    /// Segments that this process plans.
    pub(crate) segments: Segments,
    /// Taken while something is looked for and made that several segments share.
    pub(crate) network_turn: tokio::sync::Mutex<()>,
}

impl Gabion {
    pub(crate) fn new(
        pool: Option<ClientPool>,
        unknown: Vec<String>,
        default_tags: TagMap,
        guard: Option<Arc<Guard>>,
    ) -> Self {
        Self {
            pool,
            unknown,
            default_tags,
            guard,
            claims: Claims::default(),
            unfinished_keys: Unfinished::default(),
            segments: Segments::default(),
            network_turn: tokio::sync::Mutex::new(()),
        }
    }

    /// The clients; none while the provider block holds something unknown. For plan.
    pub(crate) const fn pool_if_known(&self) -> Option<&ClientPool> {
        self.pool.as_ref()
    }

    /// The clients.
    ///
    /// # Errors
    /// The provider block holds something unknown.
    pub(crate) fn pool(&self) -> Result<&ClientPool, Diagnostics> {
        self.pool.as_ref().ok_or_else(|| {
            let names: Vec<String> = self.unknown.iter().map(|name| format!("`{name}`")).collect();
            Diagnostics::from_error(
                "The provider's configuration is not known yet",
                format!(
                    "The provider block sets {} from something that is known only after apply, so nothing can be \
                     read or changed before. Apply what it depends on first (`-target`), or set it from a variable.",
                    names.join(", ")
                ),
            )
        })
    }
}
