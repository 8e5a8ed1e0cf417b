//! The list of waivers, the dates in them, and the region of the environment.

use std::sync::Arc;

use gabion_model::{Change, Operation, Shape, Stage, Tree};
use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use super::fake::{Desk, change};
use crate::policy::{Disposition, WaiverState};

fn waiver(name: &str, key: &str, expires: &str) -> String {
    format!(
        "waiver \"{name}\" {{\n  rule     = \"DT08\"\n  resource = \"aws_kms_key\"\n  where    = {{ name = \"{key}\" }}\n  \
         reason   = \"x\"\n  expires  = \"{expires}\"\n}}\n"
    )
}

fn create(name: &str) -> Arc<Change> {
    let key = json!({"name": name, "enable_key_rotation": false, "deletion_window_in_days": 30});
    Arc::new(change("aws_kms_key", Operation::Create, &Json::Null, &key))
}

#[test]
fn waivers_are_listed_by_their_end() {
    let policy = [
        waiver("later", "k", "2026-12-31T00:00:00Z"),
        waiver("over", "over", "2026-05-30T00:00:00Z"),
        waiver("soon", "s", "2026-06-10T12:00:00Z"),
    ]
    .concat();
    let guard = Desk::new(Some(&policy)).guard();
    for name in ["k", "over", "nobody"] {
        guard.judge(&create(name));
    }
    let list: Vec<_> = guard
        .waivers()
        .into_iter()
        .map(|waiver| (waiver.name, waiver.state, waiver.days, waiver.used))
        .collect();
    assert_eq!(
        list,
        [
            ("over".to_owned(), WaiverState::Expired, -2, true),
            ("soon".to_owned(), WaiverState::EndsSoon, 9, false),
            ("later".to_owned(), WaiverState::Holds, 213, true),
        ]
    );
}

#[test]
fn dates() {
    let error = |expires: &str| Desk::new(Some(&waiver("w", "k", expires))).error();
    assert_snapshot!(error("2026-13-31T00:00:00Z"), @r#"gabion.hcl:6:14: `2026-13-31T00:00:00Z` is not a time in UTC; write one such as `2026-12-31T00:00:00Z`"#);
    assert_snapshot!(error("tomorrow"), @r#"gabion.hcl:6:14: `tomorrow` is not a time in UTC; write one such as `2026-12-31T00:00:00Z`"#);
    assert_snapshot!(error("2026-12-31T00:00:00"), @r#"gabion.hcl:6:14: `2026-12-31T00:00:00` is not a time in UTC; write one such as `2026-12-31T00:00:00Z`"#);
    // Far away is good and told; under a floor that limits it, an error.
    let far = Desk::new(Some(&waiver("w", "k", "2099-01-01T00:00:00Z")));
    let guard = far.guard();
    assert_snapshot!(guard.warnings().join("\n"), @r#"gabion.hcl:6:14: waiver `w` ends more than a year from now, at 2099-01-01T00:00:00Z: nobody will look at it again before; give it a nearer end"#);
    assert_eq!(
        guard.judge(&create("k")).rulings[0].disposition,
        Disposition::Accepted
    );
    let floor = far.floor(
        "floor.hcl",
        "allow {\n  waivers  = [\"DT08\"]\n  max_days = 90\n}\n",
    );
    assert_snapshot!(floor.error(), @r#"gabion.hcl:6:14: waiver `w` ends more than 90 days from now, the most that the floor at floor.hcl:1:1 allows"#);
    // One that is over is no error: it refuses where it matched, and the list shows it.
    let over = Desk::new(Some(&waiver("w", "k", "2020-01-01T00:00:00Z"))).guard();
    assert!(over.warnings().is_empty());
    assert_eq!(
        over.judge(&create("k")).rulings[0].disposition,
        Disposition::Refuse
    );
}

#[test]
fn a_region_that_the_provider_block_leaves_out() {
    let policy = "rule \"DT08\" {\n  level = \"off\"\n  when  = { region = \"eu-central-1\" }\n}\n";
    let mut desk = Desk::new(Some(policy));
    desk.options.region = Some("eu-central-1".into());
    let guard = desk.guard();
    let judge = |provider: Json, stage: Stage| {
        let mut change = create("k").as_ref().clone();
        change.stage = stage;
        change.provider_configuration = Arc::new(Tree::from_json(&provider, Shape::Object));
        guard
            .judge(&Arc::new(change))
            .rulings
            .first()
            .map(|ruling| ruling.disposition)
    };
    // Left out: the provider takes it from the environment, in which the guard runs too.
    for stage in [Stage::Plan, Stage::Apply] {
        assert_eq!(judge(json!({"profile": "x"}), stage), None);
        assert_eq!(judge(json!({"region": null}), stage), None);
        let other = json!({"region": "us-east-1"});
        assert_eq!(judge(other, stage), Some(Disposition::Refuse));
    }
    // A plan file may come from elsewhere, and a block that is not known says nothing.
    assert_eq!(judge(json!({}), Stage::Check), Some(Disposition::Note));
    assert_eq!(judge(Json::Null, Stage::Plan), Some(Disposition::Note));
    desk.options.region = None;
    let guard = desk.guard();
    let mut change = create("k").as_ref().clone();
    change.provider_configuration = Arc::new(Tree::from_json(&json!({}), Shape::Object));
    let rulings = guard.judge(&Arc::new(change)).rulings;
    assert_eq!(rulings[0].disposition, Disposition::Note);
}
