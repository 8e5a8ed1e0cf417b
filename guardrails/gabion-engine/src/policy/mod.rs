//! The policy: `gabion.hcl`, the floor, and what they make of the verdicts of the packs.
//!
//! What belongs here: reading and checking policy files, levels, waivers, exceptions, the ratchet, the text of a
//! refusal. What does not: WebAssembly (a pack is anything that gives a [`gabion_model::Runner`]), plan files,
//! Terraform's protocol.

mod binding;
mod constraint;
mod engine;
mod error;
mod explain;
mod file;
mod find;
mod guard;
mod judge;
mod known;
mod levels;
mod loading;
mod lock;
mod merge;
mod options;
mod packs;
mod plan;
mod ruling;
mod select;
mod signed;
mod syntax;
mod text;
mod waiver;
mod waivers;

pub use constraint::{Constraint, lenient};
pub use error::{Location, PolicyError, Problem, did_you_mean};
pub use explain::{Explanation, ReadValue, Weighed};
pub use find::FILE_NAME;
pub use guard::{Guard, RuleInForce};
pub use judge::Judging;
pub use known::{BASELINE_NAME, KnownViolation, KnownViolations, read_baseline};
pub use lock::{
    LockChange, LockError, LockOptions, LockedPack, Locking, Needed, Relock, Request, Resolved,
    Resolver, SignersAsked, Upgrade, lock_path, needed,
};
pub use options::GuardOptions;
pub use packs::{Inside, LoadedPack, PackFault, Packs, SessionFault};
pub use ruling::{Disposition, Judgement, Ruling};
pub use syntax::Source;
pub use text::{because, own_words, reason};
pub use waivers::{WaiverInForce, WaiverState};

#[cfg(test)]
mod tests;
