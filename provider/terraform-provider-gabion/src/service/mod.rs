//! Composite resources by AWS service, one file a resource.

pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod log_sink;
pub(crate) mod network_segment;
pub(crate) mod org_guardrail;
pub(crate) mod organizations;
