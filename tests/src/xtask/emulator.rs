//! `cargo xtask emulator`: an emulator for trying things by hand.

use anyhow::{Context as _, Result};
use gabion_tests::tools::{python, say};
use gabion_tests::{Emulator, Kind, Proxy};

/// Start an AWS emulator for trying things by hand; Ctrl-C ends it
///
/// Prints the environment that points Terraform, the AWS CLI and SDKs at it. A small modelled
/// fake stands in front and answers what the emulator lacks: tests/emulator-gaps.md lists that.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which emulator: MiniStack for the quick start, moto for Organizations
    #[arg(long, value_enum, default_value = "ministack")]
    kind: Kind,
    /// Talk to the emulator itself, without the fake
    #[arg(long)]
    raw: bool,
}

/// Starts it and waits for the end.
pub(crate) fn run(args: &Args) -> Result<()> {
    python::install()?;
    say(&format!("starting {}", args.kind));
    let emulator = Emulator::start(args.kind)?;
    let proxy = if args.raw {
        Proxy::plain(emulator)?
    } else {
        Proxy::start(emulator)?
    };
    println!(
        "# {} at {}, account {}",
        args.kind,
        proxy.endpoint(),
        args.kind.account()
    );
    println!("export AWS_ENDPOINT_URL={}", proxy.endpoint());
    println!("export AWS_REGION=eu-central-1");
    println!("export AWS_ACCESS_KEY_ID=testing");
    println!("export AWS_SECRET_ACCESS_KEY=testing");
    println!("export AWS_EC2_METADATA_DISABLED=true");
    println!("# Ctrl-C ends it; nothing is kept.");
    wait()?;
    drop(proxy);
    say("stopped");
    Ok(())
}

/// Waits for Ctrl-C, or for a polite request to end.
fn wait() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime
        .block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                result = tokio::signal::ctrl_c() => result,
                _ = terminate.recv() => Ok(()),
            }
        })
        .context("cannot listen for Ctrl-C")
}
