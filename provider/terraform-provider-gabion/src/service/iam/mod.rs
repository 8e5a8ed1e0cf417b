//! Identity and access.

pub(crate) mod role;
