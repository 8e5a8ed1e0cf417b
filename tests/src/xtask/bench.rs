//! `cargo xtask bench`: the figures that the project promises, as ratios in one run.

mod authors;
mod cases;
mod figures;
mod foundation;
mod languages;
mod memory;
mod peers;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use gabion_tests::tools::{self, mirror};
use gabion_tests::{skip, workspace};

use super::cargo::cargo;
use figures::{Series, interleaved, ratio};

/// Measure what the project promises, against its peers
///
/// Builds everything in release (half an hour on two cores, the first time), then runs each pair
/// in turn, so that a slow minute of the machine hits both. Prints minimum, median and maximum,
/// and the ratio of the medians; the noise line compares one command with itself.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Runs of each command
    #[arg(long, default_value_t = 9)]
    runs: usize,
    /// Only these figures
    #[arg(long, value_delimiter = ',', default_value = "a,b,c,d,e,f,g,h,i,j")]
    only: Vec<String>,
    /// Measure the binaries of the last run, without building them again
    #[arg(long)]
    no_build: bool,
}

/// The binaries under measurement.
#[derive(Debug)]
struct Binaries {
    provider: PathBuf,
    gabion: PathBuf,
    bench: PathBuf,
}

/// Builds, measures, prints.
pub(crate) fn run(args: &Args) -> Result<()> {
    let binaries = build(!args.no_build)?;
    let folder = tempfile::Builder::new().prefix("gabion-bench-").tempdir()?;
    let wants = |figure: &str| args.only.iter().any(|only| only == figure);
    let noise = noise(&binaries, folder.path(), args.runs)?;
    println!("noise: the same command against itself: {noise:.2} times");
    let mut missed = Vec::new();
    let mut verdict = |figure: &str, found: f64, most: f64| {
        let fits = found <= most;
        println!(
            "  {}: {found:.3}, promised at most {most}",
            // What was not measured is no number, and fits nothing.
            if fits { "kept" } else { "MISSED" }
        );
        if !fits {
            missed.push(figure.to_owned());
        }
    };
    if wants("a") {
        start(&binaries, args.runs, &mut verdict)?;
    }
    if wants("b") {
        buckets(&binaries, folder.path(), args.runs, &mut verdict)?;
    }
    if wants("c") {
        native(&binaries, folder.path(), args.runs, &mut verdict)?;
    }
    if wants("d") {
        one_resource(&binaries, folder.path(), args.runs, &mut verdict)?;
    }
    if wants("e") {
        authors::conftest_and_guard(&binaries, folder.path(), args.runs, &mut verdict)?;
    }
    if wants("f") {
        authors::checkov(&binaries, folder.path(), &mut verdict)?;
    }
    if wants("g") {
        authors::growth(&binaries, folder.path(), args.runs, &mut verdict)?;
    }
    if wants("h") {
        languages::run(&binaries, folder.path(), args.runs, &mut verdict)?;
    }
    if wants("i") {
        foundation::run(&binaries, args.runs, &mut verdict)?;
    }
    if wants("j") {
        foundation::scale(&binaries, &mut verdict)?;
    }
    if missed.is_empty() {
        return Ok(());
    }
    bail!("missed: {}", missed.join(", "))
}

type Verdict<'a> = dyn FnMut(&str, f64, f64) + 'a;

fn build(anew: bool) -> Result<Binaries> {
    if anew {
        let release = ["build", "--release", "--workspace", "--bins"];
        tools::run(&mut cargo(&release))?;
    }
    let manifest = workspace::root().join("tests/bench/Cargo.toml");
    let build = workspace::build_dir()?;
    let target = build.parent().context("the build folder has no parent")?;
    let bench = target.join("bench");
    if anew {
        tools::run(
            cargo(&["build", "--release", "--manifest-path"])
                .arg(&manifest)
                .arg("--target-dir")
                .arg(&bench),
        )?;
    }
    Ok(Binaries {
        provider: target.join("release/terraform-provider-gabion"),
        gabion: target.join("release/gabion"),
        bench: bench.join("release/gabion-bench"),
    })
}

/// What the machine does to a ratio that is 1 by nature.
fn noise(binaries: &Binaries, folder: &Path, runs: usize) -> Result<f64> {
    cases::write(folder, 1)?;
    let command = || check(binaries, folder, 1);
    let (left, right) = interleaved(runs, &mut || timed(&mut command()), &mut || {
        timed(&mut command())
    })?;
    Ok(ratio(&left, &right).max(ratio(&right, &left)))
}

/// (a) Provider start to first schema answer.
fn start(binaries: &Binaries, runs: usize, verdict: &mut Verdict<'_>) -> Result<()> {
    println!("(a) provider start to first schema answer");
    let Some(aws) = mirror::locate() else {
        verdict("a, not measured", f64::NAN, 0.0);
        return skip::missing("a mirror of hashicorp/aws", mirror::HOW, false);
    };
    let one = |provider: &Path, protocol: &str| -> Result<(f64, f64)> {
        let text = tools::output(
            Command::new(&binaries.bench)
                .arg("start")
                .arg(provider)
                .arg(protocol),
        )?;
        let answer: serde_json::Value = serde_json::from_str(&text)?;
        let number = |key: &str| {
            answer
                .get(key)
                .and_then(serde_json::Value::as_f64)
                .unwrap_or(0.0)
        };
        Ok((number("seconds"), number("resident")))
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // One of each to fill the page cache, not counted.
    one(&binaries.provider, "6")?;
    one(&aws.binary, "5")?;
    for _ in 0..runs {
        ours.push(one(&binaries.provider, "6")?);
        theirs.push(one(&aws.binary, "5")?);
    }
    let pick = |of: &[(f64, f64)], second: bool| {
        Series::new(
            of.iter()
                .map(|(time, memory)| if second { *memory } else { *time })
                .collect(),
        )
    };
    let name = format!("hashicorp/aws {}", aws.version);
    let (left, right) = (pick(&ours, false), pick(&theirs, false));
    println!("  gabion          {}", left.seconds());
    println!("  {name} {}", right.seconds());
    verdict("a, time", ratio(&left, &right), 1.0 / 20.0);
    let (left, right) = (pick(&ours, true), pick(&theirs, true));
    println!("  gabion          {}", left.megabytes());
    println!("  {name} {}", right.megabytes());
    verdict("a, memory", ratio(&left, &right), 1.0 / 10.0);
    Ok(())
}

/// (b) 10,000 buckets and one rule, against regorus; and how time grows with size.
fn buckets(
    binaries: &Binaries,
    folder: &Path,
    runs: usize,
    verdict: &mut Verdict<'_>,
) -> Result<()> {
    println!("(b) gabion check, 10,000 buckets, one rule (DT03)");
    let rule = folder.join("rule.rego");
    std::fs::write(&rule, cases::REGO)?;
    for count in [1_000, 10_000] {
        cases::write(folder, count)?;
    }
    let rego = || {
        let mut command = Command::new(&binaries.bench);
        command
            .arg("rego")
            .arg(cases::plan(folder, 10_000))
            .arg(&rule);
        command
    };
    let found = tools::output(&mut rego())?;
    let ours = refused(&mut check(binaries, folder, 10_000))?;
    let text = format!("{{\"findings\":{ours}}}");
    if found.trim() != text {
        bail!(
            "the rules differ: regorus says {}, gabion {text}",
            found.trim()
        );
    }
    println!("  both find {ours} buckets");
    let (left, right) = interleaved(
        runs,
        &mut || timed(&mut check(binaries, folder, 10_000)),
        &mut || timed(&mut rego()),
    )?;
    println!("  gabion          {}", left.seconds());
    println!("  regorus 0.14.1  {}", right.seconds());
    verdict("b, regorus", ratio(&left, &right), 0.25);
    let (large, small) = interleaved(
        runs,
        &mut || timed(&mut check(binaries, folder, 10_000)),
        &mut || timed(&mut check(binaries, folder, 1_000)),
    )?;
    println!("  10,000 buckets  {}", large.seconds());
    println!("  1,000 buckets   {}", small.seconds());
    verdict("b, growth", ratio(&large, &small), 12.0);
    Ok(())
}

/// (c) All rules over 10,000 resources, through the component and natively.
fn native(
    binaries: &Binaries,
    folder: &Path,
    runs: usize,
    verdict: &mut Verdict<'_>,
) -> Result<()> {
    println!("(c) all rules over 10,000 resources, plan bytes to verdicts");
    cases::write(folder, 10_000)?;
    let one = |how: &str| -> Result<f64> {
        let mut command = Command::new(&binaries.bench);
        command
            .arg(how)
            .arg(cases::plan(folder, 10_000))
            .env("XDG_CACHE_HOME", folder.join("cache"));
        let answer: serde_json::Value = serde_json::from_str(&tools::output(&mut command)?)?;
        answer
            .get("seconds")
            .and_then(serde_json::Value::as_f64)
            .context("no time")
    };
    let (left, right) = interleaved(runs, &mut || one("component"), &mut || one("native"))?;
    println!("  component       {}", left.seconds());
    println!("  native          {}", right.seconds());
    verdict("c", ratio(&left, &right), 3.0);
    Ok(())
}

/// (d) One resource, whole process, against cfn-guard.
fn one_resource(
    binaries: &Binaries,
    folder: &Path,
    runs: usize,
    verdict: &mut Verdict<'_>,
) -> Result<()> {
    println!("(d) gabion check of one resource, whole process, warm cache");
    let guard = peers::cfn_guard()?;
    cases::write(folder, 1)?;
    let rules = folder.join("rule.guard");
    std::fs::write(&rules, cases::CFN_GUARD)?;
    let peer = || {
        let mut command = Command::new(&guard);
        command
            .arg("validate")
            .arg("--data")
            .arg(cases::plan(folder, 1))
            .arg("--rules")
            .arg(&rules);
        command
    };
    let (left, right) = interleaved(
        runs * 3,
        &mut || timed(&mut check(binaries, folder, 1)),
        &mut || timed(&mut peer()),
    )?;
    println!("  gabion          {}", left.seconds());
    println!("  cfn-guard {} {}", peers::CFN_GUARD, right.seconds());
    verdict("d", ratio(&left, &right), 4.0);
    Ok(())
}

/// `gabion check` of one rule, with a compiled-code cache of the benchmark's own.
fn check(binaries: &Binaries, folder: &Path, count: usize) -> Command {
    let mut command = Command::new(&binaries.gabion);
    command
        .arg("check")
        .arg(cases::plan(folder, count))
        .args(["--rule", "DT03"])
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"));
    command
}

/// How many changes `gabion check` refuses.
fn refused(command: &mut Command) -> Result<u64> {
    let out = command.args(["-o", "json"]).output()?;
    let answer: serde_json::Value = serde_json::from_slice(&out.stdout)
        .with_context(|| String::from_utf8_lossy(&out.stderr).into_owned())?;
    answer
        .pointer("/summary/refused")
        .and_then(serde_json::Value::as_u64)
        .context("`gabion check` told no number")
}

/// Seconds of a whole process. A rule that finds something is no failure of the measurement.
fn timed(command: &mut Command) -> Result<f64> {
    let begin = std::time::Instant::now();
    let out = command
        .output()
        .context("cannot start a measured command")?;
    let seconds = begin.elapsed().as_secs_f64();
    match out.status.code() {
        // Clean, violations, cfn-guard's violations.
        Some(0 | 1 | 19) => Ok(seconds),
        _ => bail!(
            "a measured command failed ({}): {}",
            out.status,
            String::from_utf8_lossy(&out.stderr)
        ),
    }
}
