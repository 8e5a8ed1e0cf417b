//! `cargo xtask guardrails`: the toolchain of the guardrails, and the baseline built with it.

use anyhow::Result;
use gabion_tests::tools::{guest, say};
use gabion_tests::workspace;

/// Install the WebAssembly toolchain, and build the baseline guardrails with it
///
/// `rustup target add wasm32-unknown-unknown` where that works, else the distribution's
/// `rustc-web`, `rust-web-src` and `cargo-web` by apt. A plain `cargo build` then finds them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Installs and builds.
pub(crate) fn run(_: &Args) -> Result<()> {
    let toolchain = guest::install()?;
    say(&format!("WebAssembly toolchain: {toolchain}"));
    // Beside the other build products, where the engine's build script builds too.
    let build = workspace::build_dir()?;
    let target = build.parent().unwrap_or(&build).join("guest");
    say("building the baseline guardrails (under a minute, the first time)");
    let module = toolchain.build("gabion-baseline", &target)?;
    say(&format!(
        "{}: {} bytes",
        module.display(),
        std::fs::metadata(&module)?.len()
    ));
    Ok(())
}
