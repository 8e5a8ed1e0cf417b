//! The provider's binary: the guard layer around the provider, served to Terraform.

use std::io::Write as _;
use std::process::ExitCode;

use gabion_framework::plugin::guard::{GuardLayer, GuardLayerOptions, JudgeSlot};
use gabion_framework::plugin::{ServeOptions, log, serve};
use gabion_framework::server::ProviderServer;
use terraform_provider_gabion::{ADDRESS, GabionProvider};

fn main() -> ExitCode {
    let flag = std::env::args().nth(1).unwrap_or_default();
    if matches!(flag.as_str(), "--version" | "-version" | "-V") {
        let written = writeln!(
            std::io::stdout(),
            "terraform-provider-gabion {}",
            env!("CARGO_PKG_VERSION")
        );
        return if written.is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    log::init();
    let judge = JudgeSlot::new();
    let provider = ProviderServer::new(GabionProvider::new(judge.clone()));
    let options = GuardLayerOptions {
        provider: ADDRESS.to_owned(),
        provider_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        judge,
    };
    // For a debugger: serves without Terraform, and prints how Terraform finds it.
    let debug = matches!(flag.as_str(), "--debug" | "-debug");
    serve(
        GuardLayer::new(provider, options),
        ServeOptions {
            address: ADDRESS.to_owned(),
            debug,
            ..ServeOptions::default()
        },
    )
}
