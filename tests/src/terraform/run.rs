//! One command of Terraform: while it runs, and what it left.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use serde_json::Value;

use super::diagnostic::{self, Diagnostic};
use crate::process::Guard;

/// A command that runs.
#[derive(Debug)]
pub struct Running {
    process: Guard,
    line: String,
    started: Instant,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

impl Running {
    pub(super) fn new(mut process: Guard, arguments: &[&str]) -> Result<Self> {
        let stdout = process.stdout().context("no standard output")?;
        let stderr = process.stderr().context("no standard error")?;
        Ok(Self {
            process,
            line: arguments.join(" "),
            started: Instant::now(),
            stdout: Some(std::thread::spawn(move || collect(stdout))),
            stderr: Some(std::thread::spawn(move || collect(stderr))),
        })
    }

    /// What Ctrl-C does: SIGINT to the whole process group, plugins included.
    ///
    /// # Errors
    /// When the command has ended.
    pub fn interrupt(&self) -> Result<()> {
        self.process.signal_group(Signal::INT)
    }

    /// `kill -9` of Terraform and its plugins.
    ///
    /// # Errors
    /// When the command has ended.
    pub fn kill(&self) -> Result<()> {
        self.process.signal_group(Signal::KILL)
    }

    /// `kill -9` of Terraform's plugins alone.
    ///
    /// # Errors
    /// Where the system has no `/proc`, or none was found.
    pub fn kill_plugins(&self) -> Result<()> {
        let parent = self.process.id().to_string();
        let mut found = 0;
        for entry in std::fs::read_dir("/proc").context("no /proc on this system")? {
            let path = entry?.path();
            // PID (NAME) STATE PARENT: a name may hold spaces.
            let Ok(stat) = std::fs::read_to_string(path.join("stat")) else {
                continue;
            };
            let after = stat.rsplit(')').next().unwrap_or_default();
            let pid = path
                .file_name()
                .and_then(|name| name.to_str()?.parse().ok());
            if after.split_whitespace().nth(1) == Some(&parent)
                && let Some(pid) = pid.and_then(rustix::process::Pid::from_raw)
            {
                rustix::process::kill_process(pid, Signal::KILL)?;
                found += 1;
            }
        }
        if found == 0 {
            bail!("`{}` has no plugin", self.line);
        }
        Ok(())
    }

    /// The process id of Terraform.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it takes longer than `limit`: it is killed, and the text holds what it wrote.
    pub fn finish(mut self, limit: Duration) -> Result<Run> {
        let status = self.process.wait(limit)?;
        if status.is_none() {
            let _ = self.process.signal_group(Signal::KILL);
            self.process.stop();
        }
        let stdout = self
            .stdout
            .take()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default();
        let stderr = self
            .stderr
            .take()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default();
        let Some(status) = status else {
            bail!(
                "`{}` ran longer than {limit:?}:\n{stdout}{stderr}",
                self.line
            );
        };
        Ok(Run {
            line: std::mem::take(&mut self.line),
            code: status.code(),
            stdout,
            stderr,
            elapsed: self.started.elapsed(),
        })
    }
}

fn collect(mut pipe: impl std::io::Read) -> String {
    let mut bytes = Vec::new();
    // What was read before an error is still worth showing.
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Run {
    line: String,
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Run {
    /// Demands success: exit code 0, or 2 of a plan with changes.
    ///
    /// # Errors
    /// When it failed; the text holds all that it wrote.
    pub fn ok(self) -> Result<Self> {
        let planned = self.line.contains("-detailed-exitcode") && self.code == Some(2);
        if self.code == Some(0) || planned {
            return Ok(self);
        }
        bail!(
            "`{}` failed ({:?}):\n{}{}",
            self.line,
            self.code,
            self.stdout,
            self.stderr
        )
    }

    /// Demands failure: exit code 1.
    ///
    /// # Errors
    /// When it succeeded; the text holds all that it wrote.
    pub fn refused(self) -> Result<Self> {
        if self.code == Some(1) {
            return Ok(self);
        }
        bail!(
            "`{}` ended with {:?}, not 1:\n{}{}",
            self.line,
            self.code,
            self.stdout,
            self.stderr
        )
    }

    /// Whether a plan with `-detailed-exitcode` shows changes.
    ///
    /// # Errors
    /// When the plan failed; the text holds all that it wrote.
    pub fn changes(&self) -> Result<bool> {
        match self.code {
            Some(0) => Ok(false),
            Some(2) => Ok(true),
            _ => bail!("`{}` failed:\n{}{}", self.line, self.stdout, self.stderr),
        }
    }

    /// Both outputs as one line of single spaces, without the bars that Terraform draws beside a
    /// diagnostic: its line breaks depend on the width of the text.
    #[must_use]
    pub fn flat(&self) -> String {
        diagnostic::flat(&format!("{}\n{}", self.stdout, self.stderr))
    }

    /// Demands that every one of `texts` appears (see [`Self::flat`]).
    ///
    /// # Errors
    /// When one does not; the text holds all that was written.
    pub fn says(self, texts: &[&str]) -> Result<Self> {
        let flat = self.flat();
        for text in texts {
            if !flat.contains(text) {
                bail!(
                    "`{}` does not say `{text}`:\n{}{}",
                    self.line,
                    self.stdout,
                    self.stderr
                );
            }
        }
        Ok(self)
    }

    /// The JSON lines of a run with `-json`.
    #[must_use]
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// The diagnostics of a run with `-json`.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.json_lines()
            .iter()
            .filter_map(Diagnostic::of)
            .collect()
    }

    /// The only error of a run with `-json`.
    ///
    /// # Errors
    /// When there is none, or more than one; the text holds all that was written.
    pub fn only_error(&self) -> Result<Diagnostic> {
        let mut errors = self.diagnostics();
        errors.retain(|found| found.severity == "error");
        match (errors.pop(), errors.is_empty()) {
            (Some(error), true) => Ok(error),
            _ => bail!(
                "not one error in `{}`:\n{}{}",
                self.line,
                self.stdout,
                self.stderr
            ),
        }
    }
}
