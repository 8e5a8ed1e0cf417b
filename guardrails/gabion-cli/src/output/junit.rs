//! JUnit's XML: suites of cases, as the test reports of pipelines read it; and a check as such suites.

use std::collections::BTreeMap;
use std::fmt::Write;

use gabion_engine::policy::{Disposition, RuleInForce};
use gabion_model::{Level, Scope};

use super::{Report, Seen};

/// A group of cases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// One case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    /// What readers group by.
    pub(crate) class: String,
    pub(crate) name: String,
    /// Where it is written: path and line.
    pub(crate) place: Option<(String, usize)>,
    pub(crate) outcome: Outcome,
    /// Seconds, where they were measured.
    pub(crate) seconds: Option<f64>,
    /// More to read; shown by most tools for cases that pass, too.
    pub(crate) output: Option<String>,
}

/// How a case ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Outcome {
    #[default]
    Passed,
    /// Not run, or not counted; says why.
    Skipped(String),
    /// Not as it should be.
    Failed {
        kind: &'static str,
        message: String,
        detail: String,
    },
    /// It could not be told.
    Broken { message: String, detail: String },
}

/// The document.
pub(crate) fn document(name: &str, suites: &[Suite]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = Count::of(suites.iter().flat_map(|suite| &suite.cases));
    let _ = writeln!(out, "<testsuites name=\"{}\"{all}>", escape(name));
    for suite in suites {
        let count = Count::of(&suite.cases);
        let _ = writeln!(out, "  <testsuite name=\"{}\"{count}>", escape(&suite.name));
        for one in &suite.cases {
            case(&mut out, one);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, case: &Case) {
    let place = case
        .place
        .as_ref()
        .map_or_else(String::new, |(file, line)| {
            format!(" file=\"{}\" line=\"{line}\"", escape(file))
        });
    let time = case
        .seconds
        .map_or_else(String::new, |seconds| format!(" time=\"{seconds:.3}\""));
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\"{place}{time}",
        escape(&case.class),
        escape(&case.name)
    );
    if case.outcome == Outcome::Passed && case.output.is_none() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    match &case.outcome {
        Outcome::Passed => {}
        Outcome::Skipped(message) => {
            let _ = writeln!(out, "      <skipped message=\"{}\"/>", escape(message));
        }
        Outcome::Failed {
            kind,
            message,
            detail,
        } => {
            let _ = writeln!(
                out,
                "      <failure type=\"{kind}\" message=\"{}\">{}</failure>",
                escape(message),
                content(detail)
            );
        }
        Outcome::Broken { message, detail } => {
            let _ = writeln!(
                out,
                "      <error message=\"{}\">{}</error>",
                escape(message),
                content(detail)
            );
        }
    }
    if let Some(output) = &case.output {
        let _ = writeln!(out, "      <system-out>{}</system-out>", content(output));
    }
    out.push_str("    </testcase>\n");
}

#[derive(Default)]
struct Count {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Count {
    fn of<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Self {
        let mut count = Self::default();
        for case in cases {
            count.tests += 1;
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Skipped(_) => count.skipped += 1,
                Outcome::Failed { .. } => count.failures += 1,
                Outcome::Broken { .. } => count.errors += 1,
            }
        }
        count
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
            self.tests, self.failures, self.errors, self.skipped
        )
    }
}

/// Text of an element: its lines stay lines.
fn content(text: &str) -> String {
    escape(text).replace("&#10;", "\n")
}

/// Text of an attribute in double quotes. What XML cannot hold at all becomes a sign that says so.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// The report of a check: a suite for each rule, a case for each resource that it was asked about.
pub(crate) fn write(report: &Report<'_>) -> String {
    let mut by_rule: BTreeMap<&str, BTreeMap<String, Vec<Seen<'_>>>> = BTreeMap::new();
    for seen in report.seen() {
        by_rule
            .entry(&seen.ruling.code)
            .or_default()
            .entry(seen.ruling.subject())
            .or_default()
            .push(seen);
    }
    let mut suites = Vec::new();
    for rule in &report.rules {
        let found = by_rule.remove(rule.code.as_str());
        if rule.level != Level::Off || found.is_some() {
            suites.push(suite(report, rule, found));
        }
    }
    // Rules that were asked about nothing are no tests.
    suites.retain(|suite| !suite.cases.is_empty());
    document("gabion check", &suites)
}

fn suite(
    report: &Report<'_>,
    rule: &RuleInForce,
    found: Option<BTreeMap<String, Vec<Seen<'_>>>>,
) -> Suite {
    let class = format!("{} {}", rule.code, rule.name);
    let mut found = found.unwrap_or_default();
    let mut cases = Vec::new();
    let judged = report.asked.iter().filter(|(_, kind)| {
        rule.scope == Scope::Change
            && (rule.resource_types.is_empty() || rule.resource_types.contains(kind))
    });
    for (address, _) in judged {
        let seen = found.remove(address).unwrap_or_default();
        cases.push(judged_case(report, &class, address, &seen));
    }
    // What whole-plan rules found, and objects without an address.
    for (subject, seen) in &found {
        cases.push(judged_case(report, &class, subject, seen));
    }
    if cases.is_empty() && rule.scope == Scope::Plan {
        cases.push(judged_case(report, &class, "the whole plan", &[]));
    }
    Suite { name: class, cases }
}

fn judged_case(report: &Report<'_>, class: &str, name: &str, seen: &[Seen<'_>]) -> Case {
    let worst = seen.iter().max_by_key(|seen| seen.ruling.disposition);
    let detail = |wanted: &[Disposition]| {
        seen.iter()
            .filter(|seen| wanted.contains(&seen.ruling.disposition))
            .map(|seen| seen.ruling.detail())
            .collect::<Vec<_>>()
            .join("\n\n")
    };
    let message = worst.map_or_else(String::new, |seen| seen.ruling.message.clone());
    let mut output = None;
    let outcome = match worst.map(|seen| seen.ruling.disposition) {
        None => Outcome::Passed,
        Some(Disposition::Error) => Outcome::Broken {
            message,
            detail: detail(&[Disposition::Error]),
        },
        Some(Disposition::Refuse) => Outcome::Failed {
            kind: "refused",
            message,
            detail: detail(&[Disposition::Refuse]),
        },
        Some(Disposition::Note) if report.strict => Outcome::Failed {
            kind: "not decided",
            message,
            detail: detail(&[Disposition::Note]),
        },
        Some(Disposition::Note) => Outcome::Skipped(message),
        Some(Disposition::Warn | Disposition::Debt | Disposition::Accepted) => {
            output = Some(
                seen.iter()
                    .map(|seen| format!("{}: {}", seen.ruling.summary(), seen.ruling.message))
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
            Outcome::Passed
        }
    };
    let place = worst
        .and_then(|seen| seen.place?.editable())
        .and_then(|place| Some((place.portable.clone()?, place.line)));
    Case {
        class: class.to_owned(),
        name: name.to_owned(),
        place,
        outcome,
        seconds: None,
        output,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document() {
        let case = |name: &str, outcome| Case {
            class: "a <class>".into(),
            name: name.into(),
            outcome,
            ..Case::default()
        };
        let suites = [Suite {
            name: "s & t".into(),
            cases: vec![
                case("good", Outcome::Passed),
                case("later", Outcome::Skipped("not \"decided\"".into())),
                Case {
                    place: Some(("a/b.tf".into(), 3)),
                    seconds: Some(0.5),
                    output: Some("said".into()),
                    ..case(
                        "bad",
                        Outcome::Failed {
                            kind: "refused",
                            message: "two\nlines".into(),
                            detail: "]]> \u{1b}[31m".into(),
                        },
                    )
                },
                case(
                    "broken",
                    Outcome::Broken {
                        message: "m".into(),
                        detail: "d".into(),
                    },
                ),
            ],
        }];
        insta::assert_snapshot!(document("n", &suites), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="n" tests="4" failures="1" errors="1" skipped="1">
          <testsuite name="s &amp; t" tests="4" failures="1" errors="1" skipped="1">
            <testcase classname="a &lt;class&gt;" name="good"/>
            <testcase classname="a &lt;class&gt;" name="later">
              <skipped message="not &quot;decided&quot;"/>
            </testcase>
            <testcase classname="a &lt;class&gt;" name="bad" file="a/b.tf" line="3" time="0.500">
              <failure type="refused" message="two&#10;lines">]]&gt; �[31m</failure>
              <system-out>said</system-out>
            </testcase>
            <testcase classname="a &lt;class&gt;" name="broken">
              <error message="m">d</error>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
