//! The component, in its sandbox, says of every case what the rules say natively, from the same reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use gabion_engine::{Engine, EngineOptions, Session};
use gabion_guardrail::NativePack;
use gabion_model::{Change, Graph, Operation, Runner, Stage};
use serde_json::{Value, json};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn native() -> Result<NativePack> {
    native_with(&json!({}))
}

fn native_with(settings: &Value) -> Result<NativePack> {
    let pack = NativePack::new(&gabion_baseline::PACK, settings);
    Ok(pack.map_err(|problems| format!("{problems:?}"))?)
}

fn component() -> Result<Session> {
    let engine = Engine::new(EngineOptions::default())?;
    Ok(engine.load_baseline()?.session(&json!({}))?)
}

#[test]
fn both_say_the_same_of_themselves() -> Result {
    assert_eq!(native()?.info(), component()?.info());
    Ok(())
}

#[test]
fn both_say_the_same_of_every_case() -> Result {
    let engine_pack = Engine::new(EngineOptions::default())?.load_baseline()?;
    let mut packs: BTreeMap<String, (NativePack, Session)> = BTreeMap::new();
    let cases = gabion_baseline::corpus()?;
    for case in &cases {
        let of = case.settings.to_string();
        if !packs.contains_key(&of) {
            let both = (
                native_with(&case.settings)?,
                engine_pack.session(&case.settings)?,
            );
            packs.insert(of.clone(), both);
        }
        let (native, component) = packs.get_mut(&of).ok_or("just made")?;
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
    assert!(cases.len() > 500, "the corpus was not found");
    Ok(())
}

#[test]
fn both_say_the_same_of_every_plan() -> Result {
    let pack = Engine::new(EngineOptions::default())?.load_baseline()?;
    let cases = gabion_baseline::corpus::plans()?;
    for case in &cases {
        let mut native = native_with(&case.settings)?;
        let mut component = pack.session(&case.settings)?;
        for graph in graphs(&case.graph) {
            let wanted = native.check_plan(case.rule, &graph);
            let what = format!(
                "{} `{}`, complete: {}",
                case.rule, case.name, graph.complete
            );
            for _ in 0..2 {
                let got = component.check_plan(case.rule, &graph);
                assert_eq!(got.verdict, wanted.verdict, "{what}");
                assert_eq!(got.reads, wanted.reads, "{what}");
            }
        }
    }
    assert!(cases.len() > 150, "the corpus was not found");
    Ok(())
}

/// The plan, the same in part, and with the order of its resources turned round.
fn graphs(graph: &Arc<Graph>) -> Vec<Arc<Graph>> {
    let mut part = graph.as_ref().clone();
    part.complete = !part.complete;
    let mut turned = graph.as_ref().clone();
    turned.changes.reverse();
    let last = turned.changes.len().saturating_sub(1);
    let references = std::mem::take(&mut turned.references);
    turned.references = references
        .into_iter()
        .map(|(position, references)| (last - position, references))
        .collect();
    vec![graph.clone(), Arc::new(part), Arc::new(turned)]
}

#[test]
fn an_instance_that_was_used_says_the_same_again() -> Result {
    let mut used = component()?;
    let mut cases = gabion_baseline::corpus()?;
    cases.retain(|case| case.settings == json!({}));
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
