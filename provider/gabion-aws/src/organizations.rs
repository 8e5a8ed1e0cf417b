//! AWS Organizations: the organization, its units, its accounts, its policies.
//!
//! All calls go to the management account (or a delegated administrator). Calls that change the
//! organization are refused while another change is under way: those are tried again here.

mod accounts;
mod create_account;
mod organization;
mod policies;
mod tags;
mod trust;
mod units;

use std::time::Duration;

use crate::clients::Clients;
use crate::error::{Kind, Result};
use crate::wait::{WaitOptions, retry_while};

pub use accounts::Account;
pub use create_account::{CreateAccount, CreateStatus};
pub use organization::{Organization, OrganizationLookup, Root};
pub use policies::{CreatePolicy, PolicySummary, PolicyTarget};
pub use trust::DelegatedAdministrator;
pub use units::Unit;

/// How long another change of the organization may take.
const OTHER_CHANGES: WaitOptions = WaitOptions {
    first: Duration::from_millis(500),
    max: Duration::from_secs(5),
    limit: Duration::from_secs(120),
};

/// Organizations calls.
#[derive(Clone, Debug)]
pub struct Organizations {
    clients: Clients,
}

impl Organizations {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// Does something, again while another change of the organization is under way.
    async fn settled<T, F, Fut>(&self, action: F) -> Result<T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        retry_while(
            &self.clients,
            "waiting for another change of the organization",
            OTHER_CHANGES,
            |error| error.kind == Kind::Conflict,
            action,
        )
        .await
    }
}
