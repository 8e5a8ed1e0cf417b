//! The `gabion` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gabion_cli::run()
}
