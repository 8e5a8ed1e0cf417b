//! The programs that the tests use: where they are, and how to get them.
//!
//! Each module has `locate`, which changes nothing, and, where a tool can be had without a
//! person, `install`, which `cargo xtask setup` calls.

pub mod cosign;
pub mod engines;
pub mod guest;
pub mod mirror;
pub mod opentofu;
pub mod python;
pub mod registry;
pub mod terraform;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The first executable file of that name on `PATH`.
#[must_use]
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Prints one line of progress.
pub fn say(text: &str) {
    use std::io::Write as _;
    // A closed screen is no reason to stop.
    let _ = writeln!(std::io::stderr(), "==> {text}");
}

/// Runs a step whose output belongs on the screen.
///
/// # Errors
/// When it cannot be started or fails; the text shows the command line.
pub fn run(command: &mut Command) -> Result<()> {
    let line = show(command);
    say(&line);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Runs a step quietly and gives its standard output.
///
/// # Errors
/// When it cannot be started or fails; the text holds what it wrote.
pub fn output(command: &mut Command) -> Result<String> {
    let line = show(command);
    let out = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !out.status.success() {
        bail!(
            "`{line}` failed ({}): {}",
            out.status,
            String::from_utf8_lossy(&out.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn show(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// `1.12.6` or `v1.12.6-dev` as numbers; what is missing or odd counts as zero.
#[must_use]
pub fn version(text: &str) -> (u64, u64, u64) {
    let mut numbers = text.trim().trim_start_matches('v').split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    });
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

/// Installs Debian packages, with sudo where this is not root.
pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    if on_path("apt-get").is_none() {
        bail!(
            "there is no `apt-get` here: install {} with this system's package manager",
            packages.join(", ")
        );
    }
    let root = rustix::process::geteuid().is_root();
    if !root && on_path("sudo").is_none() {
        bail!(
            "installing {} needs root: run this as root, or install `sudo`",
            packages.join(", ")
        );
    }
    let apt = || {
        let mut command = if root {
            Command::new("apt-get")
        } else {
            let mut command = Command::new("sudo");
            command.arg("apt-get");
            command
        };
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run(apt().args(["update", "-q"]))?;
    run(apt()
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_tools_print_them() {
        assert_eq!(version("1.11.4"), (1, 11, 4));
        assert_eq!(version("v1.12.6-dev\n"), (1, 12, 6));
        assert_eq!(version("1.12"), (1, 12, 0));
        assert_eq!(version("none"), (0, 0, 0));
        assert!(version("1.9.9") < version("1.11.0"));
    }
}
