//! The provider's binary: the guard layer around the provider, served to Terraform.

use std::process::ExitCode;

use gabion_framework::plugin::guard::{GuardLayer, GuardLayerOptions, JudgeSlot};
use gabion_framework::plugin::{ServeOptions, log, serve};
use gabion_framework::server::ProviderServer;
use terraform_provider_gabion::{ADDRESS, GabionProvider};

fn main() -> ExitCode {
    log::init();
    let judge = JudgeSlot::new();
    let provider = ProviderServer::new(GabionProvider::new(judge.clone()));
    let options = GuardLayerOptions {
        provider: ADDRESS.to_owned(),
        provider_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        judge,
    };
    serve(GuardLayer::new(provider, options), ServeOptions { address: ADDRESS.to_owned(), ..ServeOptions::default() })
}
