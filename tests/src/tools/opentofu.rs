//! OpenTofu: the user's, or one that Go builds from `tests/tools/go.mod` in three minutes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{on_path, run, say, terraform, version};
use crate::workspace;

/// What a person does about a missing OpenTofu.
pub const HOW: &str = "run `cargo xtask setup` with Go 1.26 or newer installed, or put OpenTofu 1.12 on PATH as `tofu`";

/// The module that `tests/tools/go.mod` names.
const PACKAGE: &str = "github.com/opentofu/opentofu/cmd/tofu";

/// `GABION_TOFU`, `tofu` on `PATH` if it is 1.12 or newer, else the one in the cache.
#[must_use]
pub fn locate() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("GABION_TOFU").filter(|v| !v.is_empty()) {
        return Some(PathBuf::from(path));
    }
    if let Some(path) = on_path("tofu")
        && terraform::version_of(&path).is_ok_and(|found| version(&found) >= (1, 12, 0))
    {
        return Some(path);
    }
    cached().ok().filter(|path| path.is_file())
}

/// Builds OpenTofu into the cache, unless it is there.
///
/// # Errors
/// When Go is missing or too old, or the build fails.
pub fn install() -> Result<PathBuf> {
    if let Some(path) = locate() {
        return Ok(path);
    }
    let Some(go) = on_path("go") else {
        bail!("OpenTofu is missing: {HOW}")
    };
    let target = cached()?;
    let folder = target.parent().context("the cache has no folder")?;
    std::fs::create_dir_all(folder)?;
    // Renamed at its end, so that a build cut off leaves nothing that looks like a binary.
    let unfinished = folder.join(format!(".tofu-{}", std::process::id()));
    say("building OpenTofu with Go (about three minutes on two cores, once)");
    run(Command::new(go)
        .args(["build", "-trimpath", "-ldflags", "-s -w", "-o"])
        .arg(&unfinished)
        .arg(PACKAGE)
        .current_dir(workspace::root().join("tests/tools")))?;
    std::fs::rename(&unfinished, &target)?;
    Ok(target)
}

fn cached() -> Result<PathBuf> {
    let module = std::fs::read_to_string(workspace::root().join("tests/tools/go.mod"))?;
    let wanted = module
        .lines()
        .map(|line| line.trim().trim_start_matches("require "))
        .find_map(|line| line.strip_prefix("github.com/opentofu/opentofu v"))
        .and_then(|rest| rest.split_whitespace().next())
        .context("`tests/tools/go.mod` names no version of OpenTofu")?;
    Ok(workspace::cache_dir()?
        .join("bin")
        .join(format!("tofu-{wanted}")))
}
