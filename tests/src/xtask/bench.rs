//! `cargo xtask bench`
use anyhow::Result;

/// Measure
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<()> {
    anyhow::bail!("not built yet")
}
