//! The baseline of known violations: its entries alone are old.

use std::sync::Arc;

use gabion_model::{Change, Graph, Operation, Stage};
use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use super::fake::{Desk, change};
use crate::policy::{Disposition, KnownViolations, Ruling, read_baseline};

fn key(id: &str, more: &str) -> Json {
    json!({"id": id, "enable_key_rotation": false, "deletion_window_in_days": 30, "tags": {"Name": more}})
}

fn update(id: &str) -> Change {
    change(
        "aws_kms_key",
        Operation::Update,
        &key(id, "a"),
        &key(id, "b"),
    )
}

fn no_op(id: &str) -> Change {
    change("aws_kms_key", Operation::NoOp, &key(id, "a"), &key(id, "a"))
}

fn create(id: &str) -> Change {
    change("aws_kms_key", Operation::Create, &Json::Null, &key(id, "a"))
}

fn rulings(desk: &Desk, change: Change) -> Vec<Ruling> {
    desk.guard().judge(&Arc::new(change)).rulings
}

fn only(desk: &Desk, change: Change) -> Disposition {
    let rulings = rulings(desk, change);
    assert_eq!(rulings.len(), 1, "{rulings:?}");
    rulings[0].disposition
}

/// A desk whose baseline has what the key `old` does wrong.
fn desk(policy: &str) -> Desk {
    let plain = Desk::new(None);
    let known = KnownViolations::of(&rulings(&plain, no_op("old")));
    assert_eq!(known.len(), 1);
    let desk = Desk::new(Some(&format!(
        "baseline = \".gabion.baseline.json\"\n{policy}"
    )));
    known
        .write(&desk.folder.path().join(".gabion.baseline.json"))
        .unwrap();
    desk
}

#[test]
fn its_entries_alone_are_old() {
    let desk = desk("");
    assert_eq!(only(&desk, update("old")), Disposition::Debt);
    assert_eq!(only(&desk, update("other")), Disposition::Refuse);
    // Where nothing changes there is nothing to refuse.
    assert_eq!(only(&desk, no_op("old")), Disposition::Debt);
    assert_eq!(only(&desk, no_op("other")), Disposition::Debt);
    // A create of the same id is another object.
    assert_eq!(only(&desk, create("old")), Disposition::Refuse);
    let replace = change(
        "aws_kms_key",
        Operation::Replace,
        &key("old", "a"),
        &key("old", "b"),
    );
    assert_eq!(only(&desk, replace), Disposition::Refuse);
    for id in ["old", "other"] {
        let leaving = change("aws_kms_key", Operation::Delete, &key(id, "a"), &Json::Null);
        assert!(rulings(&desk, leaving).is_empty());
    }
    // At apply as in a plan, and in a plan file.
    for stage in [Stage::Apply, Stage::Check] {
        let mut update = update("old");
        update.stage = stage;
        assert_eq!(only(&desk, update), Disposition::Debt);
    }
}

#[test]
fn a_known_violation_that_gets_worse_is_new() {
    let window = |days: u32| json!({"id": "k", "enable_key_rotation": true, "deletion_window_in_days": days});
    let change = |before, after| {
        let (before, after) = (window(before), window(after));
        change("aws_kms_key", Operation::Update, &before, &after)
    };
    let policy = "rule \"DT09\" { level = \"mandatory\" }\n";
    let known = KnownViolations::of(&rulings(&Desk::new(Some(policy)), change(14, 14)));
    assert_eq!(known.len(), 1);
    let desk = Desk::new(Some(&format!("baseline = \"known.json\"\n{policy}")));
    known.write(&desk.folder.path().join("known.json")).unwrap();
    assert_eq!(only(&desk, change(14, 14)), Disposition::Debt);
    assert_eq!(only(&desk, change(14, 7)), Disposition::Refuse);
    // The list says what was accepted, whatever the state has come to since.
    assert_eq!(only(&desk, change(7, 7)), Disposition::Refuse);
    assert_eq!(only(&desk, change(7, 14)), Disposition::Debt);
}

#[test]
fn with_scope_all_everything_else_is_refused() {
    let desk = desk("rule \"DT08\" { scope = \"all\" }\n");
    assert_eq!(only(&desk, no_op("old")), Disposition::Debt);
    assert_eq!(only(&desk, no_op("other")), Disposition::Refuse);
}

#[test]
fn one_more_of_the_same_is_new() {
    let group = |cidrs: usize| {
        let ingress: Vec<Json> = (0..cidrs).map(|_| json!({"cidr": "0.0.0.0/0"})).collect();
        json!({"id": "sg-1", "ingress": ingress})
    };
    let change = |before, after| {
        let (before, after) = (group(before), group(after));
        change("aws_security_group", Operation::Update, &before, &after)
    };
    let plain = Desk::new(None);
    let known = KnownViolations::of(&rulings(&plain, change(2, 2)));
    assert_eq!(known.len(), 2);
    let desk = Desk::new(Some("baseline = \"known.json\"\n"));
    known.write(&desk.folder.path().join("known.json")).unwrap();
    let count = |after| {
        rulings(&desk, change(2, after))
            .iter()
            .filter(|ruling| ruling.refuses())
            .count()
    };
    assert_eq!((count(1), count(2), count(3)), (0, 0, 1));
    // The one too many is told by its digest to be the same as the others.
    let more = rulings(&desk, change(2, 3));
    assert!(more[0].observed_digest.is_some());
    assert!((more.iter()).all(|ruling| ruling.observed_digest == more[0].observed_digest));
    assert_eq!(KnownViolations::of(&more), known);
}

#[test]
fn what_a_plan_brings_in_is_not_recorded() {
    let plain = Desk::new(None);
    let good = json!({"id": "k", "enable_key_rotation": true, "deletion_window_in_days": 30});
    let worse = change("aws_kms_key", Operation::Update, &good, &key("k", "a"));
    for change in [worse, create("k")] {
        let found = rulings(&plain, change);
        assert_eq!(found[0].disposition, Disposition::Refuse);
        assert!(KnownViolations::of(&found).is_empty());
    }
    let failing = change(
        "aws_broken",
        Operation::NoOp,
        &json!({"id": "x"}),
        &json!({"id": "x"}),
    );
    assert!(KnownViolations::of(&rulings(&plain, failing)).is_empty());
}

#[test]
fn a_whole_plan_rules_findings_are_known_by_their_object() {
    let bucket = |operation, before: &Json| {
        let mut bucket = change(
            "aws_s3_bucket",
            operation,
            before,
            &json!({"id": "logs", "tags": {}}),
        );
        bucket.address = Some("aws_s3_bucket.logs".into());
        Arc::new(Graph {
            changes: vec![Arc::new(bucket)],
            references: std::collections::BTreeMap::new(),
            complete: true,
        })
    };
    let was = json!({"id": "logs", "tags": {"a": "b"}});
    let policy = "rule \"DT01\" {\n  level = \"mandatory\"\n  scope = \"all\"\n}\n";
    let plain = Desk::new(Some(policy));
    let found = plain
        .guard()
        .judge_plan(&bucket(Operation::Update, &was))
        .rulings;
    assert_eq!(found[0].disposition, Disposition::Refuse);
    let known = KnownViolations::of(&found);
    assert_eq!(known.len(), 1);
    let desk = Desk::new(Some(&format!("baseline = \"known.json\"\n{policy}")));
    known.write(&desk.folder.path().join("known.json")).unwrap();
    let judge = |graph| desk.guard().judge_plan(&graph).rulings[0].disposition;
    assert_eq!(judge(bucket(Operation::Update, &was)), Disposition::Debt);
    assert_eq!(
        judge(bucket(Operation::Create, &Json::Null)),
        Disposition::Refuse
    );
}

#[test]
fn a_baseline_that_cannot_be_used() {
    let desk = Desk::new(Some("baseline = \"known.json\"\n"));
    assert_snapshot!(desk.error(), @r#"gabion.hcl:1:12: the baseline `known.json` is not there; write it with `gabion check PLAN --write-baseline`"#);
    let path = desk.folder.path().join("known.json");
    assert_eq!(read_baseline(&path).unwrap(), None);
    std::fs::write(&path, "[]").unwrap();
    assert_snapshot!(desk.error(), @r#"gabion.hcl:1:12: the baseline `known.json` is no list of known violations: invalid length 0, expected an object with `version` and `violations` at line 1 column 2; write it anew with `gabion check PLAN --write-baseline`"#);
    std::fs::write(&path, "{\"version\": 2, \"violations\": [{\"rule\": \"ZZ01\", \"type\": \"x\", \"id\": \"y\", \"path\": \"\", \"observed\": \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}]}").unwrap();
    assert_snapshot!(desk.guard().warnings().join("\n"), @r#"the baseline has entries for rule `ZZ01`, which no pack in force has; write it anew to take them out"#);
    let error = Desk::new(Some("baseline = [\"known.json\"]\n")).error();
    assert_snapshot!(error, @r#"gabion.hcl:1:12: `baseline` must be a text in quotes"#);
    // Writing one anew reads none.
    let mut desk = Desk::new(Some("baseline = \"known.json\"\n"));
    desk.options.without_baseline = true;
    let guard = desk.guard();
    assert_eq!(
        guard.baseline(),
        (
            desk.folder
                .path()
                .canonicalize()
                .unwrap()
                .join("known.json")
                .as_path(),
            true
        )
    );
}

#[test]
fn under_a_floor_it_must_be_allowed() {
    let near = "baseline = \"known.json\"\n";
    let with = |floor: &str| {
        let desk = Desk::new(Some(near)).floor("floor.hcl", floor);
        let known = KnownViolations::default();
        known.write(&desk.folder.path().join("known.json")).unwrap();
        desk
    };
    assert_snapshot!(with("").error(), @r#"gabion.hcl:1:12: the floor at floor.hcl:1:1 does not allow a baseline of known violations here (its `allow` block would say `baseline = true`); take it out, or ask its owners"#);
    assert_snapshot!(with("allow { rules = \"all\" }\n").error(), @r#"gabion.hcl:1:12: the floor at floor.hcl:1:1 does not allow a baseline of known violations here (its `allow` block would say `baseline = true`); take it out, or ask its owners"#);
    assert_eq!(
        only(&with("allow { baseline = true }\n"), update("x")),
        Disposition::Refuse
    );
    let both = with("allow { baseline = true }\n").floor("second.hcl", "");
    assert!(both.error().contains("second.hcl:1:1"), "{}", both.error());
    // A floor may have its own.
    let own = Desk::new(None).floor("floor.hcl", near);
    let known = KnownViolations::of(&rulings(&Desk::new(None), no_op("old")));
    known.write(&own.folder.path().join("known.json")).unwrap();
    assert_eq!(only(&own, update("old")), Disposition::Debt);
}
