//! The toolchain that compiles guardrails in Rust to WebAssembly.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::{apt_install, on_path, output, run, say};

/// The target of every guest: no WASI.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler for it, its standard library in source, and the cargo that fits.
const DEBIAN: [&str; 3] = ["rustc-web", "rust-web-src", "cargo-web"];

/// Where the toolchain comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `rustup target add` worked.
    Rustup,
    /// The distribution's packages, with the standard library built from source.
    Debian,
}

/// The toolchain that is there, if one is.
#[must_use]
pub fn locate() -> Option<Source> {
    let target =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    if target.is_ok_and(|dir| std::path::Path::new(dir.trim()).is_dir()) {
        return Some(Source::Rustup);
    }
    let there = DEBIAN.iter().all(|package| {
        output(Command::new("dpkg-query").args(["-W", "-f", "${Status}", package]))
            .is_ok_and(|status| status.contains("install ok installed"))
    });
    there.then_some(Source::Debian)
}

/// Installs a toolchain, unless one is there: rustup's target, else Debian's packages.
///
/// # Errors
/// When neither can be had; the text says what was tried.
pub fn install() -> Result<Source> {
    if let Some(source) = locate() {
        return Ok(source);
    }
    if on_path("rustup").is_some() {
        say("adding the WebAssembly target");
        if run(Command::new("rustup").args(["target", "add", TARGET])).is_ok()
            && let Some(source) = locate()
        {
            return Ok(source);
        }
        say("rustup cannot add it here: taking the distribution's toolchain");
    }
    apt_install(&DEBIAN).with_context(|| {
        format!(
            "no toolchain for guardrails: `rustup target add {TARGET}` and the packages {} both \
             failed",
            DEBIAN.join(", ")
        )
    })?;
    locate().context("the packages were installed, but the toolchain was not found after that")
}
