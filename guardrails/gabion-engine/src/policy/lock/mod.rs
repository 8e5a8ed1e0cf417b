//! The lock file: which bytes of which pack a policy file may use.
//!
//! `gabion lock` writes it, every guard reads it. It stands beside the policy file, `.gabion.lock.hcl` for
//! `gabion.hcl`, and pins each of that file's packs by version and digest. Where it is there, it is complete: a pack
//! that it lacks, and one that it names in vain, are errors.
//!
//! What belongs here: the file, and making it. What does not: loading packs by it (`loading`), registries (a
//! [`Resolver`] that the caller brings).

mod file;
mod make;
mod needed;

pub use file::{LockedPack, lock_path};
pub use make::{
    LockChange, LockError, LockOptions, Locking, Relock, Request, Resolved, Resolver, SignersAsked,
    Upgrade,
};

pub use needed::{Needed, needed};

pub(super) use file::{LockFile, replace};
