//! Faults of the network, of AWS and of people, in the middle of an apply.

use std::time::Duration;

use anyhow::Result;
use gabion_tests::proxy::StatusCode;
use gabion_tests::{Fault, Kind, workspace};
use serde_json::{Value, json};

use crate::support::World;

const KEY: &str = "resource \"gabion_kms_key\" \"app\" {\n  alias = \"app\"\n}\n";

/// A world with the quick start's key and sink.
fn quickstart() -> Result<Option<World>> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(workspace::root().join("examples/quickstart/main.tf"))?;
    // The harness wrote what stands above the variable.
    let (_, resources) = text.split_once("variable ").unwrap();
    world.init(&format!("variable {resources}"))?;
    Ok(Some(world))
}

/// The keys that customers made, and whether each is there for use.
fn customer_keys(world: &mut World) -> Result<Vec<Value>> {
    let listed = world.aws.call("kms", "list_keys", json!({}))?;
    let mut found = Vec::new();
    for key in listed["Keys"].as_array().unwrap() {
        let key = world
            .aws
            .call("kms", "describe_key", json!({"KeyId": key["KeyId"]}))?;
        let key = key["KeyMetadata"].clone();
        if key["KeyManager"] != "AWS" {
            found.push(key);
        }
    }
    Ok(found)
}

fn buckets(world: &mut World) -> Result<usize> {
    let listed = world.aws.call("s3", "list_buckets", json!({}))?;
    Ok(listed["Buckets"].as_array().map_or(0, Vec::len))
}

#[test]
fn faults_that_pass_are_not_seen() -> Result<()> {
    let Some(mut world) = quickstart()? else {
        return Ok(());
    };
    let rules = [
        world.proxy.on("kms:CreateKey").fault(Fault::Throttle),
        world
            .proxy
            .on("kms:EnableKeyRotation")
            .fault(Fault::Status(StatusCode::INTERNAL_SERVER_ERROR)),
        world.proxy.on("kms:CreateAlias").fault(Fault::Reset),
        world
            .proxy
            .on("s3:PutBucketVersioning")
            .fault(Fault::Throttle),
        world
            .proxy
            .on("s3:PutBucketEncryption")
            .fault(Fault::Status(StatusCode::SERVICE_UNAVAILABLE)),
        world
            .proxy
            .on("s3:PutPublicAccessBlock")
            .fault(Fault::Reset),
        world
            .proxy
            .on("cloudtrail:CreateTrail")
            .fault(Fault::Throttle),
    ];
    world.terraform.apply(&[])?.ok()?;
    for (number, rule) in rules.iter().enumerate() {
        assert_eq!(rule.hits(), 1, "rule {number} was not met");
    }
    assert_eq!(customer_keys(&mut world)?.len(), 1);
    assert_eq!(buckets(&mut world)?, 2);
    world.terraform.settled()
}

#[test]
fn a_reply_lost_in_any_create_makes_nothing_twice() -> Result<()> {
    let Some(mut world) = quickstart()? else {
        return Ok(());
    };
    let rules = [
        world.proxy.on("kms:CreateKey").fault(Fault::LoseReply),
        world.proxy.on("kms:CreateAlias").fault(Fault::LoseReply),
        world
            .proxy
            .on("s3:CreateBucket")
            .times(2)
            .fault(Fault::LoseReply),
        world
            .proxy
            .on("logs:CreateLogGroup")
            .fault(Fault::LoseReply),
        world
            .proxy
            .on("cloudtrail:CreateTrail")
            .fault(Fault::LoseReply),
    ];
    let first = world.terraform.apply(&[])?;
    if first.code != Some(0) {
        // A lost CreateKey may need a second apply: it must find the key that the first one made.
        world.terraform.apply(&[])?.ok()?;
    }
    for (number, rule) in rules.iter().enumerate() {
        assert!(rule.hits() > 0, "rule {number} was not met");
    }
    let keys = customer_keys(&mut world)?;
    let live: Vec<&Value> = keys
        .iter()
        .filter(|key| key["KeyState"] == "Enabled")
        .collect();
    assert_eq!((live.len(), keys.len()), (1, 1), "{keys:#?}");
    assert_eq!(buckets(&mut world)?, 2);
    world.terraform.settled()
}

#[test]
fn kill_9_in_mid_apply_is_continued_by_the_next() -> Result<()> {
    for held in [
        "kms:EnableKeyRotation",
        "kms:CreateAlias",
        "s3:PutBucketVersioning",
        "cloudtrail:CreateTrail",
    ] {
        let Some(mut world) = quickstart()? else {
            return Ok(());
        };
        let hold = world.proxy.on(held).fault(Fault::Hold);
        let run =
            world
                .terraform
                .start(&["apply", "-auto-approve", "-no-color", "-input=false"])?;
        hold.wait(Duration::from_secs(60))?;
        run.kill()?;
        let killed = run.finish(Duration::from_secs(20))?;
        assert_eq!(killed.code, None, "{held}: it should have died");
        world.proxy.clear();
        // Terraform's own lock on the state file dies with it.
        world.terraform.apply(&[])?.ok()?;
        let keys = customer_keys(&mut world)?;
        assert_eq!(keys.len(), 1, "{held}: {keys:#?}");
        assert_eq!(buckets(&mut world)?, 2, "{held}");
        world.terraform.settled()?;
    }
    Ok(())
}

#[test]
fn ctrl_c_keeps_what_was_created() -> Result<()> {
    let Some(mut world) = quickstart()? else {
        return Ok(());
    };
    let hold = world.proxy.on("s3:PutBucketVersioning").fault(Fault::Hold);
    let run = world
        .terraform
        .start(&["apply", "-auto-approve", "-no-color", "-input=false"])?;
    hold.wait(Duration::from_secs(60))?;
    run.interrupt()?;
    std::thread::sleep(Duration::from_millis(500));
    hold.release();
    let stopped = run.finish(Duration::from_secs(120))?;
    assert_eq!(
        stopped.code,
        Some(1),
        "{}{}",
        stopped.stdout,
        stopped.stderr
    );
    let mut listed = world.terraform.state_list()?;
    listed.sort();
    assert_eq!(listed, ["gabion_kms_key.logs", "gabion_log_sink.audit"]);
    world.proxy.clear();
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(customer_keys(&mut world)?.len(), 1);
    assert_eq!(buckets(&mut world)?, 2);
    world.terraform.settled()
}

#[test]
fn a_permanent_fault_ends_with_its_code_and_a_state() -> Result<()> {
    let Some(mut world) = quickstart()? else {
        return Ok(());
    };
    let rule = world
        .proxy
        .on("s3:PutBucketEncryption")
        .always()
        .fault(Fault::AccessDenied);
    let failed = world.terraform.apply(&[])?.refused()?;
    failed.says(&["AccessDenied", "gabion_log_sink.audit"])?;
    assert!(rule.hits() > 0);
    assert!(
        world
            .terraform
            .state_list()?
            .contains(&"gabion_log_sink.audit".to_owned())
    );
    world.proxy.clear();
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(
        buckets(&mut world)?,
        2,
        "nothing is made twice, nothing is left behind"
    );
    world.terraform.settled()
}

#[test]
fn expired_credentials_are_named() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(KEY)?;
    let _rule = world.proxy.on("*").always().fault(Fault::ExpiredToken);
    let failed = world.terraform.apply(&[])?.refused()?;
    let text = failed.flat().to_lowercase();
    assert!(text.contains("expired"), "{text}");
    Ok(())
}

#[test]
fn what_somebody_else_made_is_not_taken() -> Result<()> {
    let Some(mut world) = quickstart()? else {
        return Ok(());
    };
    let bucket = json!({"Bucket": "quickstart-audit-logs",
        "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}});
    world.aws.call("s3", "create_bucket", bucket)?;
    let key = world.aws.call("kms", "create_key", json!({}))?;
    let alias = json!({"AliasName": "alias/quickstart-logs",
        "TargetKeyId": key["KeyMetadata"]["KeyId"]});
    world.aws.call("kms", "create_alias", alias)?;
    let refused = world.terraform.apply(&[])?.refused()?;
    refused.says(&["alias/quickstart-logs", "terraform import"])?;

    let gone = json!({"AliasName": "alias/quickstart-logs"});
    world.aws.call("kms", "delete_alias", gone)?;
    let refused = world.terraform.apply(&[])?.refused()?;
    refused.says(&["quickstart-audit-logs", "terraform import"])?;
    assert_eq!(buckets(&mut world)?, 1, "the stranger's bucket, untouched");
    Ok(())
}

#[test]
fn an_answer_that_is_not_the_protocol_ends_in_an_error() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(KEY)?;
    let garbled = world
        .proxy
        .on("kms:CreateKey")
        .always()
        .fault(Fault::Garble);
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["CreateKey"])?;
    assert_eq!(garbled.hits(), 1, "a garbled success is not tried again");
    world.proxy.clear();
    world.terraform.apply(&[])?.ok()?;
    // The garbled call made a key, and the next apply continued with it.
    assert_eq!(customer_keys(&mut world)?.len(), 1);
    Ok(())
}
