//! The Python environment with the emulators and boto3.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{apt_install, on_path, run, say};
use crate::workspace;

/// What is in it, pinned: `tests/emulator-gaps.md` describes these versions.
pub const PACKAGES: [&str; 2] = ["moto[server]==5.2.1", "ministack==1.5.33"];

/// What a person does about a missing environment.
pub const HOW: &str = "run `cargo xtask setup` with Python 3.10 or newer installed as `python3`";

/// A complete virtual environment.
#[derive(Clone, Debug)]
pub struct Environment {
    dir: PathBuf,
}

impl Environment {
    /// The path of one of its programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join("bin").join(name)
    }
}

/// The environment that `install` made.
///
/// # Errors
/// When it is missing; the text says what to run.
pub fn locate() -> Result<Environment> {
    let dir = dir()?;
    if !dir.join(DONE).is_file() {
        bail!("the emulators' Python environment is missing: {HOW}");
    }
    Ok(Environment { dir })
}

/// Makes the environment, unless it is there.
///
/// # Errors
/// When Python is missing, or the packages cannot be had.
pub fn install() -> Result<Environment> {
    if let Ok(environment) = locate() {
        return Ok(environment);
    }
    let dir = dir()?;
    if on_path("python3").is_none() {
        say("`python3` is missing");
        apt_install(&["python3", "python3-venv"])?;
    }
    say("making the Python environment of the emulators (half a minute, once)");
    let make = || {
        // What a run left that was cut off.
        let _ = std::fs::remove_dir_all(&dir);
        run(Command::new("python3").args(["-m", "venv"]).arg(&dir))
    };
    if make().is_err() {
        // Debian's Python comes without it.
        apt_install(&["python3-venv"])?;
        make()?;
    }
    let environment = Environment { dir };
    run(Command::new(environment.program("python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(PACKAGES))
    .context("cannot install the emulators")?;
    std::fs::write(environment.dir.join(DONE), PACKAGES.join("\n"))?;
    Ok(environment)
}

/// Written last: an environment without it was cut off.
const DONE: &str = "gabion-complete";

fn dir() -> Result<PathBuf> {
    let pins: String = PACKAGES
        .iter()
        .map(|pin| pin.replace("[server]", "").replace("==", "-"))
        .collect::<Vec<_>>()
        .join("-");
    Ok(workspace::cache_dir()?.join(format!("python-{pins}")))
}
