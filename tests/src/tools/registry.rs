//! Debian's `docker-registry`: a real OCI registry for packs.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::{apt_install, on_path};

/// What a person does about a missing registry.
pub const HOW: &str = "run `cargo xtask setup`, or install Debian's package `docker-registry`, or name one in GABION_DOCKER_REGISTRY";

/// `GABION_DOCKER_REGISTRY`, else `docker-registry` on `PATH`.
#[must_use]
pub fn locate() -> Option<PathBuf> {
    match std::env::var_os("GABION_DOCKER_REGISTRY").filter(|v| !v.is_empty()) {
        Some(path) => Some(PathBuf::from(path)),
        None => on_path("docker-registry"),
    }
}

/// Installs the package, unless it is there.
///
/// # Errors
/// When it cannot be had.
pub fn install() -> Result<PathBuf> {
    if let Some(path) = locate() {
        return Ok(path);
    }
    apt_install(&["docker-registry"])?;
    locate().context("`docker-registry` was installed, and is not on PATH")
}
