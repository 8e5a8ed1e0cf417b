//! `gabion waiver list`.

use insta::assert_snapshot;

use crate::support::{Desk, fixture_text};

fn waiver(name: &str, key: &str, expires: &str) -> String {
    format!(
        "waiver \"{name}\" {{\n  rule     = \"DT08\"\n  resource = \"aws_kms_key\"\n  where    = {{ tags = {{ Name = \"{key}\" }} }}\n  \
         reason   = \"old app\"\n  ticket   = \"SEC-1\"\n  expires  = \"{expires}\"\n}}\n"
    )
}

/// Days count down, and the end of the one that holds is far away.
fn plain(text: &str) -> String {
    text.lines()
        .map(
            |line| match line.split_once("until 2999-01-01T00:00:00Z, ") {
                Some((before, after)) => {
                    let rest = after.split_once("days").map_or("", |(_, rest)| rest);
                    format!("{before}until 2999-01-01T00:00:00Z, N days{rest}\n")
                }
                None => format!("{line}\n"),
            },
        )
        .collect()
}

#[test]
fn lists_what_is_unused_and_what_is_over() {
    let policy = [
        waiver("key", "bad", "2999-01-01T00:00:00Z"),
        waiver("nobody", "nobody", "2999-01-01T00:00:00Z"),
        waiver("over", "bad", "2020-01-01T00:00:00Z"),
    ]
    .concat();
    let desk = Desk::with_plan(fixture_text("keys.json")).write("gabion.hcl", policy);
    let ended = desk.run(&["waiver", "list"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
    assert_snapshot!(plain(&ended.out), @r#"
    is over    over: DT08 of aws_kms_key, ended 2020-01-01T00:00:00Z
               old app, ticket SEC-1 (gabion.hcl:17:8)
    holds      key: DT08 of aws_kms_key, until 2999-01-01T00:00:00Z, N days
               old app, ticket SEC-1 (gabion.hcl:1:8)
    holds      nobody: DT08 of aws_kms_key, until 2999-01-01T00:00:00Z, N days
               old app, ticket SEC-1 (gabion.hcl:9:8)

    3 waivers: 1 over, 0 within 14 days of the end
    "#);
    let ended = desk.run(&["waiver", "list", "--check", "--plan", "plan.json"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert_snapshot!(plain(&ended.out), @r#"
    is over    over: DT08 of aws_kms_key, ended 2020-01-01T00:00:00Z, matched nothing
               old app, ticket SEC-1 (gabion.hcl:17:8)
    holds      key: DT08 of aws_kms_key, until 2999-01-01T00:00:00Z, N days, used
               old app, ticket SEC-1 (gabion.hcl:1:8)
    holds      nobody: DT08 of aws_kms_key, until 2999-01-01T00:00:00Z, N days, matched nothing
               old app, ticket SEC-1 (gabion.hcl:9:8)

    3 waivers: 1 over, 0 within 14 days of the end, 2 matched nothing in 1 plan
    "#);
    let ended = desk.run(&["waiver", "list", "-o", "json"]);
    let list: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(list["waivers"].as_array().unwrap().len(), 3);
    assert_eq!(list["waivers"][0]["state"], "expired");
    assert_eq!(list["waivers"][0]["used"], serde_json::Value::Null);
    let ended = desk.run(&["waiver", "list", "-o", "json", "--plan", "plan.json"]);
    let list: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let used: Vec<_> = list["waivers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|waiver| {
            (
                waiver["name"].as_str().unwrap(),
                waiver["used"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(used, [("over", false), ("key", true), ("nobody", false)]);
}

#[test]
fn none_and_wrong_ones() {
    let desk = Desk::new();
    let ended = desk.run(&["waiver", "list", "--check"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, "no waivers\n"));
    let ended = desk.run(&["waiver", "list", "--plan", "none.json"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert_snapshot!(ended.err, @r#"error: there is no plan `none.json`; save one with `terraform plan -out=none.json`"#);
    let desk = desk.write("gabion.hcl", waiver("w", "bad", "someday"));
    let ended = desk.run(&["waiver", "list"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    assert_snapshot!(ended.err, @r#"error: gabion.hcl:7:14: `someday` is not a time in UTC; write one such as `2026-12-31T00:00:00Z`"#);
}
