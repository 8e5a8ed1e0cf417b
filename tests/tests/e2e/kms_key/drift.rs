//! What is changed by hand shows as drift on exactly that attribute, and apply repairs it.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::{Value, json};

use super::{changed, key_id, policy, put_policy, through_fake, with_key};

/// A call behind Terraform's back, and the attributes that then differ.
type Case = (&'static str, fn(&str) -> Value, &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "disable_key_rotation",
        |id| json!({"KeyId": id}),
        &["enable_key_rotation"],
    ),
    (
        "enable_key_rotation",
        |id| json!({"KeyId": id, "RotationPeriodInDays": 730}),
        &["rotation_period_in_days"],
    ),
    ("disable_key", |id| json!({"KeyId": id}), &["is_enabled"]),
    (
        "update_key_description",
        |id| json!({"KeyId": id, "Description": "by hand"}),
        &["description"],
    ),
    (
        "delete_alias",
        |_| json!({"AliasName": "alias/app"}),
        &["alias", "alias_arn"],
    ),
];

#[test]
fn each_setting_drifts_alone_and_is_repaired() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(world) = with_key(kind, "")? else {
            return Ok(());
        };
        let id = key_id(&world)?;
        let mut aws = through_fake(&world)?;
        for (operation, parameters, attributes) in CASES {
            aws.call("kms", operation, parameters(&id))?;
            let plan = world.terraform.plan(&[])?.ok()?;
            assert!(plan.changes()?, "{operation}");
            assert_eq!(changed(&world)?, *attributes, "{operation}");
            world.terraform.apply(&[])?.ok()?;
            world.terraform.settled()?;
        }
        let rotation = aws.call("kms", "get_key_rotation_status", json!({"KeyId": id}))?;
        assert_eq!(rotation["KeyRotationEnabled"], true);
        assert_eq!(rotation["RotationPeriodInDays"], 365);
        let described = aws.call("kms", "describe_key", json!({"KeyId": "alias/app"}))?;
        assert_eq!(described["KeyMetadata"]["KeyState"], "Enabled");
    }
    Ok(())
}

#[test]
fn an_alias_that_was_moved_away_comes_back() -> Result<()> {
    let Some(mut world) = with_key(Kind::Ministack, "")? else {
        return Ok(());
    };
    let other = world.aws.call("kms", "create_key", json!({}))?;
    let other = &other["KeyMetadata"]["KeyId"];
    world.aws.call(
        "kms",
        "update_alias",
        json!({"AliasName": "alias/app", "TargetKeyId": other}),
    )?;
    assert!(world.terraform.plan(&[])?.ok()?.changes()?);
    assert_eq!(changed(&world)?, ["alias", "alias_arn"]);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()
}

#[test]
fn a_policy_that_lost_something_is_repaired() -> Result<()> {
    let arguments = "  administrators = [\"arn:aws:iam::000000000000:role/admin\"]\n  users = [\"arn:aws:iam::000000000000:role/app\"]\n";
    let Some(mut world) = with_key(Kind::Ministack, arguments)? else {
        return Ok(());
    };
    let id = key_id(&world)?;
    let whole = policy(&mut world, &id)?;

    // The statement that keeps users from administering is gone: only the policy differs.
    let mut without = whole.clone();
    without["Statement"]
        .as_array_mut()
        .unwrap()
        .retain(|one| one["Sid"] != "UsersCannotAdminister");
    put_policy(&mut world, &id, &without)?;
    assert!(world.terraform.plan(&[])?.ok()?.changes()?);
    assert_eq!(changed(&world)?, ["policy"]);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert_eq!(policy(&mut world, &id)?, whole);

    // A user is gone from its statement: the list shows it, too.
    let mut other = whole.clone();
    for statement in other["Statement"].as_array_mut().unwrap() {
        if statement["Sid"] == "Administrators" {
            statement["Principal"]["AWS"] = json!([]);
        }
    }
    other["Statement"]
        .as_array_mut()
        .unwrap()
        .retain(|one| one["Sid"] != "Administrators");
    put_policy(&mut world, &id, &other)?;
    assert!(world.terraform.plan(&[])?.ok()?.changes()?);
    assert_eq!(changed(&world)?, ["administrators", "policy"]);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;

    // What AWS writes in other words is no drift.
    let mut same = whole.clone();
    let list = same["Statement"].as_array_mut().unwrap();
    list.reverse();
    for statement in list {
        if statement["Sid"] == "AccountRecovery" {
            statement["Principal"]["AWS"] = json!(["000000000000"]);
            statement["Resource"] = json!(["*"]);
        }
    }
    put_policy(&mut world, &id, &same)?;
    world.terraform.settled()
}
