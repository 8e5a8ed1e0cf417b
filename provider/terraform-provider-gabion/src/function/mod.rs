//! Provider functions.

pub(crate) mod data_tier;
