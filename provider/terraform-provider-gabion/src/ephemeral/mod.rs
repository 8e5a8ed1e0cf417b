//! Ephemeral resources.

pub(crate) mod session;
