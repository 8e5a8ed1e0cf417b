//! The store of packs: components that `gabion pull` and `gabion lock` fetched, each under its own digest, with the
//! signatures that came with it.
//!
//! Planning and checking never use the network: they take a pack of a registry from here, by the digest that the
//! lock file names. Nothing here is trusted: a component is hashed again whenever it is read, and a signature is
//! only kept, never believed (`trust` verifies it). So the folder may be filled by anybody, as in an image for CI
//! that `GABION_PACKS` names.
//!
//! What belongs here: bytes by digest, on disk. What does not: compiled code ([`crate::cache`]), registries, what a
//! signature is worth.

mod digest;
mod folder;
mod signature;

pub use digest::Digest;
pub use folder::{Store, StoreError};
pub use signature::Signature;
