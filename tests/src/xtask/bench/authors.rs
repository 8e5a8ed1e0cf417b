//! The figures of authors and large plans: (e) against conftest and cfn-guard, (f) against Checkov, (g) growth.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use gabion_tests::tools;
use serde_json::Value;

use super::figures::{Series, interleaved, ratio};
use super::{Binaries, Verdict, cases, check, peers, timed};

/// Seconds and the largest resident memory of a whole process.
fn peak(binaries: &Binaries, command: &Command) -> Result<(f64, f64)> {
    let mut wrapped = Command::new(&binaries.bench);
    wrapped
        .arg("peak")
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            wrapped.env(name, value);
        }
    }
    let answer: Value = serde_json::from_str(&tools::output(&mut wrapped)?)?;
    let number = |key: &str| answer.get(key).and_then(Value::as_f64).context("no figure");
    Ok((number("seconds")?, number("peak")?))
}

fn conftest(binary: &Path, folder: &Path, count: usize) -> Command {
    let mut command = Command::new(binary);
    command
        .args([
            "test",
            "--namespace",
            "gabion",
            "--no-color",
            "--output",
            "json",
            "--policy",
        ])
        .arg(folder.join("policy"))
        .arg(cases::plan(folder, count));
    command
}

/// (e) One rule in Rust against the equal rule of conftest and cfn-guard.
pub(super) fn conftest_and_guard(
    binaries: &Binaries,
    folder: &Path,
    runs: usize,
    verdict: &mut Verdict<'_>,
) -> Result<()> {
    println!(
        "(e) gabion check with one rule, against conftest {} and cfn-guard {}",
        peers::CONFTEST,
        peers::CFN_GUARD
    );
    let (conftest_bin, guard) = (peers::conftest()?, peers::cfn_guard()?);
    std::fs::create_dir_all(folder.join("policy"))?;
    std::fs::write(folder.join("policy/rule.rego"), cases::REGO)?;
    let rules = folder.join("rule.guard");
    std::fs::write(&rules, cases::CFN_GUARD)?;
    for count in [1, 10_000] {
        cases::write(folder, count)?;
    }
    // Both must find the same, or the times say nothing.
    let found = conftest(&conftest_bin, folder, 10_000).output()?;
    let answer: Value = serde_json::from_slice(&found.stdout).context("conftest wrote no JSON")?;
    let failures = answer
        .pointer("/0/failures")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let ours = super::refused(&mut check(binaries, folder, 10_000))?;
    ensure!(
        failures as u64 == ours,
        "the rules differ: conftest says {failures}, gabion {ours}"
    );
    println!("  both find {ours} buckets");

    let (left, right) = interleaved(
        runs,
        &mut || timed(&mut check(binaries, folder, 10_000)),
        &mut || timed(&mut conftest(&conftest_bin, folder, 10_000)),
    )?;
    println!("  gabion, 10,000 buckets    {}", left.seconds());
    println!("  conftest, 10,000 buckets  {}", right.seconds());
    verdict("e, conftest", ratio(&left, &right), 0.25);

    let validate = |count| {
        let mut command = Command::new(&guard);
        command
            .args(["validate", "--show-summary", "none", "--data"])
            .arg(cases::plan(folder, count));
        command.arg("--rules").arg(&rules);
        command
    };
    let few = runs.min(3);
    let (left, right) = interleaved(
        few,
        &mut || timed(&mut check(binaries, folder, 10_000)),
        &mut || timed(&mut validate(10_000)),
    )?;
    println!("  gabion, 10,000 buckets    {}", left.seconds());
    println!("  cfn-guard, 10,000 buckets {}", right.seconds());
    verdict("e, cfn-guard", ratio(&left, &right), 0.1);

    let memory = |command: Command| peak(binaries, &command).map(|(_, peak)| peak);
    let (left, right) = interleaved(
        few,
        &mut || memory(check(binaries, folder, 10_000)),
        &mut || memory(conftest(&conftest_bin, folder, 10_000)),
    )?;
    println!("  gabion, 10,000 buckets    {}", left.megabytes());
    println!("  conftest, 10,000 buckets  {}", right.megabytes());
    verdict("e, memory", ratio(&left, &right), 0.25);

    let (left, right) = interleaved(
        runs * 3,
        &mut || timed(&mut check(binaries, folder, 1)),
        &mut || timed(&mut conftest(&conftest_bin, folder, 1)),
    )?;
    println!("  gabion, one bucket        {}", left.seconds());
    println!("  conftest, one bucket      {}", right.seconds());
    verdict("e, one resource", ratio(&left, &right), 0.25);
    Ok(())
}

/// (f) The whole baseline against as many checks of Checkov.
pub(super) fn checkov(binaries: &Binaries, folder: &Path, verdict: &mut Verdict<'_>) -> Result<()> {
    println!(
        "(f) the whole baseline over 10,000 buckets, against Checkov {}",
        peers::CHECKOV
    );
    let binary = peers::checkov()?;
    cases::write_whole(folder, 10_000)?;
    let plan = cases::whole_plan(folder, 10_000);
    let all = || {
        let mut command = Command::new(&binaries.gabion);
        command
            .arg("check")
            .arg(&plan)
            .args(["-o", "json"])
            .current_dir(folder)
            .env("XDG_CACHE_HOME", folder.join("cache"));
        command
    };
    let answer: Value = serde_json::from_slice(&all().output()?.stdout)?;
    let rules = answer
        .pointer("/summary/rules")
        .and_then(Value::as_u64)
        .context("no number of rules")?;
    let rules = usize::try_from(rules)?;
    let checks = peers::CHECKOV_CHECKS
        .get(..rules)
        .context("name more checks of Checkov")?;
    println!("  {rules} rules, {} checks", checks.len());
    let mut theirs = peers::checkov_command(&binary, &plan, checks);
    // Minutes: one run is told apart from another by its noise, not from a hundredth of it.
    let begin = std::time::Instant::now();
    let looked_at = peers::checkov_looked_at(&theirs.output()?.stdout)?;
    let seconds = begin.elapsed().as_secs_f64();
    ensure!(
        looked_at.resources == 10_000,
        "Checkov looked at {} resources, not at 10,000",
        looked_at.resources
    );
    println!("  Checkov gave {} verdicts", looked_at.verdicts);
    let (left, right) = (
        Series::new(vec![timed(&mut all())?]),
        Series::new(vec![seconds]),
    );
    println!("  gabion          {}", left.seconds());
    println!("  Checkov         {}", right.seconds());
    verdict("f", ratio(&left, &right), 0.01);
    Ok(())
}

/// (g) 100,000 buckets: time grows with size, memory stays below twice the file.
pub(super) fn growth(
    binaries: &Binaries,
    folder: &Path,
    runs: usize,
    verdict: &mut Verdict<'_>,
) -> Result<()> {
    println!("(g) gabion check with one rule, 100,000 buckets");
    for count in [10_000, 100_000] {
        cases::write(folder, count)?;
    }
    let size = |count| std::fs::metadata(cases::plan(folder, count)).map(|file| file.len() as f64);
    println!("  the plan has {:.0} MB", size(100_000)? * 1e-6);
    let (large, small) = interleaved(
        runs.min(5),
        &mut || timed(&mut check(binaries, folder, 100_000)),
        &mut || timed(&mut check(binaries, folder, 10_000)),
    )?;
    println!("  100,000 buckets {}", large.seconds());
    println!("  10,000 buckets  {}", small.seconds());
    verdict("g, growth", ratio(&large, &small), 12.0);
    let (_, memory) = peak(binaries, &check(binaries, folder, 100_000))?;
    let memory = Series::new(vec![memory]);
    println!("  100,000 buckets {}", memory.megabytes());
    verdict(
        "g, memory by size of the file",
        memory.median() / size(100_000)?,
        2.0,
    );
    Ok(())
}
