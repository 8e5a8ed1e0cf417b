//! The guardrail engine: load, verify, limit, run and cache WebAssembly components; evaluate policy files.

pub mod baseline;
pub mod policy;
