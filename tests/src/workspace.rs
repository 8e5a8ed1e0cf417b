//! Where things are: the checkout, the build products, the user's cache.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// The root of the checkout that this crate was compiled in.
#[must_use]
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// The folder of the user's cache that holds downloaded and built tools.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` is set.
pub fn cache_dir() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()) {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(std::env::var_os("HOME").context(
            "neither XDG_CACHE_HOME nor HOME is set, so there is no place to keep the tools",
        )?)
        .join(".cache"),
    };
    let dir = base.join("gabion");
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("cannot create the cache folder `{}`", dir.display()))?;
    Ok(dir)
}

/// The folder with the binaries of the build that this process belongs to (`target/debug`).
///
/// # Errors
/// When the running executable cannot be located.
pub fn build_dir() -> Result<PathBuf> {
    let exe = std::env::current_exe().context("cannot locate the running executable")?;
    let mut dir = exe.parent().context("the executable has no folder")?;
    // Test binaries live one folder deeper than the binaries that they use.
    if dir.file_name().is_some_and(|name| name == "deps") {
        dir = dir.parent().context("the `deps` folder has no parent")?;
    }
    Ok(dir.to_path_buf())
}

/// A folder for what tests may share between runs (compiled-code caches, skip notes).
///
/// # Errors
/// When it cannot be created.
pub fn shared_dir() -> Result<PathBuf> {
    let dir = build_dir()?.join("e2e");
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// The provider's binary: `GABION_PROVIDER_BIN`, else the one beside this build.
///
/// # Errors
/// When it has not been built; the text names the command that builds it.
pub fn provider_bin() -> Result<PathBuf> {
    binary("GABION_PROVIDER_BIN", "terraform-provider-gabion")
}

/// The `gabion` command: `GABION_BIN`, else the one beside this build.
///
/// # Errors
/// When it has not been built; the text names the command that builds it.
pub fn gabion_bin() -> Result<PathBuf> {
    binary("GABION_BIN", "gabion")
}

fn binary(variable: &str, name: &str) -> Result<PathBuf> {
    let path = match std::env::var_os(variable).filter(|v| !v.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => build_dir()?.join(name),
    };
    ensure!(
        path.is_file(),
        "`{}` does not exist: run `cargo build --workspace --bins` first, or set {variable}",
        path.display()
    );
    Ok(path)
}
