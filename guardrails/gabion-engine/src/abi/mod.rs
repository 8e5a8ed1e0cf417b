//! The ways a guest and the host speak: one module for each major version of the WIT package, and what they share.

pub(crate) mod handles;
pub(crate) mod state;
pub(crate) mod v1;
pub(crate) mod v1_host;
