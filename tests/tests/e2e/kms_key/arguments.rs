//! Every argument: set, changed, cleared, and unknown at plan.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::json;

use super::{exception, key, key_id, live_keys, policy, through_fake};
use crate::support::World;

#[test]
fn every_argument_set_changed_and_cleared() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        let account = kind.account();
        let first = format!(
            r#"
              description             = "first"
              rotation_period_in_days = 90
              administrators          = ["arn:aws:iam::{account}:role/admin"]
              users                   = ["arn:aws:iam::{account}:role/app"]
              service_users           = [{{ service = "cloudtrail.amazonaws.com" }}]
              additional_policy_statements = [{{
                sid        = "Audit"
                principals = {{ AWS = ["arn:aws:iam::444455556666:role/audit"] }}
                actions    = ["kms:DescribeKey"]
              }}]
              tags = {{ a = "1", b = "1" }}
              timeouts {{
                create = "5m"
              }}
            "#
        );
        world.init(&key(&first))?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        let id = key_id(&world)?;
        let mut aws = through_fake(&world)?;
        let rotation = aws.call("kms", "get_key_rotation_status", json!({"KeyId": id}))?;
        assert_eq!(rotation["RotationPeriodInDays"], 90);
        let sids = |policy: &serde_json::Value| -> Vec<String> {
            let list = policy["Statement"].as_array().unwrap();
            list.iter()
                .map(|statement| statement["Sid"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            sids(&policy(&mut world, &id)?),
            [
                "AccountRecovery",
                "Administrators",
                "Users",
                "UsersGrantsForServices",
                "UsersCannotAdminister",
                "Service1Use",
                "Service1Describe",
                "Audit"
            ]
        );

        // What this configuration put in may go without more ado.
        let second = format!(
            r#"
              description             = "second"
              enable_key_rotation     = false
              deletion_window_in_days = 7
              deletion_protection     = false
              is_enabled              = false
              administrators          = ["arn:aws:iam::{account}:role/other"]
              service_users           = [{{ service = "sns.amazonaws.com", source_arn = "arn:aws:sns:*:{account}:*" }}]
              tags                    = {{ a = "2", c = "1" }}
              {}{}
            "#,
            exception("enable_key_rotation", "KMS.4"),
            exception("deletion_window_in_days", "KMS.3"),
        );
        let moved = |text: &str| text.replace("alias = \"app\"", "alias = \"alias/other\"");
        world.terraform.write("main.tf", &moved(&key(&second)))?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        assert_eq!(key_id(&world)?, id, "nothing of this replaces the key");
        let described = aws.call("kms", "describe_key", json!({"KeyId": "alias/other"}))?;
        assert_eq!(described["KeyMetadata"]["KeyState"], "Disabled");
        assert_eq!(described["KeyMetadata"]["Description"], "second");
        assert!(
            aws.call("kms", "describe_key", json!({"KeyId": "alias/app"}))
                .is_err()
        );
        assert_eq!(
            sids(&policy(&mut world, &id)?),
            [
                "AccountRecovery",
                "Administrators",
                "Service1Use",
                "Service1Describe"
            ]
        );
        let tags = aws.call("kms", "list_resource_tags", json!({"KeyId": id}))?;
        let mut keys: Vec<&str> = tags["Tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["TagKey"].as_str().unwrap())
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, ["a", "c", "gabion:creation"]);

        // Back to the shortest block.
        world.terraform.write("main.tf", &key(""))?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        assert_eq!(key_id(&world)?, id);
        let described = aws.call("kms", "describe_key", json!({"KeyId": "alias/app"}))?;
        assert_eq!(described["KeyMetadata"]["KeyState"], "Enabled");
        assert_eq!(described["KeyMetadata"]["Description"], "");
        assert_eq!(sids(&policy(&mut world, &id)?), ["AccountRecovery"]);
        assert_eq!(live_keys(&mut world)?.len(), 1);
    }
    Ok(())
}

#[test]
fn both_spellings_of_an_alias_are_one() -> Result<()> {
    let Some(world) = super::with_key(Kind::Ministack, "")? else {
        return Ok(());
    };
    world
        .terraform
        .write("main.tf", &key("").replace("\"app\"\n", "\"alias/app\"\n"))?;
    world.terraform.settled()
}

#[test]
fn unknown_values_are_decided_at_apply() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let account = Kind::Ministack.account();
    let text = format!(
        r#"
        resource "terraform_data" "later" {{
          input = {{
            alias   = "app"
            text    = "known later"
            user    = "arn:aws:iam::{account}:role/app"
            account = "{account}"
            period  = 180
            on      = true
            attribute = "rotation_period_in_days"
          }}
        }}
        resource "gabion_kms_key" "app" {{
          alias                   = terraform_data.later.output.alias
          description             = terraform_data.later.output.text
          users                   = [terraform_data.later.output.user]
          account_id              = terraform_data.later.output.account
          rotation_period_in_days = terraform_data.later.output.period
          enable_key_rotation     = terraform_data.later.output.on
          tags                    = {{ a = terraform_data.later.output.text }}
          service_users           = [{{ service = "sns.amazonaws.com", source_arn = "arn:aws:sns:eu-central-1:{account}:${{terraform_data.later.output.alias}}" }}]
        }}
        "#
    );
    world.init(&text)?;
    world.terraform.plan(&[])?.ok()?.says(&[
        "policy = (known after apply)",
        "account_id = (known after apply)",
    ])?;
    let calls: Vec<String> = world
        .proxy
        .calls()
        .iter()
        .map(|call| format!("{}:{}", call.operation.service, call.operation.name))
        .collect();
    assert!(
        calls.iter().all(|call| !call.starts_with("kms:")),
        "{calls:?}"
    );
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert_eq!(live_keys(&mut world)?.len(), 1);

    // A weakness that only apply can see is refused there, before any call that changes something.
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(&text.replace("period  = 180", "period  = 400"))?;
    let run = world.terraform.apply(&[])?.refused()?;
    run.says(&["rotation_period_in_days", "weaker than its secure default"])?;
    assert_eq!(world.proxy.count("kms:CreateKey"), 0);
    Ok(())
}

#[test]
fn tags_and_default_tags() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.terraform.provider("  default_tags {\n    tags = {\n      team = \"platform\"\n      env = \"dev\"\n    }\n  }")?;
    world.init(&key("  tags = { env = \"prod\", app = \"a\" }\n"))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state("gabion_kms_key.app")?;
    assert_eq!(state["tags"], json!({"app": "a", "env": "prod"}));
    assert_eq!(
        state["tags_all"],
        json!({"app": "a", "env": "prod", "team": "platform"})
    );

    // The same key and value in both is no conflict.
    world
        .terraform
        .write("main.tf", &key("  tags = { env = \"dev\" }\n"))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;

    // By hand: added, changed and removed tags are drift.
    let id = key_id(&world)?;
    world.aws.call(
        "kms",
        "tag_resource",
        json!({"KeyId": id, "Tags": [{"TagKey": "hand", "TagValue": "x"}, {"TagKey": "team", "TagValue": "other"}]}),
    )?;
    world.aws.call(
        "kms",
        "untag_resource",
        json!({"KeyId": id, "TagKeys": ["env"]}),
    )?;
    assert!(world.terraform.plan(&[])?.ok()?.changes()?);
    assert_eq!(super::changed(&world)?, ["tags", "tags_all"]);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;

    world
        .terraform
        .write("main.tf", &key("  tags = { a = null }\n"))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["The tag `a` is null"])?;
    Ok(())
}

#[test]
fn another_account_and_region() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init(&key("  region = \"eu-west-1\"\n"))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let id = key_id(&world)?;
    assert!(
        world
            .aws
            .call("kms", "describe_key", json!({"KeyId": id}))
            .is_err()
    );
    world
        .aws
        .call_in("eu-west-1", "kms", "describe_key", json!({"KeyId": id}))?;

    world.terraform.write(
        "main.tf",
        &key("  account_id = \"111122223333\"\n  deletion_protection = false\n"),
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["account_id", "Deletion protection is on"])?;
    Ok(())
}
