//! Live estates are not broken, and nobody is locked out.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::json;

use super::{key, key_id, live_keys, policy, put_policy, with_key};
use crate::support::World;

#[test]
fn a_principal_added_by_hand_is_named_before_it_goes() -> Result<()> {
    let user = "arn:aws:iam::000000000000:role/app";
    let hand = "arn:aws:iam::000000000000:role/by-hand";
    let arguments = format!("  users = [\"{user}\"]\n");
    let Some(mut world) = with_key(Kind::Ministack, &arguments)? else {
        return Ok(());
    };
    let id = key_id(&world)?;
    let mut live = policy(&mut world, &id)?;
    for statement in live["Statement"].as_array_mut().unwrap() {
        if statement["Sid"] == "Users" {
            statement["Principal"]["AWS"] = json!([user, hand]);
        }
    }
    let extra = json!({"Sid": "Backup", "Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"},
        "Action": "kms:Decrypt", "Resource": "*"});
    live["Statement"].as_array_mut().unwrap().push(extra);
    put_policy(&mut world, &id, &live)?;

    world.proxy.forget();
    let refused = world.terraform.plan_json(&[])?.refused()?;
    let error = refused.only_error()?;
    assert_eq!(
        error.summary,
        "The plan would take principals or statements out of a live policy"
    );
    for text in [
        hand,
        "backup.amazonaws.com",
        "`Backup`",
        "acknowledge_removals",
        "kms:Decrypt",
    ] {
        assert!(error.detail.contains(text), "{text}: {}", error.detail);
    }
    assert!(!error.detail.contains("role/app"), "{}", error.detail);
    assert!(world.proxy.writes().is_empty());

    // One is kept, one is let go.
    let listed = format!(
        "{arguments}  acknowledge_removals = [\"{hand}\"]\n  additional_policy_statements = [{{\n    sid = \"Backup\"\n    principals = {{ Service = [\"backup.amazonaws.com\"] }}\n    actions = [\"kms:Decrypt\"]\n  }}]\n"
    );
    world.terraform.write("main.tf", &key(&listed))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let text = policy(&mut world, &id)?.to_string();
    assert!(
        !text.contains("by-hand") && text.contains("backup.amazonaws.com"),
        "{text}"
    );
    Ok(())
}

#[test]
fn an_imported_key_keeps_its_policy_until_its_owner_decides() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let root = "arn:aws:iam::000000000000:root";
    let default = json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
        "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": root},
        "Action": "kms:*", "Resource": "*"}]});
    let made = world
        .aws
        .call("kms", "create_key", json!({"Policy": default.to_string()}))?;
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    world.aws.call(
        "kms",
        "create_alias",
        json!({"AliasName": "alias/app", "TargetKeyId": id}),
    )?;

    // Not taken by its name.
    world.init(&key(""))?;
    world.terraform.apply(&[])?.refused()?.says(&[
        "The alias exists already",
        "terraform import",
        &id,
    ])?;
    assert_eq!(live_keys(&mut world)?.len(), 1);

    world.proxy.forget();
    world.terraform.import("gabion_kms_key.app", &id)?.ok()?;
    assert!(world.proxy.writes().is_empty());
    world.terraform.plan(&[])?.refused()?.says(&[
        "out of a live policy",
        root,
        "Enable IAM User Permissions",
        "kms:*",
    ])?;
    let kept = "  additional_policy_statements = [{\n    sid = \"Enable IAM User Permissions\"\n    principals = { AWS = [\"000000000000\"] }\n    actions = [\"kms:*\"]\n  }]\n";
    world.terraform.write("main.tf", &key(kept))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let policy = policy(&mut world, &id)?;
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 2);
    Ok(())
}

#[test]
fn a_principal_added_between_plan_and_apply_stops_the_apply() -> Result<()> {
    let Some(mut world) = with_key(Kind::Ministack, "")? else {
        return Ok(());
    };
    let id = key_id(&world)?;
    world.terraform.write(
        "main.tf",
        &key("  users = [\"arn:aws:iam::000000000000:role/app\"]\n"),
    )?;
    world.terraform.plan(&[])?.ok()?;
    let mut live = policy(&mut world, &id)?;
    let extra = json!({"Sid": "Hand", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:role/by-hand"},
        "Action": "kms:Decrypt", "Resource": "*"});
    live["Statement"].as_array_mut().unwrap().push(extra);
    put_policy(&mut world, &id, &live)?;
    world
        .terraform
        .run(&["apply", "-no-color", "-input=false", "plan.tfplan"])?
        .refused()?
        .says(&["out of a live policy", "role/by-hand"])?;
    assert_eq!(policy(&mut world, &id)?, live);
    Ok(())
}

#[test]
fn a_policy_that_locks_everybody_out_is_refused_before_any_call() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let deny = |more: &str| {
        key(&format!(
            "  additional_policy_statements = [{{\n    sid = \"NoOne\"\n    effect = \"Deny\"\n    principals = {{ AWS = [\"*\"] }}\n    actions = [\"kms:*\"]\n{more}  }}]\n"
        ))
    };
    world.init(&deny(""))?;
    world.terraform.plan(&[])?.refused()?.says(&[
        "The key policy would lock everybody out",
        "`NoOne`",
        "kms:PutKeyPolicy",
    ])?;
    assert!(world.proxy.writes().is_empty());
    // Somebody is left.
    world.terraform.write(
        "main.tf",
        &deny("    conditions = [{ test = \"Bool\", variable = \"aws:SecureTransport\", values = [\"false\"] }]\n"),
    )?;
    world.terraform.plan(&[])?.ok()?;
    // In both lists.
    let role = "arn:aws:iam::000000000000:role/x";
    world.terraform.write(
        "main.tf",
        &key(&format!(
            "  administrators = [\"{role}\"]\n  users = [\"{role}\"]\n"
        )),
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["both administers and uses", role])?;
    Ok(())
}
