//! The example packs, built and tested as their authors would.

use std::process::Command;

use anyhow::Result;
use gabion_tests::workspace;

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
