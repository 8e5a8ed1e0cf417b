//! Creates and updates that stop half-way are continued: nothing twice, nothing orphaned.

use anyhow::Result;
use gabion_tests::{Fault, Kind};
use serde_json::json;

use super::{key, key_id, live_keys, through_fake, with_key};
use crate::support::World;

const FULL: &str = "  description = \"d\"\n  users = [\"arn:aws:iam::000000000000:role/app\"]\n  tags = { a = \"1\" }\n";

#[test]
fn a_create_that_fails_at_any_step_is_continued() -> Result<()> {
    for step in [
        "kms:EnableKeyRotation",
        "kms:CreateAlias",
        "kms:TagResource",
    ] {
        let Some(mut world) = World::start(Kind::Ministack)? else {
            return Ok(());
        };
        world.init(&key(FULL))?;
        let rule = world.proxy.on(step).always().fault(Fault::AccessDenied);
        world
            .terraform
            .apply(&[])?
            .refused()?
            .says(&[step.trim_start_matches("kms:")])?;
        assert!(rule.hits() > 0, "{step}");
        assert_eq!(
            world.terraform.state_list()?,
            ["gabion_kms_key.app"],
            "{step}"
        );
        let left = key_id(&world)?;
        world.proxy.clear();

        world.terraform.apply(&[])?.ok()?;
        assert_eq!(key_id(&world)?, left, "{step}: the same key");
        assert_eq!(live_keys(&mut world)?.len(), 1, "{step}");
        let listed = world.aws.call("kms", "list_keys", json!({}))?;
        assert_eq!(
            listed["Keys"].as_array().unwrap().len(),
            1,
            "{step}: none left behind"
        );
        world.terraform.settled()?;
        let tags = world
            .aws
            .call("kms", "list_resource_tags", json!({"KeyId": left}))?;
        assert!(
            tags.to_string().contains("created gabion_kms_key"),
            "{step}: {tags}"
        );
    }
    Ok(())
}

#[test]
fn a_create_that_failed_can_be_destroyed() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(&key(""))?;
    let _rule = world
        .proxy
        .on("kms:CreateAlias")
        .always()
        .fault(Fault::AccessDenied);
    world.terraform.apply(&[])?.refused()?;
    world.proxy.clear();
    // Protection is for keys that something may depend on.
    world.terraform.destroy(&[])?.ok()?;
    assert!(live_keys(&mut world)?.is_empty());
    assert!(world.terraform.state_list()?.is_empty());
    Ok(())
}

#[test]
fn a_lost_state_is_found_again_by_the_creation_tag() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(&key(FULL))?;
    let _rule = world
        .proxy
        .on("kms:EnableKeyRotation")
        .always()
        .fault(Fault::AccessDenied);
    world.terraform.apply(&[])?.refused()?;
    world.proxy.clear();
    // As after `kill -9`: AWS has the key, the state does not.
    world
        .terraform
        .run(&["state", "rm", "gabion_kms_key.app"])?
        .ok()?;
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(live_keys(&mut world)?.len(), 1);
    world.terraform.settled()
}

#[test]
fn a_reply_lost_after_any_call_makes_nothing_twice() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        world.init(&key(FULL))?;
        let rules: Vec<_> = [
            "kms:CreateKey",
            "kms:EnableKeyRotation",
            "kms:CreateAlias",
            "kms:TagResource",
        ]
        .into_iter()
        .map(|call| world.proxy.on(call).fault(Fault::LoseReply))
        .collect();
        world.terraform.apply(&[])?.ok()?;
        assert!(rules.iter().all(|rule| rule.hits() == 1));
        assert_eq!(live_keys(&mut world)?.len(), 1);
        world.proxy.clear();
        world.terraform.settled()?;
    }
    Ok(())
}

#[test]
fn an_update_that_fails_half_way_is_continued() -> Result<()> {
    let Some(world) = with_key(Kind::Ministack, "")? else {
        return Ok(());
    };
    let id = key_id(&world)?;
    let text = key(&format!("  rotation_period_in_days = 180\n{FULL}"))
        .replace("\"app\"\n", "\"moved\"\n");
    world.terraform.write("main.tf", &text)?;
    for step in [
        "kms:PutKeyPolicy",
        "kms:UpdateKeyDescription",
        "kms:EnableKeyRotation",
        "kms:TagResource",
        "kms:CreateAlias",
        "kms:DeleteAlias",
    ] {
        let rule = world.proxy.on(step).always().fault(Fault::AccessDenied);
        world.terraform.apply(&[])?.refused()?;
        assert!(rule.hits() > 0, "{step}");
        world.proxy.clear();
        assert_eq!(key_id(&world)?, id);
    }
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let mut aws = through_fake(&world)?;
    let aliases = aws.call("kms", "list_aliases", json!({"KeyId": id}))?;
    assert_eq!(aliases["Aliases"].as_array().unwrap().len(), 1, "{aliases}");
    let rotation = aws.call("kms", "get_key_rotation_status", json!({"KeyId": id}))?;
    assert_eq!(rotation["RotationPeriodInDays"], 180);
    Ok(())
}
