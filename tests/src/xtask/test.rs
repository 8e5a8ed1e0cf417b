//! `cargo xtask test`: everything that CI runs.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use gabion_tests::tools::{self, say};
use gabion_tests::{Emulator, Kind, Proxy, skip};

use super::{cargo, r#gen, setup};

/// Run everything that CI runs
///
/// Installs what is missing, then: formatting, lints, all tests (unit, snapshot, guest and
/// end-to-end with Terraform and OpenTofu), and whether generated files are up to date. A step
/// that fails does not stop the others.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave formatting, lints and generated files out
    #[arg(long)]
    only_tests: bool,
    /// Passed on to the test binaries, such as the name of a test
    #[arg(last = true)]
    filter: Vec<String>,
}

/// Test results as cargo prints them, summed over all test binaries.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    /// Adds a line such as `test result: ok. 5 passed; 0 failed; 0 ignored; ...`.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        // After `ok.` or `FAILED.`; what follows are counts with their names.
        let counts = counts.split_once('.').map_or("", |(_, rest)| rest);
        for part in counts.split(';') {
            let mut words = part.split_whitespace();
            let count = words
                .next()
                .and_then(|word| word.parse::<u64>().ok())
                .unwrap_or(0);
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed") => self.failed += count,
                Some("ignored") => self.ignored += count,
                _ => {}
            }
        }
    }
}

/// Runs all steps; the last line is the sum of all tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    setup::run(&setup::Args::everything())?;
    let mut failed: Vec<&str> = Vec::new();
    let mut step = |name: &'static str, result: Result<()>| {
        if let Err(error) = result {
            say(&format!("{name}: {error:#}"));
            failed.push(name);
        }
    };
    if !args.only_tests {
        step(
            "formatting",
            tools::run(&mut cargo::cargo(&["fmt", "--all", "--check"])),
        );
        let lints = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        step("lints", tools::run(&mut cargo::cargo(&lints)));
    }
    let skips = skip::notes_file()?;
    let _ = std::fs::remove_file(&skips);
    let mut tally = Tally::default();
    match cargo::build_binaries() {
        Ok(_) => step("tests", tests(args, &mut tally)),
        Err(error) => step("build", Err(error)),
    }
    if !args.only_tests {
        step("generated files", r#gen::gaps(true));
    }
    let skipped = std::fs::read_to_string(&skips).unwrap_or_default();
    for line in skipped.lines() {
        say(line);
    }
    let verdict = if failed.is_empty() && tally.failed == 0 {
        "ok"
    } else {
        "FAILED"
    };
    println!(
        "test result: {verdict}. {} passed; {} failed; {} ignored; {} skipped; finished in {:.0}s",
        tally.passed,
        tally.failed,
        tally.ignored,
        skipped.lines().count(),
        started.elapsed().as_secs_f64()
    );
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    if tally.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// `cargo test`, shown as it runs.
fn tests(args: &Args, tally: &mut Tally) -> Result<()> {
    // gabion-aws knows nothing of this crate: its emulator tests are told where one listens.
    let emulator = Proxy::start(Emulator::start(Kind::Ministack)?)?;
    let mut command: Command = cargo::cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.env("GABION_TEST_ENDPOINT", emulator.endpoint());
    if !args.filter.is_empty() {
        command.arg("--").args(&args.filter);
    }
    say("cargo test --workspace --no-fail-fast");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut screen = std::io::stdout();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let text = String::from_utf8_lossy(&line);
        tally.add(&text);
        writeln!(screen, "{text}")?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} of them failed ({status})", tally.failed);
    }
    Ok(())
}
