//! Cargo, called from xtask.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use gabion_tests::{tools, workspace};

/// The cargo that runs xtask, in the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace::root());
    // What `cargo run` set for xtask is not for the builds that xtask starts.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_")
            || name == "CARGO_MANIFEST_DIR"
            || name == "LD_LIBRARY_PATH"
        {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// Builds every binary of the workspace and gives the folder they are in.
///
/// Always the whole workspace: with fewer packages, other features of their dependencies would
/// be on, and half of them would be built twice.
pub(crate) fn build_binaries() -> Result<PathBuf> {
    tools::run(&mut cargo(&["build", "--workspace", "--bins"]))?;
    workspace::build_dir()
}
