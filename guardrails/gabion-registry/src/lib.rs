//! Guardrail packs in OCI registries: push, pull, tags, signatures, and the offline layout.
//!
//! What belongs here: everything that speaks to a registry, and the formats that lie there (the artifact, cosign's
//! signatures). What does not: what a signature is worth (`gabion_engine::trust`), the lock and the store, arguments.
//!
//! Everything blocks: [`Registry`] has a runtime of its own.

mod artifact;
mod credential;
mod digest;
mod error;
mod http;
mod key;
mod layout;
mod location;
mod login;
mod registry;
mod signature;

pub use artifact::{Artifact, Description, LARGEST};
pub use digest::sha256;
pub use error::RegistryError;
pub use key::{KeyError, PrivateKey};
pub use layout::Layout;
pub use location::{Location, LocationError};
pub use registry::{Options, Pulled, Pushed, Registry, Seen};
pub use signature::{Signature, payload};
