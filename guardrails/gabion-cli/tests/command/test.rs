//! `gabion test`.

mod files;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use insta::assert_snapshot;

use crate::support::{Desk, Ended, fixture_text};
use crate::topics;

/// A pack's folder with the pack about topics, and these cases.
fn pack(cases: &str) -> Desk {
    let desk = Desk::new();
    for folder in ["dist", "cases", "fixtures"] {
        std::fs::create_dir(desk.folder.path().join(folder)).unwrap();
    }
    desk.write("dist/topics.wasm", topics::component())
        .write("cases/topics.guardtest.hcl", cases)
}

fn test(cases: &str, args: &[&str]) -> Ended {
    let args: Vec<&str> = std::iter::once("test")
        .chain(args.iter().copied())
        .collect();
    pack(cases).run(&args)
}

/// Cases of one rule over the three states of a topic's key.
fn states(rule: &str, verdicts: [&str; 3]) -> String {
    ["null", "\"alias/own\"", "unknown()"]
        .iter()
        .zip(verdicts)
        .map(|(key, verdict)| {
            format!(
                "case \"{rule} {}\" {{\n  rule = \"{rule}\"\n  type = \"aws_sns_topic\"\n  after = {{ name = \"alarms\", kms_master_key_id = {key} }}\n  expect {{\n    verdict = \"{verdict}\"\n  }}\n}}\n",
                key.replace('"', "")
            )
        })
        .collect()
}

#[test]
fn an_unknown_key_is_neither_set_nor_unset() {
    let cases = states("S01", ["violation", "pass", "undetermined"])
        + &states("S02", ["pass", "violation", "undetermined"]);
    let ended = test(&cases, &[]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_snapshot!(ended.out, @r#"
    cases/topics.guardtest.hcl
      pass  S01  S01 null
      pass  S01  S01 alias/own
      pass  S01  S01 unknown()
      pass  S02  S02 null
      pass  S02  S02 alias/own
      pass  S02  S02 unknown()

    6 passed. Cases ask 2 of 6 rules of topics 0.3.0.
    "#);
}

#[test]
fn a_mismatch_shows_what_was_seen() {
    let ended = test(&states("S01", ["pass", "violation", "pass"]), &[]);
    assert_eq!(ended.code, 1);
    assert_snapshot!(ended.out, @r#"
    cases/topics.guardtest.hcl
      FAIL  S01  S01 null
              expected:  pass
              got:       violation at `kms_master_key_id`, observed `null`: the topic is not encrypted
              read:      `kms_master_key_id` = null
              log:       info: looked at the key
              at:        cases/topics.guardtest.hcl:1:1
      FAIL  S01  S01 alias/own
              expected:  violation
              got:       pass
              read:      `kms_master_key_id` = "alias/own"
              log:       info: looked at the key
              at:        cases/topics.guardtest.hcl:9:1
      FAIL  S01  S01 unknown()
              expected:  pass
              got:       undetermined at `kms_master_key_id`: known after apply
              not read:  `kms_master_key_id`: known after apply
              log:       info: looked at the key
              at:        cases/topics.guardtest.hcl:17:1

    0 passed, 3 failed. Cases ask 1 of 6 rules of topics 0.3.0.
    "#);
}

#[test]
fn findings_are_compared_by_path_and_message() {
    let with = |expect: &str| {
        format!(
            "case \"a\" {{\n  rule = \"S01\"\n  type = \"aws_sns_topic\"\n  after = {{}}\n  expect {{\n    verdict = \"violation\"\n{expect}  }}\n}}\n"
        )
    };
    assert_eq!(
        test(
            &with("    path = \"kms_master_key_id\"\n    message = \"encrypted\"\n"),
            &[]
        )
        .code,
        0
    );
    assert_eq!(test(&with("    path = \"name\"\n"), &[]).code, 1);
    assert_snapshot!(test(&with("    message = \"plain\"\n"), &[]).out, @r#"
    cases/topics.guardtest.hcl
      FAIL  S01  a
              expected:  violation, with `plain`
              got:       violation at `kms_master_key_id`: the topic is not encrypted
              read:      `kms_master_key_id` = null
              log:       info: looked at the key
              at:        cases/topics.guardtest.hcl:1:1

    0 passed, 1 failed. Cases ask 1 of 6 rules of topics 0.3.0.
    "#);
}

#[test]
fn a_rule_that_remembers_is_told() {
    let case = "case \"a\" {\n  rule = \"S04\"\n  type = \"aws_sns_topic\"\n  after = {}\n  expect {\n    verdict = \"pass\"\n  }\n}\n";
    let ended = test(case, &[]);
    assert_eq!(ended.code, 1);
    assert_snapshot!(ended.out, @r#"
    cases/topics.guardtest.hcl
      FAIL  S04  a
              not pure:  the answer changes when it is asked twice; a rule must not keep anything from one call to the next
              fresh:     pass
              used:      violation at `kms_master_key_id`: the topic has a key of its own
              at:        cases/topics.guardtest.hcl:1:1

    0 passed, 1 failed. Cases ask 1 of 6 rules of topics 0.3.0.
    "#);
}

const PLANS: &str = r#"
plan "nobody refers to the topic" {
  rule = "S05"
  resource "aws_sns_topic" "alarms" { after = { name = "alarms", arn = computed() } }
  expect {
    verdict = "violation"
    address = "aws_sns_topic.alarms"
  }
}

plan "a policy refers to it" {
  rule = "S05"
  resource "aws_sns_topic" "alarms" { after = { name = "alarms", arn = computed() } }
  resource "aws_sns_topic_policy" "alarms" {
    after      = { arn = unknown(), policy = "{}" }
    references = { arn = "aws_sns_topic.alarms.arn" }
  }
  expect { verdict = "pass" }
}
"#;

#[test]
fn whole_plans_are_judged_with_their_references() {
    let ended = test(PLANS, &[]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    let broken = PLANS.replace("aws_sns_topic.alarms.arn", "aws_sns_topic.alarm.arn");
    assert_snapshot!(test(&broken, &[]).err, @r#"error: cases/topics.guardtest.hcl:16:26: `aws_sns_topic.alarm.arn` names no resource of this plan; did you mean `aws_sns_topic.alarms`?"#);
}

#[test]
fn a_naive_rule_is_misled_by_an_unknown_value() {
    let cases = states("S03", ["pass", "violation", "violation"])
        + &states("S06", ["pass", "pass", "error"]);
    let ended = test(&cases, &["--fuzz-unknown"]);
    assert_eq!(ended.code, 1);
    assert_snapshot!(ended.out, @r#"
    cases/topics.guardtest.hcl
      pass  S03  S03 null
      pass  S03  S03 alias/own
      pass  S03  S03 unknown()
      pass  S06  S06 null
      pass  S06  S06 alias/own
      pass  S06  S06 unknown()

    Unknown values: 9 tried, 3 mislead a rule
      FAIL  S03  S03 null
              with `kms_master_key_id` not known: pass when it is known, violation at `kms_master_key_id`, observed `(known after apply)`: the topic has a key of its own when it is not
              at:        cases/topics.guardtest.hcl:1:1
      FAIL  S06  S06 null
              with `kms_master_key_id` not known: the rule fails: the rule panicked
              at:        cases/topics.guardtest.hcl:25:1
      FAIL  S06  S06 alias/own
              with `kms_master_key_id` not known: the rule fails: the rule panicked
              at:        cases/topics.guardtest.hcl:33:1

    6 passed. Cases ask 2 of 6 rules of topics 0.3.0.
    "#);
    let cases = states("S01", ["violation", "pass", "undetermined"]);
    let ended = test(&cases, &["--fuzz-unknown"]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    assert!(ended.out.contains("none misleads a rule"), "{}", ended.out);
}

#[test]
fn coverage_and_mutations_tell_what_no_case_shows() {
    let cases = states("S01", ["violation", "pass", "undetermined"])
        + "case \"S02 only\" {\n  rule = \"S02\"\n  type = \"aws_sns_topic\"\n  after = { name = \"x\" }\n  expect { verdict = \"pass\" }\n}\n";
    let ended = test(&cases, &["--coverage", "--mutate"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_snapshot!(ended.out, @r#"
    cases/topics.guardtest.hcl
      pass  S01  S01 null
      pass  S01  S01 alias/own
      pass  S01  S01 unknown()
      pass  S02  S02 only

    Coverage: 22 %, 4 of 18 verdicts (pass, violation and undetermined of every rule)
      S02  no case is violation, undetermined
      S02  reads what no case gives: `kms_master_key_id`
      S03  no case asks it
      S04  no case asks it
      S05  no case asks it
      S06  no case asks it

    Mutations: 4 tried; 1 of 1 attribute that the rules read decide a case

    4 passed. Cases ask 2 of 6 rules of topics 0.3.0.
    "#);
    let ended = test(&cases, &["--threshold", "50"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended
            .out
            .contains("FAIL  below the 50 % that are asked for"),
        "{}",
        ended.out
    );
    assert_eq!(test(&cases, &["--threshold", "20%"]).code, 0);
}

const FIXTURE: &str = "fixture \"production\" {\n  plan = \"../fixtures/production.json\"\n}\n";

#[test]
fn saved_plans_are_kept_as_snapshots() {
    let desk = pack(FIXTURE).write("fixtures/production.json", fixture_text("keys.json"));
    let args = ["test", "--pack", "baseline", "cases"];
    let ended = desk.run(&args);
    assert_eq!(ended.code, 1);
    assert_snapshot!(ended.out, @r#"
    cases/topics.guardtest.hcl
      FAIL  fixture  production
              there is no `fixtures/production.verdicts` yet: write it with `gabion test --update`, and read it

    0 passed, 1 failed. Cases ask 0 of 51 rules of baseline 1.0.0.
    "#);
    assert_eq!(desk.run(&[&args[..], &["--update"]].concat()).code, 0);
    let kept = desk.folder.path().join("fixtures/production.verdicts");
    let text = std::fs::read_to_string(&kept).unwrap();
    assert_snapshot!(text, @r#"
    # Verdicts of the fixture `production`, written by `gabion test --update`. Not applicable ones are left out.
    DT08 aws_kms_key.bad (create): violation at `enable_key_rotation`, observed `false`: the key is not rotated (fix: `enable_key_rotation` = true)
    DT09 aws_kms_key.bad (create): pass
    DT10 aws_kms_key.bad (create): pass
    DT12 aws_kms_key.bad (create): pass
    DT08 aws_kms_key.good (create): pass
    DT09 aws_kms_key.good (create): pass
    DT10 aws_kms_key.good (create): pass
    DT12 aws_kms_key.good (create): pass
    DT08 aws_kms_key.old (update): violation at `enable_key_rotation`, observed `false`: the key is not rotated (fix: `enable_key_rotation` = true)
    DT09 aws_kms_key.old (update): pass
    DT10 aws_kms_key.old (update): pass
    DT12 aws_kms_key.old (update): pass
    DT08 aws_kms_key.still (no-op): violation at `enable_key_rotation`, observed `false`: the key is not rotated (fix: `enable_key_rotation` = true)
    DT09 aws_kms_key.still (no-op): pass
    DT10 aws_kms_key.still (no-op): pass
    DT12 aws_kms_key.still (no-op): pass
    DT08 aws_kms_key.later (create): undetermined at `enable_key_rotation`: known after apply
    DT09 aws_kms_key.later (create): pass
    DT10 aws_kms_key.later (create): pass
    DT12 aws_kms_key.later (create): pass
    DT08 module.keys["a.b"].aws_kms_key.this[0] (create): violation at `enable_key_rotation`, observed `false`: the key is not rotated (fix: `enable_key_rotation` = true)
    DT09 module.keys["a.b"].aws_kms_key.this[0] (create): pass
    DT10 module.keys["a.b"].aws_kms_key.this[0] (create): pass
    DT12 module.keys["a.b"].aws_kms_key.this[0] (create): pass
    LG01A the whole plan: violation: no trail here records all regions
    "#);
    assert_eq!(desk.run(&args).code, 0);
    std::fs::write(&kept, text.replacen("violation", "pass", 1)).unwrap();
    let ended = desk.run(&args);
    assert_eq!(ended.code, 1);
    assert_snapshot!(ended.out, @r#"
    cases/topics.guardtest.hcl
      FAIL  fixture  production
              the verdicts are not those of `fixtures/production.verdicts`; if they are right, run `gabion test --update`
              - DT08 aws_kms_key.bad (create): pass at `enable_key_rotation`, observed `false`: the key is not rotated (fix: `enable_key_rotation` = true)
              + DT08 aws_kms_key.bad (create): violation at `enable_key_rotation`, observed `false`: the key is not rotated (fix: `enable_key_rotation` = true)

    0 passed, 1 failed. Cases ask 0 of 51 rules of baseline 1.0.0.
    "#);
}

#[test]
fn machines_get_json() {
    let ended = test(
        &states("S01", ["violation", "pass", "pass"]),
        &["-o", "json", "--fuzz-unknown", "--mutate"],
    );
    assert_eq!(ended.code, 1);
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(json["exit_code"], 1);
    assert_eq!(json["pack"]["name"], "topics");
    assert_eq!(json["summary"]["passed"], 2);
    let failed = &json["cases"][2];
    assert_eq!(failed["verdict"], "undetermined");
    assert_eq!(failed["line"], 17);
    assert_eq!(failed["reads"][0]["path"], "kms_master_key_id");
    assert_eq!(failed["log"][0]["message"], "looked at the key");
    assert_eq!(json["coverage"]["reached"], 2);
    assert_eq!(json["fuzz_unknown"]["wrong"].as_array().unwrap().len(), 0);
}

#[test]
fn pipelines_get_junit() {
    let cases = states("S01", ["violation", "pass", "pass"]);
    let desk = pack(&cases);
    let ended = desk.run(&[
        "test",
        "--junit",
        "out.xml",
        "--fuzz-unknown",
        "--threshold",
        "5",
    ]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    let text = std::fs::read_to_string(desk.folder.path().join("out.xml")).unwrap();
    // The time differs from run to run.
    let text: String = text
        .lines()
        .map(|line| match (line.find(" time=\""), line.rfind("\"")) {
            (Some(start), Some(end)) => format!("{}{}\n", &line[..start], &line[end + 1..]),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_snapshot!(text, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="gabion test" tests="5" failures="1" errors="0" skipped="0">
      <testsuite name="cases/topics.guardtest.hcl" tests="3" failures="1" errors="0" skipped="0">
        <testcase classname="S01" name="S01 null" file="cases/topics.guardtest.hcl" line="1"/>
        <testcase classname="S01" name="S01 alias/own" file="cases/topics.guardtest.hcl" line="9"/>
        <testcase classname="S01" name="S01 unknown()" file="cases/topics.guardtest.hcl" line="17">
          <failure type="verdict" message="expected: pass; got: undetermined at `kms_master_key_id`: known after apply">expected:  pass
    got:       undetermined at `kms_master_key_id`: known after apply
    not read:  `kms_master_key_id`: known after apply
    log:       info: looked at the key</failure>
        </testcase>
      </testsuite>
      <testsuite name="unknown values" tests="1" failures="0" errors="0" skipped="0">
        <testcase classname="unknown values" name="none of 5 misleads a rule"/>
      </testsuite>
      <testsuite name="coverage" tests="1" failures="0" errors="0" skipped="0">
        <testcase classname="coverage" name="at least 5 %">
          <system-out>11 % of the verdicts are reached</system-out>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
    assert_eq!(
        test(&cases, &["-o", "junit=a.xml", "--junit", "a.xml"]).code,
        4
    );
}

#[test]
fn what_cannot_be_tested_is_said() {
    assert_snapshot!(test("# nothing yet\n", &[]).err, @r#"error: cases/topics.guardtest.hcl:1:1: the file has no case: write `case "what it shows" { ... }`"#);
    assert_snapshot!(test("fixture \"x\" {\n  plan = \"missing.json\"\n}\n", &[]).err, @r#"error: cases/topics.guardtest.hcl:2:10: there is no plan `cases/missing.json`; save one with `terraform plan -out=cases/missing.json`"#);
    let cases = states("S01", ["violation", "pass", "undetermined"]);
    let ended = test(&cases, &["--filter", "bucket"]);
    assert_eq!(ended.code, 3);
    assert_snapshot!(ended.err, @r#"error: no case has `bucket` in its rule or name"#);
    assert_eq!(
        test(&cases, &["--filter", "s01 UNKNOWN"])
            .out
            .matches("pass")
            .count(),
        2
    );
    let ended = Desk::new().run(&["test"]);
    assert_eq!(ended.code, 3);
    assert_snapshot!(ended.err, @r#"error: there is no case in `.`: write one, `cases/NAME.guardtest.hcl`"#);
    let alone = Desk::new().write("a.guardtest.hcl", &cases).run(&["test"]);
    assert_eq!(alone.code, 4);
    assert_snapshot!(alone.err, @r#"error: the cases belong to no pack: there is no `Cargo.toml`, `package.json`, `pyproject.toml` or `dist` above them; name a component with `--pack FILE`"#);
    // A manifest that cannot be built: the command tries, as the component is older, and says why it cannot.
    let desk = pack(&cases).write("Cargo.toml", "");
    let built = desk.folder.path().join("dist/topics.wasm");
    let built = std::fs::File::options().write(true).open(built).unwrap();
    built.set_modified(std::time::UNIX_EPOCH).unwrap();
    let ended = desk.run(&["test"]);
    assert_eq!(ended.code, 4);
    assert!(
        ended.err.starts_with(
            "`dist/topics.wasm` is older than `Cargo.toml`: building the pack
"
        ),
        "{}",
        ended.err
    );
    assert_eq!(desk.run(&["test", "--pack", "dist/topics.wasm"]).code, 0);
    assert_snapshot!(test(&cases, &["-o", "xml"]).err, @r#"
    error: invalid value 'xml' for '--output <FORMAT[=FILE]>': `xml` is no output; there are `text`, `json`, `sarif`, `junit` and `github`

    For more information, try '--help'.
    "#);
    assert_snapshot!(test(&cases, &["--threshold", "101"]).err, @r#"
    error: invalid value '101' for '--threshold <PERCENT>': `101` is no percentage from 0 to 100

    For more information, try '--help'.
    "#);
}

#[test]
fn watching_runs_again_after_a_change() {
    let desk = pack(&states("S01", ["violation", "pass", "undetermined"]));
    let mut child = desk
        .command(&["test", "--watch"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (send, lines) = std::sync::mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    let mut wait = |wanted: &str| {
        let mut line = String::new();
        while !line.contains(wanted) {
            match lines.recv_timeout(Duration::from_secs(60)) {
                Ok(next) => line = next,
                Err(error) => {
                    let _ = child.kill();
                    panic!("no `{wanted}`: {error}");
                }
            }
        }
    };
    wait("3 passed. ");
    let file = desk.folder.path().join("cases/topics.guardtest.hcl");
    std::fs::write(&file, states("S01", ["violation", "pass", "pass"])).unwrap();
    wait("2 passed, 1 failed. ");
    std::fs::write(&file, "case").unwrap();
    std::fs::write(&file, states("S01", ["violation", "pass", "undetermined"])).unwrap();
    wait("3 passed. ");
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
}
