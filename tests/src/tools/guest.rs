//! The toolchain that compiles guardrails in Rust to WebAssembly.
//!
//! Which one serves is decided by `gabion-componentize`; this file only installs one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use gabion_componentize as build;

use super::{apt_install, on_path, run, say};
use crate::workspace;

/// Debian's compiler for it, its standard library in source, and the cargo that fits.
const DEBIAN: [&str; 3] = ["rustc-web", "rust-web-src", "cargo-web"];

/// A toolchain that compiles guardrails.
#[derive(Clone, Debug)]
pub struct Toolchain(build::Toolchain);

impl Toolchain {
    /// Compiles a package of the workspace to a core module, below `target`; gives its path.
    ///
    /// # Errors
    /// When it does not compile; the text holds the compiler's messages.
    pub fn build(&self, package: &str, target: &Path) -> Result<PathBuf> {
        Ok(build::compile(
            &self.0,
            &build::Crate {
                folder: workspace::root(),
                name: package,
                package,
                library: package,
                target_dir: target,
                remap: &[(workspace::root().to_owned(), "/gabion".to_owned())],
                own: &[],
                loud: false,
            },
        )?)
    }
}

impl std::fmt::Display for Toolchain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.cargo.display())
    }
}

/// The toolchain that is there.
///
/// # Errors
/// When there is none; the text says what was looked at and what to run.
pub fn locate() -> Result<Toolchain> {
    Ok(Toolchain(build::find(workspace::root())?))
}

/// Installs a toolchain, unless one is there: rustup's target, else Debian's packages.
///
/// # Errors
/// When neither can be had; the text says what was tried.
pub fn install() -> Result<Toolchain> {
    if let Ok(toolchain) = locate() {
        return Ok(toolchain);
    }
    if on_path("rustup").is_some() {
        say("adding the WebAssembly target to this toolchain");
        let added = run(Command::new("rustup").args(["target", "add", build::TARGET]));
        if added.is_ok()
            && let Ok(toolchain) = locate()
        {
            return Ok(toolchain);
        }
        say("rustup cannot add it here: taking the distribution's toolchain");
    }
    apt_install(&DEBIAN).map_err(|error| {
        error.context(format!(
            "no toolchain for guardrails: `rustup target add {}` and the packages {} both failed",
            build::TARGET,
            DEBIAN.join(", ")
        ))
    })?;
    locate()
}
