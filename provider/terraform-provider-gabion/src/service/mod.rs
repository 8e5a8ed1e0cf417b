//! Composite resources by AWS service, one file a resource.

pub(crate) mod kms;
