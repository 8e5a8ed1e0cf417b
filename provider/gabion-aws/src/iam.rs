//! Identity and access management: roles with their policies, boundary and tags; whether policies and identity
//! providers exist; the account's password policy.

mod document;
mod password_policy;
mod policies;
mod provider;
mod role;
mod tags;

use crate::clients::Clients;

pub use password_policy::PasswordPolicy;
pub use role::{CreateRole, LastUsed, Role};

/// IAM calls of one account.
#[derive(Clone, Debug)]
pub struct Iam {
    clients: Clients,
}

impl Iam {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }
}
