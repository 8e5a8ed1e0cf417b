//! The baseline of known violations: `gabion check --write-baseline`, and a check that honours it.

use insta::assert_snapshot;

use crate::support::{Desk, fixture_text};

#[test]
fn what_is_there_is_recorded_and_only_that_is_old() {
    let desk = Desk::with_plan(fixture_text("keys.json")).write("gabion.hcl", "");
    let ended = desk.run(&["check", "plan.json", "--write-baseline"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
    assert_snapshot!(ended.out, @r#"
    wrote 2 known violations to .gabion.baseline.json: 2 new, 0 gone, 0 of objects that this plan does not have
    2 refusals not recorded: the plan brings them in, or they could not be decided
    it holds where gabion.hcl names it: baseline = ".gabion.baseline.json"
    "#);
    let list = desk.folder.path().join(".gabion.baseline.json");
    let text = std::fs::read_to_string(&list).unwrap();
    assert_snapshot!(text, @r#"
    {
      "version": 2,
      "violations": [
        { "rule": "DT08", "type": "aws_kms_key", "id": "arn:aws:kms:eu-central-1:111122223333:key/11111111-old", "path": "enable_key_rotation", "observed": "sha256:0cdc9901f0ec01726ac524a5b503a97743296a35355d72d70f2e6acd6f8355f1" },
        { "rule": "DT08", "type": "aws_kms_key", "id": "arn:aws:kms:eu-central-1:111122223333:key/22222222-still", "path": "enable_key_rotation", "observed": "sha256:0cdc9901f0ec01726ac524a5b503a97743296a35355d72d70f2e6acd6f8355f1" }
      ]
    }
    "#);
    // Nothing of it holds before the policy names it; then the same is written again.
    let desk = desk.write("gabion.hcl", "baseline = \".gabion.baseline.json\"\n");
    let ended = desk.run(&["check", "plan.json", "--write-baseline"]);
    assert_snapshot!(ended.out, @r#"
    wrote 2 known violations to .gabion.baseline.json: 0 new, 0 gone, 0 of objects that this plan does not have
    2 refusals not recorded: the plan brings them in, or they could not be decided
    "#);
    assert_eq!(std::fs::read_to_string(&list).unwrap(), text);
    let count = |desk: &Desk| {
        let ended = desk.run(&["check", "plan.json", "-o", "json"]);
        let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        let summary = &report["summary"];
        (summary["refused"].clone(), summary["debt"].clone())
    };
    assert_eq!(count(&desk), (2.into(), 1.into()));
    // Taken out of the list, the update of the old key is refused, though its state had the violation before.
    let fewer: Vec<&str> = text.lines().filter(|line| !line.contains("old")).collect();
    let desk = desk.write(
        ".gabion.baseline.json",
        fewer.join("\n").replace("},\n  ]", "}\n  ]"),
    );
    assert_eq!(count(&desk), (3.into(), 0.into()));
}

#[test]
fn entries_of_other_states_stay() {
    let other = "{ \"version\": 2, \"violations\": [{ \"rule\": \"DT09\", \"type\": \"aws_kms_key\", \"id\": \"elsewhere\", \"path\": \"x\", \"observed\": \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", \"count\": 2 }] }";
    let desk = Desk::with_plan(fixture_text("keys.json")).write("mine.json", other);
    let ended = desk.run(&["check", "plan.json", "--write-baseline=mine.json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended
            .out
            .contains("2 of objects that this plan does not have"),
        "{ended:?}"
    );
    let text = std::fs::read_to_string(desk.folder.path().join("mine.json")).unwrap();
    assert!(
        text.contains("\"id\": \"elsewhere\", \"path\": \"x\", \"observed\": \"sha256:e3b0")
            && text.contains("\"count\": 2 }"),
        "{text}"
    );
}

#[test]
fn a_list_of_the_first_version_is_written_anew() {
    let old = "{ \"version\": 1, \"violations\": [] }";
    let desk = Desk::with_plan(fixture_text("keys.json"))
        .write("gabion.hcl", "baseline = \"mine.json\"\n")
        .write("mine.json", old);
    let ended = desk.run(&["check", "plan.json"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_snapshot!(ended.err, @r#"error: gabion.hcl:1:12: the baseline `mine.json` has version 1, which does not say what was observed, so that a violation could get worse unseen; write it anew with `gabion check PLAN --write-baseline`"#);
    let ended = desk.run(&["check", "plan.json", "--write-baseline"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_snapshot!(ended.out, @r#"
    wrote 2 known violations to mine.json: 2 new, 0 gone, 0 of objects that this plan does not have
    nothing of the list before was kept, as it could not be read: the baseline `DIR/mine.json` has version 1, which does not say what was observed, so that a violation could get worse unseen; write it anew with `gabion check PLAN --write-baseline`
    where the policy holds for other states as well, write it again with the plan of each
    2 refusals not recorded: the plan brings them in, or they could not be decided
    "#);
    assert_eq!(desk.run(&["check", "plan.json"]).code, 1);
}

#[test]
fn used_wrongly() {
    let desk = Desk::with_plan(fixture_text("keys.json"))
        .write("gabion.hcl", "baseline = \"missing.json\"\n");
    let ended = desk.run(&["check", "plan.json"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_snapshot!(ended.err, @r#"error: gabion.hcl:1:12: the baseline `missing.json` is not there; write it with `gabion check PLAN --write-baseline`"#);
    let ended = desk.run(&["check", "plan.json", "--write-baseline", "--rule", "DT08"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    let ended = desk.run(&["check", "plan.json", "--write-baseline=none/such.json"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(
        ended.err.contains("cannot write `none/such.json`"),
        "{ended:?}"
    );
}
