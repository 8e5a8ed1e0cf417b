//! The Gabion Terraform provider: composite resources on AWS that are secure when nothing is said.
//!
//! What belongs here: resources, their defaults and checks, provider configuration. What does not: AWS SDK
//! types (`gabion-aws`), the plugin protocol (`gabion-framework`, `gabion-plugin`), rules (`gabion-engine`
//! loads them).

mod configured;
mod data_source;
mod ephemeral;
mod function;
mod provider;
mod service;
mod shared;

pub use configured::Gabion;
pub use provider::{ADDRESS, GabionProvider};
