//! Composite resources by AWS service, one file a resource.

pub(crate) mod kms;
pub(crate) mod log_sink;
