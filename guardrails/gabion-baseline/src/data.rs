//! Data: buckets and keys.

pub(crate) mod dt08;
