//! Identity and access management.

mod password_policy;

use crate::clients::Clients;

pub use password_policy::PasswordPolicy;

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
