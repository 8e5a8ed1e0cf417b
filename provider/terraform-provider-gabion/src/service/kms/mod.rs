//! Key management.

pub(crate) mod key;
