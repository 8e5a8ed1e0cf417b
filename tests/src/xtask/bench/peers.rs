//! The peers, pinned, installed once into the user's cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use gabion_tests::tools::{self, say};
use gabion_tests::workspace;

use super::super::cargo::cargo;

/// Versions that the promises name, or the newest when they were made.
pub(super) const CFN_GUARD: &str = "3.2.1";
pub(super) const CONFTEST: &str = "0.71.1";
pub(super) const CHECKOV: &str = "3.3.30";

/// cfn-guard, compiled.
pub(super) fn cfn_guard() -> Result<PathBuf> {
    let root = workspace::cache_dir()?.join(format!("cfn-guard-{CFN_GUARD}"));
    let binary = root.join("bin/cfn-guard");
    if !binary.is_file() {
        say("building cfn-guard (a few minutes, once)");
        tools::run(
            cargo(&[
                "install",
                "cfn-guard",
                "--locked",
                "--version",
                CFN_GUARD,
                "--root",
            ])
            .arg(&root),
        )?;
    }
    Ok(binary)
}

/// conftest, which carries OPA; built by Go.
pub(super) fn conftest() -> Result<PathBuf> {
    let root = workspace::cache_dir()?.join(format!("conftest-{CONFTEST}"));
    let binary = root.join("conftest");
    if !binary.is_file() {
        say("building conftest (a few minutes, once)");
        tools::run(
            Command::new("go")
                .arg("install")
                .arg(format!("github.com/open-policy-agent/conftest@v{CONFTEST}"))
                .env("GOBIN", &root)
                .env("CGO_ENABLED", "0"),
        )
        .context("conftest is built with Go 1.25 or newer")?;
    }
    Ok(binary)
}

/// Checkov in a virtual environment of its own.
pub(super) fn checkov() -> Result<PathBuf> {
    let root = workspace::cache_dir()?.join(format!("checkov-{CHECKOV}"));
    let binary = root.join("bin/checkov");
    if !binary.is_file() {
        say("installing Checkov (a minute, once)");
        tools::run(Command::new("python3").args(["-m", "venv"]).arg(&root))?;
        tools::run(
            Command::new(root.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet"])
                .arg(format!("checkov=={CHECKOV}")),
        )?;
    }
    Ok(binary)
}

/// Checkov on a plan, only these checks, without a word to its vendor.
pub(super) fn checkov_command(binary: &Path, plan: &Path, checks: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command
        .args([
            "--framework",
            "terraform_plan",
            "--skip-download",
            "--compact",
            "--quiet",
        ])
        .args([
            "-o",
            "json",
            "--soft-fail",
            "--check",
            &checks.join(","),
            "-f",
        ])
        .arg(plan);
    command
}

/// What a run of Checkov did.
pub(super) struct LookedAt {
    /// Resources.
    pub(super) resources: u64,
    /// Passed and failed checks together.
    pub(super) verdicts: u64,
}

/// Reads it from the JSON output, whose summary has another place where nothing was looked at.
pub(super) fn checkov_looked_at(output: &[u8]) -> Result<LookedAt> {
    let answer: serde_json::Value =
        serde_json::from_slice(output).context("Checkov gave no JSON")?;
    let number = |name: &str| {
        answer
            .pointer(&format!("/summary/{name}"))
            .or_else(|| answer.get(name))
            .and_then(serde_json::Value::as_u64)
            .with_context(|| format!("Checkov's answer has no `{name}`"))
    };
    Ok(LookedAt {
        resources: number("resource_count")?,
        verdicts: number("passed")? + number("failed")?,
    })
}

/// Checks of Checkov on what the measured plan holds, and on its neighbours; the first so many are run.
pub(super) const CHECKOV_CHECKS: [&str; 60] = [
    "CKV_AWS_21",
    "CKV_AWS_18",
    "CKV_AWS_19",
    "CKV_AWS_20",
    "CKV_AWS_53",
    "CKV_AWS_54",
    "CKV_AWS_55",
    "CKV_AWS_56",
    "CKV_AWS_57",
    "CKV_AWS_70",
    "CKV_AWS_93",
    "CKV_AWS_144",
    "CKV_AWS_145",
    "CKV_AWS_7",
    "CKV_AWS_33",
    "CKV_AWS_35",
    "CKV_AWS_36",
    "CKV_AWS_67",
    "CKV_AWS_227",
    "CKV_AWS_252",
    "CKV_AWS_300",
    "CKV2_AWS_6",
    "CKV2_AWS_61",
    "CKV2_AWS_62",
    "CKV_AWS_88",
    "CKV_AWS_130",
    "CKV_AWS_8",
    "CKV_AWS_79",
    "CKV_AWS_3",
    "CKV_AWS_189",
    "CKV_AWS_106",
    "CKV_AWS_24",
    "CKV_AWS_25",
    "CKV_AWS_260",
    "CKV_AWS_277",
    "CKV_AWS_382",
    "CKV_AWS_23",
    "CKV_AWS_148",
    "CKV_AWS_49",
    "CKV_AWS_62",
    "CKV_AWS_63",
    "CKV_AWS_107",
    "CKV_AWS_108",
    "CKV_AWS_109",
    "CKV_AWS_110",
    "CKV_AWS_111",
    "CKV_AWS_286",
    "CKV_AWS_287",
    "CKV_AWS_288",
    "CKV_AWS_289",
    "CKV_AWS_290",
    "CKV_AWS_355",
    "CKV_AWS_356",
    "CKV_AWS_60",
    "CKV_AWS_61",
    "CKV_AWS_66",
    "CKV_AWS_158",
    "CKV_AWS_26",
    "CKV_AWS_27",
    "CKV_AWS_28",
];
