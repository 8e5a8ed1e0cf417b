//! `cargo xtask gen`: files that are made from others.

use anyhow::{Result, bail};
use gabion_tests::tools::{self, say};
use gabion_tests::workspace;

use super::cargo::cargo;
use super::gaps;

/// Regenerate the generated files, or check that they are up to date
///
/// docs/rules/, from the comments above the rules; tests/emulator-gaps.md, by asking both
/// emulators.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail where a file would change
    #[arg(long)]
    check: bool,
}

/// Generates or checks everything.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut pages = cargo(&[
        "test",
        "--quiet",
        "--workspace",
        "--test",
        "e2e",
        "rule_pages",
    ]);
    if !args.check {
        pages.env("GABION_GEN", "1");
    }
    tools::run(&mut pages)?;
    gaps(args.check)
}

/// `tests/emulator-gaps.md`.
pub(crate) fn gaps(check: bool) -> Result<()> {
    let path = workspace::root().join("tests/emulator-gaps.md");
    let page = gaps::page()?;
    if std::fs::read_to_string(&path).is_ok_and(|text| text == page) {
        say("tests/emulator-gaps.md is up to date");
        return Ok(());
    }
    if check {
        bail!("tests/emulator-gaps.md would change: run `cargo xtask gen` and commit the result");
    }
    std::fs::write(&path, page)?;
    say("tests/emulator-gaps.md changed");
    Ok(())
}
