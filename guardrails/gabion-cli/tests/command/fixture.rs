//! `gabion fixture from-plan`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Desk, fixture_text};

/// Put together here, so that no scanner takes this file for a leak.
fn token() -> String {
    format!("{}{}", "ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8")
}

const PASSWORD: &str = "correct-horse-battery";

/// A bucket with its companion, and a key whose description is sensitive, with a token and the same text elsewhere.
fn plan() -> String {
    let change = |address: &str, after: Value, unknown: Value, sensitive: Value| {
        let (kind, name) = address.split_once('.').unwrap();
        json!({
            "address": address, "mode": "managed", "type": kind, "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown, "after_sensitive": sensitive}
        })
    };
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*",
        "Condition": {"StringEquals": {"note": token()}}
    }]});
    let constant = |value: &str| json!({"constant_value": value});
    json!({
        "format_version": "1.2", "terraform_version": "1.14.0", "complete": true, "errored": false,
        "planned_values": {"root_module": {}},
        "resource_changes": [
            change("aws_s3_bucket.logs", json!({"bucket": "example-logs", "tags": {}}), json!({"id": true}), json!({})),
            change("aws_s3_bucket.bare", json!({"bucket": "example-bare", "tags": {}}), json!({"id": true}), json!({})),
            change("aws_s3_bucket_public_access_block.logs",
                json!({"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}),
                json!({"bucket": true, "id": true}), json!({})),
            change("aws_kms_key.k",
                json!({"description": PASSWORD, "enable_key_rotation": false, "key_usage": "ENCRYPT_DECRYPT",
                    "customer_master_key_spec": "SYMMETRIC_DEFAULT", "custom_key_store_id": null, "deletion_window_in_days": 30,
                    "is_enabled": true, "policy": policy.to_string(), "tags": {"token": token(), "login": format!("app/{PASSWORD}")}}),
                json!({"arn": true, "rotation_period_in_days": true}), json!({"description": true})),
        ],
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws"}},
            "root_module": {"resources": [
                {"address": "aws_s3_bucket.logs", "mode": "managed", "type": "aws_s3_bucket", "name": "logs", "provider_config_key": "aws",
                    "expressions": {"bucket": constant("example-logs")}},
                {"address": "aws_s3_bucket.bare", "mode": "managed", "type": "aws_s3_bucket", "name": "bare", "provider_config_key": "aws",
                    "expressions": {"bucket": constant("example-bare")}},
                {"address": "aws_s3_bucket_public_access_block.logs", "mode": "managed", "type": "aws_s3_bucket_public_access_block",
                    "name": "logs", "provider_config_key": "aws",
                    "expressions": {"bucket": {"references": ["aws_s3_bucket.logs.id", "aws_s3_bucket.logs"]}}},
                {"address": "aws_kms_key.k", "mode": "managed", "type": "aws_kms_key", "name": "k", "provider_config_key": "aws",
                    "expressions": {"description": {"references": ["var.text"]}, "enable_key_rotation": {"constant_value": false},
                        "policy": {"references": ["var.policy"]}, "tags": {"references": ["var.tags"]}}},
            ]}
        }
    })
    .to_string()
}

fn from_plan(desk: &Desk, args: &[&str]) -> crate::support::Ended {
    let mut all = vec!["fixture", "from-plan", "plan.json"];
    all.extend(args);
    desk.run(&all)
}

#[test]
fn a_case_keeps_what_the_rule_read() {
    let desk = Desk::with_plan(plan());
    let ended = from_plan(&desk, &["aws_kms_key.k", "--rule", "DT08"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_snapshot!(ended.out, @r#"
    # Written by `gabion fixture from-plan`; what was sensitive or looked like a secret is redacted.

    case "DT08 refuses aws_kms_key.k" {
      rule       = "DT08"
      type       = "aws_kms_key"
      after      = {
        custom_key_store_id      = null
        customer_master_key_spec = "SYMMETRIC_DEFAULT"
        enable_key_rotation      = false
        key_usage                = "ENCRYPT_DECRYPT"
        rotation_period_in_days  = computed()
      }
      configured = ["enable_key_rotation"]

      expect {
        verdict = "violation"
        path    = "enable_key_rotation"
      }
    }
    "#);
    assert_snapshot!(ended.err, @r#"
    wrote 1 case
      DT08 refuses aws_kms_key.k: violation
    "#);
}

#[test]
fn a_whole_plan_rule_gets_its_resources_with_their_references() {
    let desk = Desk::with_plan(plan());
    let block = "aws_s3_bucket_public_access_block.logs";
    let ended = from_plan(&desk, &["aws_s3_bucket.logs", block, "--rule", "DT01A"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_snapshot!(ended.out, @r#"
    # Written by `gabion fixture from-plan`; what was sensitive or looked like a secret is redacted.

    plan "DT01A passes aws_s3_bucket.logs and 1 more" {
      rule = "DT01A"

      resource "aws_s3_bucket" "logs" {
        after = {}
      }

      resource "aws_s3_bucket_public_access_block" "logs" {
        after      = {}
        references = {
          bucket = ["aws_s3_bucket.logs.id"]
        }
      }

      expect {
        verdict = "pass"
      }
    }
    "#);
    let ended = from_plan(&desk, &["aws_s3_bucket.bare", "--rule", "DT01A"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_snapshot!(ended.out, @r#"
    # Written by `gabion fixture from-plan`; what was sensitive or looked like a secret is redacted.

    plan "DT01A refuses aws_s3_bucket.bare" {
      rule = "DT01A"

      resource "aws_s3_bucket" "bare" {
        after = {
          bucket = "example-bare"
        }
      }

      expect {
        verdict = "violation"
        address = "aws_s3_bucket.bare"
      }
    }
    "#);
}

#[test]
fn no_secret_reaches_the_case_and_the_case_passes() {
    let desk = Desk::with_plan(plan());
    let ended = from_plan(&desk, &["aws_kms_key.k", "-o", "k.guardtest.hcl"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_snapshot!(ended.err, @r#"
    wrote 4 cases to `k.guardtest.hcl`
      DT08 refuses aws_kms_key.k: violation
      DT09 passes aws_kms_key.k: pass
      DT10 passes aws_kms_key.k: pass
      DT12 fails on aws_kms_key.k: error
    redacted: `description` (sensitive), `policy` (looks like github-pat), `tags.login` (equal to a sensitive value), `tags.token` (looks like github-pat)
    "#);
    let text = std::fs::read_to_string(desk.folder.path().join("k.guardtest.hcl")).unwrap();
    for secret in [PASSWORD, &token(), "a1B2c3D4"] {
        assert!(
            !text.contains(secret) && !ended.err.contains(secret),
            "{text}"
        );
    }
    let first = text.split("\ncase ").nth(1).unwrap();
    assert_snapshot!(first, @r#"
    "DT08 refuses aws_kms_key.k" {
      rule       = "DT08"
      type       = "aws_kms_key"
      after      = {
        customer_master_key_spec = "SYMMETRIC_DEFAULT"
        deletion_window_in_days  = 30
        description              = sensitive("redacted-1")
        enable_key_rotation      = false
        is_enabled               = true
        key_usage                = "ENCRYPT_DECRYPT"
        policy                   = jsonencode({
          Version   = "2012-10-17"
          Statement = [
            {
              Effect    = "Allow"
              Principal = {
                AWS = "arn:aws:iam::111122223333:root"
              }
              Action    = "kms:*"
              Resource  = "*"
              Condition = {
                StringEquals = {
                  note = "[redacted: github-pat]"
                }
              }
            },
          ]
        })
        tags                     = {
          login = "app/redacted"
          token = "[redacted: github-pat]"
        }
      }
      configured = ["description", "enable_key_rotation", "policy", "tags"]

      expect {
        verdict = "violation"
        path    = "enable_key_rotation"
      }
    }
    "#);
    let tested = desk.run(&["test", "k.guardtest.hcl", "--pack", "baseline"]);
    assert_eq!(tested.code, 0, "{}", tested.out);
    assert!(tested.out.contains("passed"), "{}", tested.out);
}

#[test]
fn files_are_added_to_or_left_alone() {
    let desk = Desk::with_plan(plan());
    let bucket = ["aws_kms_key.k", "--rule", "DT08", "-o", "k.guardtest.hcl"];
    assert_eq!(from_plan(&desk, &bucket).code, 0);
    let read = || std::fs::read_to_string(desk.folder.path().join("k.guardtest.hcl")).unwrap();
    let before = read();
    let again = from_plan(&desk, &bucket);
    assert_eq!(again.code, 4);
    assert_snapshot!(again.err, @r#"error: `k.guardtest.hcl` is there already: add to it with `--append`, or write over it with `--force`"#);
    assert_eq!(read(), before);
    let mut more = bucket.to_vec();
    more.push("--append");
    assert_eq!(from_plan(&desk, &more).code, 0);
    let text = read();
    assert!(
        text.starts_with(&before) && text.contains("case \"DT08 refuses aws_kms_key.k (2)\""),
        "{text}"
    );
    let tested = desk.run(&["test", "k.guardtest.hcl", "--pack", "baseline"]);
    assert_eq!(tested.code, 0, "{}", tested.out);
    more.pop();
    more.push("--force");
    assert_eq!(from_plan(&desk, &more).code, 0);
    assert_eq!(read(), before);
    // A strict file: what is added says that it is not.
    let strict = desk.write("k.guardtest.hcl", format!("strict = true\n{before}"));
    more.pop();
    more.push("--append");
    let ended = from_plan(&strict, &more);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let text = std::fs::read_to_string(strict.folder.path().join("k.guardtest.hcl")).unwrap();
    assert_eq!(
        text.matches("= false\n").count() - before.matches("= false\n").count() * 2,
        1,
        "{text}"
    );
}

#[test]
fn a_verdict_that_changes_is_told() {
    // How the key is used is also a sensitive value, so it is hidden, and the rule takes it for another use.
    let desk = Desk::with_plan(plan().replace(PASSWORD, "ENCRYPT_DECRYPT"));
    let ended = from_plan(&desk, &["aws_kms_key.k", "--rule", "DT08"]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(!ended.out.contains("ENCRYPT_DECRYPT"), "{}", ended.out);
    assert_snapshot!(ended.err, @r#"
    wrote 1 case
      DT08 refuses aws_kms_key.k: violation
    redacted: `description` (sensitive), `key_usage` (equal to a sensitive value), `policy` (looks like github-pat), `tags.login` (equal to a sensitive value), `tags.token` (looks like github-pat)
    warning: in the plan, `DT08` ends in violation; the case `DT08 refuses aws_kms_key.k` gives another answer, so `gabion test` fails on it until you mend it:
        not_applicable
    "#);
}

#[test]
fn bad_input_is_told_with_what_to_do() {
    let desk = Desk::with_plan(plan());
    let told = |args: &[&str], code: i32| {
        let ended = from_plan(&desk, args);
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (code, ""),
            "{}",
            ended.err
        );
        ended.err
    };
    assert_snapshot!(told(&["aws_kms_key.kk"], 3), @r#"error: `plan.json` has no resource `aws_kms_key.kk`; did you mean `aws_kms_key.k`?"#);
    assert_snapshot!(told(&["aws_kms_key.k", "--rule", "DT80"], 3), @r#"error: the pack `baseline` has no rule `DT80`; did you mean `DT08`?"#);
    assert_snapshot!(told(&["aws_kms_key.k", "--rule", "DT03"], 3), @r#"error: rule `DT03` does not judge `aws_kms_key.k`; it judges `aws_s3_bucket_versioning`, `aws_s3_bucket`, `gabion_log_sink`"#);
    assert_snapshot!(told(&["aws_kms_key.k", "--append"], 4), @r#"error: `--append` adds to a file: name it with `-o FILE`"#);
    assert_snapshot!(told(&["aws_kms_key.k", "-o", "k.hcl"], 4), @r#"error: `k.hcl` is no name of a case file: `gabion test` looks for `NAME.guardtest.hcl`"#);
    assert_snapshot!(told(&["aws_kms_key.k", "-o", "no/k.guardtest.hcl"], 4), @r#"error: cannot write `no/k.guardtest.hcl`: there is no folder `no`"#);
    assert_snapshot!(told(&["aws_kms_key.k", "--pack", "no.wasm"], 3), @r#"error: there is no pack `no.wasm`; `baseline` is the one inside the binary, `gabion build` makes one"#);
    assert_snapshot!(told(&["aws_kms_key.k", "--settings", "{"], 4), @r#"error: the settings `{` are no JSON: EOF while parsing an object at line 1 column 1; give an object or a file that holds one"#);
    let keys = Desk::with_plan(fixture_text("keys.json"));
    let ended = from_plan(&keys, &["aws_placement_group.web"]);
    assert_eq!(ended.code, 3);
    assert_snapshot!(ended.err, @r#"error: no rule of the pack `baseline` has something to say of `aws_placement_group.web`; name a rule with `--rule`, or a pack with `--pack`"#);
    assert_snapshot!(from_plan(&keys, &["module.keys[\"a.b\"].aws_kms_key.this"]).err, @r#"error: `plan.json` has no resource `module.keys["a.b"].aws_kms_key.this`; it has `module.keys["a.b"].aws_kms_key.this[0]`"#);
}

#[test]
fn a_plan_comes_from_the_standard_input_too() {
    let desk = Desk::new();
    let args = [
        "fixture",
        "from-plan",
        "-",
        "aws_s3_bucket.bare",
        "--rule",
        "DT03",
    ];
    let ended = desk.pipe(&args, plan().as_bytes());
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("type"), "{}", ended.out);
    let failed = plan().replace("\"errored\":false", "\"errored\":true");
    let ended = desk.pipe(&args, failed.as_bytes());
    assert_eq!(ended.code, 4);
    assert_snapshot!(ended.err, @r#"error: the standard input is of a planning that failed, so a part of the changes is missing; mend the plan's errors first"#);
}

#[test]
fn a_secret_of_another_resource_is_hidden_in_json_too() {
    let secret = "pa\"ss\\word<-long";
    let mut plan: Value = serde_json::from_str(&plan()).unwrap();
    let changes = plan["resource_changes"].as_array_mut().unwrap();
    let key = changes.last_mut().unwrap();
    let policy =
        json!({"Version": "2012-10-17", "Statement": [{"Sid": secret, "Effect": "Allow"}]});
    key["change"]["after"]["policy"] = policy.to_string().replace('<', "\\u003c").into();
    key["change"]["after"]["tags"] = json!({"login": secret});
    let mut other = key.clone();
    other["address"] = "random_password.p".into();
    other["type"] = "random_password".into();
    other["name"] = "p".into();
    other["provider_name"] = "registry.terraform.io/hashicorp/random".into();
    other["change"]["after"] = json!({"result": secret});
    other["change"]["after_unknown"] = json!({});
    other["change"]["after_sensitive"] = json!({"result": true});
    changes.push(other);
    let desk = Desk::with_plan(plan.to_string());
    let ended = from_plan(&desk, &["aws_kms_key.k"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    for part in ["pa\\\"ss", "word", "-long"] {
        assert!(!ended.out.contains(part), "{}", ended.out);
    }
    assert!(ended.out.contains("Sid    = \"redacted\""), "{}", ended.out);
    assert_snapshot!(ended.err, @r#"
    wrote 4 cases
      DT08 refuses aws_kms_key.k: violation
      DT09 passes aws_kms_key.k: pass
      DT10 passes aws_kms_key.k: pass
      DT12 fails on aws_kms_key.k: error
    redacted: `description` (sensitive), `policy` (equal to a sensitive value), `tags.login` (equal to a sensitive value)
    "#);
}

#[test]
fn a_plan_without_marks_is_told() {
    let mut plan: Value = serde_json::from_str(&plan()).unwrap();
    plan["format_version"] = "0.1".into();
    for change in plan["resource_changes"].as_array_mut().unwrap() {
        change["change"]
            .as_object_mut()
            .unwrap()
            .remove("after_sensitive");
    }
    let desk = Desk::with_plan(plan.to_string());
    let ended = from_plan(&desk, &["aws_kms_key.k", "--rule", "DT08"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_snapshot!(ended.out.lines().next().unwrap(), @"# Written by `gabion fixture from-plan`; what looked like a secret is redacted. The plan does not mark all that is sensitive: read it before you commit it.");
    assert_snapshot!(ended.err, @r"
    warning: the plan does not mark what is sensitive in `aws_kms_key.k` and 3 more, so only what looks like a secret is hidden of it: read the cases before you commit them, or write the plan with Terraform 0.15 or newer, or OpenTofu
    wrote 1 case
      DT08 refuses aws_kms_key.k: violation
    ");
}

#[test]
fn what_is_found_elsewhere_in_the_plan_is_said_so() {
    // Alone, the bucket lacks its companion; in the plan only another bucket does.
    let desk = Desk::with_plan(plan());
    let ended = from_plan(&desk, &["aws_s3_bucket.logs", "--rule", "DT01A"]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert_snapshot!(ended.err, @r"
    wrote 1 case
      DT01A passes aws_s3_bucket.logs: pass
    warning: in the plan, `DT01A` finds nothing in these resources, only in others; the case `DT01A passes aws_s3_bucket.logs` gives another answer, so `gabion test` fails on it until you mend it:
        violation of `aws_s3_bucket.logs`: no resource blocks public access to the bucket
    ");
}
