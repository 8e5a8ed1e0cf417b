//! Plans that cannot be read: each one is told, with exit code 4.

use insta::assert_snapshot;

use crate::support::{Desk, fixture_text};

fn refused(plan: impl AsRef<[u8]>) -> String {
    let ended = Desk::with_plan(plan).run(&["check", "plan.json"]);
    assert_eq!((ended.code, ended.out.as_str()), (4, ""), "{ended:?}");
    ended.err
}

#[test]
fn truncated_anywhere() {
    let text = fixture_text("keys.json");
    for end in [1, 100, text.len() / 2, text.len() - 2] {
        let error = refused(&text[..end]);
        assert!(
            error.contains(&format!(
                "it ends in the middle, at byte {end}: it is truncated"
            )),
            "{end}: {error}"
        );
    }
    assert_snapshot!(refused(&text[..3000]), @r#"error: cannot read the plan from `plan.json`: it ends in the middle, at byte 3000: it is truncated"#);
    assert_snapshot!(refused(""), @r#"error: cannot read the plan from `plan.json`: it is empty; write a plan with `terraform show -json PLAN`"#);
}

#[test]
fn newer_and_older_formats() {
    let with = |version: &str| {
        fixture_text("clean.json").replace(
            "\"format_version\": \"1.2\"",
            &format!("\"format_version\": \"{version}\""),
        )
    };
    assert_snapshot!(refused(with("2.0")), @r#"error: cannot read the plan from `plan.json`: its format is version `2.0`, and this gabion (0.1.0) knows 0.1 to 1.x; use a newer gabion"#);
    assert_snapshot!(refused(with("banana")), @r#"error: cannot read the plan from `plan.json`: it is no plan: its `format_version` is no version; write one with `terraform show -json PLAN`"#);
    for version in ["0.1", "0.2", "1.0", "1.99"] {
        assert_eq!(
            Desk::with_plan(with(version))
                .run(&["check", "plan.json"])
                .code,
            0,
            "{version}"
        );
    }
}

#[test]
fn other_files() {
    assert_snapshot!(refused("[]"), @r#"error: cannot read the plan from `plan.json`: it is no plan: a plan is a JSON object; write one with `terraform show -json PLAN`"#);
    assert_snapshot!(refused("{}"), @r#"error: cannot read the plan from `plan.json`: it is no plan: it has no `format_version`; write one with `terraform show -json PLAN`"#);
    assert_snapshot!(refused(r#"{"format_version": "1.0", "values": {}}"#), @r#"error: cannot read the plan from `plan.json`: it is a state, not a plan; save a plan with `-out=PLAN` and write `terraform show -json PLAN`"#);
    assert_snapshot!(refused("{\"@level\": \"info\"}\n{\"@level\": \"info\"}\n"), @r#"error: cannot read the plan from `plan.json`: it is the log of `terraform plan -json`, not a plan; save the plan with `-out=PLAN` and write `terraform show -json PLAN`"#);
    assert_snapshot!(refused(b"{\"format_version\": \"\xFF\"}"), @r#"error: cannot read the plan from `plan.json`: it is no text at byte 20"#);
    assert_snapshot!(refused(r#"{"format_version": "1.2", "resource_changes": [{]}"#), @r#"error: cannot read the plan from `plan.json`: it is not JSON at byte 48: expected a name in quotes"#);
    assert_snapshot!(refused(r#"{"format_version": "1.2", "errored": true}"#), @r#"error: `plan.json` is of a planning that failed, so a part of the changes is missing; mend the plan's errors first"#);
    assert_snapshot!(
        refused(r#"{"format_version": "1.2", "resource_changes": [{"address": "a.b", "change": {"actions": ["explode"]}}]}"#),
        @r#"error: cannot read the plan from `plan.json`: it holds a change with actions that this gabion does not know; use a newer gabion, as what it does not know it cannot judge"#
    );
    let one = |fields: &str| {
        refused(format!(
            "{{\"format_version\": \"1.2\", \"resource_changes\": [{{\"address\": \"a.b\"{fields}, \"change\": {{\"actions\": [\"delete\"]}}}}]}}"
        ))
    };
    assert_snapshot!(one(""), @r#"error: cannot read the plan from `plan.json`: its change of `a.b` has no `type`: it was cut down, or made by another tool; write it with `terraform show -json PLAN`"#);
    assert_snapshot!(one(", \"type\": \"a\", \"mode\": \"list\""), @r#"error: cannot read the plan from `plan.json`: its change of `a.b` has a `mode` that this gabion does not know; use a newer gabion, as what it does not know it cannot judge"#);
    let deep = format!("{{\"format_version\": \"1.2\", \"x\": {}", "[".repeat(2000));
    assert_snapshot!(refused(deep), @r#"error: cannot read the plan from `plan.json`: it is nested deeper than 256 levels at byte 286"#);
}

#[test]
fn arguments() {
    let desk = Desk::new();
    assert_snapshot!(desk.run(&["check", "missing.json"]).err, @"error: there is no plan `missing.json`; save one with `terraform plan -out=missing.json`");
    assert_snapshot!(desk.run(&["check", "missing.json", "-o", "yaml"]).err, @r#"
    error: invalid value 'yaml' for '--output <FORMAT[=FILE]>': `yaml` is no output; there are `text`, `json`, `sarif`, `junit` and `github`

    For more information, try '--help'.
    "#);
    assert_snapshot!(desk.run(&["chek"]).err, @r#"
    error: unrecognized subcommand 'chek'

      tip: a similar subcommand exists: 'check'

    Usage: gabion <COMMAND>

    For more information, try '--help'.
    "#);
    let desk = Desk::with_plan(fixture_text("clean.json"));
    assert_snapshot!(desk.run(&["check", "plan.json", "--rule", "DT8"]).err, @r#"error: no pack in force has a rule `DT8`; did you mean `DT08`?"#);
}

#[test]
fn broken_policies_and_packs() {
    let error = |policy: &str| {
        let desk = Desk::with_plan(fixture_text("clean.json"))
            .write("gabion.hcl", policy)
            .write("text.wasm", "no component")
            .write("core.wasm", b"\0asm\x01\0\0\0");
        let ended = desk.run(&["check", "plan.json"]);
        assert_eq!(ended.code, 4, "{ended:?}");
        ended.err
    };
    assert_snapshot!(error("rule \"DT08\" {\n  levle = \"off\"\n}\nrule \"DT8\" {}\n"), @r#"error: gabion.hcl:2:3: unknown attribute `levle` in rule `DT08`; did you mean `level`?"#);
    assert_snapshot!(error("pack \"acme\" {\n  source = \"./missing.wasm\"\n}\n"), @r#"error: gabion.hcl:2:12: cannot read the pack `DIR/missing.wasm`: there is no such file"#);
    assert_snapshot!(error("pack \"acme\" {\n  source = \"./text.wasm\"\n}\n"), @r#"error: gabion.hcl:2:12: the pack `DIR/text.wasm` is not WebAssembly: it does not begin as a component does; name the file that `wasm-tools component new` wrote"#);
    assert_snapshot!(error("pack \"acme\" {\n  source = \"./core.wasm\"\n}\n"), @r#"error: gabion.hcl:2:12: the pack `DIR/core.wasm` is a core WebAssembly module, not a component: turn it into one with `wasm-tools component new`"#);
}

#[test]
fn an_object_that_was_left_behind_is_told_from_its_successor() {
    let change = |more: &str, actions: &str, rotates: &str| {
        let state = format!("{{\"id\": \"k\", \"enable_key_rotation\": {rotates}}}");
        let after = if actions == "delete" { "null" } else { &state };
        format!(
            "{{\"address\": \"aws_kms_key.k\", \"mode\": \"managed\", \"type\": \"aws_kms_key\", \"provider_name\": \"registry.terraform.io/hashicorp/aws\"{more}, \"change\": {{\"actions\": [\"{actions}\"], \"before\": {state}, \"after\": {after}}}}}"
        )
    };
    let plan = format!(
        "{{\"format_version\": \"1.2\", \"resource_changes\": [{}, {}]}}",
        change(", \"deposed\": \"1a2b3c4d\"", "delete", "false"),
        change("", "no-op", "true"),
    );
    let ended = Desk::with_plan(plan).run(&["check", "plan.json", "--all", "-o", "junit"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended
            .out
            .contains("aws_kms_key.k (deposed object 1a2b3c4d)"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("\"aws_kms_key.k\""), "{}", ended.out);
}

#[test]
fn changes_that_are_no_list_are_no_plan() {
    for changes in ["{}", "\"none\"", "7"] {
        let desk = Desk::with_plan(format!(
            "{{\"format_version\":\"1.2\",\"resource_changes\":{changes}}}"
        ));
        let ended = desk.run(&["check", "plan.json"]);
        assert_eq!(ended.code, 4, "{}", ended.out);
        assert!(
            ended.err.contains("`resource_changes` is no list"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_plan_that_failed_is_measured_by_nobody() {
    let desk =
        Desk::with_plan("{\"format_version\":\"1.2\",\"errored\":true,\"resource_changes\":[]}");
    for args in [
        &["bench", "baseline", "--plan", "plan.json"][..],
        &["waiver", "list", "--plan", "plan.json"],
    ] {
        let ended = desk.run(args);
        assert_eq!(ended.code, 4, "{args:?}: {}", ended.out);
        assert!(
            ended.err.contains("of a planning that failed"),
            "{args:?}: {}",
            ended.err
        );
    }
}
