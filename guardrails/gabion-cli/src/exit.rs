//! The exit codes, all in one place.

use std::process::ExitCode;

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing to complain of; an empty plan too.
    Clean = 0,
    /// At least one change is refused.
    Violations = 1,
    /// Nothing is refused, something could not be decided, and `--strict` was given.
    Undetermined = 2,
    /// A rule, pack or path that the caller named selected nothing.
    NothingSelected = 3,
    /// The tool failed, or was used wrongly.
    Failed = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that ends the command.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What is shown, without `error:` before it.
    pub message: String,
}

impl Failure {
    /// The tool failed, or was used wrongly.
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
        }
    }

    /// Writes it to the standard error, as every command ends that fails.
    pub(crate) fn tell(&self) {
        let mut lines = self.message.lines();
        eprintln!("error: {}", lines.next().unwrap_or_default());
        lines.for_each(|line| eprintln!("       {line}"));
    }

    /// What the caller named selected nothing.
    pub fn nothing(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::NothingSelected,
            message: message.into(),
        }
    }
}

impl From<gabion_engine::policy::PolicyError> for Failure {
    fn from(error: gabion_engine::policy::PolicyError) -> Self {
        let exit = if error.selected_nothing {
            Exit::NothingSelected
        } else {
            Exit::Failed
        };
        Self {
            exit,
            message: error.to_string(),
        }
    }
}
