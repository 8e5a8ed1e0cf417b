//! Log groups.

mod group;
mod settings;
mod tags;

use crate::clients::Clients;

pub use group::{CreateLogGroup, LogGroup};

/// CloudWatch Logs calls of one account and region.
#[derive(Clone, Debug)]
pub struct Logs {
    clients: Clients,
}

impl Logs {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }
}
