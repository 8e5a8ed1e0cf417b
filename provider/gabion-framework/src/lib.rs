//! Typed Terraform resources on plugin protocol 6.
//!
//! A provider implements [`provider::Provider`], its resources [`resource::Resource`] over models made with
//! [`object!`], and [`server::ProviderServer`] speaks the protocol for them. No resource and no cloud lives
//! here.

mod config;
pub mod convert;
pub mod data_source;
pub mod diag;
pub mod ephemeral;
pub mod erased;
pub mod function;
mod numbers;
mod object;
pub mod path;
mod planner;
pub mod prelude;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod server;
pub mod testing;
pub mod timeouts;
pub mod validate;
pub mod value;
mod wire;

#[cfg(test)]
mod tests;

pub use async_trait::async_trait;
/// The plugin protocol, for the provider's binary.
pub use gabion_plugin as plugin;
pub use gabion_plugin::dynamic::{Decimal, Dynamic};
pub use tokio_util::sync::CancellationToken;
