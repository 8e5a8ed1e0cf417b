//! Loud skips. A test that cannot run says so on the screen, and in a file that
//! `cargo xtask test` reads at its end, so that no skip passes for a success.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};

/// Whether this is a CI run, where a missing tool is a failure.
#[must_use]
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "false" && v != "0")
}

/// Reports that `what` is missing and that the caller skips its work.
///
/// # Errors
/// In CI, when `what` is something that the set-up can install.
pub fn missing(what: &str, how: &str, installable: bool) -> Result<()> {
    if installable && is_ci() {
        bail!("{what} is missing: {how}");
    }
    let test = std::thread::current();
    let name = test.name().unwrap_or("a step").to_owned();
    let line = format!("SKIPPED {name}: {what} is missing: {how}\n");
    // Not `eprintln!`: the test runner swallows that for tests that pass.
    std::io::stderr().write_all(line.as_bytes())?;
    if let Ok(mut file) = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(notes_file()?)
    {
        let _ = file.write_all(line.as_bytes());
    }
    Ok(())
}

/// The file that collects the skips of a run: `GABION_SKIP_LOG`, else one beside the build.
///
/// # Errors
/// When there is no place for it.
pub fn notes_file() -> Result<PathBuf> {
    match std::env::var_os("GABION_SKIP_LOG").filter(|v| !v.is_empty()) {
        Some(path) => Ok(PathBuf::from(path)),
        None => Ok(crate::workspace::shared_dir()?.join("skipped.txt")),
    }
}
