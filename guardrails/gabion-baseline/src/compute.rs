//! Compute: instances.

pub(crate) mod ck01;
