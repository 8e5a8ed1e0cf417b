use std::sync::Mutex;

use gabion_engine::policy::{Disposition, Ruling};
use gabion_model::{Kind, Level, Path};

use super::*;
use crate::dynamic::Dynamic;
use crate::guard::Judge;
use crate::guard::testing::{Fake, value, wire};

/// Rules by what it was told, and keeps what it saw.
#[derive(Default)]
struct Fixed {
    rulings: Vec<(Disposition, &'static str)>,
    seen: Mutex<Vec<Arc<Change>>>,
}

impl Judge for Fixed {
    fn judge(&self, change: &Arc<Change>) -> Judgement {
        self.seen.lock().unwrap().push(change.clone());
        let rulings = self
            .rulings
            .iter()
            .map(|(disposition, path)| ruling(*disposition, path, change))
            .collect();
        Judgement {
            rulings,
            notices: vec!["something to say once".to_owned()],
        }
    }
}

fn ruling(disposition: Disposition, path: &str, change: &Change) -> Ruling {
    Ruling {
        pack: "test".to_owned(),
        pack_version: "1.0.0".to_owned(),
        code: "TT01".to_owned(),
        name: "a-thing".to_owned(),
        title: "a thing".to_owned(),
        level: Level::Mandatory,
        level_from: "default".to_owned(),
        disposition,
        operation: change.operation,
        stage: change.stage,
        path: Path::parse(path).unwrap(),
        observed: None,
        message: "it is bad".to_owned(),
        fix: Vec::new(),
        undetermined: Vec::new(),
        accepted: None,
        reason: None,
        waived_by: None,
        observed_digest: None,
        old: false,
        notes: Vec::new(),
        resource_type: change.resource_type.clone(),
        identity: change.identity(),
        address: None,
        module_address: None,
        contact: None,
        waiver: None,
    }
}

fn layer(fake: Fake, rulings: &[(Disposition, &'static str)]) -> (GuardLayer<Fake>, Arc<Fixed>) {
    let judge = Arc::new(Fixed {
        rulings: rulings.to_vec(),
        ..Fixed::default()
    });
    let slot = JudgeSlot::new();
    slot.set(judge.clone());
    let options = GuardLayerOptions {
        provider: "example.com/a/fake".to_owned(),
        provider_version: None,
        judge: slot,
    };
    (GuardLayer::new(fake, options), judge)
}

fn plan(prior: &str, planned: &str, config: &str) -> Request<pb::plan_resource_change::Request> {
    Request::new(pb::plan_resource_change::Request {
        type_name: "fake_thing".to_owned(),
        prior_state: wire(prior),
        proposed_new_state: wire(planned),
        config: wire(config),
        ..Default::default()
    })
}

fn apply(prior: &str, planned: &str) -> Request<pb::apply_resource_change::Request> {
    Request::new(pb::apply_resource_change::Request {
        type_name: "fake_thing".to_owned(),
        prior_state: wire(prior),
        planned_state: wire(planned),
        config: wire(planned),
        planned_private: b"planned".to_vec(),
        ..Default::default()
    })
}

fn steps(diagnostic: &pb::Diagnostic) -> usize {
    diagnostic
        .attribute
        .as_ref()
        .map_or(0, |path| path.steps.len())
}

#[tokio::test]
async fn a_refused_plan_keeps_its_state_and_names_the_attribute() {
    let rulings = [
        (Disposition::Refuse, "rules[0].port"),
        (Disposition::Warn, ""),
        (Disposition::Accepted, "name"),
    ];
    let (layer, judge) = layer(Fake::default(), &rulings);
    let state = r#"{"name": "x", "id": "?", "rules": [{"port": 22, "note": null}]}"#;
    let request = plan("null", state, r#"{"name": "x", "rules": [{"port": 22}]}"#);
    let answer = layer
        .plan_resource_change(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.planned_state, wire(state));
    let shown: Vec<_> = answer
        .diagnostics
        .iter()
        .map(|found| (found.severity(), steps(found)))
        .collect();
    assert_eq!(
        shown,
        [
            (Severity::Error, 3),
            (Severity::Warning, 0),
            (Severity::Warning, 0)
        ]
    );
    assert!(answer.diagnostics[0].summary.contains("TT01"));
    let seen = judge.seen.lock().unwrap();
    assert_eq!(
        (seen[0].operation, seen[0].stage),
        (Operation::Create, Stage::Plan)
    );
    assert_eq!(seen[0].provider, "example.com/a/fake");
    assert_eq!(
        seen[0].configured(&Path::parse("name").unwrap()),
        Some(true)
    );
    assert_eq!(seen[0].configured(&Path::parse("id").unwrap()), Some(false));
    let after = &seen[0].after;
    assert_eq!(
        after.kind(after.lookup(&Path::parse("id").unwrap()).unwrap()),
        Kind::Computed
    );
}

#[tokio::test]
async fn a_refused_apply_never_reaches_the_provider() {
    let (layer, judge) = layer(
        Fake::default(),
        &[(Disposition::Refuse, "name"), (Disposition::Warn, "")],
    );
    let prior = r#"{"name": "old", "id": "1"}"#;
    for (planned, operation) in [
        (r#"{"name": "new", "id": "1"}"#, Operation::Update),
        ("null", Operation::Delete),
    ] {
        let answer = layer
            .apply_resource_change(apply(prior, planned))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.new_state, wire(prior));
        assert_eq!(answer.private, b"planned");
        assert!(has_errors(&answer.diagnostics));
        let seen = judge.seen.lock().unwrap();
        let last = seen.last().unwrap();
        assert_eq!((last.operation, last.stage), (operation, Stage::Apply));
        assert_eq!(last.identity().as_deref(), Some("1"));
    }
    assert!(layer.inner.applied.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_allowed_apply_says_nothing_twice() {
    let (layer, _) = layer(
        Fake::default(),
        &[(Disposition::Warn, "name"), (Disposition::Debt, "")],
    );
    let answer = layer
        .apply_resource_change(apply("null", r#"{"name": "x"}"#))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.private, b"made");
    assert!(answer.diagnostics.is_empty());
    assert_eq!(*layer.inner.applied.lock().unwrap(), ["fake_thing"]);
    // A delete may not have been planned.
    let answer = layer
        .apply_resource_change(apply(r#"{"name": "x"}"#, "null"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.diagnostics.len(), 3);
    // The notice comes once a process.
    let answer = layer
        .apply_resource_change(apply(r#"{"name": "y"}"#, "null"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.diagnostics.len(), 2);
}

#[tokio::test]
async fn unchanged_objects_are_judged_as_such() {
    let (layer, judge) = layer(Fake::default(), &[]);
    let state = r#"{"name": "x"}"#;
    layer
        .plan_resource_change(plan(state, state, state))
        .await
        .unwrap();
    layer
        .plan_resource_change(plan("null", "null", "null"))
        .await
        .unwrap();
    let operations: Vec<_> = judge
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|change| change.operation)
        .collect();
    assert_eq!(operations, [Operation::NoOp]);
}

#[tokio::test]
async fn a_replace_warns_with_the_first_plan_and_refuses_with_the_second() {
    use pb::attribute_path::step::Selector;
    let step = pb::attribute_path::Step {
        selector: Some(Selector::AttributeName("name".to_owned())),
    };
    let fake = Fake {
        requires_replace: vec![pb::AttributePath { steps: vec![step] }],
        ..Fake::default()
    };
    let rulings = [(Disposition::Refuse, "name"), (Disposition::Warn, "name")];
    let (layer, judge) = layer(fake, &rulings);
    let severities = |answer: Response<pb::plan_resource_change::Response>| -> Vec<_> {
        let found = answer.into_inner().diagnostics;
        found.iter().map(pb::Diagnostic::severity).collect()
    };
    let (old, new) = (
        r#"{"name": "x", "policy": "p"}"#,
        r#"{"name": "y", "policy": "p"}"#,
    );
    let first = layer
        .plan_resource_change(plan(old, new, new))
        .await
        .unwrap();
    // The ruling, and the notice.
    assert_eq!(severities(first), [Severity::Warning; 2]);
    let second = layer
        .plan_resource_change(plan("null", new, new))
        .await
        .unwrap();
    assert_eq!(severities(second), [Severity::Error, Severity::Warning]);
    // A path that the provider names and that does not differ replaces nothing.
    layer
        .plan_resource_change(plan(old, r#"{"name": "x", "policy": "q"}"#, new))
        .await
        .unwrap();
    let operations: Vec<_> = judge
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|change| change.operation)
        .collect();
    let expected = [Operation::Replace, Operation::Create, Operation::Update];
    assert_eq!(operations, expected);
}

#[tokio::test]
async fn whatever_cannot_be_judged_is_refused() {
    // No judge.
    let empty = GuardLayer::new(Fake::default(), GuardLayerOptions::default());
    let answer = empty
        .plan_resource_change(plan("null", r#"{"name": "x"}"#, "null"))
        .await
        .unwrap()
        .into_inner();
    assert!(has_errors(&answer.diagnostics));
    let answer = empty
        .apply_resource_change(apply("null", r#"{"name": "x"}"#))
        .await
        .unwrap()
        .into_inner();
    assert!(has_errors(&answer.diagnostics));
    // A judge that panics.
    struct Broken;
    impl Judge for Broken {
        fn judge(&self, _: &Arc<Change>) -> Judgement {
            panic!("no")
        }
    }
    empty.options.judge.set(Arc::new(Broken));
    let answer = empty
        .apply_resource_change(apply("null", r#"{"name": "x"}"#))
        .await
        .unwrap()
        .into_inner();
    assert!(has_errors(&answer.diagnostics));
    // A value outside of the schema, and a type without one.
    let (layer, _) = layer(Fake::default(), &[]);
    let answer = layer
        .apply_resource_change(apply("null", r#"{"other": "x"}"#))
        .await
        .unwrap()
        .into_inner();
    assert!(has_errors(&answer.diagnostics));
    let mut request = plan("null", r#"{"name": "x"}"#, "null");
    request.get_mut().type_name = "fake_other".to_owned();
    let answer = layer
        .plan_resource_change(request)
        .await
        .unwrap()
        .into_inner();
    insta::assert_snapshot!(answer.diagnostics[0].summary, @"Refused: a change of fake_other could not be judged");
    insta::assert_snapshot!(answer.diagnostics[0].detail, @"The guardrails must see every change, and the provider has no schema for `fake_other`. Nothing was changed.");
    assert!(
        layer.inner.applied.lock().unwrap().is_empty()
            && empty.inner.applied.lock().unwrap().is_empty()
    );
}

#[tokio::test]
async fn secrets_of_the_provider_configuration_are_hidden_everywhere() {
    let (layer, judge) = layer(Fake::default(), &[]);
    let config = wire(r#"{"name": "eu-central-1", "password": "correct horse"}"#);
    let request = pb::configure_provider::Request {
        config,
        ..Default::default()
    };
    layer
        .configure_provider(Request::new(request))
        .await
        .unwrap();
    let state = r#"{"name": "correct horse", "tags": {"a": "correct horse"}}"#;
    layer
        .plan_resource_change(plan("null", state, state))
        .await
        .unwrap();
    let seen = judge.seen.lock().unwrap();
    let show = |tree: &Tree| tree.to_display_json(tree.root()).to_string();
    let configuration = show(&seen[0].provider_configuration);
    assert!(
        configuration.contains("eu-central-1") && !configuration.contains("horse"),
        "{configuration}"
    );
    for tree in [&seen[0].after, seen[0].config.as_ref().unwrap()] {
        assert!(!show(tree).contains("horse"), "{}", show(tree));
    }
}

#[tokio::test]
async fn what_an_apply_made_is_a_secret_of_the_next() {
    let (layer, judge) = layer(Fake::default(), &[]);
    let made = r#"{"name": "a", "password": "battery staple"}"#;
    *layer.inner.makes.lock().unwrap() = wire(made);
    layer
        .apply_resource_change(apply("null", r#"{"name": "a", "password": "?"}"#))
        .await
        .unwrap();
    layer
        .apply_resource_change(apply("null", r#"{"name": "battery staple"}"#))
        .await
        .unwrap();
    let seen = judge.seen.lock().unwrap();
    let after = &seen.last().unwrap().after;
    let shown = after.to_display_json(after.root()).to_string();
    assert!(!shown.contains("staple"), "{shown}");
}

#[tokio::test]
async fn what_is_unknown_in_the_provider_configuration_is_unknown_to_rules() {
    let (layer, judge) = layer(Fake::default(), &[]);
    let region = |seen: &Change| {
        let tree = &seen.provider_configuration;
        tree.lookup(&Path::parse("name").unwrap())
            .map(|id| tree.kind(id))
    };
    let state = r#"{"name": "x"}"#;
    for (config, root, name) in [
        (wire(r#"{"name": "?"}"#), Kind::Mapping, Some(Kind::Unknown)),
        // One that cannot be read must not look like one that sets nothing.
        (wire(r#"{"other": "x"}"#), Kind::Unknown, None),
    ] {
        let request = pb::configure_provider::Request {
            config,
            ..Default::default()
        };
        let request = Request::new(request);
        layer.configure_provider(request).await.unwrap();
        layer
            .plan_resource_change(plan("null", state, state))
            .await
            .unwrap();
        let seen = judge.seen.lock().unwrap();
        let last = seen.last().unwrap();
        let tree = &last.provider_configuration;
        assert_eq!((tree.kind(tree.root()), region(last)), (root, name));
    }
}

#[tokio::test]
async fn the_order_of_a_set_is_no_change() {
    let (layer, judge) = layer(Fake::default(), &[]);
    let one = r#"{"grant": [{"who": "a", "how": "x"}, {"who": "b", "how": "x"}]}"#;
    let two = r#"{"grant": [{"who": "b", "how": "x"}, {"who": "a", "how": "x"}]}"#;
    layer
        .plan_resource_change(plan(one, two, two))
        .await
        .unwrap();
    let seen = judge.seen.lock().unwrap();
    assert_eq!(seen[0].operation, Operation::NoOp);
}

#[test]
fn the_wire_form_of_the_tests_reads_back() {
    let planned = value(r#"{"name": "?"}"#);
    assert_eq!(
        Dynamic::from_msgpack(&wire(r#"{"name": "?"}"#).unwrap().msgpack).unwrap(),
        planned
    );
}
