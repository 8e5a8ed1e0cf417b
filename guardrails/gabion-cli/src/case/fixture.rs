//! Saved plans: every rule over every change, kept as a snapshot beside the plan.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gabion_engine::policy::Problem;
use gabion_model::{Operation, Scope};

use super::coverage::Coverage;
use super::expect::{Sort, describe};
use super::file::{Fixture, Subject};
use super::run::{Bench, judges};
use crate::exit::Failure;
use crate::input::{self, Input, Options};
use crate::plan::{Names, PlanError};

/// Lines of a difference that are shown.
const SHOWN: usize = 40;

/// A fixture and how it went.
#[derive(Debug)]
pub(crate) struct Compared<'f> {
    pub(crate) fixture: &'f Fixture,
    pub(crate) snapshot: PathBuf,
    /// What is wrong, in lines; empty where all is as the snapshot says.
    pub(crate) wrong: Vec<String>,
    /// Whether the snapshot was written.
    pub(crate) written: bool,
    pub(crate) time: Duration,
}

/// Where the verdicts of a fixture are kept.
pub(crate) fn snapshot(fixture: &Fixture) -> PathBuf {
    let mut name = String::new();
    for character in fixture.name.chars() {
        if character.is_alphanumeric() {
            name.extend(character.to_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    fixture
        .plan
        .value
        .with_file_name(format!("{}.verdicts", name.trim_matches('-')))
}

/// Judges a saved plan and compares the verdicts with the snapshot.
///
/// # Errors
/// Where the plan or the snapshot cannot be read or written.
pub(crate) fn compare<'f>(
    bench: &mut Bench,
    fixture: &'f Fixture,
    update: bool,
    coverage: &mut Coverage,
) -> Result<Compared<'f>, Problem> {
    let start = Instant::now();
    let verdicts = verdicts(bench, fixture, coverage)?;
    let snapshot = snapshot(fixture);
    let shown = snapshot.display();
    let problem = |what: String| Problem::at(&fixture.plan.at, what);
    let kept = match std::fs::read_to_string(&snapshot) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(problem(format!("cannot read `{shown}`: {error}"))),
    };
    let same = kept
        .as_ref()
        .is_some_and(|kept| kept.lines().eq(verdicts.lines()));
    let mut compared = Compared {
        fixture,
        snapshot: snapshot.clone(),
        wrong: Vec::new(),
        written: false,
        time: Duration::ZERO,
    };
    if !same && update {
        std::fs::write(&snapshot, &verdicts)
            .map_err(|error| problem(format!("cannot write `{shown}`: {error}")))?;
        compared.written = true;
    } else if !same {
        compared.wrong = match kept {
            None => vec![format!(
                "there is no `{shown}` yet: write it with `gabion test --update`, and read it"
            )],
            Some(kept) => difference(&kept, &verdicts, &shown.to_string()),
        };
    }
    compared.time = start.elapsed();
    Ok(compared)
}

fn verdicts(
    bench: &mut Bench,
    fixture: &Fixture,
    coverage: &mut Coverage,
) -> Result<String, Problem> {
    let problem = |what: String| Problem::at(&fixture.plan.at, what);
    let failed = |failure: Failure| problem(failure.message);
    let input = Input::read(&fixture.plan.value, &Options::default()).map_err(failed)?;
    let unreadable = |error: PlanError| failed(input.unreadable(&error));
    let mut plan = input.plan().map_err(failed)?;
    // The configuration beside it, and no other: a snapshot must not depend on where the command runs.
    plan.written = input::written(&fixture.plan.value);
    let rules = bench.pack().info().rules.clone();
    let mut out = format!(
        "# Verdicts of the fixture `{}`, written by `gabion test --update`. Not applicable ones are left out.\n",
        fixture.name
    );
    let mut names = Names::default();
    for planned in &plan.changes {
        let change = Subject::Change(Arc::new(
            plan.change(planned, &mut names).map_err(unreadable)?,
        ));
        for rule in rules.iter().filter(|rule| judges(rule, &change)) {
            let answer = bench.ask(&rule.code, &fixture.settings, &change);
            let sort = Sort::of(&answer.evaluation.verdict);
            coverage.reached(&rule.code, sort);
            if sort != Sort::NotApplicable {
                for line in describe(&answer.evaluation) {
                    out.push_str(&format!(
                        "{} {} ({}): {}\n",
                        rule.code,
                        planned.address,
                        word(planned.operation),
                        line.replace('\n', " ")
                    ));
                }
            }
        }
    }
    if rules.iter().any(|rule| rule.scope == Scope::Plan) {
        let graph = Subject::Plan(Arc::new(plan.graph().map_err(unreadable)?));
        for rule in rules.iter().filter(|rule| judges(rule, &graph)) {
            let answer = bench.ask(&rule.code, &fixture.settings, &graph);
            let sort = Sort::of(&answer.evaluation.verdict);
            coverage.reached(&rule.code, sort);
            if sort != Sort::NotApplicable {
                for line in describe(&answer.evaluation) {
                    out.push_str(&format!(
                        "{} the whole plan: {}\n",
                        rule.code,
                        line.replace('\n', " ")
                    ));
                }
            }
        }
    }
    Ok(out)
}

/// Lines that went and lines that came.
fn difference(kept: &str, now: &str, shown: &str) -> Vec<String> {
    let mut came: Vec<&str> = now.lines().collect();
    let mut lines = Vec::new();
    for line in kept.lines() {
        match came.iter().position(|other| *other == line) {
            Some(position) => {
                came.remove(position);
            }
            None => lines.push(format!("- {line}")),
        }
    }
    lines.extend(came.iter().map(|line| format!("+ {line}")));
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    if lines.is_empty() {
        lines.push("the same verdicts in another order".to_owned());
    }
    lines.insert(
        0,
        format!(
            "the verdicts are not those of `{shown}`; if they are right, run `gabion test --update`"
        ),
    );
    lines
}

fn word(operation: Operation) -> String {
    serde_json::to_value(operation)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}
