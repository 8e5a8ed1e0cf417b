//! The one door to everything that a contributor runs. See `cargo xtask help`.

use std::process::ExitCode;

#[path = "../xtask/mod.rs"]
mod xtask;

fn main() -> ExitCode {
    xtask::main()
}
