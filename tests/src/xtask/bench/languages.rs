//! (h) One rule in Rust, JavaScript and Python: the first verdict of a process, and what a later one costs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use gabion_tests::{tools, workspace};
use serde_json::{Value, json};

use super::figures::Series;
use super::{Binaries, Verdict, timed};

/// A first verdict, in milliseconds.
const FIRST: f64 = 10.0;
/// A later one, as so many of the Rust rule's.
const LATER: f64 = 10.0;
const RULE: &str = "TL01";

/// Measures the packs of `tests/guests/three`, which are one rule of real size in three languages.
pub(super) fn run(
    binaries: &Binaries,
    folder: &Path,
    runs: usize,
    verdict: &mut Verdict<'_>,
) -> Result<()> {
    println!("(h) one rule of real size in three languages, warm cache");
    let one = write(folder, 1)?;
    let many = write(folder, 200)?;
    let languages = ["rust", "javascript", "python"];
    let mut packs = Vec::new();
    for language in languages {
        packs.push(build(binaries, language)?);
    }
    for (language, pack) in languages.iter().zip(&packs) {
        let mut check = gabion(binaries, folder);
        check
            .arg("check")
            .arg(&one)
            .arg("--pack")
            .arg(pack)
            .args(["--rule", RULE, "-o", "json"]);
        // The first one compiles; and a rule that judges nothing is soon done.
        let answer: Value = serde_json::from_slice(&check.output()?.stdout)
            .with_context(|| format!("the check with the {language} rule gave no JSON"))?;
        ensure!(
            answer.pointer("/summary/refused") == Some(&json!(1)),
            "the {language} rule does not find what is wrong: {answer:#}"
        );
        let mut times = Vec::new();
        for _ in 0..runs * 3 {
            times.push(timed(&mut check)?);
        }
        let times = Series::new(times);
        println!(
            "  {language:<10} one resource, whole process {}",
            times.seconds()
        );
        verdict(
            &format!("h, {language}, milliseconds"),
            times.median() * 1000.0,
            FIRST,
        );
    }
    let mut medians = vec![Vec::new(); packs.len()];
    for _ in 0..runs.min(5) {
        for (pack, medians) in packs.iter().zip(&mut medians) {
            medians.push(per_call(binaries, folder, pack, &many)?);
        }
    }
    let medians: Vec<Series> = medians.into_iter().map(Series::new).collect();
    for (language, series) in languages.iter().zip(&medians) {
        println!(
            "  {language:<10} a later call, median {:.1} µs",
            series.median() * 1e6
        );
    }
    let [rust, others @ ..] = medians.as_slice() else {
        bail!("no packs");
    };
    for (language, series) in languages.iter().skip(1).zip(others) {
        verdict(
            &format!("h, {language}, later calls"),
            series.median() / rust.median(),
            LATER,
        );
    }
    Ok(())
}

fn gabion(binaries: &Binaries, folder: &Path) -> Command {
    let mut command = Command::new(&binaries.gabion);
    command
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"));
    command
}

/// The component of a language; what makes it comes from the user's own cache.
fn build(binaries: &Binaries, language: &str) -> Result<PathBuf> {
    let pack = workspace::root().join("tests/guests/three").join(language);
    let text = tools::output(
        Command::new(&binaries.gabion)
            .arg("build")
            .arg(&pack)
            .args(["-o", "json"]),
    )?;
    let built: Value = serde_json::from_str(&text)?;
    let path = built.get("path").and_then(Value::as_str);
    Ok(path.context("`gabion build` names no component")?.into())
}

/// Seconds of one call, the median of many in one process.
fn per_call(binaries: &Binaries, folder: &Path, pack: &Path, plan: &Path) -> Result<f64> {
    let text = tools::output(
        gabion(binaries, folder)
            .arg("bench")
            .arg(pack)
            .arg("--plan")
            .arg(plan)
            .args(["--json", "--runs", "10"]),
    )?;
    let answer: Value = serde_json::from_str(&text)?;
    let rules = answer.get("rules").and_then(Value::as_array);
    let row = rules
        .into_iter()
        .flatten()
        .find(|row| row.get("rule").is_some_and(|rule| rule == RULE));
    row.and_then(|row| row.get("p50_ns")?.as_f64())
        .map(|nanoseconds| nanoseconds * 1e-9)
        .with_context(|| format!("`gabion bench` did not run {RULE}"))
}

/// A plan of so many services that each break one rule of the house.
fn write(folder: &Path, count: usize) -> Result<PathBuf> {
    let path = folder.join(format!("services-{count}.json"));
    let changes: Vec<_> = (0..count).map(service).collect();
    let plan = json!({
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": changes,
        "configuration": {"root_module": {}},
    });
    std::fs::write(&path, plan.to_string())?;
    Ok(path)
}

fn service(number: usize) -> Value {
    json!({
        "address": format!("acme_service.service_{number}"),
        "mode": "managed",
        "type": "acme_service",
        "name": format!("service_{number}"),
        "provider_name": "registry.terraform.io/acme/services",
        "change": {
            "actions": ["create"],
            "before": null,
            "after": {
                "name": format!("acme-service-{number}"),
                "tags": {"owner": "team", "cost center": "42"},
                "encrypted": false,
                "backup": [{"days": 30, "copies": ["disk", "vault"]}],
                "ingress": [{"from": 443, "to": 443, "cidrs": ["0.0.0.0/0"]}],
                "policy": r#"{"Version":"2012-10-17","Statement":[{"Sid":"Own","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:Get*","Resource":"*"}]}"#,
                "password": "correct horse battery",
                "limits": [{"weight": 0.25}],
                "zone": "a",
                "options": {"debug": false, "level": "high"},
                "environment": {"HOME": "/srv", "LEVEL": "info"},
            },
            "after_unknown": {"id": true},
            "before_sensitive": false,
            "after_sensitive": {"password": true},
        },
    })
}
