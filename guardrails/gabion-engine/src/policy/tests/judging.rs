//! The ratchet, waivers, exceptions, undetermined, failing rules.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gabion_model::{Change, Graph, Operation, Stage};
use serde_json::{Value as Json, json};

use super::fake::{ASKED, Desk, change};
use crate::policy::{Disposition, Guard, Ruling};

fn judge(policy: &str, change: Change) -> Vec<Ruling> {
    Desk::new(Some(policy))
        .guard()
        .judge(&Arc::new(change))
        .rulings
}

/// Code and disposition of every ruling.
fn outcome(guard: &Guard, change: Change) -> Vec<(String, Disposition)> {
    guard
        .judge(&Arc::new(change))
        .rulings
        .into_iter()
        .map(|ruling| (ruling.code, ruling.disposition))
        .collect()
}

fn key(rotation: &Json) -> Json {
    json!({"name": "k", "enable_key_rotation": rotation, "deletion_window_in_days": 30, "tags": {"Name": "k"}, "deletion_protection": true})
}

fn dt08(disposition: Disposition) -> Vec<(String, Disposition)> {
    vec![("DT08".to_owned(), disposition)]
}

#[test]
fn the_ratchet() {
    let guard = Desk::new(None).guard();
    let (good, bad) = (key(&json!(true)), key(&json!(false)));
    let mut tagged = bad.clone();
    tagged["tags"] = json!({"Name": "k", "new": "tag"});
    let cases = [
        (
            Operation::Create,
            Json::Null,
            bad.clone(),
            dt08(Disposition::Refuse),
        ),
        (Operation::Create, Json::Null, good.clone(), vec![]),
        (
            Operation::Update,
            bad.clone(),
            tagged.clone(),
            dt08(Disposition::Debt),
        ),
        (
            Operation::Update,
            good.clone(),
            bad.clone(),
            dt08(Disposition::Refuse),
        ),
        (Operation::Update, bad.clone(), good.clone(), vec![]),
        (
            Operation::Replace,
            bad.clone(),
            tagged.clone(),
            dt08(Disposition::Refuse),
        ),
        (
            Operation::Import,
            bad.clone(),
            tagged.clone(),
            dt08(Disposition::Debt),
        ),
        (
            Operation::NoOp,
            bad.clone(),
            bad.clone(),
            dt08(Disposition::Debt),
        ),
        (Operation::Delete, bad.clone(), Json::Null, vec![]),
        (Operation::Forget, bad.clone(), Json::Null, vec![]),
    ];
    for (operation, before, after, expected) in cases {
        assert_eq!(
            outcome(&guard, change("aws_kms_key", operation, &before, &after)),
            expected,
            "{operation:?}"
        );
    }
}

#[test]
fn scope_all_counts_old_violations_too_and_never_blocks_a_destroy() {
    let guard = Desk::new(Some("rule \"DT08\" { scope = \"all\" }\n")).guard();
    let bad = key(&json!(false));
    assert_eq!(
        outcome(&guard, change("aws_kms_key", Operation::NoOp, &bad, &bad)),
        dt08(Disposition::Refuse)
    );
    assert_eq!(
        outcome(
            &guard,
            change("aws_kms_key", Operation::Delete, &bad, &Json::Null)
        ),
        vec![]
    );
}

#[test]
fn one_more_of_the_same_is_new() {
    let group = |cidrs: &[&str]| json!({"name": "g", "ingress": cidrs.iter().map(|cidr| json!({"cidr": cidr})).collect::<Vec<_>>()});
    let guard = Desk::new(None).guard();
    let update = |before: &[&str], after: &[&str]| {
        outcome(
            &guard,
            change(
                "aws_security_group",
                Operation::Update,
                &group(before),
                &group(after),
            ),
        )
    };
    let (debt, refuse) = (
        ("NW02".to_owned(), Disposition::Debt),
        ("NW02".to_owned(), Disposition::Refuse),
    );
    assert_eq!(
        update(&["0.0.0.0/0"], &["10.0.0.0/8", "0.0.0.0/0"]),
        std::slice::from_ref(&debt)
    );
    assert_eq!(
        update(&["0.0.0.0/0"], &["0.0.0.0/0", "0.0.0.0/0"]),
        [debt, refuse]
    );
}

#[test]
fn levels_decide_between_refusal_and_warning() {
    let bad = key(&json!(false));
    let create = || change("aws_kms_key", Operation::Create, &Json::Null, &bad);
    assert_eq!(
        judge("rule \"DT08\" { level = \"advisory\" }\n", create())[0].disposition,
        Disposition::Warn
    );
    assert!(judge("rule \"DT08\" { level = \"off\" }\n", create()).is_empty());
    let policy =
        "rule \"DT08\" {\n  level = \"off\"\n  when = { workspace = [\"dev*\", \"default\"] }\n}\n";
    assert!(judge(policy, create()).is_empty());
    let policy = "rule \"DT08\" {\n  level = \"off\"\n  when = { workspace = \"dev\" }\n}\n";
    assert_eq!(judge(policy, create())[0].disposition, Disposition::Refuse);
    let policy = "rule \"DT08\" {\n  level = \"off\"\n  when = { path = \".\" }\n}\n";
    assert!(judge(policy, create()).is_empty());
}

#[test]
fn a_scope_that_is_not_known_is_undetermined() {
    let policy = "rule \"DT08\" {\n  level = \"off\"\n  when = { account = \"111122223333\" }\n}\n";
    let mut bad = key(&json!(false));
    let mut create = change("aws_kms_key", Operation::Create, &Json::Null, &bad);
    let rulings = judge(policy, create.clone());
    assert_eq!(rulings[0].disposition, Disposition::Note);
    assert!(
        rulings[0].notes[0].contains("account"),
        "{:?}",
        rulings[0].notes
    );
    create.stage = Stage::Apply;
    assert_eq!(judge(policy, create)[0].disposition, Disposition::Refuse);
    bad["arn"] = json!("arn:aws:kms:eu-central-1:111122223333:key/x");
    assert!(judge(policy, change("aws_kms_key", Operation::NoOp, &bad, &bad)).is_empty());
}

#[test]
fn a_reason_of_the_rules_own_is_never_old() {
    let mut before = key(&json!(true));
    before["description"] = json!("beyond the rule");
    let mut after = before.clone();
    after["tags"] = json!({"Name": "other"});
    let update = |stage| {
        let mut update = change("aws_kms_key", Operation::Update, &before, &after);
        update.stage = stage;
        update
    };
    let only = |policy: &str, stage| {
        let rulings = judge(policy, update(stage));
        assert_eq!(rulings.len(), 1, "{rulings:?}");
        assert!(rulings[0].undetermined.is_empty(), "{rulings:?}");
        rulings[0].disposition
    };
    assert_eq!(only("", Stage::Plan), Disposition::Note);
    assert_eq!(only("", Stage::Apply), Disposition::Refuse);
    let deny = "rule \"DT08\" { on_unknown = \"deny\" }\n";
    assert_eq!(only(deny, Stage::Plan), Disposition::Refuse);
    // What does not change is not refused for it.
    let still = change("aws_kms_key", Operation::NoOp, &before, &before);
    assert_eq!(judge(deny, still)[0].disposition, Disposition::Note);
}

#[test]
fn undetermined_by_step_and_policy() {
    let unknown = key(&json!("UNKNOWN"));
    let create = |stage| {
        let mut create = change("aws_kms_key", Operation::Create, &Json::Null, &unknown);
        create.stage = stage;
        create
    };
    assert_eq!(
        judge("", create(Stage::Plan))[0].disposition,
        Disposition::Note
    );
    assert_eq!(
        judge("", create(Stage::Check))[0].disposition,
        Disposition::Note
    );
    assert_eq!(
        judge("", create(Stage::Apply))[0].disposition,
        Disposition::Refuse
    );
    assert_eq!(
        judge(
            "rule \"DT08\" { level = \"advisory\" }\n",
            create(Stage::Apply)
        )[0]
        .disposition,
        Disposition::Warn
    );
    assert_eq!(
        judge(
            "rule \"DT08\" { on_unknown = \"warn\" }\n",
            create(Stage::Plan)
        )[0]
        .disposition,
        Disposition::Warn
    );
    assert_eq!(
        judge(
            "rule \"DT08\" { on_unknown = \"deny\" }\n",
            create(Stage::Plan)
        )[0]
        .disposition,
        Disposition::Refuse
    );
}

#[test]
fn a_secret_never_resolves() {
    let secret = key(&json!("SECRET"));
    let create = change("aws_kms_key", Operation::Create, &Json::Null, &secret);
    assert_eq!(judge("", create)[0].disposition, Disposition::Refuse);
    let update = change("aws_kms_key", Operation::Update, &secret, &secret);
    assert_eq!(judge("", update)[0].disposition, Disposition::Note);
    // Another secret may hold something that the old one did not.
    let other = key(&json!("SECRET 2"));
    let update = change("aws_kms_key", Operation::Update, &secret, &other);
    assert_eq!(judge("", update)[0].disposition, Disposition::Refuse);
}

#[test]
fn what_is_not_known_does_not_matter_where_another_floor_is_sure() {
    let floor = "rule \"DT08\" {\n  level = \"mandatory\"\n  when = { account = \"111122223333\" }\n}\n\
                 rule \"DT08\" { level = \"advisory\" }\n";
    let create = || {
        change(
            "aws_kms_key",
            Operation::Create,
            &Json::Null,
            &key(&json!(false)),
        )
    };
    let one = Desk::new(None).floor("a.hcl", floor);
    assert_eq!(outcome(&one.guard(), create()), dt08(Disposition::Note));
    let both = one.floor("b.hcl", "rule \"DT08\" { level = \"mandatory\" }\n");
    assert_eq!(outcome(&both.guard(), create()), dt08(Disposition::Refuse));
    // A nearer file may be stricter, too.
    let nearer = Desk::new(Some("rule \"DT08\" { level = \"mandatory\" }\n")).floor("a.hcl", floor);
    assert_eq!(
        outcome(&nearer.guard(), create()),
        dt08(Disposition::Refuse)
    );
}

#[test]
fn computed_is_no_secret_and_no_riddle() {
    let create = change(
        "aws_kms_key",
        Operation::Create,
        &Json::Null,
        &key(&json!("COMPUTED")),
    );
    assert_eq!(judge("", create)[0].disposition, Disposition::Refuse);
}

fn waiver(expires: &str) -> String {
    format!(
        "waiver \"w\" {{\n  rule = \"DT08\"\n  resource = \"aws_kms_key\"\n  where = {{ tags = {{ Name = \"k\" }} }}\n  reason = \"old app\"\n  \
         ticket = \"SEC-1\"\n  expires = \"{expires}\"\n}}\n"
    )
}

#[test]
fn waivers_hold_until_their_end() {
    let (good, bad) = (key(&json!(true)), key(&json!(false)));
    let create = || change("aws_kms_key", Operation::Create, &Json::Null, &bad);
    let held = judge(&waiver("2026-12-31T00:00:00Z"), create());
    assert_eq!(held[0].disposition, Disposition::Accepted);
    assert_eq!(
        held[0].accepted.as_deref(),
        Some("waiver `w` (gabion.hcl:1:8) until 2026-12-31T00:00:00Z: old app, ticket SEC-1")
    );
    let mut other = create();
    let mut renamed = bad.clone();
    renamed["tags"] = json!({"Name": "other"});
    other.after = change("x", Operation::Create, &Json::Null, &renamed).after;
    assert_eq!(
        judge(&waiver("2026-12-31T00:00:00Z"), other)[0].disposition,
        Disposition::Refuse
    );

    // Ended: changes are refused, even where the violation is old; what is only there is a warning.
    let ended = waiver("2026-05-31T12:00:00Z");
    let mut tagged = bad.clone();
    tagged["tags"] = json!({"Name": "k", "b": "c"});
    let mut unprotected = bad.clone();
    unprotected["deletion_protection"] = json!(false);
    let update = |after: &Json| change("aws_kms_key", Operation::Update, &bad, after);
    assert_eq!(judge(&ended, create())[0].disposition, Disposition::Refuse);
    assert_eq!(
        judge(&ended, update(&tagged))[0].disposition,
        Disposition::Refuse
    );
    assert_eq!(
        judge(&ended, update(&unprotected))[0].disposition,
        Disposition::Warn
    );
    assert_eq!(
        judge(&ended, change("aws_kms_key", Operation::NoOp, &bad, &bad))[0].disposition,
        Disposition::Warn
    );
    assert!(
        judge(
            &ended,
            change("aws_kms_key", Operation::Delete, &bad, &Json::Null)
        )
        .is_empty()
    );
    assert!(
        judge(
            &ended,
            change("aws_kms_key", Operation::Update, &bad, &good)
        )
        .is_empty()
    );

    // At apply it counts from a day after its end.
    let mut apply = create();
    apply.stage = Stage::Apply;
    assert_eq!(judge(&ended, apply)[0].disposition, Disposition::Accepted);
}

#[test]
fn a_waiver_that_ends_soon_is_told_once() {
    let guard = Desk::new(Some(&waiver("2026-06-10T00:00:00Z"))).guard();
    let create = Arc::new(change(
        "aws_kms_key",
        Operation::Create,
        &Json::Null,
        &key(&json!(false)),
    ));
    let first = guard.judge(&create);
    assert_eq!(first.notices.len(), 1, "{:?}", first.notices);
    assert!(guard.judge(&create).notices.is_empty());
}

#[test]
fn exceptions_are_the_platforms_to_accept() {
    let composite = |expires: &str| {
        json!({"alias": "k", "enable_key_rotation": false,
               "exception": [{"attribute": "enable_key_rotation", "control": "KMS.4", "reason": "legacy", "expires": expires}]})
    };
    let create = |expires: &str| {
        change(
            "gabion_kms_key",
            Operation::Create,
            &Json::Null,
            &composite(expires),
        )
    };
    assert_eq!(
        judge("", create("2026-12-31T00:00:00Z"))[0].disposition,
        Disposition::Accepted
    );
    assert_eq!(
        judge("", create("2026-01-01T00:00:00Z"))[0].disposition,
        Disposition::Refuse
    );
    assert_eq!(
        judge(
            "exceptions { accept = \"none\" }\n",
            create("2026-12-31T00:00:00Z")
        )[0]
        .disposition,
        Disposition::Refuse
    );
    // Who filled in the block reads why it did not help; what is old stays debt.
    let none = "exceptions { accept = \"none\" }\n";
    let ruling = &judge(none, create("2026-12-31T00:00:00Z"))[0];
    assert_eq!(
        ruling.notes,
        [
            "The exception for `enable_key_rotation` in the resource does not count: the policy file accepts none for DT08."
        ]
    );
    let state = composite("2026-12-31T00:00:00Z");
    let update = change("gabion_kms_key", Operation::Update, &state, &state);
    assert_eq!(judge(none, update)[0].disposition, Disposition::Debt);
    assert_eq!(
        judge(
            "exceptions { accept = [\"DT09\"] }\n",
            create("2026-12-31T00:00:00Z")
        )[0]
        .disposition,
        Disposition::Refuse
    );
    assert_eq!(
        judge(
            "exceptions { accept = [\"DT08\"] }\n",
            create("2026-12-31T00:00:00Z")
        )[0]
        .disposition,
        Disposition::Accepted
    );
    let under_floor = Desk::new(None).floor("floor.hcl", "").guard();
    assert_eq!(
        outcome(&under_floor, create("2026-12-31T00:00:00Z")),
        dt08(Disposition::Refuse)
    );
    // Somebody else's `exception` block means nothing.
    let foreign = change("aws_kms_key", Operation::Create, &Json::Null, &{
        let mut value = composite("2026-12-31T00:00:00Z");
        value["deletion_window_in_days"] = json!(30);
        value
    });
    assert_eq!(judge("", foreign)[0].disposition, Disposition::Refuse);
}

#[test]
fn a_rule_that_fails_refuses() {
    let guard = Desk::new(None).guard();
    let value = json!({"name": "b"});
    let broken = |operation| change("aws_broken", operation, &value, &value);
    assert!(guard.judge(&Arc::new(broken(Operation::Update))).refused());
    assert_eq!(
        outcome(&guard, broken(Operation::NoOp)),
        [("XX01".to_owned(), Disposition::Warn)]
    );
    let guard = Desk::new(Some("rule \"XX01\" { scope = \"all\" }\n")).guard();
    assert_eq!(
        outcome(&guard, broken(Operation::NoOp)),
        [("XX01".to_owned(), Disposition::Error)]
    );
}

#[test]
fn a_path_outside_the_schema_is_an_error() {
    let guard = Desk::new(None).guard();
    let create = change(
        "aws_kms_key",
        Operation::Create,
        &Json::Null,
        &json!({"name": "k", "deletion_window_in_days": 30}),
    );
    assert_eq!(outcome(&guard, create), dt08(Disposition::Error));
}

#[test]
fn provider_versions_are_told_once() {
    let guard = Desk::new(None).guard();
    let mut create = change(
        "aws_kms_key",
        Operation::Create,
        &Json::Null,
        &key(&json!(true)),
    );
    create.provider_version = Some("7.1.0".into());
    let create = Arc::new(create);
    let first = guard.judge(&create);
    assert_eq!(first.notices.len(), 1, "{:?}", first.notices);
    assert!(first.rulings.is_empty() && guard.judge(&create).notices.is_empty());
}

#[test]
fn a_type_without_rules_asks_nobody() {
    let guard = Desk::new(None).guard();
    assert!(!guard.concerns("aws_instance"));
    let before = ASKED.load(Ordering::Relaxed);
    let mut forked = change("aws_instance", Operation::Create, &Json::Null, &json!({}));
    forked.provider = "example.com/corp/aws".into();
    assert!(guard.judge(&Arc::new(forked)).rulings.is_empty());
    let _ = before;
    // A fork of the provider does not silence a rule.
    let mut forked = change(
        "aws_kms_key",
        Operation::Create,
        &Json::Null,
        &key(&json!(false)),
    );
    forked.provider = "example.com/corp/not-aws".into();
    assert!(guard.judge(&Arc::new(forked)).refused());
}

#[test]
fn whole_plans_have_the_ratchet_too() {
    let guard = Desk::new(Some("rule \"DT01\" { level = \"mandatory\" }\n")).guard();
    let bucket = |operation, before: &Json, name: &str| {
        let mut bucket = change("aws_s3_bucket", operation, before, &json!({"bucket": name}));
        bucket.address = Some(format!("aws_s3_bucket.{name}"));
        Arc::new(bucket)
    };
    let graph = Arc::new(Graph {
        changes: vec![
            bucket(Operation::NoOp, &json!({"bucket": "old"}), "old"),
            bucket(Operation::Create, &Json::Null, "new"),
        ],
        complete: true,
        ..Graph::default()
    });
    let rulings = guard.judge_plan(&graph).rulings;
    let outcomes: Vec<_> = rulings
        .iter()
        .map(|ruling| (ruling.subject(), ruling.disposition))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("aws_s3_bucket.old".to_owned(), Disposition::Debt),
            ("aws_s3_bucket.new".to_owned(), Disposition::Refuse)
        ]
    );
}

#[test]
fn many_threads_share_a_guard() {
    let guard = Desk::new(None).guard();
    let create = Arc::new(change(
        "aws_kms_key",
        Operation::Create,
        &Json::Null,
        &key(&json!(false)),
    ));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| assert!(guard.judge(&create).refused())));
        }
    });
}
