//! One rule, written in Rust, JavaScript and Python: the same verdicts, byte for byte, over one corpus.
//!
//! The packs stand in `tests/guests/three`. They are built here as `gabion build` does it, and kept in the user's
//! cache by what they were made of.

mod corpus;
mod packs;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use gabion_engine::Session;
use gabion_model::{Evaluation, Runner as _, Verdict};
use serde_json::json;

/// An answer as the host keeps it: the verdict, and what it rests on.
fn bytes(evaluation: &Evaluation) -> String {
    format!(
        "{}\n{}",
        serde_json::to_string(&evaluation.verdict).unwrap(),
        serde_json::to_string(&evaluation.reads).unwrap()
    )
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "not applicable",
        Verdict::Pass => "pass",
        Verdict::Violation(_) => "violation",
        Verdict::Undetermined(_) => "undetermined",
        Verdict::Error(_) => "error",
    }
}

/// Asks all three, and gives the answer of the first; what differs goes into `wrong`.
fn ask(
    sessions: &mut [(&str, Session)],
    what: &str,
    wrong: &mut String,
    mut one: impl FnMut(&mut Session) -> Evaluation,
) -> &'static str {
    let answers: Vec<(&str, Evaluation)> = sessions
        .iter_mut()
        .map(|(language, session)| (*language, one(session)))
        .collect();
    let wanted = bytes(&answers[0].1);
    for (language, answer) in &answers[1..] {
        let got = bytes(answer);
        if got != wanted && wrong.len() < 6000 {
            writeln!(wrong, "{what}\n  rust: {wanted}\n  {language}: {got}").unwrap();
        }
    }
    word(&answers[0].1.verdict)
}

#[test]
fn three_languages_say_the_same() -> Result<()> {
    let Some(packs) = packs::all()? else {
        return Ok(());
    };
    let settings = [
        json!({}),
        json!({
            "prefix": "ünï-",
            "owners": ["team \"a\"", "team\tb", "\u{1f980}"],
            "backup_days": 14,
            "regions": ["eu-central-1"],
        }),
    ];
    let changes = corpus::changes();
    let plans = corpus::plans(&changes);
    assert!(changes.len() >= 200 && plans.len() >= 40);
    let mut wrong = String::new();
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    for settings in &settings {
        let mut sessions = Vec::new();
        for (language, pack) in &packs {
            sessions.push((*language, pack.session(settings)?));
        }
        for (number, change) in changes.iter().enumerate() {
            let what = format!("change {number} with {settings}: {change:?}");
            let said = ask(&mut sessions, &what, &mut wrong, |session| {
                session.check("TL01", change)
            });
            *words.entry(said).or_default() += 1;
        }
        for (number, plan) in plans.iter().enumerate() {
            let what = format!("plan {number}");
            ask(&mut sessions, &what, &mut wrong, |session| {
                session.check_plan("TL02", plan)
            });
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // A corpus that says one thing of everything would prove nothing.
    for verdict in [
        "not applicable",
        "pass",
        "violation",
        "undetermined",
        "error",
    ] {
        assert!(
            words.get(verdict).is_some_and(|times| *times >= 20),
            "{words:?}"
        );
    }
    Ok(())
}

#[test]
fn three_languages_describe_themselves_alike() -> Result<()> {
    let Some(packs) = packs::all()? else {
        return Ok(());
    };
    let (_, rust) = &packs[0];
    for (language, pack) in &packs[1..] {
        let (mut own, mut wanted) = (pack.info().clone(), rust.info().clone());
        let schema = |text: &str| serde_json::from_str::<serde_json::Value>(text);
        assert_eq!(
            schema(&own.settings_schema)?,
            schema(&wanted.settings_schema)?,
            "{language}"
        );
        own.settings_schema.clear();
        wanted.settings_schema.clear();
        assert_eq!(own, wanted, "{language}");
    }
    assert!(
        rust.info().rules[0]
            .page
            .contains("\n    an indented line, a `\"quoted\"` one, and an ümlaut\n")
    );
    Ok(())
}
