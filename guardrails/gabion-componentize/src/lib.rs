//! Makes guardrail components: finds toolchains, compiles, strips, and wraps the result.
//!
//! Three users: the build script of `gabion-engine` (the baseline, feature `encode`), `gabion build` (packs of
//! authors, feature `pack`), and xtask (no feature: standard library only).
//!
//! What belongs here: everything between a folder of sources and the bytes of a component. What does not: running
//! one, and judging whether it may run (`gabion-engine`); templates and words for the screen (`gabion-cli`).

mod engines;
mod error;
mod module;
mod needs;
mod rust;
mod toolchain;

#[cfg(feature = "encode")]
mod component;
#[cfg(feature = "pack")]
mod javascript;
#[cfg(feature = "pack")]
mod pack;
#[cfg(feature = "pack")]
mod python;

#[cfg(feature = "encode")]
pub use component::encode;
pub use engines::{Engines, Progress};
pub use error::Error;
pub use module::strip;
pub use needs::{NODE, NPM, PYTHON, Program};
#[cfg(feature = "pack")]
pub use pack::{Language, build, language};
pub use rust::{Crate, compile, sources};
pub use toolchain::{TARGET, Toolchain, clean, find};
