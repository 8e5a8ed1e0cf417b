//! Reads a plan as `terraform show -json` writes it.
//!
//! What belongs here: bytes to [`gabion_model::Change`], and what a plan file cannot tell. What does not: rules, policy.

mod attributes;
mod config;
mod encoding;
mod file;
mod follow;
mod graph;
mod outline;
mod scan;
mod skim;
mod tree;

pub use config::Configuration;
pub use encoding::decode;
pub use file::{Plan, PlanError, Planned};
pub use follow::Written;
pub use scan::{Fault, What};
pub use tree::Names;

pub(crate) use config::without_keys;
