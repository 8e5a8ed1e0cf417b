//! The guardrail engine: load, verify, limit, run and cache WebAssembly components; evaluate policy files.
//!
//! A pack is a component of the world `gabion:guardrail/guardrail`. It runs in a sandbox with no authority at all:
//! no WASI, no import but ours, a budget for every call. [`Engine`] loads packs, [`Pack`] says what one offers,
//! [`Session`] asks its rules. [`policy`] says what their verdicts mean.
//!
//! What belongs here: the only code that names wasmtime. What does not: plan files, Terraform's protocol, rules.

pub mod baseline;
pub mod cache;
pub mod policy;
pub mod store;
pub mod trust;

mod abi;
mod budget;
mod describe;
mod engine;
mod error;
mod pack;
mod session;
mod settings;
mod ticker;
mod trap;
mod verify;

pub use abi::state::{LogLine, Severity};
pub use budget::Budgets;
pub use cache::CacheOptions;
pub use engine::{Engine, EngineOptions};
pub use error::EngineError;
pub use pack::Pack;
pub use session::{Cost, Session};
