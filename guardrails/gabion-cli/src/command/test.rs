//! `gabion test`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use gabion_engine::Pack;
use gabion_engine::policy::Problem;

use crate::case::coverage::Coverage;
use crate::case::file::{self, Case, CaseFile, Fixture};
use crate::case::find::{self, Component};
use crate::case::fixture::{self, Compared};
use crate::case::fuzz::{self, Fuzzed};
use crate::case::mutate::{self, Mutated};
use crate::case::report::{self, Report};
use crate::case::run::{Bench, Outcome};
use crate::case::{json, junit, watch};
use crate::command::{build, engine};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, Target};

const LONG: &str = "\
Run the cases of a pack.

Reads `cases/*.guardtest.hcl`, asks the pack, and compares; the pack is built first where its component in `dist` is \
older than its sources. Every case runs on a fresh instance and on used ones: \
a rule that remembers is told. Saved plans (`fixture` blocks) are judged by all rules, and the verdicts are kept beside \
them.

An attribute that a case leaves out is null. Where that is not what you want, write `strict = true`: reading a name \
that is not given is then an error, as it is in a plan where the provider's schema does not have it.";

const EXAMPLES: &str = "\
Examples:
  gabion test
  gabion test cases/buckets.guardtest.hcl --filter AC01
  gabion test --fuzz-unknown --coverage --threshold 100
  gabion test --update
  gabion test --watch
  gabion test --junit report.xml -o json=report.json
  gabion test --pack baseline cases

Exit codes:
  0  every case passed
  1  a case failed, an unknown value misleads a rule, or the coverage is below the threshold
  3  there is no case, or the filter selects none
  4  a case file, the pack or an argument is wrong";

/// Run the cases of a pack.
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_help = EXAMPLES)]
pub(crate) struct Test {
    /// Case files, or folders that hold them; a pack's folder means its `cases`
    #[arg(value_name = "DIR|FILE", default_value = ".")]
    paths: Vec<PathBuf>,
    /// The component, in place of the one in the pack's `dist`; `baseline` is the pack inside the binary
    #[arg(long, value_name = "FILE")]
    pack: Option<PathBuf>,
    /// Only cases whose rule or name has this text, in capitals or not
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write the verdicts of the saved plans anew
    #[arg(long)]
    update: bool,
    /// Make every value of every case unknown in turn: no rule may fail, or decide otherwise
    #[arg(long)]
    fuzz_unknown: bool,
    /// Show which rules and verdicts no case reaches
    #[arg(long)]
    coverage: bool,
    /// The least coverage in percent; shows it, too
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    threshold: Option<f64>,
    /// Change every value of every case: show what no case notices
    #[arg(long)]
    mutate: bool,
    /// Write the result as JUnit's XML too, as `-o junit=FILE` does
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run again whenever a case, a saved plan or a source of the pack changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// How to write the result: `text`, `json` or `junit`, and where to with `=FILE`; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", default_value = "text", value_parser = target)]
    output: Vec<Target>,
}

/// The formats that a test has.
fn target(text: &str) -> Result<Target, String> {
    let target: Target = text.parse()?;
    match target.format {
        Format::Text | Format::Json | Format::Junit => Ok(target),
        Format::Sarif | Format::Github => Err(format!(
            "`{text}` is for `gabion check`; there are `text`, `json` and `junit`"
        )),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    number
        .ok()
        .filter(|number| (0.0..=100.0).contains(number))
        .ok_or_else(|| format!("`{text}` is no percentage from 0 to 100"))
}

impl Test {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let mut outputs = self.output.clone();
        outputs.extend(self.junit.clone().map(|file| Target {
            format: Format::Junit,
            file: Some(file),
        }));
        output::check_targets(&outputs)?;
        if self.watch {
            watch::forever(&self.paths, self.pack.as_deref(), || {
                if let Err(failure) = self.once(&outputs) {
                    failure.tell();
                }
            });
        }
        self.once(&outputs)
    }

    fn once(&self, outputs: &[Target]) -> Result<Exit, Failure> {
        let files = find::case_files(&self.paths)?;
        let pack = self.load(&files)?;
        let files = read(&files, &pack)?;
        let cases: Vec<&Case> = files
            .iter()
            .flat_map(|file| &file.cases)
            .filter(|case| self.selects(&format!("{} {}", case.rule, case.name)))
            .collect();
        let fixtures: Vec<&Fixture> = files
            .iter()
            .flat_map(|file| &file.fixtures)
            .filter(|fixture| self.selects(&format!("fixture {}", fixture.name)))
            .collect();
        if let Some(filter) = self
            .filter
            .as_ref()
            .filter(|_| cases.is_empty() && fixtures.is_empty())
        {
            return Err(Failure::nothing(format!(
                "no case has `{filter}` in its rule or name"
            )));
        }
        let mut bench = Bench::new(pack);
        settle(&mut bench, &cases, &fixtures)?;
        let mut coverage = Coverage::new(bench.pack().info());
        let outcomes: Vec<Outcome<'_>> = cases.iter().map(|case| bench.run(case)).collect();
        outcomes.iter().for_each(|outcome| coverage.add(outcome));
        let fixtures: Vec<Compared<'_>> = fixtures
            .iter()
            .map(|fixture| fixture::compare(&mut bench, fixture, self.update, &mut coverage))
            .collect::<Result<_, _>>()
            .map_err(|problem| Failure::failed(problem.to_string()))?;
        let report = Report {
            fuzzed: self.fuzz_unknown.then(|| fuzzed(&mut bench, &outcomes)),
            mutated: self.mutate.then(|| mutated(&mut bench, &outcomes)),
            pack: bench.pack().clone(),
            outcomes,
            fixtures,
            coverage,
            show_coverage: self.coverage || self.threshold.is_some(),
            threshold: self.threshold,
        };
        for target in outputs {
            let text = match target.format {
                Format::Text => report::write(&report),
                Format::Json => json::write(&report),
                _ => junit::write(&report),
            };
            match &target.file {
                None => output::stdout(&text)?,
                Some(path) => std::fs::write(path, text).map_err(|error| {
                    Failure::failed(format!("cannot write `{}`: {error}", path.display()))
                })?,
            }
        }
        Ok(report.exit())
    }

    /// Loads the pack that the files belong to.
    fn load(&self, files: &[PathBuf]) -> Result<Pack, Failure> {
        let path = match &self.pack {
            Some(path) if path == Path::new("baseline") => {
                return engine()?
                    .load_baseline()
                    .map_err(|error| Failure::failed(error.to_string()));
            }
            Some(path) => path.clone(),
            None => {
                let mut folders: Vec<Option<PathBuf>> =
                    files.iter().map(|file| find::pack_folder(file)).collect();
                folders.sort();
                folders.dedup();
                match folders.as_slice() {
                    [Some(folder)] => built(folder)?,
                    [None] => {
                        return Err(Failure::failed(
                            "the cases belong to no pack: there is no `Cargo.toml`, `package.json`, `pyproject.toml` or `dist` above them; name a component with `--pack FILE`",
                        ));
                    }
                    _ => {
                        return Err(Failure::failed(
                            "the cases belong to more than one pack: test one pack at a time, or name a component with `--pack FILE`",
                        ));
                    }
                }
            }
        };
        engine()?
            .load_file(&path)
            .map_err(|error| Failure::failed(error.to_string()))
    }

    fn selects(&self, name: &str) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| name.to_lowercase().contains(&filter.to_lowercase()))
    }
}

/// The component of a pack's folder, built now where it is not up to date.
fn built(folder: &Path) -> Result<PathBuf, Failure> {
    let why = match find::component(folder)? {
        Component::Built(path) => return Ok(path),
        Component::Stale(why) => why,
    };
    if gabion_componentize::language(folder).is_err() {
        return Err(Failure::failed(format!(
            "{why}: build it first, or name a component with `--pack FILE`"
        )));
    }
    eprintln!("{why}: building the pack");
    Ok(build::build(folder)?.path)
}

/// Reads all files, and tells all problems of all of them.
fn read(files: &[PathBuf], pack: &Pack) -> Result<Vec<CaseFile>, Failure> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut found = Vec::new();
    for path in files {
        match file::read(path, &path.display().to_string(), pack.info()) {
            Ok(file) => found.push(file),
            Err(more) => problems.extend(more),
        }
    }
    let mut snapshots: Vec<PathBuf> = Vec::new();
    for fixture in found.iter().flat_map(|file| &file.fixtures) {
        let snapshot = fixture::snapshot(fixture);
        if snapshots.contains(&snapshot) {
            problems.push(Problem::at(
                &fixture.at,
                format!("another fixture keeps its verdicts in `{}`, too: give one of them another name", snapshot.display()),
            ));
        }
        snapshots.push(snapshot);
    }
    told(problems).map(|()| found)
}

/// Starts the pack with all settings that the cases give.
fn settle(bench: &mut Bench, cases: &[&Case], fixtures: &[&Fixture]) -> Result<(), Failure> {
    let of_cases = cases.iter().map(|case| (&case.settings, &case.at));
    let of_fixtures = fixtures
        .iter()
        .map(|fixture| (&fixture.settings, &fixture.at));
    let mut problems: Vec<Problem> = of_cases
        .chain(of_fixtures)
        .filter_map(|(settings, at)| bench.settle(settings, at).err())
        .collect();
    problems.sort();
    problems.dedup();
    told(problems)
}

fn told(mut problems: Vec<Problem>) -> Result<(), Failure> {
    if problems.is_empty() {
        return Ok(());
    }
    problems.sort();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(Failure::failed(lines.join("\n")))
}

fn fuzzed<'c>(bench: &mut Bench, outcomes: &[Outcome<'c>]) -> Fuzzed<'c> {
    progress("making every value unknown in turn");
    let mut fuzzed = Fuzzed::default();
    outcomes
        .iter()
        .for_each(|outcome| fuzz::fuzz(bench, outcome, &mut fuzzed));
    fuzzed
}

fn mutated(bench: &mut Bench, outcomes: &[Outcome<'_>]) -> Mutated {
    progress("changing every value in turn");
    let mut mutated = Mutated::default();
    outcomes
        .iter()
        .for_each(|outcome| mutate::mutate(bench, outcome, &mut mutated));
    mutated
}

/// Says what takes long, to somebody who waits.
fn progress(what: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("{what}");
    }
}
