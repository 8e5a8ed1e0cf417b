//! Makes the baseline component from source and leaves it in `OUT_DIR/baseline.wasm`, for `src/baseline.rs`.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "build/guest.rs"]
mod guest;

/// What the component depends on besides its sources, from the root of the workspace.
const INPUTS: [&str; 7] = [
    "guardrails/gabion-baseline/Cargo.toml",
    "guardrails/gabion-guardrail/Cargo.toml",
    "guardrails/gabion-guardrail-macros",
    "guardrails/gabion-engine/build",
    "wit/guardrail",
    "Cargo.toml",
    "Cargo.lock",
];

fn main() {
    if let Err(error) = run() {
        // `cargo::error` shows one clean message instead of a dump of this script's output.
        for line in error.to_string().lines() {
            println!("cargo::error={line}");
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = manifest
        .ancestors()
        .nth(2)
        .ok_or("the engine does not stand in its workspace")?;
    let out = PathBuf::from(variable("OUT_DIR")?);

    let toolchain = guest::find()?;
    let module = guest::build(
        &toolchain,
        workspace,
        "gabion-baseline",
        &guest_folder(&out),
    )?;
    fs::write(
        out.join("baseline.wasm"),
        componentize(&fs::read(&module)?)?,
    )?;

    println!(
        "cargo::rustc-env=GABION_BASELINE_VERSION={}",
        version(workspace)?
    );
    // A script that failed runs again in any case; these are for one that did not.
    let inputs = INPUTS.iter().map(|input| workspace.join(input));
    for input in inputs.chain(guest::sources(&module)?) {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    Ok(())
}

fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    env::var(name).map_err(|_| format!("cargo did not set {name}").into())
}

/// A target folder of its own, below the real one: `target/guest`. All profiles share it.
fn guest_folder(out: &Path) -> PathBuf {
    // OUT_DIR is target/PROFILE/build/NAME/out.
    let target = out
        .ancestors()
        .find(|path| path.file_name().is_some_and(|name| name == "build"));
    target
        .and_then(|build| build.ancestors().nth(2))
        .unwrap_or(out)
        .join("guest")
}

fn componentize(module: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let module = guest::strip(module)?;
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("the baseline does not fit wit/guardrail: {error:#}"))?;
    Ok(component)
}

/// The pack's version: that of its manifest, or of the workspace where the manifest says so.
fn version(workspace: &Path) -> Result<String, Box<dyn Error>> {
    let of = |manifest: &str| -> Result<Option<String>, Box<dyn Error>> {
        let text = fs::read_to_string(workspace.join(manifest))?;
        Ok(text.lines().find_map(|line| {
            let value = line
                .strip_prefix("version")?
                .trim_start()
                .strip_prefix('=')?
                .trim();
            Some(value.trim_matches('"').to_owned())
        }))
    };
    let own = of("guardrails/gabion-baseline/Cargo.toml")?;
    Ok(own
        .or(of("Cargo.toml")?)
        .ok_or("gabion-baseline has no version")?)
}
