//! The Terraform plugin protocol: handshake, AutoMTLS, serving, and the guard layer.
//!
//! What belongs here: how bytes reach a provider and leave it, and what stands between core and the
//! provider. What does not: schemas as authors write them, resources, AWS (`gabion-framework` and above),
//! and rules themselves (`gabion-engine`).

pub mod client;
pub mod dynamic;
pub mod guard;
pub mod handshake;
pub mod log;
pub mod proto;
pub mod schema;
pub mod serve;
mod socket;
pub mod tls;

pub use serve::{ServeOptions, serve};
