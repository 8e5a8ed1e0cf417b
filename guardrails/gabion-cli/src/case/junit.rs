//! What `gabion test` found, as JUnit's XML: a suite for each case file, and one each for what was asked besides.

use std::time::Duration;

use super::report::Report;
use crate::output::junit::{Case, Outcome, Suite, document};

/// The whole report.
pub(crate) fn write(report: &Report<'_>) -> String {
    let mut suites: Vec<Suite> = report
        .files()
        .into_iter()
        .map(|file| Suite {
            name: file.to_string(),
            cases: cases(report, file),
        })
        .collect();
    if let Some(fuzzed) = &report.fuzzed {
        let mut cases: Vec<Case> = fuzzed
            .wrong
            .iter()
            .map(|wrong| Case {
                class: wrong.case.rule.clone(),
                name: format!("{}: {} not known", wrong.case.name, wrong.place),
                place: Some((wrong.case.at.file.to_string(), wrong.case.at.line)),
                outcome: failed("misled", &wrong.what),
                ..Case::default()
            })
            .collect();
        if cases.is_empty() {
            cases.push(Case {
                class: "unknown values".to_owned(),
                name: format!("none of {} misleads a rule", fuzzed.tried),
                ..Case::default()
            });
        }
        suites.push(Suite {
            name: "unknown values".to_owned(),
            cases,
        });
    }
    if let Some(least) = report.threshold {
        let found = format!(
            "{:.0} % of the verdicts are reached",
            report.coverage.percent().floor()
        );
        suites.push(Suite {
            name: "coverage".to_owned(),
            cases: vec![Case {
                class: "coverage".to_owned(),
                name: format!("at least {least} %"),
                outcome: if report.below_threshold() {
                    failed("coverage", &found)
                } else {
                    Outcome::Passed
                },
                output: Some(found),
                ..Case::default()
            }],
        });
    }
    document("gabion test", &suites)
}

fn cases(report: &Report<'_>, file: &str) -> Vec<Case> {
    let of_cases = report
        .outcomes
        .iter()
        .filter(|outcome| *outcome.case.at.file == *file)
        .map(|outcome| {
            let wrong: Vec<String> = outcome.wrong.iter().map(|lines| lines.join("\n")).collect();
            one(
                &outcome.case.rule,
                &outcome.case.name,
                (file, outcome.case.at.line),
                &wrong.join("\n"),
                outcome.time,
            )
        });
    let of_fixtures = report
        .fixtures
        .iter()
        .filter(|compared| *compared.fixture.at.file == *file)
        .map(|compared| {
            one(
                "fixture",
                &compared.fixture.name,
                (file, compared.fixture.at.line),
                &compared.wrong.join("\n"),
                compared.time,
            )
        });
    of_cases.chain(of_fixtures).collect()
}

fn one(class: &str, name: &str, place: (&str, usize), wrong: &str, time: Duration) -> Case {
    Case {
        class: class.to_owned(),
        name: name.to_owned(),
        place: Some((place.0.to_owned(), place.1)),
        outcome: if wrong.is_empty() {
            Outcome::Passed
        } else {
            failed("verdict", wrong)
        },
        seconds: Some(time.as_secs_f64()),
        output: None,
    }
}

/// What is expected and what came is what lists of failures show.
fn failed(kind: &'static str, detail: &str) -> Outcome {
    let first: Vec<String> = detail
        .lines()
        .take(2)
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    Outcome::Failed {
        kind,
        message: first.join("; "),
        detail: detail.to_owned(),
    }
}
