//! Terraform and OpenTofu, run as a user runs them, in a working directory of their own.

mod config;
mod diagnostic;
mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use tempfile::TempDir;

pub use diagnostic::Diagnostic;
pub use run::{Run, Running};

use crate::tools::{mirror, opentofu, terraform};
use crate::{process, skip, workspace};

/// Which of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// HashiCorp's Terraform, 1.11 or newer.
    Terraform,
    /// OpenTofu, 1.12 or newer.
    OpenTofu,
}

impl Tool {
    /// Both, for tests that run with each.
    pub const ALL: [Self; 2] = [Self::Terraform, Self::OpenTofu];

    /// The program's file, if it is installed.
    #[must_use]
    pub fn locate(self) -> Option<PathBuf> {
        match self {
            Self::Terraform => terraform::locate(),
            Self::OpenTofu => opentofu::locate(),
        }
    }

    /// The program's file; without one, a loud skip and `None`.
    ///
    /// # Errors
    /// In CI, when the program is missing.
    pub fn require(self) -> Result<Option<PathBuf>> {
        let found = self.locate();
        if found.is_none() {
            match self {
                Self::Terraform => skip::missing("Terraform", terraform::HOW, true)?,
                Self::OpenTofu => skip::missing("OpenTofu", opentofu::HOW, true)?,
            }
        }
        Ok(found)
    }
}

impl std::fmt::Display for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Terraform => "Terraform",
            Self::OpenTofu => "OpenTofu",
        })
    }
}

/// A working directory with a configuration, and the program that works on it.
///
/// The provider comes from a filesystem mirror, so that `init` installs it and writes the lock
/// file as it does for a user. Nothing of the user's own set-up is seen: HOME, credentials and
/// CLI configuration are the test's.
#[derive(Debug)]
pub struct Terraform {
    binary: PathBuf,
    root: TempDir,
    env: BTreeMap<String, String>,
    limit: Duration,
}

impl Terraform {
    /// A fresh working directory for the program `binary`, with AWS at `endpoint`.
    ///
    /// # Errors
    /// When the provider has not been built, or the directory cannot be made.
    pub fn new(binary: &Path, endpoint: &str) -> Result<Self> {
        Self::with_provider(binary, endpoint, &workspace::provider_bin()?)
    }

    /// The same with that build of the provider, for benchmarks of an optimised one.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn with_provider(binary: &Path, endpoint: &str, provider: &Path) -> Result<Self> {
        let root = tempfile::Builder::new().prefix("gabion-e2e-").tempdir()?;
        let home = root.path().join("home");
        for dir in ["home", "work", "tmp"] {
            std::fs::create_dir(root.path().join(dir))?;
        }
        config::mirror(&root.path().join("mirror"), provider)?;
        let cli = config::write(root.path(), mirror::locate().as_ref())?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut env = BTreeMap::from([
            ("HOME".to_owned(), text(&home)),
            ("TMPDIR".to_owned(), text(&root.path().join("tmp"))),
            ("TF_CLI_CONFIG_FILE".to_owned(), text(&cli)),
            ("TF_IN_AUTOMATION".to_owned(), "1".to_owned()),
            ("CHECKPOINT_DISABLE".to_owned(), "1".to_owned()),
            ("AWS_ENDPOINT_URL".to_owned(), endpoint.to_owned()),
            ("AWS_ACCESS_KEY_ID".to_owned(), "testing".to_owned()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), "testing".to_owned()),
            ("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()),
            // Guardrails are compiled once for all tests, as on a user's machine.
            (
                "XDG_CACHE_HOME".to_owned(),
                text(&crate::workspace::shared_dir()?.join("cache")),
            ),
        ]);
        for name in ["PATH", "LANG", "RUST_BACKTRACE"] {
            if let Ok(value) = std::env::var(name) {
                env.insert(name.to_owned(), value);
            }
        }
        Ok(Self {
            binary: binary.to_path_buf(),
            root,
            env,
            limit: Duration::from_secs(180),
        })
    }

    /// The working directory.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Keeps the working directory and its state beyond this value, and gives its place.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        self.root.keep().join("work")
    }

    /// Sets a variable of the environment.
    pub fn env(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a variable out of the environment.
    pub fn env_remove(&mut self, name: &str) -> &mut Self {
        self.env.remove(name);
        self
    }

    /// Sets how long a command may run before it is killed; 3 minutes without it.
    pub fn limit(&mut self, limit: Duration) -> &mut Self {
        self.limit = limit;
        self
    }

    /// Writes a file of the working directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.dir().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write `{name}`"))
    }

    /// Removes a file of the working directory.
    ///
    /// # Errors
    /// When it is not there.
    pub fn remove(&self, name: &str) -> Result<()> {
        std::fs::remove_file(self.dir().join(name))
            .with_context(|| format!("cannot remove `{name}`"))
    }

    /// Writes `versions.tf` and `provider.tf`: our provider in eu-central-1, with `settings`
    /// added to its block.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn provider(&self, settings: &str) -> Result<()> {
        self.write("versions.tf", config::VERSIONS)?;
        self.write(
            "provider.tf",
            &format!("provider \"gabion\" {{\n  region = \"eu-central-1\"\n{settings}\n}}\n"),
        )
    }

    /// Copies the files of a folder (not its subfolders) into the working directory.
    ///
    /// # Errors
    /// When one of them cannot be copied.
    pub fn copy(&self, from: &Path) -> Result<()> {
        for entry in std::fs::read_dir(from).with_context(|| format!("no `{}`", from.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), self.dir().join(entry.file_name()))?;
            }
        }
        Ok(())
    }

    /// Copies a folder with all that is in it into the working directory.
    ///
    /// # Errors
    /// When something of it cannot be copied.
    pub fn copy_all(&self, from: &Path) -> Result<()> {
        copy_tree(from, &self.dir())
    }

    /// Starts a command and returns at once: for Ctrl-C and `kill -9` in the middle.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .current_dir(self.dir())
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Running::new(process::spawn(command)?, arguments)
    }

    /// Runs a command to its end, whatever its exit code.
    ///
    /// # Errors
    /// When it cannot be started, or takes longer than the limit.
    pub fn run(&self, arguments: &[&str]) -> Result<Run> {
        self.start(arguments)?.finish(self.limit)
    }

    /// `init`, which must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub fn init(&self) -> Result<Run> {
        self.run(&["init", "-no-color", "-input=false"])?.ok()
    }

    /// `validate`, whatever it says.
    ///
    /// # Errors
    /// When it does not run.
    pub fn validate(&self) -> Result<Run> {
        self.run(&["validate", "-no-color"])
    }

    /// `plan -detailed-exitcode -out plan.tfplan`: see [`Run::changes`] and [`Run::refused`].
    ///
    /// # Errors
    /// When it does not run.
    pub fn plan(&self, more: &[&str]) -> Result<Run> {
        let mut arguments = vec![
            "plan",
            "-no-color",
            "-input=false",
            "-detailed-exitcode",
            "-out=plan.tfplan",
        ];
        arguments.extend(more);
        self.run(&arguments)
    }

    /// The same plan as JSON lines: see [`Run::diagnostics`].
    ///
    /// # Errors
    /// When it does not run.
    pub fn plan_json(&self, more: &[&str]) -> Result<Run> {
        let mut arguments = vec![
            "plan",
            "-json",
            "-input=false",
            "-detailed-exitcode",
            "-out=plan.tfplan",
        ];
        arguments.extend(more);
        self.run(&arguments)
    }

    /// `apply -auto-approve`, whatever comes of it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn apply(&self, more: &[&str]) -> Result<Run> {
        let mut arguments = vec!["apply", "-no-color", "-input=false", "-auto-approve"];
        arguments.extend(more);
        self.run(&arguments)
    }

    /// `destroy -auto-approve`, whatever comes of it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn destroy(&self, more: &[&str]) -> Result<Run> {
        let mut arguments = vec!["destroy", "-no-color", "-input=false", "-auto-approve"];
        arguments.extend(more);
        self.run(&arguments)
    }

    /// `import`, whatever comes of it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn import(&self, address: &str, id: &str) -> Result<Run> {
        self.run(&["import", "-no-color", "-input=false", address, id])
    }

    /// The saved plan as JSON, as `gabion check` reads it.
    ///
    /// # Errors
    /// When there is no saved plan.
    pub fn saved_plan(&self) -> Result<Value> {
        Ok(serde_json::from_str(
            &self.run(&["show", "-json", "plan.tfplan"])?.ok()?.stdout,
        )?)
    }

    /// The attributes of a resource in the state, by its address; those of modules count, too.
    ///
    /// # Errors
    /// When the state does not hold it.
    pub fn state(&self, address: &str) -> Result<Value> {
        self.states()?
            .remove(address)
            .with_context(|| format!("the state holds no `{address}`"))
    }

    /// The attributes of every resource in the state, by address; those of modules, too.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn states(&self) -> Result<BTreeMap<String, Value>> {
        let state: Value = serde_json::from_str(&self.run(&["show", "-json"])?.ok()?.stdout)?;
        let mut found = BTreeMap::new();
        resources(state.pointer("/values/root_module"), &mut found);
        Ok(found)
    }

    /// The addresses in the state.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn state_list(&self) -> Result<Vec<String>> {
        let run = self.run(&["state", "list"])?;
        if run.stderr.contains("No state file was found") {
            return Ok(Vec::new());
        }
        Ok(run.ok()?.stdout.lines().map(str::to_owned).collect())
    }

    /// Plans twice, and demands that neither plan shows a change.
    ///
    /// # Errors
    /// When one does; the text holds the plan.
    pub fn settled(&self) -> Result<()> {
        for round in ["first", "second"] {
            let run = self.plan(&[])?;
            anyhow::ensure!(
                !run.changes()?,
                "the {round} plan after apply shows changes:\n{}",
                run.stdout
            );
        }
        Ok(())
    }
}

/// The resources of a module and of those below it.
fn resources(module: Option<&Value>, into: &mut BTreeMap<String, Value>) {
    let list = |key: &str| module.and_then(|module| module.get(key)?.as_array());
    for found in list("resources").into_iter().flatten() {
        if let (Some(address), Some(values)) = (
            found.get("address").and_then(Value::as_str),
            found.get("values"),
        ) {
            into.insert(address.to_owned(), values.clone());
        }
    }
    for child in list("child_modules").into_iter().flatten() {
        resources(Some(child), into);
    }
}

/// Copies a folder with all that is in it.
///
/// # Errors
/// When something of it cannot be copied.
pub fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("no `{}`", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
