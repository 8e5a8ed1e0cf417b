//! Data sources.

pub(crate) mod guardrails;
