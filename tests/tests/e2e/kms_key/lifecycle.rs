//! Create, import, disappear, destroy.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::json;

use super::{exception, key, key_id, live_keys, policy, through_fake, with_key};
use crate::support::World;

#[test]
fn the_shortest_block_has_everything_and_imports() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        world.init(&key(""))?;
        let plan = world.terraform.plan(&[])?.ok()?;
        for line in [
            "enable_key_rotation = true",
            "rotation_period_in_days = 365",
            "deletion_window_in_days = 30",
            "deletion_protection = true",
            "multi_region = false",
            "is_enabled = true",
        ] {
            assert!(plan.flat().contains(line), "{line}\n{}", plan.stdout);
        }
        assert!(
            world.proxy.writes().is_empty(),
            "{:?}",
            world.proxy.writes()
        );

        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        let id = key_id(&world)?;
        let mut aws = through_fake(&world)?;
        let rotation = aws.call("kms", "get_key_rotation_status", json!({"KeyId": id}))?;
        assert_eq!(rotation["KeyRotationEnabled"], true);
        assert_eq!(rotation["RotationPeriodInDays"], 365);
        let tags = aws.call("kms", "list_resource_tags", json!({"KeyId": id}))?;
        assert_eq!(
            tags["Tags"],
            json!([{"TagKey": "gabion:creation", "TagValue": "created gabion_kms_key"}])
        );
        let policy = policy(&mut world, &id)?;
        assert_eq!(policy["Statement"][0]["Sid"], "AccountRecovery");
        assert!(world.terraform.state("gabion_kms_key.app")?["tags"].is_null());

        // By id, by alias, by ARN: nothing is written, and nothing is left to change.
        let arn = world.terraform.state("gabion_kms_key.app")?["arn"]
            .as_str()
            .unwrap()
            .to_owned();
        for name in [id.as_str(), "alias/app", arn.as_str()] {
            world
                .terraform
                .run(&["state", "rm", "gabion_kms_key.app"])?
                .ok()?;
            world.proxy.forget();
            world.terraform.import("gabion_kms_key.app", name)?.ok()?;
            world.terraform.settled()?;
            assert!(
                world.proxy.writes().is_empty(),
                "{name}: {:?}",
                world.proxy.writes()
            );
        }
        world
            .terraform
            .run(&["state", "rm", "gabion_kms_key.app"])?
            .ok()?;
        world
            .terraform
            .import("gabion_kms_key.app", "alias/none")?
            .refused()?
            .says(&["There is no such key", "alias/none"])?;
        assert_eq!(live_keys(&mut world)?.len(), 1);
    }
    Ok(())
}

#[test]
fn import_finds_the_lists_again() -> Result<()> {
    let arguments = r#"
      administrators = ["arn:aws:iam::000000000000:role/admin"]
      users          = ["arn:aws:iam::000000000000:role/app", "444455556666"]
      service_users  = [
        { service = "cloudtrail.amazonaws.com" },
        { service = "logs.eu-central-1.amazonaws.com" },
        { service = "s3.amazonaws.com", via_service = true },
      ]
      additional_policy_statements = [{
        sid        = "Audit"
        principals = { AWS = ["arn:aws:iam::444455556666:role/audit"] }
        actions    = ["kms:DescribeKey"]
        conditions = [{ test = "StringEquals", variable = "aws:PrincipalOrgID", values = ["o-abcdefghij"] }]
      }]
    "#;
    let Some(world) = with_key(Kind::Ministack, arguments)? else {
        return Ok(());
    };
    world.terraform.settled()?;
    world
        .terraform
        .run(&["state", "rm", "gabion_kms_key.app"])?
        .ok()?;
    world
        .terraform
        .import("gabion_kms_key.app", "alias/app")?
        .ok()?;
    world.terraform.settled()
}

#[test]
fn a_key_that_disappears_is_made_anew() -> Result<()> {
    let Some(mut world) = with_key(Kind::Ministack, "")? else {
        return Ok(());
    };
    let old = key_id(&world)?;
    world.aws.call(
        "kms",
        "schedule_key_deletion",
        json!({"KeyId": old, "PendingWindowInDays": 7}),
    )?;
    let plan = world
        .terraform
        .plan(&[])?
        .ok()?
        .says(&["pending deletion", "cancel-key-deletion"])?;
    assert!(plan.changes()?);
    // The alias still points to the old key, which was this provider's and is on its way out.
    world.terraform.apply(&[])?.ok()?;
    assert_ne!(key_id(&world)?, old);
    world.terraform.settled()
}

#[test]
fn destroy_takes_two_applies_and_frees_the_alias() -> Result<()> {
    let Some(mut world) = with_key(Kind::Ministack, "")? else {
        return Ok(());
    };
    let id = key_id(&world)?;
    world.proxy.forget();
    world
        .terraform
        .destroy(&[])?
        .refused()?
        .says(&["Deletion protection is on", "deletion_protection = false"])?;
    // Not by the back door either.
    world
        .terraform
        .apply(&["-replace=gabion_kms_key.app"])?
        .refused()?
        .says(&["Deletion protection is on"])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    world
        .terraform
        .write("main.tf", &key("  multi_region = true\n"))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["multi_region", "Deletion protection is on"])?;

    world
        .terraform
        .write("main.tf", &key("  deletion_protection = false\n"))?;
    world.terraform.apply(&[])?.ok()?;
    world.proxy.forget();
    world.terraform.destroy(&[])?.ok()?;
    let order: Vec<String> = world
        .proxy
        .calls()
        .iter()
        .map(|call| format!("{}:{}", call.operation.service, call.operation.name))
        .collect();
    let at = |name: &str| {
        order
            .iter()
            .position(|call| call == name)
            .unwrap_or_else(|| panic!("no {name}: {order:?}"))
    };
    assert!(at("kms:DisableKey") < at("kms:ScheduleKeyDeletion"));
    let last_look = order
        .iter()
        .rposition(|call| call == "kms:GetKeyLastUsage")
        .unwrap();
    assert!(at("kms:DisableKey") < last_look && last_look < at("kms:ScheduleKeyDeletion"));
    let described = world
        .aws
        .call("kms", "describe_key", json!({"KeyId": id}))?;
    assert_eq!(described["KeyMetadata"]["KeyState"], "PendingDeletion");
    assert!(
        world
            .aws
            .call("kms", "describe_key", json!({"KeyId": "alias/app"}))
            .is_err()
    );
    Ok(())
}

#[test]
fn a_key_in_use_is_not_destroyed_unnoticed() -> Result<()> {
    let Some(mut world) = with_key(Kind::Ministack, "  deletion_protection = false\n")? else {
        return Ok(());
    };
    let id = key_id(&world)?;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)?
        .as_secs();
    let fake = world.proxy.fake().unwrap();
    fake.set_last_used(&id, i64::try_from(now)? - 86_400);
    world.proxy.forget();
    world.terraform.destroy(&[])?.refused()?.says(&[
        "was last used at",
        "acknowledge_irreversible = \"alias/app\"",
    ])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );

    // Long ago is not in use.
    world
        .proxy
        .fake()
        .unwrap()
        .set_last_used(&id, i64::try_from(now)? - 86_400 * 60);
    world.terraform.plan(&["-destroy"])?.ok()?;

    world
        .proxy
        .fake()
        .unwrap()
        .set_last_used(&id, i64::try_from(now)? - 60);
    let acknowledged =
        "  deletion_protection = false\n  acknowledge_irreversible = \"alias/app\"\n";
    world.terraform.write("main.tf", &key(acknowledged))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.destroy(&[])?.ok()?;
    assert!(live_keys(&mut world)?.is_empty());
    Ok(())
}

#[test]
fn an_exception_that_expires_stops_changes_and_never_a_destroy() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let soon = |seconds: i64| {
        let at = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        at.cast_signed() + seconds
    };
    let expires = rfc3339(soon(12));
    let with = |more: &str| {
        key(&format!(
            "  rotation_period_in_days = 400\n  exception {{\n    attribute = \"rotation_period_in_days\"\n    control = \"C5 3.6\"\n    reason = \"r\"\n    expires = \"{expires}\"\n  }}\n{more}"
        ))
    };
    world.init(&with(""))?;
    world.terraform.apply(&[])?.ok()?;
    std::thread::sleep(std::time::Duration::from_secs(13));

    // Standing still: a warning.
    let plan = world
        .terraform
        .plan(&[])?
        .ok()?
        .says(&["Warning: Expired exception"])?;
    assert!(!plan.changes()?);
    // Another change: an error.
    world
        .terraform
        .write("main.tf", &with("  tags = { a = \"1\" }\n"))?;
    world.terraform.plan(&[])?.refused()?.says(&[
        "Error: Expired exception",
        "rotation_period_in_days",
        &expires,
    ])?;
    // On the way out: a warning.
    world
        .terraform
        .write("main.tf", &with("  deletion_protection = false\n"))?;
    world
        .terraform
        .apply(&[])?
        .ok()?
        .says(&["Warning: Expired exception"])?;
    world.terraform.destroy(&[])?.ok()?;
    Ok(())
}

/// Seconds since 1970 as a date of this century.
fn rfc3339(seconds: i64) -> String {
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[test]
fn weaker_settings_need_their_exception() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init("")?;
    for (arguments, attribute, control) in [
        (
            "  enable_key_rotation = false\n",
            "enable_key_rotation",
            "KMS.4",
        ),
        (
            "  rotation_period_in_days = 366\n",
            "rotation_period_in_days",
            "C5 3.6",
        ),
        (
            "  deletion_window_in_days = 29\n",
            "deletion_window_in_days",
            "KMS.3",
        ),
        ("  multi_region = true\n", "multi_region", "own"),
        (
            "  additional_policy_statements = [{ principals = { AWS = [\"*\"] }, actions = [\"kms:Decrypt\"] }]\n",
            "additional_policy_statements",
            "KMS.5",
        ),
    ] {
        world.terraform.write("main.tf", &key(arguments))?;
        world.terraform.plan(&[])?.refused()?.says(&[
            &format!("`{attribute}` is weaker than its secure default"),
            &format!("`{control}`"),
        ])?;
        // The composite is content; what the guardrails say is another matter, so they are off here.
        world.terraform.write(
            "gabion.hcl",
            "rule \"DT08\" {\n  level = \"off\"\n}\nrule \"DT09\" {\n  level = \"off\"\n}\nrule \"DT10\" {\n  level = \"off\"\n}\n",
        )?;
        world.terraform.write(
            "main.tf",
            &key(&format!("{arguments}{}", exception(attribute, control))),
        )?;
        world.terraform.plan(&[])?.ok()?;
        world.terraform.remove("gabion.hcl")?;
    }
    Ok(())
}

#[test]
fn a_key_of_the_aws_provider_moves_over_unchanged() -> Result<()> {
    if gabion_tests::tools::mirror::locate().is_none() {
        return gabion_tests::skip::missing(
            "a mirror of hashicorp/aws",
            gabion_tests::tools::mirror::HOW,
            false,
        );
    }
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.terraform.write(
        "versions.tf",
        "terraform {\n  required_providers {\n    gabion = {\n      source = \"gabion/gabion\"\n    }\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\nprovider \"aws\" {\n  region = \"eu-central-1\"\n}\n",
    )?;
    world.init("resource \"aws_kms_key\" \"old\" {\n  description = \"d\"\n}\n")?;
    world.terraform.apply(&[])?.ok()?;
    let id = world.terraform.state("aws_kms_key.old")?["key_id"]
        .as_str()
        .unwrap()
        .to_owned();

    world.terraform.write(
        "main.tf",
        "moved {\n  from = aws_kms_key.old\n  to   = gabion_kms_key.app\n}\nresource \"gabion_kms_key\" \"app\" {\n  alias = \"app\"\n  description = \"d\"\n  acknowledge_removals = [\"000000000000\"]\n}\n",
    )?;
    world.proxy.forget();
    world.terraform.plan(&[])?.ok()?.says(&[
        "moved from aws_kms_key.old",
        "0 to add, 1 to change, 0 to destroy",
    ])?;
    assert!(world.proxy.writes().is_empty());
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(key_id(&world)?, id);
    world.terraform.settled()
}
