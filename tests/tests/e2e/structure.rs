//! The drawing of the workspace, checked: who may depend on whom, and how long a file may be.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use gabion_tests::{tools, workspace};
use serde_json::Value;

/// The arrows of docs/architecture.md: a crate, and what it may use of ours.
const ARROWS: &[(&str, &[&str])] = &[
    ("gabion-model", &[]),
    ("gabion-componentize", &[]),
    ("gabion-engine", &["gabion-componentize", "gabion-model"]),
    ("gabion-plugin", &["gabion-engine", "gabion-model"]),
    ("gabion-framework", &["gabion-plugin"]),
    ("gabion-aws", &[]),
    (
        "terraform-provider-gabion",
        &[
            "gabion-framework",
            "gabion-plugin",
            "gabion-aws",
            "gabion-engine",
        ],
    ),
    (
        "gabion-guardrail",
        &["gabion-guardrail-macros", "gabion-model"],
    ),
    ("gabion-guardrail-macros", &[]),
    ("gabion-baseline", &["gabion-guardrail", "gabion-model"]),
    ("gabion-registry", &[]),
    (
        "gabion-cli",
        &[
            "gabion-componentize",
            "gabion-engine",
            "gabion-model",
            "gabion-plugin",
            "gabion-registry",
        ],
    ),
    ("gabion-tests", &["gabion-componentize"]),
];

/// Crates that one crate alone may name.
const ALONE: &[(&str, &str)] = &[
    ("wasmtime", "gabion-engine"),
    ("aws-sdk-", "gabion-aws"),
    ("oci-client", "gabion-registry"),
];

/// What a file of the checkout may weigh, in bytes, and the deliberate exceptions.
const LARGEST: u64 = 30 * 1024;
const LARGE: &[&str] = &[
    // The protocol's own definitions, as published.
    "provider/gabion-plugin/proto/tfplugin5.proto",
    "provider/gabion-plugin/proto/tfplugin6.proto",
    // The rule set of the secret detector, as published.
    "guardrails/gabion-model/rules/gitleaks.toml",
];

fn metadata() -> Result<Vec<Value>> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(workspace::root());
    let answer: Value = serde_json::from_str(&tools::output(&mut command)?)?;
    Ok(answer["packages"]
        .as_array()
        .context("no packages")?
        .clone())
}

#[test]
fn crates_depend_on_each_other_as_drawn() -> Result<()> {
    let packages = metadata()?;
    let names: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names, drawn,
        "a crate is missing in the drawing, or in the workspace"
    );
    let mut wrong = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        let allowed = ARROWS
            .iter()
            .find(|(of, _)| *of == name)
            .map(|(_, to)| *to)
            .unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            // Tests may look at their subject from any side.
            if dependency["kind"] == "dev" {
                continue;
            }
            if names.contains(on) && !allowed.contains(&on) {
                wrong.push(format!("{name} -> {on}"));
            }
            if name == "gabion-baseline" && on == "gabion-model" && dependency["optional"] != true {
                wrong.push(format!("{name} -> {on} without a feature"));
            }
            for (prefix, owner) in ALONE {
                let named = on == *prefix || (prefix.ends_with('-') && on.starts_with(prefix));
                if named && name != *owner {
                    wrong.push(format!("{name} -> {on}, which only {owner} may name"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that nobody drew: {wrong:#?}");
    Ok(())
}

#[test]
fn no_source_file_is_too_long() -> Result<()> {
    let mut command = Command::new("git");
    command
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(workspace::root());
    // A release archive has no repository, and nothing to check.
    let Ok(list) = tools::output(&mut command) else {
        return Ok(());
    };
    let source = ["rs", "wit", "proto", "py", "md", "tf", "hcl", "sh", "toml"];
    let long: Vec<&str> = list
        .lines()
        .filter(|name| {
            let path = Path::new(name);
            let extension = path
                .extension()
                .and_then(|e| e.to_str())
                .unwrap_or_default();
            let size = std::fs::metadata(workspace::root().join(path)).map_or(0, |m| m.len());
            source.contains(&extension) && size > LARGEST && !LARGE.contains(name)
        })
        .collect();
    assert!(
        long.is_empty(),
        "over {LARGEST} bytes, split them: {long:#?}"
    );
    Ok(())
}

/// `service:Operation` for each line of the table of calls in gabion-aws.
fn calls_of_the_provider() -> Result<Vec<(String, String)>> {
    let path = workspace::root().join("provider/gabion-aws/src/operations.rs");
    let text = std::fs::read_to_string(path)?;
    let table = text
        .split_once("\noperations! {")
        .context("no table of operations")?
        .1;
    let mut service = String::new();
    let mut calls = Vec::new();
    for line in table.lines().take_while(|line| *line != "}") {
        let Some(name) = line.split('"').nth(1) else {
            continue;
        };
        if line.trim_end().ends_with('{') {
            service = name.to_owned();
        } else if line.contains(", Read, ") || line.contains(", Write, ") {
            calls.push((service.clone(), name.to_owned()));
        }
    }
    Ok(calls)
}

#[test]
fn every_call_of_the_provider_is_asked_of_the_emulators() -> Result<()> {
    let table = std::fs::read_to_string(workspace::root().join("tests/emulator-gaps.md"))?;
    let rows: Vec<(&str, Vec<&str>)> = table
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .split(" | ")
                .next()?
                .split_once(':')
        })
        .map(|(service, rest)| (service, rest.split([' ', ',']).collect()))
        .collect();
    let calls = calls_of_the_provider()?;
    assert!(
        calls.len() > 50,
        "the table of operations was not read: {calls:?}"
    );
    let missing: Vec<String> = calls
        .iter()
        .filter(|(service, name)| {
            !rows
                .iter()
                .any(|(of, names)| of == service && names.contains(&name.as_str()))
        })
        .map(|(service, name)| format!("{service}:{name}"))
        .collect();
    assert!(
        missing.is_empty(),
        "add probes to tests/emulators for {missing:?}"
    );
    Ok(())
}
