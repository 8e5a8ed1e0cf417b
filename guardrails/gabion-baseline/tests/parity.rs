//! The component, in its sandbox, says of every case what the rules say natively, from the same reads.

use std::sync::Arc;

use gabion_engine::{Engine, EngineOptions, Session};
use gabion_guardrail::NativePack;
use gabion_model::{Change, Operation, Runner, Stage};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn native() -> Result<NativePack> {
    let pack = NativePack::new(&gabion_baseline::PACK, &serde_json::json!({}));
    Ok(pack.map_err(|problems| format!("{problems:?}"))?)
}

fn component() -> Result<Session> {
    let engine = Engine::new(EngineOptions::default())?;
    Ok(engine.load_baseline()?.session(&serde_json::json!({}))?)
}

#[test]
fn both_say_the_same_of_themselves() -> Result {
    assert_eq!(native()?.info(), component()?.info());
    Ok(())
}

#[test]
fn both_say_the_same_of_every_case() -> Result {
    let (mut native, mut component) = (native()?, component()?);
    let cases = gabion_baseline::corpus()?;
    for case in &cases {
        for change in variants(&case.change) {
            let (wanted, got) = (
                native.check(case.rule, &change),
                component.check(case.rule, &change),
            );
            let what = format!(
                "{} `{}` at {:?} {:?}",
                case.rule, case.name, change.stage, change.operation
            );
            assert_eq!(got.verdict, wanted.verdict, "{what}");
            assert_eq!(got.reads, wanted.reads, "{what}");
        }
    }
    assert!(cases.len() > 100, "the corpus was not found");
    Ok(())
}

#[test]
fn an_instance_that_was_used_says_the_same_again() -> Result {
    let mut used = component()?;
    let cases = gabion_baseline::corpus()?;
    let first: Vec<_> = cases
        .iter()
        .map(|case| used.check(case.rule, &case.change))
        .collect();
    for (case, first) in cases.iter().zip(first).rev() {
        assert_eq!(
            used.check(case.rule, &case.change),
            first,
            "{} `{}`",
            case.rule,
            case.name
        );
    }
    Ok(())
}

/// The case, the same at apply and on a saved plan, without a configuration, and as the prior state alone.
fn variants(change: &Arc<Change>) -> Vec<Arc<Change>> {
    let with = |edit: fn(&mut Change)| {
        let mut one = change.as_ref().clone();
        edit(&mut one);
        Arc::new(one)
    };
    vec![
        change.clone(),
        with(|one| one.stage = Stage::Apply),
        with(|one| one.stage = Stage::Check),
        with(|one| one.config = None),
        with(|one| {
            one.before = one.after.clone();
            *one = one.prior_alone();
        }),
        with(|one| {
            one.before = one.after.clone();
            one.operation = Operation::Replace;
        }),
    ]
}
