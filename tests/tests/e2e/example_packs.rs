//! The example packs, built and tested as their authors would.

use std::process::Command;

use anyhow::Result;
use gabion_componentize::Engines;
use gabion_tests::{skip, tools, workspace};

#[test]
fn the_rust_pack_builds_and_passes_its_cases() -> Result<()> {
    let pack = workspace::root().join("examples/guardrails/rust");
    let output = Command::new(workspace::gabion_bin()?)
        .args(["test", "--fuzz-unknown", "--coverage", "--threshold", "100"])
        .current_dir(pack)
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}\n{errors}");
    assert!(
        said.contains("Cases ask 2 of 2 rules of placement 1.0.0."),
        "{said}"
    );
    Ok(())
}

/// These use the user's own cache: it holds the engines, and compiled code that takes a minute to make.
fn passes(folder: &str, wanted: &str) -> Result<()> {
    let output = Command::new(workspace::gabion_bin()?)
        .args(["test", "--fuzz-unknown", "--coverage", "--threshold", "100"])
        .current_dir(workspace::root().join("examples/guardrails").join(folder))
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}\n{errors}");
    assert!(said.contains(wanted), "{said}");
    Ok(())
}

#[test]
fn the_javascript_pack_builds_and_passes_its_cases() -> Result<()> {
    let place = tools::engines::place()?;
    if !Engines::new(&place, &|_| {}).has_javascript() {
        let what = "the engine for guardrails in JavaScript";
        return skip::missing(what, tools::engines::HOW, true);
    }
    passes("javascript", "Cases ask 2 of 2 rules of tagging 1.0.0.")
}

#[test]
fn the_python_pack_builds_and_passes_its_cases() -> Result<()> {
    let place = tools::engines::place()?;
    if !Engines::new(&place, &|_| {}).has_python() {
        let what = "the engine for guardrails in Python";
        return skip::missing(what, tools::engines::HOW, true);
    }
    passes("python", "Cases ask 2 of 2 rules of naming 1.0.0.")
}
