//! `gabion check` on plans that can be read.

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::support::{Desk, fixture_text};

#[test]
fn a_reader_sees_what_is_refused_and_why() {
    let desk = Desk::with_plan(fixture_text("keys.json"))
        .write("gabion.hcl", "contact = \"#cloud-platform\"\n");
    let ended = desk.run(&["check", "plan.json"]);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    let out = ended
        .out
        .replace(gabion_engine::baseline::VERSION, "VERSION");
    assert_snapshot!(out, @r#"
    aws_kms_key.bad (create)
      REFUSED: DT08 key-without-rotation
        enable_key_rotation of aws_kms_key.bad: the key is not rotated.
        Observed: false
        Fix:
            enable_key_rotation = true
        Why: DT08 is a key without rotation (mandatory, default); read docs/rules/DT08.
        Pack baseline VERSION.
        Contact: #cloud-platform
        To ask for a waiver, propose this for gabion.hcl:
            waiver "dt08" {
              rule     = "DT08"
              resource = "aws_kms_key"
              where    = { tags = { Name = "bad" } }
              reason   = ""
              ticket   = ""
              approver = ""
              expires  = "DAY"
            }
        Explain: gabion explain --plan plan.json DT08-c8c33c11

    module.keys["a.b"].aws_kms_key.this[0] (create)
      REFUSED: DT08 key-without-rotation
        enable_key_rotation: the key is not rotated (observed: false) [DT08-65be63e6]
        The module comes from `terraform-aws-modules/kms/aws`: you may not be able to edit it here.

    Old violations, not refused:
      DT08 key-without-rotation: aws_kms_key.old
        the key is not rotated

    Not decided:
      DT08 key-without-rotation: aws_kms_key.later
        whether this is a key without rotation cannot be told: `enable_key_rotation` is known after apply; a saved plan does not tell; it is decided at apply where the provider is guarded

    2 refused, 1 old, 1 not decided. 6 of 7 changes judged by 50 rules of baseline VERSION.
    "#);
}

#[test]
fn a_program_sees_the_same() {
    let desk = Desk::with_plan(fixture_text("keys.json"));
    let ended = desk.run(&["check", "plan.json", "-o", "json", "-o", "text=report.txt"]);
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert!(
        std::fs::read_to_string(desk.folder.path().join("report.txt"))
            .unwrap()
            .contains("REFUSED: DT08")
    );
    let mut report: Json = serde_json::from_str(&ended.out).unwrap();
    report["packs"][0]["digest"] = "sha256:...".into();
    report["packs"][0]["version"] = "VERSION".into();
    for finding in report["findings"].as_array_mut().unwrap() {
        finding["pack_version"] = "VERSION".into();
    }
    assert_snapshot!(serde_json::to_string_pretty(&report).unwrap(), @r#"
    {
      "schema_version": 1,
      "gabion_version": "0.1.0",
      "exit_code": 1,
      "plan": {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "complete": true
      },
      "packs": [
        {
          "name": "baseline",
          "version": "VERSION",
          "digest": "sha256:..."
        }
      ],
      "summary": {
        "changes": 7,
        "judged": 6,
        "rules": 50,
        "refused": 2,
        "failed": 0,
        "warnings": 0,
        "debt": 1,
        "undetermined": 1,
        "accepted": 0
      },
      "findings": [
        {
          "id": "DT08-c8c33c11",
          "rule": "DT08",
          "name": "key-without-rotation",
          "title": "a key without rotation",
          "pack": "baseline",
          "pack_version": "VERSION",
          "level": "mandatory",
          "level_from": "default",
          "disposition": "refuse",
          "operation": "create",
          "resource_type": "aws_kms_key",
          "address": "aws_kms_key.bad",
          "module_address": "",
          "identity": null,
          "path": "enable_key_rotation",
          "observed": "false",
          "message": "the key is not rotated",
          "fix": [
            {
              "path": "enable_key_rotation",
              "value": true
            }
          ],
          "undetermined": [],
          "reason": null,
          "accepted": null,
          "waiver": null,
          "notes": [],
          "contact": null,
          "source": null
        },
        {
          "id": "DT08-55957599",
          "rule": "DT08",
          "name": "key-without-rotation",
          "title": "a key without rotation",
          "pack": "baseline",
          "pack_version": "VERSION",
          "level": "mandatory",
          "level_from": "default",
          "disposition": "debt",
          "operation": "update",
          "resource_type": "aws_kms_key",
          "address": "aws_kms_key.old",
          "module_address": "",
          "identity": "arn:aws:kms:eu-central-1:111122223333:key/11111111-old",
          "path": "enable_key_rotation",
          "observed": "false",
          "message": "the key is not rotated",
          "fix": [
            {
              "path": "enable_key_rotation",
              "value": true
            }
          ],
          "undetermined": [],
          "reason": null,
          "accepted": null,
          "waiver": null,
          "notes": [],
          "contact": null,
          "source": null
        },
        {
          "id": "DT08-de2a0e42",
          "rule": "DT08",
          "name": "key-without-rotation",
          "title": "a key without rotation",
          "pack": "baseline",
          "pack_version": "VERSION",
          "level": "mandatory",
          "level_from": "default",
          "disposition": "note",
          "operation": "create",
          "resource_type": "aws_kms_key",
          "address": "aws_kms_key.later",
          "module_address": "",
          "identity": null,
          "path": "enable_key_rotation",
          "observed": null,
          "message": "whether this is a key without rotation cannot be told: `enable_key_rotation` is known after apply; a saved plan does not tell; it is decided at apply where the provider is guarded",
          "fix": [],
          "undetermined": [
            {
              "path": "enable_key_rotation",
              "why": "unknown"
            }
          ],
          "reason": "`enable_key_rotation` is not known yet",
          "accepted": null,
          "waiver": null,
          "notes": [],
          "contact": null,
          "source": null
        },
        {
          "id": "DT08-65be63e6",
          "rule": "DT08",
          "name": "key-without-rotation",
          "title": "a key without rotation",
          "pack": "baseline",
          "pack_version": "VERSION",
          "level": "mandatory",
          "level_from": "default",
          "disposition": "refuse",
          "operation": "create",
          "resource_type": "aws_kms_key",
          "address": "module.keys[\"a.b\"].aws_kms_key.this[0]",
          "module_address": "module.keys[\"a.b\"]",
          "identity": null,
          "path": "enable_key_rotation",
          "observed": "false",
          "message": "the key is not rotated",
          "fix": [
            {
              "path": "enable_key_rotation",
              "value": true
            }
          ],
          "undetermined": [],
          "reason": null,
          "accepted": null,
          "waiver": null,
          "notes": [
            "The module comes from `terraform-aws-modules/kms/aws`: you may not be able to edit it here."
          ],
          "contact": null,
          "source": null
        }
      ],
      "notices": []
    }
    "#);
}

#[test]
fn nothing_sensitive_is_written() {
    let desk = Desk::with_plan(fixture_text("keys.json"));
    for args in [
        &["check", "plan.json", "--all"][..],
        &["check", "plan.json", "--all", "-o", "json"][..],
    ] {
        let ended = desk.run(args);
        assert!(!ended.out.contains("hunter2") && !ended.err.contains("hunter2"));
    }
}

#[test]
fn exit_codes() {
    let code = |plan: &str, args: &[&str]| {
        let mut all = vec!["check", "plan.json"];
        all.extend(args);
        let ended = Desk::with_plan(fixture_text(plan)).run(&all);
        assert_eq!(ended.err.is_empty(), ended.code < 3, "{ended:?}");
        ended.code
    };
    assert_eq!(code("empty.json", &[]), 0);
    assert_eq!(code("empty.json", &["--strict"]), 0);
    assert_eq!(code("clean.json", &[]), 0);
    assert_eq!(code("keys.json", &[]), 1);
    assert_eq!(code("keys.json", &["--strict"]), 1);
    assert_eq!(code("undetermined.json", &[]), 0);
    assert_eq!(code("undetermined.json", &["--strict"]), 2);
    assert_eq!(code("keys.json", &["--rule", "DT09"]), 0);
    assert_eq!(code("keys.json", &["--rule", "DT8"]), 3);
    assert_eq!(code("keys.json", &["-o", "yaml"]), 4);
    assert_eq!(code("keys.json", &["-o", "text", "-o", "json"]), 4);
    assert_eq!(code("keys.json", &["--frobnicate"]), 4);
    let desk = Desk::new();
    assert_eq!(desk.run(&["check", "missing.json"]).code, 3);
    assert_eq!(desk.run(&["check"]).code, 4);
    assert_eq!(desk.run(&[]).code, 4);
    assert_eq!(desk.run(&["--version"]).code, 0);
    assert_eq!(desk.run(&["check", "--help"]).code, 0);
}

#[test]
fn what_does_not_change_is_judged_on_request() {
    let desk = Desk::with_plan(fixture_text("keys.json"));
    assert!(
        !desk
            .run(&["check", "plan.json"])
            .out
            .contains("aws_kms_key.still")
    );
    let all = desk.run(&["check", "plan.json", "--all"]).out;
    assert!(all.contains("aws_kms_key.old, aws_kms_key.still"), "{all}");
}

#[test]
fn a_plan_comes_through_a_pipe_in_any_encoding() {
    let text = fixture_text("keys.json");
    let desk = Desk::new();
    let mut wide = vec![0xFF, 0xFE];
    wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    for bytes in [
        text.as_bytes().to_vec(),
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        wide,
    ] {
        let ended = desk.pipe(&["check", "-"], &bytes);
        assert_eq!(ended.code, 1, "{}", ended.err);
        assert!(ended.out.contains("aws_kms_key.bad"));
    }
}

#[test]
fn levels_waivers_and_floors_hold() {
    let plan = fixture_text("keys.json");
    let policy = "waiver \"bad\" {\n  rule     = \"DT08\"\n  resource = \"aws_kms_key\"\n  where    = { tags = { Name = \"bad\" } }\n  \
                  reason   = \"retired in May\"\n  expires  = \"2199-01-01T00:00:00Z\"\n}\n";
    let desk = Desk::with_plan(&plan).write("gabion.hcl", policy);
    let out = desk.run(&["check", "plan.json"]).out;
    assert!(
        out.contains(
            "Accepted by waiver `bad` (gabion.hcl:1:8) until 2199-01-01T00:00:00Z: retired in May."
        ),
        "{out}"
    );
    assert!(
        out.contains("1 refused") && out.contains("1 accepted"),
        "{out}"
    );

    let desk =
        Desk::with_plan(&plan).write("gabion.hcl", "rule \"DT08\" { level = \"advisory\" }\n");
    assert_eq!(desk.run(&["check", "plan.json"]).code, 0);
    let desk = desk.write("floor.hcl", "rule \"DT08\" { level = \"mandatory\" }\n");
    let ended = desk.run(&["check", "plan.json", "--floor", "floor.hcl"]);
    assert_eq!(ended.code, 4);
    assert_snapshot!(ended.err, @r#"error: gabion.hcl:1:23: rule `DT08` is loosened to `advisory`; the floor at floor.hcl:1:6 holds it at `mandatory` and does not allow that (its `allow` block would name it under `rules`)"#);
    let floor = desk.folder.path().join("floor.hcl");
    let output = desk
        .command(&["check", "plan.json"])
        .env("GABION_FLOOR", &floor)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let desk = desk.write("other.hcl", "");
    assert_eq!(
        desk.run(&["check", "plan.json", "--config", "other.hcl"])
            .code,
        1
    );
    assert_eq!(
        desk.run(&["check", "plan.json", "--config", "missing.hcl"])
            .code,
        4
    );
}

#[test]
fn a_rule_that_counts_what_is_old_refuses_what_does_not_change() {
    let desk = Desk::with_plan(fixture_text("keys.json"))
        .write("gabion.hcl", "rule \"DT08\" { scope = \"all\" }\n");
    let out = desk.run(&["check", "plan.json", "-o", "json"]).out;
    let report: Json = serde_json::from_str(&out).unwrap();
    let still: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["address"] == "aws_kms_key.still")
        .map(|finding| {
            (
                finding["rule"].as_str().unwrap(),
                finding["disposition"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(still, [("DT08", "refuse")]);
}

#[test]
fn strict_counts_what_is_only_warned_of() {
    let desk = Desk::with_plan(fixture_text("undetermined.json")).write("gabion.hcl", "");
    let strict = ["check", "plan.json", "--strict", "-o", "json"];
    let ended = desk.run(&strict);
    assert_eq!(ended.code, 2);
    let report: Json = serde_json::from_str(&ended.out).unwrap();
    let rules: std::collections::BTreeSet<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    let policy: String = rules
        .iter()
        .map(|rule| format!("rule \"{rule}\" {{ on_unknown = \"warn\" }}\n"))
        .collect();
    let desk = desk.write("gabion.hcl", policy);
    assert_eq!(desk.run(&strict).code, 2);
    assert_eq!(desk.run(&["check", "plan.json"]).code, 0);
}

#[test]
fn a_rule_that_is_off_is_not_asked_alone() {
    let desk = Desk::with_plan(fixture_text("keys.json"))
        .write("gabion.hcl", "rule \"DT08\" { level = \"off\" }\n");
    let ended = desk.run(&["check", "plan.json", "--rule", "DT08"]);
    assert_eq!(ended.code, 3);
    assert_snapshot!(ended.err, @"error: rule `DT08` is off (gabion.hcl:1:6): asking it alone would judge nothing");
    let out = desk.run(&["check", "plan.json"]).out;
    assert!(out.contains("by 49 rules"), "{out}");
}
