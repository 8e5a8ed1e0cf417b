//! What `gabion test` found, for a program. The shape is documented in `docs/cli/test.md`: fields are added, never
//! changed.

use gabion_model::{Read, Verdict};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::coverage::WANTED;
use super::expect::Sort;
use super::report::Report;
use super::run::severity;

/// Raised when a field changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct CasePart<'a> {
    name: &'a str,
    rule: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    passed: bool,
    expected: Vec<String>,
    verdict: Sort,
    detail: Verdict,
    reads: &'a [Read],
    log: Vec<Json>,
    wrong: Vec<String>,
    seconds: f64,
}

/// The whole report as JSON.
pub(crate) fn write(report: &Report<'_>) -> String {
    let info = report.pack.info();
    let cases: Vec<CasePart<'_>> =
        report
            .outcomes
            .iter()
            .map(|outcome| {
                CasePart {
            name: &outcome.case.name,
            rule: &outcome.case.rule,
            file: &outcome.case.at.file,
            line: outcome.case.at.line,
            column: outcome.case.at.column,
            passed: outcome.wrong.is_empty(),
            expected: outcome.case.expect.iter().map(ToString::to_string).collect(),
            verdict: Sort::of(&outcome.answer.evaluation.verdict),
            detail: outcome.answer.evaluation.verdict.redacted(),
            reads: &outcome.answer.evaluation.reads,
            log: outcome
                .answer
                .log
                .iter()
                .map(|line| json!({ "severity": severity(line.severity), "message": line.message }))
                .collect(),
            wrong: outcome.wrong.iter().map(|lines| lines.join("\n")).collect(),
            seconds: outcome.time.as_secs_f64(),
        }
            })
            .collect();
    let fixtures: Vec<Json> = report
        .fixtures
        .iter()
        .map(|compared| {
            json!({
                "name": compared.fixture.name,
                "file": &*compared.fixture.at.file,
                "line": compared.fixture.at.line,
                "column": compared.fixture.at.column,
                "plan": compared.fixture.plan.value.display().to_string(),
                "snapshot": compared.snapshot.display().to_string(),
                "passed": compared.wrong.is_empty(),
                "written": compared.written,
                "wrong": compared.wrong,
                "seconds": compared.time.as_secs_f64(),
            })
        })
        .collect();
    let rules: Vec<Json> = report
        .coverage
        .rules()
        .iter()
        .map(|(code, rule)| {
            json!({
                "rule": code,
                "cases": rule.cases,
                "reached": rule.reached,
                "missing": rule.missing(),
                "never_given": rule.never_given(),
            })
        })
        .collect();
    let (reached, all) = report.coverage.count();
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "gabion_version": env!("CARGO_PKG_VERSION"),
        "exit_code": report.exit() as u8,
        "pack": { "name": info.name, "version": info.version, "digest": report.pack.digest() },
        "summary": { "passed": report.passed(), "failed": report.failed() },
        "cases": cases,
        "fixtures": fixtures,
        "coverage": {
            "verdicts": WANTED,
            "reached": reached,
            "all": all,
            "percent": report.coverage.percent(),
            "threshold": report.threshold,
            "rules": rules,
        },
        "fuzz_unknown": report.fuzzed.as_ref().map(|fuzzed| json!({
            "tried": fuzzed.tried,
            "wrong": fuzzed.wrong.iter().map(|wrong| json!({
                "case": wrong.case.name,
                "rule": wrong.case.rule,
                "file": &*wrong.case.at.file,
                "line": wrong.case.at.line,
                "value": wrong.place,
                "message": wrong.what,
            })).collect::<Vec<_>>(),
        })),
        "mutations": report.mutated.as_ref().map(|mutated| {
            let (noticed, all) = mutated.count();
            json!({
                "tried": mutated.tried,
                "noticed": noticed,
                "attributes": all,
                "rules": mutated.scores().iter().map(|(rule, score)| json!({
                    "rule": rule,
                    "noticed": score.noticed,
                    "unnoticed": score.unnoticed,
                })).collect::<Vec<_>>(),
            })
        }),
    });
    // Text and numbers only: there is nothing here that JSON could not hold.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
