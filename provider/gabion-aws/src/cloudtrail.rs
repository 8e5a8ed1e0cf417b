//! Trails. All calls go by the trail's name, in its home region.

mod logging;
mod lookup;
mod selectors;
mod tags;
mod trail;

use crate::clients::Clients;

pub use logging::TrailStatus;
pub use selectors::{AdvancedSelector, ClassicSelector, EventSelectors, FieldSelector};
pub use trail::{Trail, TrailSettings};

/// CloudTrail calls of one account and region.
#[derive(Clone, Debug)]
pub struct CloudTrail {
    clients: Clients,
}

impl CloudTrail {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }
}
