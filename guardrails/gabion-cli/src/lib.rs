//! The `gabion` command: guardrails on saved plans, and what goes with them.
//!
//! What belongs here: arguments, exit codes, the reader of plan files, output, templates of packs. What does
//! not: the meaning of a policy file and of a verdict (`gabion-engine`), rules, how components are made
//! (`gabion-componentize`).

pub mod exit;
pub mod plan;
pub mod source;

mod args;
mod case;
mod command;
mod input;
mod judging;
mod known;
mod output;
mod remote;
mod scaffold;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use exit::Exit;

/// Runs the command with the arguments of the process.
pub fn run() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let asked = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            // Where nobody reads the help any more, there is nobody to tell.
            let _ = error.print();
            return if asked { Exit::Clean } else { Exit::Failed }.into();
        }
    };
    match args.command.run() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.tell();
            failure.exit.into()
        }
    }
}
