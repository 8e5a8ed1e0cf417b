//! `gabion explain`.

use insta::assert_snapshot;
use serde_json::Value as Json;

use crate::support::{Desk, Ended, fixture_text};

const POLICY: &str = r##"contact = "#cloud-platform"

rule "DT08" {
  level = "advisory"
  when  = { workspace = "dev*" }
}

waiver "near" {
  rule     = "DT08"
  resource = "aws_kms_key"
  where    = { tags = { Name = "worse" } }
  reason   = "old app"
  expires  = "2999-01-01T00:00:00Z"
}

waiver "ended" {
  rule     = "DT08"
  resource = "aws_kms_key"
  where    = { tags = { Name = "bad" } }
  reason   = "old app"
  expires  = "2020-01-01T00:00:00Z"
}

waiver "of-another-rule" {
  rule     = "DT12"
  resource = "aws_kms_key"
  where    = { tags = { Name = "bad" } }
  reason   = "old app"
  expires  = "2998-01-01T00:00:00Z"
}
"##;

fn desk(policy: &str) -> Desk {
    Desk::with_plan(fixture_text("keys.json")).write("gabion.hcl", policy)
}

fn out(ended: Ended) -> String {
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
    ended
        .out
        .replace(gabion_engine::baseline::VERSION, "VERSION")
}

#[test]
fn a_refusal_with_everything_that_was_weighed() {
    let desk = desk(POLICY);
    let said = out(desk.run(&["explain", "--plan", "plan.json", "DT08", "aws_kms_key.bad"]));
    assert_snapshot!(said, @r#"
    DT08 key-without-rotation: a key without rotation
    aws_kms_key.bad (create)
    Pack baseline VERSION

    Verdict: violation
      DT08-c8c33c11 REFUSED: enable_key_rotation of aws_kms_key.bad
        the key is not rotated
        Observed: false
        The waiver `ended` (gabion.hcl:16:8) ended at 2020-01-01T00:00:00Z and holds no more.
        Fix:
            enable_key_rotation = true

    Level: mandatory (default)
      a rule block (gabion.hcl:3:6) does not apply: it says level advisory; where the workspace is `dev*`, and it is `default`: not so

    Read, in this order:
      enable_key_rotation = false
      the planned resource as a whole
      rotation_period_in_days: the provider decides it
      customer_master_key_spec = "SYMMETRIC_DEFAULT"
      key_usage = "ENCRYPT_DECRYPT"
      custom_key_store_id = null

    Waivers, exceptions, baseline:
      waiver `near` (gabion.hcl:8:8) does not apply: its `where` wants another `tags.Name`; here it is "bad"
      waiver `ended` (gabion.hcl:16:8) does not apply: it ended at 2020-01-01T00:00:00Z
      waiver `of-another-rule` (gabion.hcl:24:8) does not apply: it is for DT12

    Decided again: where the provider is guarded: inside the plan, and at apply before the change is made
    Contact: #cloud-platform
    The rule's page: gabion explain DT08
    "#);
    // Its id, as a check writes it, means the same.
    let check = desk.run(&["check", "plan.json"]).out;
    let line = (check.lines())
        .find(|line| line.contains("Explain: "))
        .unwrap();
    let command: Vec<&str> = line.trim().split(' ').skip(2).collect();
    assert_eq!(command[..3], ["explain", "--plan", "plan.json"]);
    assert_eq!(out(desk.run(&command)), said);
    let report = desk.run(&["check", "plan.json", "-o", "json"]).out;
    let report: Json = serde_json::from_str(&report).unwrap();
    assert_eq!(report["findings"][0]["id"], command[3]);
}

#[test]
fn what_is_not_known_and_what_is_old() {
    let desk = desk("");
    let of = |address: &str| out(desk.run(&["explain", "--plan", "plan.json", "DT08", address]));
    assert_snapshot!(of("aws_kms_key.later"), @r#"
    DT08 key-without-rotation: a key without rotation
    aws_kms_key.later (create)
    Pack baseline VERSION

    Verdict: undetermined: `enable_key_rotation` is known after apply
      DT08-de2a0e42 not decided: enable_key_rotation of aws_kms_key.later
        whether this is a key without rotation cannot be told: `enable_key_rotation` is known after apply; a saved plan does not tell; it is decided at apply where the provider is guarded

    Level: mandatory (default)
      on_unknown is defer

    Read, in this order:
      enable_key_rotation: known after apply
      the planned resource as a whole
      rotation_period_in_days: the provider decides it
      customer_master_key_spec = "SYMMETRIC_DEFAULT"
      key_usage = "ENCRYPT_DECRYPT"
      custom_key_store_id = null

    Waivers, exceptions, baseline:
      none speaks of it

    Decided again: a saved plan does not tell; it is decided at apply where the provider is guarded
    The rule's page: gabion explain DT08
    "#);
    assert_snapshot!(of("aws_kms_key.old"), @r#"
    DT08 key-without-rotation: a key without rotation
    aws_kms_key.old (update)
    Pack baseline VERSION

    Verdict: violation
      of the state before, alone: violation
      DT08-55957599 old, not refused: enable_key_rotation of aws_kms_key.old
        the key is not rotated
        Observed: false
        Fix:
            enable_key_rotation = true

    Level: mandatory (default)

    Read, in this order:
      enable_key_rotation = false
      the planned resource as a whole
      rotation_period_in_days = 0
      customer_master_key_spec = "SYMMETRIC_DEFAULT"
      key_usage = "ENCRYPT_DECRYPT"
      custom_key_store_id = null

    Waivers, exceptions, baseline:
      none speaks of it

    Decided again: where the provider is guarded: inside the plan, and at apply before the change is made
    The rule's page: gabion explain DT08
    "#);
}

#[test]
fn a_resource_with_all_its_rules() {
    let said = out(desk("").run(&["explain", "--plan", "plan.json", "aws_kms_key.good"]));
    assert_snapshot!(said, @r#"
    aws_kms_key.good (create)

    Nothing is found by:
      DT08 key-without-rotation: passes, having read enable_key_rotation, rotation_period_in_days
      DT09 short-key-deletion-window: passes, having read deletion_window_in_days
      DT10 open-key-policy: passes, having read policy
      DT12 key-policy-lockout: passes, having read bypass_policy_lockout_safety_check, policy
    "#);
}

#[test]
fn a_waiver_an_entry_of_the_baseline_and_an_off_rule() {
    let waiver = "waiver \"held\" {\n  rule = \"DT08\"\n  resource = \"aws_kms_key\"\n  where = { tags = { Name = \"bad\" } }\n  \
                  reason = \"moving\"\n  expires = \"2999-01-01T00:00:00Z\"\n}\n";
    let desk = desk(&format!("baseline = \"known.json\"\n{waiver}"));
    let ended = desk.run(&["check", "plan.json", "--write-baseline"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let weighed = |address: &str| {
        let said = desk.run(&[
            "explain",
            "--plan",
            "plan.json",
            "DT08",
            address,
            "-o",
            "json",
        ]);
        let said: Json = serde_json::from_str(&out(said)).unwrap();
        let of = &said["explanations"][0];
        let weighed: Vec<String> = (of["weighed"].as_array().unwrap().iter())
            .map(|one| {
                format!(
                    "{} {} {}: {}",
                    one["kind"].as_str().unwrap(),
                    one["name"].as_str().unwrap(),
                    one["applies"],
                    one["why"].as_str().unwrap()
                )
            })
            .collect();
        format!(
            "{} {}\n{}",
            of["verdict"].as_str().unwrap(),
            of["findings"][0]["disposition"].as_str().unwrap(),
            weighed.join("\n")
        )
    };
    assert_snapshot!(weighed("aws_kms_key.bad"), @r#"
    violation accepted
    waiver held true: it holds until 2999-01-01T00:00:00Z: moving
    baseline the whole file false: the object is yet to be created, and so has no entry
    "#);
    assert_snapshot!(weighed("aws_kms_key.old"), @r#"
    violation debt
    waiver held false: its `where` wants another `tags.Name`; here it is not set
    baseline enable_key_rotation true: the violation is known
    "#);
    let off = desk.write("gabion.hcl", "rule \"DT08\" { level = \"off\" }\n");
    assert_snapshot!(out(off.run(&["explain", "--plan", "plan.json", "DT08", "aws_kms_key.bad"])), @r#"
    DT08 key-without-rotation: a key without rotation
    aws_kms_key.bad (create)
    Pack baseline VERSION

    Verdict: none: the rule is off, and was not asked

    Level: off (gabion.hcl:1:6)
      a rule block (gabion.hcl:1:6) applies: it says level off

    Waivers, exceptions, baseline:
      none speaks of it

    Decided again: never: the rule is off
    The rule's page: gabion explain DT08
    "#);
}

#[test]
fn no_secret_is_shown() {
    // One that the plan marks, and one that only looks like it.
    let token = ["ghp_", "Zq3xW7vB9nM2kLp8Rt", "Ys5dFgH4jCw6uE1aXo"].concat();
    let mut plan: Json = serde_json::from_str(&fixture_text("keys.json")).unwrap();
    let after = &mut plan["resource_changes"][0]["change"];
    let policy = format!(
        "{{\"Version\": \"2012-10-17\", \"Id\": \"{token}\", \"Statement\": [{{\"Sid\": \"root\", \"Effect\": \"Allow\", \"Principal\": {{\"AWS\": \"arn:aws:iam::111122223333:root\"}}, \"Action\": \"kms:*\", \"Resource\": \"*\"}}]}}"
    );
    after["after"]["policy"] = policy.clone().into();
    after["after_unknown"] = serde_json::json!({});
    let desk = Desk::with_plan(plan.to_string());
    for form in ["text", "json"] {
        let ended = desk.run(&[
            "explain",
            "--plan",
            "plan.json",
            "aws_kms_key.bad",
            "-o",
            form,
        ]);
        let said = out(ended);
        assert!(!said.contains(&token), "{said}");
        let said = out(desk.run(&[
            "explain",
            "--plan",
            "plan.json",
            "DT12",
            "aws_kms_key.bad",
            "-o",
            form,
        ]));
        assert!(
            said.contains("[redacted: ") && !said.contains(&token),
            "{said}"
        );
    }
    let change = &mut plan["resource_changes"][0]["change"];
    change["after"]["policy"] = policy.replace(&token, "hunter2hunter2").into();
    change["after_sensitive"] = serde_json::json!({ "policy": true });
    let desk = Desk::with_plan(plan.to_string());
    let said = out(desk.run(&["explain", "--plan", "plan.json", "DT12", "aws_kms_key.bad"]));
    assert!(
        said.contains("sensitive, never shown") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn a_rule_on_whole_plans() {
    let mut plan = serde_json::json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "complete": false,
        "resource_changes": [{
            "address": "aws_s3_bucket.logs", "mode": "managed", "type": "aws_s3_bucket", "name": "logs",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after": {"bucket": "logs"}, "after_unknown": {}},
        }],
        "configuration": {"root_module": {"resources": [{
            "address": "aws_s3_bucket.logs", "mode": "managed", "type": "aws_s3_bucket", "name": "logs",
            "provider_config_key": "aws", "expressions": {"bucket": {"constant_value": "logs"}}, "schema_version": 0,
        }]}},
    });
    let desk = Desk::with_plan(plan.to_string());
    assert_snapshot!(out(desk.run(&["explain", "--plan", "plan.json", "DT01A"])), @r#"
    DT01A bucket-without-public-access-block: a bucket without public access block
    the whole plan
    Pack baseline VERSION

    Verdict: undetermined: the plan does not hold everything
      DT01A-b3c57cb1 not decided: the plan as a whole
        whether this is a bucket without public access block cannot be told: the plan does not hold everything; a rule on whole plans has no apply to decide it at

    Level: mandatory (default)
      on_unknown is defer

    Read, in this order:
      nothing

    Waivers, exceptions, baseline:
      none speaks of it

    Decided again: never: a rule on whole plans is asked about saved plans, and has no apply
    The rule's page: gabion explain DT01A
    "#);
    let said = desk.run(&["check", "plan.json", "--rule", "DT01A", "-o", "json"]);
    let report: Json = serde_json::from_str(&said.out).unwrap();
    assert_snapshot!(report["findings"][0]["reason"].as_str().unwrap(), @"the plan does not hold everything");

    // A block that may belong to the bucket: which value of which resource is not known.
    plan["complete"] = true.into();
    let mut block = plan["resource_changes"][0].clone();
    block["address"] = "aws_s3_bucket_public_access_block.any".into();
    block["type"] = "aws_s3_bucket_public_access_block".into();
    block["change"]["after"] = serde_json::json!({"block_public_acls": true});
    block["change"]["after_unknown"] = serde_json::json!({"bucket": true, "id": true});
    plan["resource_changes"].as_array_mut().unwrap().push(block);
    let mut written = plan["configuration"]["root_module"]["resources"][0].clone();
    written["address"] = "aws_s3_bucket_public_access_block.any".into();
    written["type"] = "aws_s3_bucket_public_access_block".into();
    written["expressions"] = serde_json::json!({"bucket": {"references": ["terraform_data.name.output", "terraform_data.name"]}});
    plan["configuration"]["root_module"]["resources"]
        .as_array_mut()
        .unwrap()
        .push(written);
    let desk = Desk::with_plan(plan.to_string());
    assert_snapshot!(out(desk.run(&["explain", "--plan", "plan.json", "DT01A", "aws_s3_bucket.logs"])), @r#"
    DT01A bucket-without-public-access-block: a bucket without public access block
    aws_s3_bucket.logs (create)
    Pack baseline VERSION

    Verdict: undetermined: `bucket` of aws_s3_bucket_public_access_block.any is known after apply (the rule says: whether `bucket` of `aws_s3_bucket_public_access_block.any` means `aws_s3_bucket.logs` is not known yet)
      DT01A-98eddda3 not decided: bucket
        whether this is a bucket without public access block cannot be told: `bucket` of aws_s3_bucket_public_access_block.any is known after apply (the rule says: whether `bucket` of `aws_s3_bucket_public_access_block.any` means `aws_s3_bucket.logs` is not known yet); a rule on whole plans has no apply to decide it at

    Level: mandatory (default)
      on_unknown is defer

    Read, in this order:
      bucket of aws_s3_bucket.logs = "logs"
      bucket of aws_s3_bucket_public_access_block.any: known after apply

    Waivers, exceptions, baseline:
      none speaks of it

    Decided again: never: a rule on whole plans is asked about saved plans, and has no apply
    The rule's page: gabion explain DT01A
    "#);
    assert_snapshot!(out(desk.run(&["explain", "--plan", "plan.json", "DT01A"])), @r#"
    DT01A bucket-without-public-access-block: a bucket without public access block
    the whole plan
    Pack baseline VERSION

    Verdict: undetermined: `bucket` of aws_s3_bucket_public_access_block.any is known after apply (the rule says: whether `bucket` of `aws_s3_bucket_public_access_block.any` means `aws_s3_bucket.logs` is not known yet)
      DT01A-98eddda3 not decided: bucket
        whether this is a bucket without public access block cannot be told: `bucket` of aws_s3_bucket_public_access_block.any is known after apply (the rule says: whether `bucket` of `aws_s3_bucket_public_access_block.any` means `aws_s3_bucket.logs` is not known yet); a rule on whole plans has no apply to decide it at

    Level: mandatory (default)
      on_unknown is defer

    Read, in this order:
      bucket of aws_s3_bucket.logs = "logs"
      bucket of aws_s3_bucket_public_access_block.any: known after apply

    Waivers, exceptions, baseline:
      none speaks of it

    Decided again: never: a rule on whole plans is asked about saved plans, and has no apply
    The rule's page: gabion explain DT01A
    "#);
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    let desk = desk("");
    let near = |what: &[&str]| {
        let mut args = vec!["explain", "--plan", "plan.json"];
        args.extend(what);
        let ended = desk.run(&args);
        assert_eq!((ended.code, ended.out.as_str()), (3, ""), "{ended:?}");
        ended.err
    };
    let all = [
        near(&["aws_kms_key.bat"]),
        near(&["aws_kms_key.another"]),
        near(&["aws_placement_group.web"]),
        near(&["DT08", "aws_placement_group.web"]),
        near(&["DT8", "aws_kms_key.bad"]),
        near(&["DT08-00000000"]),
        near(&["DT08"]),
        near(&["DT01A"]),
    ];
    assert_snapshot!(all.concat(), @r#"
    error: `plan.json` has no resource `aws_kms_key.bat`; did you mean `aws_kms_key.bad`?
    error: `plan.json` has no resource `aws_kms_key.another`; did you mean `aws_kms_key.later`?
    error: no rule in force judges `aws_placement_group`, which `aws_placement_group.web` is
    error: rule `DT08` does not judge `aws_placement_group`, which `aws_placement_group.web` is; it judges `aws_kms_key`, `gabion_kms_key`
    error: no pack in force has a rule `DT8`; did you mean `DT08`?
    error: no finding of `plan.json` has the id `DT08-00000000`; DT08 has DT08-c8c33c11 (aws_kms_key.bad), DT08-55957599 (aws_kms_key.old), DT08-34790a64 (aws_kms_key.still), DT08-de2a0e42 (aws_kms_key.later), DT08-65be63e6 (module.keys["a.b"].aws_kms_key.this[0])
    error: rule `DT08` judges one resource at a time: name a resource, or a finding; DT08 has DT08-c8c33c11 (aws_kms_key.bad), DT08-55957599 (aws_kms_key.old), DT08-34790a64 (aws_kms_key.still), DT08-de2a0e42 (aws_kms_key.later), DT08-65be63e6 (module.keys["a.b"].aws_kms_key.this[0])
    error: rule `DT01A` judges whole plans, and `plan.json` has nothing of the types that it looks at
    "#);
}

#[test]
fn used_wrongly() {
    let desk = desk("");
    let wrong = |args: &[&str]| {
        let ended = desk.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (4, ""), "{ended:?}");
        ended.err
    };
    let all = [
        wrong(&["explain", "DT08-00000000"]),
        wrong(&["explain", "aws_kms_key.bad"]),
        wrong(&["explain", "DT08", "aws_kms_key.bad"]),
        wrong(&["explain", "--plan", "plan.json", "aws_kms_key.bad", "DT08"]),
    ];
    assert_snapshot!(all.concat(), @r#"
    error: `DT08-00000000` is in a plan: name it, `gabion explain --plan PLAN DT08-00000000`
    error: `aws_kms_key.bad` is in a plan: name it, `gabion explain --plan PLAN aws_kms_key.bad`
    error: a resource is explained by a plan: name it with `--plan PLAN`
    error: `aws_kms_key.bad DT08` is not a rule's code and a resource's address, in that order; write `gabion explain --plan PLAN CODE ADDRESS`
    "#);
    let ended = desk.run(&["explain", "--plan", "gone.json", "aws_kms_key.bad"]);
    assert_eq!(ended.code, 3, "{ended:?}");
}

#[test]
fn the_line_of_a_check_carries_the_policy() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = desk("")
        .write("own.hcl", "contact = \"#own\"\n")
        .write("floor.hcl", "contact = \"#floor\"\n")
        .write("main.tf", "")
        .write("packs/same.wasm", gabion_engine::baseline::COMPONENT);
    let floor = desk.folder.path().join("floor.hcl");
    std::fs::set_permissions(&floor, std::fs::Permissions::from_mode(0o644)).unwrap();
    let options = "--config own.hcl --floor floor.hcl --pack packs/same.wasm --source .";
    let mut args = vec!["check", "plan.json"];
    args.extend(options.split(' '));
    let check = desk.run(&args);
    assert_eq!((check.code, check.err.as_str()), (1, ""), "{check:?}");
    let line = (check.out.lines())
        .find_map(|line| line.trim().strip_prefix("Explain: gabion "))
        .unwrap();
    let start = format!("explain --plan plan.json {options} DT08-");
    assert!(line.starts_with(&start), "{line}");
    let said = out(desk.run(&line.split(' ').collect::<Vec<_>>()));
    assert!(said.contains("Contact: #floor"), "{said}");
    // A rule's page, of a pack that no policy names.
    let page = out(desk.run(&["explain", "DT08", "--pack", "packs/same.wasm"]));
    assert!(page.starts_with("DT08 key-without-rotation"), "{page}");
    let none = desk.run(&["explain", "ZZ99", "--pack", "packs/same.wasm"]);
    assert_eq!(none.code, 3, "{none:?}");
    assert_snapshot!(none.err, @"error: no pack in force has a rule `ZZ99`; `gabion inspect` lists the rules of a pack, `--pack FILE` asks one that the policy does not name");
}

#[test]
fn an_object_that_was_left_behind_has_an_address() {
    let change = |deposed: &str, actions: &str, after: &str| {
        format!(
            r#"{{"address":"aws_kms_key.k","mode":"managed","type":"aws_kms_key","provider_name":"registry.terraform.io/hashicorp/aws"{deposed},"change":{{"actions":["{actions}"],"before":{{"id":"k","enable_key_rotation":false}},"after":{after}}}}}"#
        )
    };
    let plan = format!(
        r#"{{"format_version":"1.2","resource_changes":[{},{}]}}"#,
        change(r#","deposed":"1a2b3c4d""#, "delete", "null"),
        change("", "no-op", r#"{"id":"k","enable_key_rotation":false}"#),
    );
    let desk = Desk::with_plan(plan);
    let left = "aws_kms_key.k (deposed object 1a2b3c4d)";
    let of = |what: &str| out(desk.run(&["explain", "--plan", "plan.json", "DT08", what]));
    let said = of(left);
    assert!(said.contains(&format!("\n{left} (delete)\n")), "{said}");
    let said = of("aws_kms_key.k");
    assert!(
        said.contains("\naws_kms_key.k (no change)\n") && !said.contains("deposed"),
        "{said}"
    );
    for (address, operation) in [(left, "delete"), ("aws_kms_key.k", "no-op")] {
        let case = desk.run(&[
            "fixture",
            "from-plan",
            "plan.json",
            address,
            "--rule",
            "DT08",
        ]);
        assert_eq!(case.code, 0, "{case:?}");
        assert!(
            case.out.contains(&format!("operation = \"{operation}\""))
                || (operation == "delete" && !case.out.contains("after")),
            "{}",
            case.out
        );
    }
}
