//! Whether a pack is signed by those whom the policy file names.
//!
//! A signature is cosign's: it binds the digest of a registry's manifest and the name of the repository. The manifest
//! binds the component. Of the name the repository's path is compared and the host is not, so that a mirror serves;
//! a signature that was made for another repository is refused, so that nobody can pass off one pack as another.
//! Keys are counted, not signatures: a key that signs twice counts once.
//!
//! What belongs here: the verdict on signatures that are at hand, before anything is compiled. What does not: where
//! they come from (`gabion-registry`, [`crate::store`]), private keys.

mod key;
mod verify;

pub use key::{KeyFault, PublicKey};
pub use verify::{TrustError, repository, verify};

#[cfg(test)]
pub(crate) mod tests;
