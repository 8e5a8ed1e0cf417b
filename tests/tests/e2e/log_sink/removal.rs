//! Destroys, and what vanished by itself.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::json;

use super::{SINK, applied, counts, put_object, sink, through_fake};
use crate::support::World;

const BUCKET: &str = "gabion-audit-logs";

/// Destroys the sink alone.
fn destroy(world: &World) -> Result<gabion_tests::terraform::Run> {
    world.terraform.run(&[
        "destroy",
        "-no-color",
        "-input=false",
        "-auto-approve",
        "-target",
        SINK,
    ])
}

#[test]
fn protection_holds_until_an_apply_turns_it_off() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let protected = sink("").replace("= false\n  \n", "= true\n");
    world.init(&protected)?;
    world.terraform.apply(&[])?.ok()?;
    world.proxy.forget();
    destroy(&world)?
        .refused()?
        .says(&["`gabion_log_sink` `gabion-audit-logs` is protected from deletion"])?;
    let renamed = protected.replace("\"gabion-audit-logs\"", "\"gabion-renamed\"");
    world.terraform.write("main.tf", &renamed)?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["`bucket`", "protected from deletion"])?;
    assert!(world.proxy.writes().is_empty());
    world.terraform.write("main.tf", &sink(""))?;
    world.terraform.apply(&[])?.ok()?;
    destroy(&world)?.ok()?;
    assert_eq!(counts(&mut world)?, (0, 0, 0));
    Ok(())
}

#[test]
fn logs_are_never_lost_without_a_word() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    applied(&world, "")?;
    put_object(&mut world, BUCKET)?;
    world.terraform.apply(&[])?.ok()?;
    world.proxy.forget();
    destroy(&world)?
        .refused()?
        .says(&["The bucket holds logs", "deletion_policy = \"retain\""])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );

    // A purge is acknowledged by name.
    world
        .terraform
        .write("main.tf", &sink("deletion_policy = \"purge\""))?;
    world.terraform.apply(&[])?.ok()?;
    destroy(&world)?
        .refused()?
        .says(&["This cannot be taken back", "purge"])?;
    let purge = "deletion_policy = \"purge\"\n  acknowledge_irreversible = \"gabion-audit-logs\"";
    world.terraform.write("main.tf", &sink(purge))?;
    world.terraform.apply(&[])?.ok()?;
    destroy(&world)?.ok()?;
    assert_eq!(counts(&mut world)?, (0, 0, 0));
    Ok(())
}

#[test]
fn retain_keeps_buckets_and_log_group() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    applied(&world, "deletion_policy = \"retain\"")?;
    put_object(&mut world, BUCKET)?;
    world.terraform.apply(&[])?.ok()?;
    destroy(&world)?.ok()?;
    assert_eq!(counts(&mut world)?, (2, 0, 1));
    assert!(!world.terraform.state_list()?.contains(&SINK.to_owned()));
    // What was kept comes back by import.
    world.terraform.import(SINK, BUCKET)?.ok()?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert_eq!(counts(&mut world)?, (2, 1, 1));
    Ok(())
}

#[test]
fn a_destroy_that_stops_half_way_goes_on() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    applied(&world, "")?;
    for step in [
        "cloudtrail:DeleteTrail",
        "s3:DeleteBucket",
        "logs:DeleteLogGroup",
    ] {
        let rule = world
            .proxy
            .on(step)
            .always()
            .fault(gabion_tests::Fault::AccessDenied);
        destroy(&world)?.refused()?;
        assert!(rule.hits() > 0, "{step}");
        world.proxy.clear();
        assert!(
            world.terraform.state_list()?.contains(&SINK.to_owned()),
            "{step}"
        );
    }
    destroy(&world)?.ok()?;
    assert_eq!(counts(&mut world)?, (0, 0, 0));
    Ok(())
}

/// What is deleted by hand is made again, and nothing else.
#[test]
fn disappears() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        applied(&world, "")?;
        let mut aws = through_fake(&world)?;
        let parts = [
            ("cloudtrail", "delete_trail", json!({"Name": BUCKET})),
            (
                "logs",
                "delete_log_group",
                json!({"logGroupName": "/gabion/gabion-audit-logs"}),
            ),
            (
                "s3",
                "delete_bucket",
                json!({"Bucket": "gabion-audit-logs-access-logs"}),
            ),
            ("s3", "delete_bucket", json!({"Bucket": BUCKET})),
        ];
        for (service, operation, parameters) in &parts {
            if *operation == "delete_bucket" {
                aws.call("s3", "delete_bucket_policy", parameters.clone())?;
            }
            aws.call(service, operation, parameters.clone())?;
            assert!(
                world.terraform.plan(&[])?.changes()?,
                "{operation} {parameters}"
            );
            world.terraform.apply(&["plan.tfplan"])?.ok()?;
            world.terraform.settled()?;
            assert_eq!(counts(&mut world)?, (2, 1, 1), "{operation} {parameters}");
        }
        // All at once: the sink is gone, and is created.
        for (service, operation, parameters) in &parts {
            if *operation == "delete_bucket" {
                aws.call("s3", "delete_bucket_policy", parameters.clone())?;
            }
            aws.call(service, operation, parameters.clone())?;
        }
        assert!(world.terraform.plan(&[])?.changes()?);
        world
            .terraform
            .apply(&["plan.tfplan"])?
            .ok()?
            .says(&["1 added, 0 changed, 0 destroyed"])?;
        world.terraform.settled()?;
    }
    Ok(())
}
