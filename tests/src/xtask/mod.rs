//! The commands of `cargo xtask`, one file each.

mod bench;
mod cargo;
mod demo;
mod emulator;
mod gaps;
mod r#gen;
mod guardrails;
mod real_account;
mod setup;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything that a contributor runs
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Setup(setup::Args),
    Guardrails(guardrails::Args),
    Demo(demo::Args),
    Emulator(emulator::Args),
    Test(test::Args),
    Gen(r#gen::Args),
    Bench(bench::Args),
    RealAccount(real_account::Args),
}

/// Runs the command line; a failure is one sentence with its causes, and exit code 1.
pub(crate) fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Setup(args) => setup::run(&args),
        Command::Guardrails(args) => guardrails::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Emulator(args) => emulator::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Gen(args) => r#gen::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::RealAccount(args) => real_account::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
