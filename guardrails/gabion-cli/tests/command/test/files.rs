//! Case files: what is wrong with them, schemas, and the examples of the page.

use insta::assert_snapshot;

use super::{pack, test};
use crate::support::fixture_text;

/// What is said of a case file with a slip of the pen in it.
fn slip(from: &str, to: &str) -> String {
    const CASE: &str = r#"settings = { strict = true }

case "a topic" {
  rule       = "S01"
  type       = "aws_sns_topic"
  after      = { name = "x", kms_master_key_id = unknown(), arn = computed() }
  configured = ["name"]
  expect {
    verdict = "undetermined"
    path    = "kms_master_key_id"
  }
}
"#;
    assert_eq!(test(CASE, &[]).code, 0);
    assert!(CASE.contains(from), "{from}");
    let ended = test(&CASE.replacen(from, to, 1), &[]);
    assert_eq!((ended.code, ended.out.as_str()), (4, ""), "{}", ended.err);
    ended.err
}

#[test]
fn every_slip_of_the_pen_is_named() {
    assert_snapshot!(slip("case \"", "cases \""), @r#"error: cases/topics.guardtest.hcl:3:1: unknown block `cases` in a case file; did you mean `case`?"#);
    assert_snapshot!(slip("expect {", "expects {"), @r#"
    error: cases/topics.guardtest.hcl:3:1: case `a topic` needs `expect { verdict = "..." }`: what the rule should say
           cases/topics.guardtest.hcl:8:3: unknown block `expects` in case `a topic`; did you mean `expect`?
    "#);
    assert_snapshot!(slip("configured", "configurd"), @r#"error: cases/topics.guardtest.hcl:7:3: unknown attribute `configurd` in case `a topic`; did you mean `configured`?"#);
    assert_snapshot!(slip("undetermined", "undetermind"), @r#"error: cases/topics.guardtest.hcl:9:15: `undetermind` is no verdict; did you mean `undetermined`?"#);
    assert_snapshot!(slip("unknown()", "unknwon()"), @r#"error: cases/topics.guardtest.hcl:6:50: unknown function `unknwon`; did you mean `unknown`?"#);
    assert_snapshot!(slip("unknown()", "unknown(1)"), @r#"error: cases/topics.guardtest.hcl:6:50: `unknown` takes no argument, not 1"#);
    assert_snapshot!(slip("unknown()", "var.key"), @r#"error: cases/topics.guardtest.hcl:6:50: `var.key` is no value; a case file has no variables, operators or templates, write the value itself (`$${` for `${` in a text)"#);
    assert_snapshot!(slip("unknown()", "\"a-${b}\""), @r#"error: cases/topics.guardtest.hcl:6:50: `"a-${b}"` is no value; a case file has no variables, operators or templates, write the value itself (`$${` for `${` in a text)"#);
    assert_snapshot!(slip("S01", "S1"), @r#"error: cases/topics.guardtest.hcl:4:16: the pack `topics` has no rule `S1`; did you mean `S01`?"#);
    assert_snapshot!(slip("S01", "S05"), @r#"error: cases/topics.guardtest.hcl:4:16: `S05` looks at whole plans: write `plan "..." { ... }`"#);
    assert_snapshot!(slip("strict = true", "strikt = true"), @r#"error: cases/topics.guardtest.hcl:1:12: the pack `topics` does not take these settings: `strikt`: there is no such setting; known are `strict`"#);
    assert_snapshot!(slip("strict = true", "strict = \"yes\""), @r#"error: cases/topics.guardtest.hcl:1:12: the pack `topics` does not take these settings: `strict`: a string is given, and boolean is wanted"#);
    assert_snapshot!(slip("[\"name\"]", "[\"nam\"]"), @r#"error: cases/topics.guardtest.hcl:7:17: `nam` is not in `after`; did you mean `name`?"#);
    assert_snapshot!(slip("[\"name\"]", "[\"arn\"]"), @r#"error: cases/topics.guardtest.hcl:7:17: `arn` is computed(), which means that the configuration does not set it; write unknown()"#);
    assert_snapshot!(slip("path    = \"kms_master_key_id\"", "path    = \"a..b\""), @r#"error: cases/topics.guardtest.hcl:10:15: `a..b` is not an attribute path: an empty name at byte 1"#);
    assert_snapshot!(slip("\"undetermined\"", "\"pass\""), @r#"error: cases/topics.guardtest.hcl:10:15: `path` means nothing where `pass` is expected"#);
    assert_snapshot!(slip("  after      =", "  operation = \"creat\"\n  after      ="), @r#"error: cases/topics.guardtest.hcl:6:15: `creat` is no operation; did you mean `create`?"#);
    assert_snapshot!(slip("  after      =", "  before     ="), @r#"error: cases/topics.guardtest.hcl:7:17: `name` is not in `after`"#);
    assert_snapshot!(slip("  after      =", "  operation = \"create\"\n  before = { name = \"y\" }\n  after      ="), @r#"error: cases/topics.guardtest.hcl:7:12: a `create` has nothing before it: leave `before` out, or write `operation = "replace"`"#);
    assert_snapshot!(slip("case \"a topic\" {", "case {"), @r#"error: cases/topics.guardtest.hcl:3:1: a `case` has one label, which says what it shows: write `case "what it shows" { ... }`"#);
    assert_snapshot!(slip("  type       = \"aws_sns_topic\"\n", ""), @r#"error: cases/topics.guardtest.hcl:3:1: case `a topic` needs `type`: the resource type, `aws_s3_bucket`"#);
    assert_snapshot!(slip("name = \"x\",", "name = \"x\", name = \"y\","), @r#"error: cases/topics.guardtest.hcl:6:30: cannot be read as HCL at `after      = { name = "x", name = "y", kms_master_key_id = unknown(), arn = computed() }`: invalid object item; expected unique object key; found redefined object key"#);
    assert_snapshot!(slip("case \"a topic\" {", "case \"a topic\" {{"), @r#"error: cases/topics.guardtest.hcl:3:17: cannot be read as HCL at `case "a topic" {{`: invalid block body; expected `}`, newline or identifier"#);
}

const SCHEMA: &str = r#"{"format_version": "1.0", "provider_schemas": {"registry.terraform.io/hashicorp/aws": {"resource_schemas": {
  "aws_sns_topic": {"version": 0, "block": {
    "attributes": {
      "arn": {"type": "string", "computed": true},
      "name": {"type": "string", "optional": true},
      "kms_master_key_id": {"type": "string", "optional": true, "sensitive": true},
      "tags": {"type": ["map", "string"], "optional": true},
      "subscribers": {"type": ["list", "string"], "optional": true}
    },
    "block_types": {"rule": {"nesting_mode": "list", "block": {"attributes": {"days": {"type": "number", "optional": true}}}}}
  }}
}}}}"#;

#[test]
fn a_schema_completes_a_case_and_finds_slips() {
    let run = |after: &str| {
        let case = format!(
            "schema = \"../fixtures/aws.json\"\ncase \"a\" {{\n  rule = \"S01\"\n  type = \"aws_sns_topic\"\n  after = {{ {after} }}\n  expect {{\n    verdict = \"violation\"\n  }}\n}}\n"
        );
        pack(&case)
            .write("fixtures/aws.json", SCHEMA)
            .run(&["test", "-o", "json"])
    };
    let ended = run("name = \"x\", tags = { a = \"b\" }, rule = [{ days = 3 }]");
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert_snapshot!(run("nam = \"x\"").err, @r#"error: cases/topics.guardtest.hcl:5:13: the schema has no `nam` here; did you mean `name`?"#);
    assert_snapshot!(run("rule = { days = 3 }").err, @r#"error: cases/topics.guardtest.hcl:5:20: `rule` is a list of blocks in the schema: write `rule = [{ ... }]`"#);
    assert_snapshot!(run("rule = [{ hours = 3 }]").err, @r#"error: cases/topics.guardtest.hcl:5:23: the schema has no `hours` here; known are `days`"#);
    assert_snapshot!(run("subscribers = \"a\"").err, @r#"error: cases/topics.guardtest.hcl:5:27: `subscribers` is a list in the schema, not a text"#);
    assert_snapshot!(run("name = { a = 1 }").err, @r#"error: cases/topics.guardtest.hcl:5:20: `name` is a text (`jsonencode({ ... })` makes one) in the schema, not an object"#);
    let key = run("kms_master_key_id = \"alias/own\"");
    assert_eq!(key.code, 1);
    let key: serde_json::Value = serde_json::from_str(&key.out).unwrap();
    assert!(
        key["cases"][0]["wrong"][0]
            .as_str()
            .unwrap()
            .contains("`kms_master_key_id` = \"(sensitive)\""),
        "{key}"
    );
    let other = "schema = \"../fixtures/aws.json\"\ncase \"a\" {\n  rule = \"S01\"\n  type = \"aws_sns_topc\"\n  after = {}\n  expect {\n    verdict = \"pass\"\n  }\n}\n";
    assert_snapshot!(pack(other).write("fixtures/aws.json", SCHEMA).run(&["test"]).err, @r#"error: cases/topics.guardtest.hcl:2:1: the schema has no `aws_sns_topc`; did you mean `aws_sns_topic`?"#);
    assert_snapshot!(pack(other).run(&["test"]).err, @r#"error: cases/topics.guardtest.hcl:1:10: cannot read the schema `fixtures/aws.json`: there is no such file; write one with `terraform providers schema -json`"#);
}

#[test]
fn the_examples_of_the_page_are_true() {
    let page = include_str!("../../../../../docs/cli/test.md");
    let examples: Vec<&str> = page
        .split("```hcl\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect();
    assert!(examples.len() > 3, "the search is broken");
    for example in examples {
        let desk = pack(example);
        std::fs::create_dir(desk.folder.path().join("cases/fixtures")).unwrap();
        let desk = desk.write("cases/fixtures/production.json", fixture_text("clean.json"));
        let ended = desk.run(&["test", "--update"]);
        assert_eq!(ended.code, 0, "{example}{}{}", ended.out, ended.err);
    }
}
