//! What every composite resource shares. Each module is one rule of the secure defaults.

pub(crate) mod acknowledge;
pub(crate) mod claim;
pub(crate) mod creation;
pub(crate) mod deletion;
pub(crate) mod exception;
pub(crate) mod fault;
pub(crate) mod live;
pub(crate) mod location;
pub(crate) mod policy;
pub(crate) mod policy_statement;
pub(crate) mod progress;
pub(crate) mod strings;
pub(crate) mod subnets;
pub(crate) mod tags;
