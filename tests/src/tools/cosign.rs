//! cosign 2, which Go builds: the peer that our signatures are proven against, both ways.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{on_path, run, say};
use crate::workspace;

/// What a person does about a missing cosign.
pub const HOW: &str =
    "run `cargo xtask setup` with Go 1.26 or newer installed, or name a cosign 2 in GABION_COSIGN";

const VERSION: &str = "2.6.5";
const PACKAGE: &str = "github.com/sigstore/cosign/v2/cmd/cosign";

/// `GABION_COSIGN`, else the one in the cache. One on `PATH` may be of another major, with other formats.
#[must_use]
pub fn locate() -> Option<PathBuf> {
    match std::env::var_os("GABION_COSIGN").filter(|v| !v.is_empty()) {
        Some(path) => Some(PathBuf::from(path)),
        None => cached().ok().filter(|path| path.is_file()),
    }
}

/// Builds cosign into the cache, unless it is there.
///
/// # Errors
/// When Go is missing or too old, or the build fails.
pub fn install() -> Result<PathBuf> {
    if let Some(path) = locate() {
        return Ok(path);
    }
    let Some(go) = on_path("go") else {
        bail!("cosign is missing: {HOW}")
    };
    let target = cached()?;
    let folder = target.parent().context("the cache has no folder")?;
    std::fs::create_dir_all(folder)?;
    // Renamed at its end, so that a build cut off leaves nothing that looks like a binary.
    let unfinished = tempfile::tempdir_in(folder)?;
    say("building cosign with Go (about five minutes on two cores, once)");
    run(Command::new(go)
        .args(["install", "-trimpath", "-ldflags", "-s -w"])
        .arg(format!("{PACKAGE}@v{VERSION}"))
        .env("GOBIN", unfinished.path()))?;
    std::fs::rename(unfinished.path().join("cosign"), &target)?;
    Ok(target)
}

fn cached() -> Result<PathBuf> {
    Ok(workspace::cache_dir()?
        .join("bin")
        .join(format!("cosign-{VERSION}")))
}
