//! Makes the baseline component from source and leaves it in `OUT_DIR/baseline.wasm`, for `src/baseline.rs`.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use gabion_componentize::{Crate, compile, encode, find, sources};
use sha2::{Digest as _, Sha256};

#[path = "build/released.rs"]
mod released;

/// Where the released components are, from the root of the workspace.
const RELEASED: &str = "guardrails/gabion-baseline/released";

/// What the component depends on besides its sources, from the root of the workspace.
const INPUTS: [&str; 7] = [
    "guardrails/gabion-baseline/Cargo.toml",
    "guardrails/gabion-guardrail/Cargo.toml",
    "guardrails/gabion-guardrail-macros",
    RELEASED,
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

    let released = released::list(&workspace.join(RELEASED))?;
    fs::write(out.join("released.rs"), released)?;

    let toolchain = find(workspace)
        .map_err(|error| format!("{error}\n`cargo xtask guardrails` does one or the other"))?;
    let module = compile(
        &toolchain,
        &Crate {
            folder: workspace,
            name: "gabion-baseline",
            package: "gabion-baseline",
            library: "gabion-baseline",
            target_dir: &guest_folder(&out),
            remap: &[(workspace.to_owned(), "/gabion".to_owned())],
            own: &[],
            loud: false,
        },
    )?;
    let component = encode("gabion-baseline", &fs::read(&module)?)?;
    println!(
        "cargo::rustc-env=GABION_BASELINE_DIGEST={}",
        digest(&component)
    );
    fs::write(out.join("baseline.wasm"), component)?;

    println!(
        "cargo::rustc-env=GABION_BASELINE_VERSION={}",
        version(workspace)?
    );
    // A script that failed runs again in any case; these are for one that did not.
    let inputs = INPUTS.iter().map(|input| workspace.join(input));
    for input in inputs.chain(sources(&module)?) {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    Ok(())
}

/// As `gabion_engine::cache` writes it.
fn digest(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
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
