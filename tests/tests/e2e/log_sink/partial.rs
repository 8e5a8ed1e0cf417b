//! Creates and updates that stop half-way are continued: nothing twice, nothing orphaned.

use std::time::Duration;

use anyhow::Result;
use gabion_tests::{Fault, Kind};
use serde_json::json;

use super::{KEY, SINK, applied, counts, sink};
use crate::support::World;

/// The calls of a create, in their order, at which it is cut off.
const STEPS: &[&str] = &[
    "s3:PutPublicAccessBlock",
    "s3:PutBucketEncryption",
    "s3:PutObjectLockConfiguration",
    "s3:PutBucketLogging",
    "s3:PutBucketPolicy",
    "logs:CreateLogGroup",
    "logs:PutRetentionPolicy",
    "cloudtrail:CreateTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StartLogging",
    "s3:PutBucketTagging",
];

#[test]
fn a_create_that_fails_at_any_step_is_continued() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(KEY)?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.write("main.tf", &sink(""))?;
    // One create, cut off at every step in turn: each apply goes further than the one before.
    for step in STEPS {
        let rule = world.proxy.on(step).always().fault(Fault::AccessDenied);
        let (_, name) = step.split_once(':').unwrap();
        world.terraform.apply(&[])?.refused()?.says(&[name])?;
        assert!(rule.hits() > 0, "{step}");
        assert!(
            world.terraform.state_list()?.contains(&SINK.to_owned()),
            "{step}"
        );
        world.proxy.clear();
    }
    assert_eq!(counts(&mut world)?, (2, 1, 1));
    world.proxy.forget();
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(
        world.proxy.count("s3:CreateBucket"),
        0,
        "nothing is made again"
    );
    assert_eq!(
        world.proxy.count("s3:DeleteBucket"),
        0,
        "nothing is deleted"
    );
    assert_eq!(world.proxy.count("cloudtrail:DeleteTrail"), 0);
    world.terraform.settled()?;
    let tags = world.aws.call(
        "s3",
        "get_bucket_tagging",
        json!({"Bucket": "gabion-audit-logs"}),
    )?;
    assert!(
        tags.to_string().contains("created gabion_log_sink"),
        "{tags}"
    );
    Ok(())
}

#[test]
fn what_a_failed_create_left_can_be_destroyed_even_when_renamed() -> Result<()> {
    for step in ["logs:CreateLogGroup", "cloudtrail:StartLogging"] {
        let Some(mut world) = World::start(Kind::Ministack)? else {
            return Ok(());
        };
        world.init(&sink("").replace("= false\n  \n", "= true\n"))?;
        let _rule = world.proxy.on(step).always().fault(Fault::AccessDenied);
        world.terraform.apply(&[])?.refused()?;
        world.proxy.clear();
        // Under another name, the first one goes.
        let renamed = sink("").replace("\"gabion-audit-logs\"", "\"gabion-renamed-logs\"");
        world.terraform.write("main.tf", &renamed)?;
        world.terraform.apply(&[])?.ok()?;
        assert_eq!(
            counts(&mut world)?,
            (2, 1, 1),
            "{step}: nothing is orphaned"
        );
        world.terraform.settled()?;
        world.terraform.destroy(&[])?.ok()?;
        assert_eq!(counts(&mut world)?, (0, 0, 0), "{step}");

        // And destroyed without more ado: protection is for sinks that stand.
        world
            .terraform
            .write("main.tf", &sink("").replace("= false\n  \n", "= true\n"))?;
        let _rule = world.proxy.on(step).always().fault(Fault::AccessDenied);
        world.terraform.apply(&[])?.refused()?;
        world.proxy.clear();
        world
            .terraform
            .run(&["destroy", "-no-color", "-auto-approve", "-target", SINK])?
            .ok()?;
        assert_eq!(counts(&mut world)?, (0, 0, 0), "{step}");
    }
    Ok(())
}

#[test]
fn a_reply_lost_after_any_create_makes_nothing_twice() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        world.init(&sink(""))?;
        let rules = [
            world.proxy.on("s3:CreateBucket").fault(Fault::LoseReply),
            world
                .proxy
                .on("logs:CreateLogGroup")
                .fault(Fault::LoseReply),
            world
                .proxy
                .on("cloudtrail:CreateTrail")
                .fault(Fault::LoseReply),
        ];
        world.terraform.apply(&[])?.ok()?;
        assert!(rules.iter().all(|rule| rule.hits() == 1));
        assert_eq!(counts(&mut world)?, (2, 1, 1));
        world.proxy.clear();
        world.terraform.settled()?;
    }
    Ok(())
}

#[test]
fn an_update_that_fails_half_way_is_continued() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    applied(&world, "")?;
    let text = sink(
        "organization_id = \"none\"\n  retention_in_days = 400\n  transition_in_days = 30\n  \
         log_group_retention_in_days = 731\n  tags = { a = \"1\" }\n",
    );
    world.terraform.write("main.tf", &text)?;
    for step in [
        "s3:PutObjectLockConfiguration",
        "s3:PutBucketLifecycleConfiguration",
        "s3:PutBucketPolicy",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "s3:PutBucketTagging",
    ] {
        let rule = world.proxy.on(step).always().fault(Fault::AccessDenied);
        world.terraform.apply(&[])?.refused()?;
        assert!(rule.hits() > 0, "{step}");
        world.proxy.clear();
    }
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()
}

/// `kill -9` of Terraform and the provider while a call is on its way: the state knows nothing of the sink.
#[test]
fn killed_in_the_middle_the_next_apply_continues() -> Result<()> {
    for step in [
        "s3:PutBucketVersioning",
        "logs:CreateLogGroup",
        "cloudtrail:PutEventSelectors",
    ] {
        let Some(mut world) = World::start(Kind::Ministack)? else {
            return Ok(());
        };
        world.init(KEY)?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.write("main.tf", &sink(""))?;
        let rule = world.proxy.on(step).fault(Fault::Hold);
        let run = world
            .terraform
            .start(&["apply", "-auto-approve", "-no-color", "-lock=false"])?;
        rule.wait(Duration::from_secs(60))?;
        run.kill()?;
        rule.release();
        let _ = run.finish(Duration::from_secs(20))?;
        world.proxy.clear();
        world.proxy.forget();
        world.terraform.apply(&["-lock=false"])?.ok()?;
        assert_eq!(counts(&mut world)?, (2, 1, 1), "{step}");
        world.terraform.settled()?;
    }
    Ok(())
}

#[test]
fn ctrl_c_keeps_what_was_made_in_the_state() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(KEY)?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.write("main.tf", &sink(""))?;
    let rule = world.proxy.on("s3:PutBucketEncryption").fault(Fault::Hold);
    let run = world
        .terraform
        .start(&["apply", "-auto-approve", "-no-color"])?;
    rule.wait(Duration::from_secs(60))?;
    run.interrupt()?;
    std::thread::sleep(Duration::from_secs(1));
    rule.release();
    let run = run.finish(Duration::from_secs(60))?.refused()?;
    run.says(&["apply again to continue"])?;
    assert!(world.terraform.state_list()?.contains(&SINK.to_owned()));
    world.proxy.clear();
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(counts(&mut world)?, (2, 1, 1));
    world.terraform.settled()
}
