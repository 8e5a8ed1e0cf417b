//! EC2 and its networks.

mod default_vpc;
mod defaults;

use crate::clients::Clients;

pub use default_vpc::DefaultVpc;
pub use defaults::MetadataDefaults;

/// EC2 calls of one account and region.
#[derive(Clone, Debug)]
pub struct Ec2 {
    clients: Clients,
}

impl Ec2 {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }
}
