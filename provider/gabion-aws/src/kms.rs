//! Keys, their policies, rotation, aliases and tags.

mod alias;
mod create;
mod deletion;
mod find;
mod key;
mod policy;
mod rotation;
mod tags;
mod usage;
mod wait;

use crate::clients::Clients;

pub use alias::Alias;
pub use create::CreateKey;
pub use find::TaggedKey;
pub use key::Key;
pub use rotation::Rotation;
pub use usage::{KeyUsage, UsageSource};

/// KMS calls of one account and region.
#[derive(Clone, Debug)]
pub struct Kms {
    clients: Clients,
}

impl Kms {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }
}

/// Whether two names (id or ARN) mean the same key.
pub fn same_key(one: &str, other: &str) -> bool {
    fn id(name: &str) -> &str {
        name.rsplit_once("key/").map_or(name, |(_, id)| id)
    }
    id(one) == id(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_arns() {
        assert!(same_key(
            "a-1",
            "arn:aws:kms:eu-central-1:111122223333:key/a-1"
        ));
        assert!(!same_key(
            "a-1",
            "arn:aws:kms:eu-central-1:111122223333:key/b-1"
        ));
    }
}
