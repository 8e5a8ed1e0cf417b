//! Provider functions.

pub(crate) mod data_tier;
pub(crate) mod subnets;
