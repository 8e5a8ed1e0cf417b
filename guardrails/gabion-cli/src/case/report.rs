//! What `gabion test` found, as text for a reader.

use std::fmt::Write;
use std::sync::Arc;

use gabion_engine::Pack;

use super::coverage::Coverage;
use super::expect::Sort;
use super::fixture::Compared;
use super::fuzz::Fuzzed;
use super::mutate::Mutated;
use super::run::Outcome;
use crate::exit::Exit;

/// Everything that was found.
pub(crate) struct Report<'c> {
    pub(crate) pack: Pack,
    pub(crate) outcomes: Vec<Outcome<'c>>,
    pub(crate) fixtures: Vec<Compared<'c>>,
    pub(crate) coverage: Coverage,
    /// Whether the coverage is shown to a reader.
    pub(crate) show_coverage: bool,
    /// The least coverage, in percent.
    pub(crate) threshold: Option<f64>,
    pub(crate) fuzzed: Option<Fuzzed<'c>>,
    pub(crate) mutated: Option<Mutated>,
}

impl Report<'_> {
    /// How many cases and fixtures passed.
    pub(crate) fn passed(&self) -> usize {
        self.outcomes
            .iter()
            .filter(|outcome| outcome.wrong.is_empty())
            .count()
            + self
                .fixtures
                .iter()
                .filter(|fixture| fixture.wrong.is_empty())
                .count()
    }

    /// How many did not.
    pub(crate) fn failed(&self) -> usize {
        self.outcomes.len() + self.fixtures.len() - self.passed()
    }

    /// Whether the coverage is below what is asked for.
    pub(crate) fn below_threshold(&self) -> bool {
        self.threshold
            .is_some_and(|least| self.coverage.percent() < least)
    }

    /// The case files of what was run, sorted.
    pub(crate) fn files(&self) -> Vec<&Arc<str>> {
        let of_cases = self.outcomes.iter().map(|outcome| &outcome.case.at.file);
        let of_fixtures = self
            .fixtures
            .iter()
            .map(|compared| &compared.fixture.at.file);
        let mut files: Vec<&Arc<str>> = of_cases.chain(of_fixtures).collect();
        files.sort();
        files.dedup();
        files
    }

    /// How the command ends.
    pub(crate) fn exit(&self) -> Exit {
        let misled = self
            .fuzzed
            .as_ref()
            .is_some_and(|fuzzed| !fuzzed.wrong.is_empty());
        if self.failed() > 0 || misled || self.below_threshold() {
            Exit::Violations
        } else {
            Exit::Clean
        }
    }
}

/// The whole report as text.
pub(crate) fn write(report: &Report<'_>) -> String {
    let mut text = String::new();
    results(report, &mut text);
    if let Some(fuzzed) = &report.fuzzed {
        fuzz(fuzzed, &mut text);
    }
    if report.show_coverage {
        coverage(report, &mut text);
    }
    if let Some(mutated) = &report.mutated {
        mutation(mutated, &mut text);
    }
    summary(report, &mut text);
    text
}

fn results(report: &Report<'_>, text: &mut String) {
    for file in report.files() {
        let _ = writeln!(text, "{file}");
        for outcome in report
            .outcomes
            .iter()
            .filter(|outcome| outcome.case.at.file == *file)
        {
            let word = if outcome.wrong.is_empty() {
                "pass"
            } else {
                "FAIL"
            };
            let _ = writeln!(
                text,
                "  {word}  {}  {}",
                outcome.case.rule, outcome.case.name
            );
            for line in outcome.wrong.iter().flatten() {
                let _ = writeln!(text, "          {line}");
            }
            if !outcome.wrong.is_empty() {
                let _ = writeln!(text, "          at:        {}", outcome.case.at);
            }
        }
        for compared in report
            .fixtures
            .iter()
            .filter(|compared| compared.fixture.at.file == *file)
        {
            let word = match (compared.wrong.is_empty(), compared.written) {
                (false, _) => "FAIL",
                (true, true) => "kept",
                (true, false) => "pass",
            };
            let _ = writeln!(text, "  {word}  fixture  {}", compared.fixture.name);
            for line in &compared.wrong {
                let _ = writeln!(text, "          {line}");
            }
            if compared.written {
                let _ = writeln!(
                    text,
                    "          written to `{}`",
                    compared.snapshot.display()
                );
            }
        }
        text.push('\n');
    }
}

fn fuzz(fuzzed: &Fuzzed<'_>, text: &mut String) {
    let _ = writeln!(
        text,
        "Unknown values: {} tried, {}",
        fuzzed.tried,
        if fuzzed.wrong.is_empty() {
            "none misleads a rule".to_owned()
        } else {
            format!(
                "{} a rule",
                counted(fuzzed.wrong.len(), "misleads", "mislead")
            )
        }
    );
    for wrong in &fuzzed.wrong {
        let _ = writeln!(text, "  FAIL  {}  {}", wrong.case.rule, wrong.case.name);
        let _ = writeln!(
            text,
            "          with {} not known: {}",
            wrong.place, wrong.what
        );
        let _ = writeln!(text, "          at:        {}", wrong.case.at);
    }
    text.push('\n');
}

fn coverage(report: &Report<'_>, text: &mut String) {
    let (reached, all) = report.coverage.count();
    let _ = writeln!(
        text,
        "Coverage: {:.0} %, {reached} of {all} verdicts (pass, violation and undetermined of every rule)",
        report.coverage.percent().floor()
    );
    for (code, rule) in report.coverage.rules() {
        let missing: Vec<&str> = rule.missing().into_iter().map(Sort::word).collect();
        let never = rule.never_given();
        if missing.is_empty() && never.is_empty() {
            continue;
        }
        if rule.cases == 0 && rule.reached.is_empty() {
            let _ = writeln!(text, "  {code}  no case asks it");
            continue;
        }
        if !missing.is_empty() {
            let _ = writeln!(text, "  {code}  no case is {}", missing.join(", "));
        }
        if !never.is_empty() {
            let _ = writeln!(
                text,
                "  {code}  reads what no case gives: `{}`",
                never.join("`, `")
            );
        }
    }
    if let (Some(least), true) = (report.threshold, report.below_threshold()) {
        let _ = writeln!(text, "  FAIL  below the {least} % that are asked for");
    }
    text.push('\n');
}

fn mutation(mutated: &Mutated, text: &mut String) {
    let (noticed, all) = mutated.count();
    let _ = writeln!(
        text,
        "Mutations: {} tried; {noticed} of {} that the rules read decide a case",
        mutated.tried,
        counted(all, "attribute", "attributes")
    );
    for (rule, score) in mutated.scores() {
        if !score.unnoticed.is_empty() {
            let _ = writeln!(
                text,
                "  {rule}  read, and no case notices: `{}`",
                score.unnoticed.join("`, `")
            );
        }
    }
    text.push('\n');
}

fn summary(report: &Report<'_>, text: &mut String) {
    let info = report.pack.info();
    let asked = report
        .coverage
        .rules()
        .values()
        .filter(|rule| rule.cases > 0)
        .count();
    let failed = match report.failed() {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let _ = writeln!(
        text,
        "{} passed{failed}. Cases ask {asked} of {} of {} {}.",
        report.passed(),
        counted(info.rules.len(), "rule", "rules"),
        info.name,
        info.version
    );
}

/// A number and its noun.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
