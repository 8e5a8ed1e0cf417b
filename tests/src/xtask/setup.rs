//! `cargo xtask setup`: gets what the tests and the demo need.

use anyhow::{Result, bail};
use gabion_tests::skip;
use gabion_tests::tools::{
    cosign, engines, guest, mirror, opentofu, python, registry, say, terraform,
};

/// Install what the tests and the demo need, or say how to
///
/// Into the user's cache folder: a Python environment with the emulators, OpenTofu where no `tofu`
/// is on PATH, cosign, and what makes guardrails of JavaScript and Python (400 MB). Into the system:
/// docker-registry by apt, and the WebAssembly toolchain, by rustup or by apt. Terraform
/// and the mirror of hashicorp/aws are only looked for. Running it again changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave OpenTofu out (it takes three minutes to build)
    #[arg(long)]
    no_opentofu: bool,
    /// Leave cosign out (it takes five minutes to build)
    #[arg(long)]
    no_cosign: bool,
}

impl Args {
    /// Leaves nothing out.
    pub(crate) fn everything() -> Self {
        Self {
            no_opentofu: false,
            no_cosign: false,
        }
    }
}

/// Everything that `args` asks for.
pub(crate) fn run(args: &Args) -> Result<()> {
    core()?;
    match engines::install() {
        Ok(()) => say(&format!(
            "engines of guardrails in JavaScript and Python: {}",
            engines::place()?.display()
        )),
        Err(error) if !skip::is_ci() => say(&format!(
            "guardrails in JavaScript and Python cannot be built here, their tests will be skipped: {error:#}"
        )),
        Err(error) => return Err(error),
    }
    if !args.no_opentofu {
        match opentofu::install() {
            Ok(path) => say(&format!("OpenTofu: {}", path.display())),
            Err(error) if !skip::is_ci() => {
                say(&format!(
                    "OpenTofu is missing, its tests will be skipped: {error:#}"
                ));
            }
            Err(error) => return Err(error),
        }
    }
    let mut packs = vec![("docker-registry", registry::install())];
    if !args.no_cosign {
        packs.push(("cosign", cosign::install()));
    }
    for (name, installed) in packs {
        match installed {
            Ok(path) => say(&format!("{name}: {}", path.display())),
            Err(error) if !skip::is_ci() => {
                say(&format!(
                    "{name} is missing, its tests will be skipped: {error:#}"
                ));
            }
            Err(error) => return Err(error),
        }
    }
    match mirror::locate() {
        Some(found) => say(&format!(
            "hashicorp/aws {}: {}",
            found.version,
            found.root.display()
        )),
        None => say(&format!(
            "no mirror of hashicorp/aws, the tests that need one will be skipped: {}",
            mirror::HOW
        )),
    }
    Ok(())
}

/// What the demo needs: Terraform, the toolchain of the guardrails, the emulators.
pub(crate) fn core() -> Result<()> {
    let Some(path) = terraform::locate() else {
        bail!("Terraform 1.11 or newer is missing: {}", terraform::HOW);
    };
    say(&format!(
        "Terraform {}: {}",
        terraform::version_of(&path)?,
        path.display()
    ));
    say(&format!("WebAssembly toolchain: {}", guest::install()?));
    let environment = python::install()?;
    say(&format!("emulators: {}", environment.program("").display()));
    Ok(())
}
