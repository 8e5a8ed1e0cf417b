//! What a reader sees.

use std::sync::Arc;

use gabion_model::{Operation, Stage};
use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use super::fake::{Desk, change};

fn text(desk: &Desk, kind: &str, operation: Operation, before: &Json, after: &Json) -> String {
    let judgement = desk
        .guard()
        .judge(&Arc::new(change(kind, operation, before, after)));
    judgement
        .rulings
        .iter()
        .map(|ruling| format!("# {}\n{}\n", ruling.summary(), ruling.detail()))
        .collect()
}

fn key(rotation: &Json) -> Json {
    json!({"name": "k", "enable_key_rotation": rotation, "deletion_window_in_days": 7, "tags": {"Name": "k"}})
}

#[test]
fn a_refusal_and_a_warning() {
    let desk = Desk::new(Some("contact = \"#cloud-platform\"\n"));
    assert_snapshot!(text(&desk, "aws_kms_key", Operation::Create, &Json::Null, &key(&json!(false))), @r#"
    # Refused by DT08 key-without-rotation: aws_kms_key k
    enable_key_rotation of aws_kms_key k: the key's material is never replaced.
    Observed: false
    Fix:
        enable_key_rotation = true
    Why: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.
    Pack baseline 1.2.0.
    Contact: #cloud-platform
    To ask for a waiver, propose this for gabion.hcl:
        waiver "dt08-k" {
          rule     = "DT08"
          resource = "aws_kms_key"
          where    = { name = "k" }
          reason   = ""
          ticket   = ""
          approver = ""
          expires  = "2026-08-30T00:00:00Z"
        }
    # Guardrail DT09 short-deletion-window: aws_kms_key k
    deletion_window_in_days of aws_kms_key k: a deleted key is gone too soon.
    Observed: 7
    Why: DT09 is a key with a short deletion window (advisory, default); read docs/rules/DT09.
    Pack baseline 1.2.0.
    "#);
}

#[test]
fn a_refusal_under_a_floor() {
    let desk = Desk::new(None).floor(
        "floor.hcl",
        "contact = \"#security\"\nrule \"DT09\" { level = \"off\" }\n",
    );
    assert_snapshot!(text(&desk, "aws_kms_key", Operation::Create, &Json::Null, &key(&json!(false))), @r#"
    # Refused by DT08 key-without-rotation: aws_kms_key k
    enable_key_rotation of aws_kms_key k: the key's material is never replaced.
    Observed: false
    Fix:
        enable_key_rotation = true
    Why: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.
    Pack baseline 1.2.0.
    Contact: #security
    A waiver of DT08 can only stand in the floor floor.hcl: ask its owners.
    "#);
}

#[test]
fn debt_and_notes_are_short_and_share_a_summary() {
    let desk = Desk::new(None);
    assert_snapshot!(text(&desk, "aws_kms_key", Operation::NoOp, &key(&json!(false)), &key(&json!(false))), @r#"
    # Old violations of DT08 key-without-rotation, not refused
    enable_key_rotation of aws_kms_key k: the key's material is never replaced (observed: false)
    Pack baseline 1.2.0, docs/rules/DT08
    # Old violations of DT09 short-deletion-window, not refused
    deletion_window_in_days of aws_kms_key k: a deleted key is gone too soon (observed: 7)
    Pack baseline 1.2.0, docs/rules/DT09
    "#);
    assert_snapshot!(text(&desk, "aws_kms_key", Operation::Create, &Json::Null, &key(&json!("UNKNOWN"))), @r#"
    # Guardrail DT08 key-without-rotation is not decided yet
    enable_key_rotation of aws_kms_key k: whether this is a key without rotation cannot be told: `enable_key_rotation` is known after apply (the rule says: whether the key rotates); it is decided at apply, before the change is made
    Pack baseline 1.2.0, docs/rules/DT08
    # Guardrail DT09 short-deletion-window: aws_kms_key k
    deletion_window_in_days of aws_kms_key k: a deleted key is gone too soon.
    Observed: 7
    Why: DT09 is a key with a short deletion window (advisory, default); read docs/rules/DT09.
    Pack baseline 1.2.0.
    "#);
}

#[test]
fn a_secret_and_a_failure() {
    let desk = Desk::new(Some("rule \"DT09\" { level = \"off\" }\n"));
    assert_snapshot!(text(&desk, "aws_kms_key", Operation::Create, &Json::Null, &key(&json!("SECRET-hunter2"))), @r#"
    # Refused by DT08 key-without-rotation: aws_kms_key k
    enable_key_rotation of aws_kms_key k: whether this is a key without rotation cannot be told: `enable_key_rotation` is sensitive, never shown to a rule (the rule says: whether the key rotates); no rule may read it, at no step.
    Not readable: enable_key_rotation (sensitive, never shown to a rule)
    Why: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.
    Pack baseline 1.2.0.
    To ask for a waiver, propose this for gabion.hcl:
        waiver "dt08-k" {
          rule     = "DT08"
          resource = "aws_kms_key"
          where    = { name = "k" }
          reason   = ""
          ticket   = ""
          approver = ""
          expires  = "2026-08-30T00:00:00Z"
        }
    "#);
    assert_snapshot!(text(&desk, "aws_broken", Operation::Create, &Json::Null, &json!({"id": "b-1"})), @r#"
    # Guardrail XX01 rule-that-fails failed: aws_broken b-1
    aws_broken b-1: the rule trapped: unreachable.
    A rule that fails decides nothing, so the change is refused.
    Why: XX01 is a rule that fails (mandatory, default); read docs/rules/XX01.
    Pack baseline 1.2.0.
    "#);
}

#[test]
fn an_ended_waiver() {
    let policy = "rule \"DT09\" { level = \"off\" }\nwaiver \"w\" {\n  rule = \"DT08\"\n  resource = \"aws_kms_key\"\n  where = { name = \"k\" }\n  \
                  reason = \"x\"\n  expires = \"2026-01-01T00:00:00Z\"\n}\n";
    let desk = Desk::new(Some(policy));
    assert_snapshot!(text(&desk, "aws_kms_key", Operation::Update, &key(&json!(false)), &{
        let mut value = key(&json!(false));
        value["tags"] = json!({"Name": "k", "x": "y"});
        value
    }), @r#"
    # Refused by DT08 key-without-rotation: aws_kms_key k
    enable_key_rotation of aws_kms_key k: the key's material is never replaced.
    Observed: false
    The waiver `w` (gabion.hcl:2:8) ended at 2026-01-01T00:00:00Z and holds no more.
    Fix:
        enable_key_rotation = true
    Why: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.
    Pack baseline 1.2.0.
    To ask for a waiver, propose this for gabion.hcl:
        waiver "dt08-k" {
          rule     = "DT08"
          resource = "aws_kms_key"
          where    = { name = "k" }
          reason   = ""
          ticket   = ""
          approver = ""
          expires  = "2026-08-30T00:00:00Z"
        }
    "#);
}

#[test]
fn an_address_is_used_where_there_is_one() {
    let desk = Desk::new(None);
    let mut create = change(
        "aws_kms_key",
        Operation::Create,
        &Json::Null,
        &key(&json!(false)),
    );
    create.address = Some("module.keys.aws_kms_key.this[\"a\"]".into());
    create.module_address = Some("module.keys".into());
    create.stage = Stage::Check;
    let judgement = desk.guard().judge(&Arc::new(create));
    assert_snapshot!(judgement.rulings[0].detail(), @r#"
    enable_key_rotation of module.keys.aws_kms_key.this["a"]: the key's material is never replaced.
    It belongs to module.keys: the change may have to be made there, or in the module's inputs.
    Observed: false
    Fix:
        enable_key_rotation = true
    Why: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.
    Pack baseline 1.2.0.
    To ask for a waiver, propose this for gabion.hcl:
        waiver "dt08-k" {
          rule     = "DT08"
          resource = "aws_kms_key"
          where    = { name = "k" }
          reason   = ""
          ticket   = ""
          approver = ""
          expires  = "2026-08-30T00:00:00Z"
        }
    "#);
}
