//! Live estates are not broken: names that others hold, policies that others changed, imports of what others made.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::{Value, json};

use super::{SINK, add_by_hand, applied, changed, policy_of, sids, sink};
use crate::support::World;

const BUCKET: &str = "gabion-audit-logs";

fn make_bucket(world: &mut World, name: &str) -> Result<()> {
    let place = json!({"LocationConstraint": "eu-central-1"});
    world.aws.call(
        "s3",
        "create_bucket",
        json!({"Bucket": name, "CreateBucketConfiguration": place}),
    )?;
    Ok(())
}

#[test]
fn what_others_made_is_not_taken() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        make_bucket(&mut world, BUCKET)?;
        make_bucket(&mut world, "unrelated")?;
        world.aws.call(
            "logs",
            "create_log_group",
            json!({"logGroupName": "/unrelated"}),
        )?;
        world.aws.call(
            "cloudtrail",
            "create_trail",
            json!({"Name": "unrelated", "S3BucketName": "unrelated"}),
        )?;
        world.init(&sink(""))?;
        world.proxy.forget();
        let refused = world.terraform.plan_json(&[])?.refused()?;
        let error = refused.only_error()?;
        assert_eq!(error.summary, "The bucket exists already");
        assert!(
            error
                .detail
                .contains("terraform import <address> gabion-audit-logs"),
            "{error:?}"
        );
        assert!(
            error.code.starts_with("bucket"),
            "at the attribute: {error:?}"
        );

        let free = |more: &str| sink(more).replace("\"gabion-audit-logs\"", "\"gabion-free-logs\"");
        for (line, summary) in [
            (
                "access_log_bucket = \"unrelated\"",
                "The bucket exists already",
            ),
            ("trail_name = \"unrelated\"", "The trail exists already"),
            (
                "log_group_name = \"/unrelated\"",
                "The log group exists already",
            ),
        ] {
            world.terraform.write("main.tf", &free(line))?;
            let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
            assert_eq!(error.summary, summary);
            assert!(error.detail.contains("import"), "{error:?}");
        }
        assert!(
            world.proxy.writes().is_empty(),
            "{:?}",
            world.proxy.writes()
        );

        // A part that is added later is not taken over either.
        let off = format!(
            "access_logging = false\n{}",
            super::exception("access_logging", "C5 3.4")
        );
        world.terraform.write("main.tf", &free(&off))?;
        world.terraform.apply(&[])?.ok()?;
        make_bucket(&mut world, "gabion-free-logs-access-logs")?;
        world.terraform.settled()?;
        world.terraform.write("main.tf", &free(""))?;
        world
            .terraform
            .plan(&[])?
            .refused()?
            .says(&["gabion-free-logs-access-logs", "was not made by"])?;
        // Nor deleted with the sink.
        world.terraform.write("main.tf", &free(&off))?;
        world.terraform.destroy(&[])?.ok()?;
        world.aws.call(
            "s3",
            "get_bucket_location",
            json!({"Bucket": "gabion-free-logs-access-logs"}),
        )?;
    }
    Ok(())
}

#[test]
fn two_sinks_of_one_configuration_do_not_share() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let second = "resource \"gabion_log_sink\" \"second\" {\n  bucket = \"gabion-second\"\n  kms_key_id = \
                  gabion_kms_key.logs.arn\n  access_log_bucket = \"gabion-audit-logs-access-logs\"\n  \
                  deletion_protection = false\n}\n";
    world.init(&format!("{}{second}", sink("")))?;
    let run = world.terraform.apply(&[])?.refused()?;
    let flat = run.flat();
    assert!(
        flat.contains("Two resources want the same object")
            || flat.contains("The bucket exists already"),
        "{flat}"
    );
    Ok(())
}

#[test]
fn what_others_put_into_the_policy_is_named_and_can_be_kept() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        applied(&world, "")?;
        let auditor = json!({
            "Sid": "Auditors", "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:role/audit"},
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::gabion-audit-logs/*",
        });
        let deny = json!({
            "Sid": "NoDelete", "Effect": "Deny", "Principal": "*",
            "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::gabion-audit-logs",
        });
        add_by_hand(&mut world, &[auditor, deny])?;
        world.proxy.forget();
        let named = [
            "arn:aws:iam::444455556666:role/audit",
            "`NoDelete`",
            "acknowledge_removals",
        ];
        let refused = world.terraform.plan(&[])?.refused()?.says(&named)?;
        drop(refused);
        // Nor does an apply for another reason take it out.
        world
            .terraform
            .write("main.tf", &sink("tags = { a = \"1\" }"))?;
        world.terraform.apply(&[])?.refused()?.says(&named)?;
        assert!(
            world.proxy.writes().is_empty(),
            "{:?}",
            world.proxy.writes()
        );

        // Kept by writing it down: nothing changes in the cloud.
        let kept = r#"
  additional_policy_statements = [
    {
      sid        = "Auditors"
      principals = { AWS = ["arn:aws:iam::444455556666:role/audit"] }
      actions    = ["s3:GetObject"]
      resources  = ["arn:aws:s3:::gabion-audit-logs/*"]
    },
    {
      sid        = "NoDelete"
      effect     = "Deny"
      principals = { AWS = ["*"] }
      actions    = ["s3:DeleteBucket"]
      resources  = ["arn:aws:s3:::gabion-audit-logs"]
    },
  ]
"#;
        world.terraform.write("main.tf", &sink(kept))?;
        world.terraform.apply(&[])?.ok()?;
        assert_eq!(
            world.proxy.count("s3:PutBucketPolicy"),
            0,
            "the policy says so already"
        );
        world.terraform.settled()?;

        // What this configuration says itself may go without more ado.
        world.terraform.write("main.tf", &sink(""))?;
        world.terraform.apply(&[])?.ok()?;
        assert!(!sids(&policy_of(&mut world, BUCKET)?).contains(&"Auditors".to_owned()));

        // Or it is let go, by name.
        let other = json!({
            "Sid": "Readers", "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::444455556666:role/audit", "arn:aws:iam::444455556666:role/more"]},
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::gabion-audit-logs/*",
        });
        add_by_hand(&mut world, &[other])?;
        let one = sink("acknowledge_removals = [\"arn:aws:iam::444455556666:role/audit\"]");
        world.terraform.write("main.tf", &one)?;
        world.terraform.plan(&[])?.refused()?.says(&["role/more"])?;
        world
            .terraform
            .write("main.tf", &sink("acknowledge_removals = [\"Readers\"]"))?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        assert!(!sids(&policy_of(&mut world, BUCKET)?).contains(&"Readers".to_owned()));
    }
    Ok(())
}

#[test]
fn the_access_log_bucket_has_a_policy_that_others_change_too() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    applied(&world, "")?;
    let bucket = "gabion-audit-logs-access-logs";
    let mut policy = policy_of(&mut world, bucket)?;
    policy["Statement"].as_array_mut().unwrap().push(json!({
        "Sid": "Reader", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
    }));
    world.aws.call(
        "s3",
        "put_bucket_policy",
        json!({"Bucket": bucket, "Policy": policy.to_string()}),
    )?;
    let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    assert!(
        error.detail.contains("arn:aws:iam::444455556666:root"),
        "{error:?}"
    );
    world.terraform.write(
        "main.tf",
        &sink("acknowledge_removals = [\"444455556666\"]"),
    )?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()
}

/// A bucket that somebody made by hand years ago.
#[test]
fn import_of_a_foreign_bucket_changes_nothing_and_the_plan_names_what_it_would() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        make_bucket(&mut world, BUCKET)?;
        let statement = json!({
            "Sid": "Old", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/old"},
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::gabion-audit-logs/*",
        });
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        world.aws.call(
            "s3",
            "put_bucket_policy",
            json!({"Bucket": BUCKET, "Policy": policy.to_string()}),
        )?;
        let tagging = json!({"TagSet": [{"Key": "owner", "Value": "me"}]});
        world.aws.call(
            "s3",
            "put_bucket_tagging",
            json!({"Bucket": BUCKET, "Tagging": tagging}),
        )?;
        world.init(&sink("acknowledge_removals = []"))?;
        world
            .terraform
            .run(&[
                "apply",
                "-auto-approve",
                "-no-color",
                "-target=gabion_kms_key.logs",
            ])?
            .ok()?;
        world.proxy.forget();
        world.terraform.import(SINK, BUCKET)?.ok()?;
        assert!(
            world.proxy.writes().is_empty(),
            "an import writes: {:?}",
            world.proxy.writes()
        );

        let refused = world.terraform.plan(&[])?.refused()?;
        refused.says(&["arn:aws:iam::444455556666:role/old", "acknowledge_removals"])?;
        let kept = r#"
  tags = { owner = "me" }
  additional_policy_statements = [{
    sid        = "Old"
    principals = { AWS = ["arn:aws:iam::444455556666:role/old"] }
    actions    = ["s3:GetObject"]
    resources  = ["arn:aws:s3:::gabion-audit-logs/*"]
  }]
"#;
        world.terraform.write("main.tf", &sink(kept))?;
        assert!(world.terraform.plan(&[])?.changes()?);
        let plan = world.terraform.saved_plan()?;
        let sink_change = plan["resource_changes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["address"] == SINK)
            .unwrap();
        assert_eq!(
            sink_change["change"]["actions"],
            json!(["update"]),
            "nothing is replaced"
        );
        let changed = changed(&world)?;
        for attribute in [
            "policy",
            "versioning",
            "object_lock_enabled",
            "sse_algorithm",
            "transition_in_days",
            "trail_arn",
        ] {
            assert!(
                changed.contains(&attribute.to_owned()),
                "{attribute} in {changed:?}"
            );
        }
        for attribute in ["bucket", "tags", "additional_policy_statements"] {
            assert!(
                !changed.contains(&attribute.to_owned()),
                "{attribute} in {changed:?}"
            );
        }
        assert!(
            world.proxy.writes().is_empty(),
            "a plan writes: {:?}",
            world.proxy.writes()
        );
        world.terraform.apply(&["plan.tfplan"])?.ok()?;
        world.terraform.settled()?;
        let lock = world.aws.call(
            "s3",
            "get_object_lock_configuration",
            json!({"Bucket": BUCKET}),
        )?;
        let mode = &lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"];
        assert_eq!(mode, &Value::from("GOVERNANCE"), "locked in place");
    }
    Ok(())
}

#[test]
fn imports_by_place_and_of_nothing() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let names = "trail_name = \"gabion-other-trail\"";
    applied(&world, names)?;
    world.terraform.run(&["state", "rm", SINK])?.ok()?;
    world
        .terraform
        .import(SINK, "no-such-bucket")?
        .refused()?
        .says(&["There is nothing to import", "no-such-bucket"])?;
    world
        .terraform
        .import(SINK, "a/b/c/d")?
        .refused()?
        .says(&["Not the id of a log sink"])?;
    world
        .terraform
        .import(SINK, "000000000000/eu-central-1/gabion-audit-logs")?
        .ok()?;
    // The trail is found by the bucket policy, whatever its name.
    let plan = world.terraform.plan(&[])?;
    assert!(plan.changes()?);
    assert_eq!(changed(&world)?, ["deletion_protection"]);
    Ok(())
}
