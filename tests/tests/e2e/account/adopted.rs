//! Accounts that were there before.

use anyhow::Result;
use serde_json::json;

use super::{CONTACT, accounts, inside, moto};

#[test]
fn an_account_that_is_in_use_is_not_broken() -> Result<()> {
    let Some(mut world) = moto()? else {
        return Ok(());
    };
    world.aws.call(
        "organizations",
        "create_organization",
        json!({"FeatureSet": "ALL"}),
    )?;
    let made = world.aws.call(
        "organizations",
        "create_account",
        json!({"AccountName": "old", "Email": "old@example.com", "Tags": [{"Key": "owner", "Value": "them"}]}),
    )?;
    let account = made["CreateAccountStatus"]["AccountId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let root = world.aws.call("organizations", "list_roots", json!({}))?["Roots"][0]["Id"].clone();
    let root = root.as_str().unwrap_or_default();
    let mut aws = inside(&world, &account)?;
    let subnets = aws.call("ec2", "describe_subnets", json!({}))?;
    aws.call(
        "ec2",
        "create_network_interface",
        json!({"SubnetId": subnets["Subnets"][0]["SubnetId"]}),
    )?;
    aws.call(
        "iam",
        "update_account_password_policy",
        json!({"MinimumPasswordLength": 20, "MaxPasswordAge": 90, "AllowUsersToChangePassword": true}),
    )?;
    let adopted = |more: &str| {
        format!(
            "resource \"gabion_account\" \"old\" {{\n  account_id = \"{account}\"\n  organizational_unit = \"{root}\"\n  regions = [\"eu-central-1\"]\n  minimum_password_length = 20\n{CONTACT}{more}\n}}\n"
        )
    };
    world.init(&adopted("  default_vpc = \"deleted\""))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["The default VPC is in use"])?;
    world
        .terraform
        .write("main.tf", &adopted("  tags = { team = \"a\" }"))?;
    world.proxy.forget();
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let steps: Vec<String> = world
        .proxy
        .writes()
        .iter()
        .map(|call| call.operation.name.clone())
        .collect();
    for never in [
        "AttachPolicy",
        "CreatePolicy",
        "DeleteVpc",
        "MoveAccount",
        "CreateAccount",
        "ModifyVpcBlockPublicAccessOptions",
        "UntagResource",
    ] {
        assert!(
            !steps.iter().any(|step| step == never),
            "{never}: {steps:?}"
        );
    }
    let state = world.terraform.state("gabion_account.old")?;
    assert_eq!(
        [
            &state["adopted"],
            &state["default_vpc"],
            &state["vpc_block_public_access"],
            &state["name"]
        ],
        [&json!(true), &json!("kept"), &json!("off"), &json!("old")]
    );
    let passwords = aws.call("iam", "get_account_password_policy", json!({}))?;
    assert_eq!(
        passwords["PasswordPolicy"]["MaxPasswordAge"], 90,
        "theirs to decide"
    );
    let tags = world.aws.call(
        "organizations",
        "list_tags_for_resource",
        json!({"ResourceId": account}),
    )?;
    assert!(
        tags.to_string().contains("them") && !tags.to_string().contains("gabion"),
        "{tags}"
    );
    world
        .terraform
        .write("main.tf", &adopted("  deletion_policy = \"close\""))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["never closed"])?;
    world
        .terraform
        .write("main.tf", &adopted("  deletion_protection = false"))?;
    world.terraform.apply(&[])?.ok()?;
    world.proxy.forget();
    world
        .terraform
        .destroy(&[])?
        .ok()?
        .says(&["The account stays"])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    assert_eq!(accounts(&mut world, "old")?.len(), 1);

    // The baseline alone takes the account over from there, and from another region.
    let alone = |more: &str| {
        format!(
            "resource \"gabion_account_baseline\" \"old\" {{\n  account_id = \"{account}\"\n{CONTACT}{more}\n}}\n"
        )
    };
    let regions = "  regions = [\"eu-central-1\", \"eu-west-1\"]\n  minimum_password_length = 20";
    world.terraform.write("main.tf", &alone(regions))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state("gabion_account_baseline.old")?;
    assert_eq!(state["id"], account.as_str());
    assert_eq!(
        state["ebs_default_kms_key_id"]
            .as_object()
            .map(serde_json::Map::len),
        Some(2)
    );
    let west = aws.call_in(
        "eu-west-1",
        "ec2",
        "get_instance_metadata_defaults",
        json!({}),
    )?;
    assert_eq!(west["AccountLevel"]["HttpTokens"], "required");
    // Drift in one region of two.
    aws.call_in(
        "eu-west-1",
        "ec2",
        "modify_instance_metadata_defaults",
        json!({"HttpTokens": "optional"}),
    )?;
    let plan = world.terraform.plan(&[])?;
    assert!(
        plan.changes()?
            && plan
                .flat()
                .contains("http_tokens = \"optional\" -> \"required\""),
        "{}",
        plan.stdout
    );
    world.terraform.apply(&[])?.ok()?;
    // Where nothing is in it, a default VPC goes when that is asked for.
    let west_only =
        "  regions = [\"eu-west-1\"]\n  minimum_password_length = 20\n  default_vpc = \"deleted\"";
    world.terraform.write("main.tf", &alone(west_only))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let vpcs = aws.call_in("eu-west-1", "ec2", "describe_vpcs", json!({}))?;
    assert_eq!(vpcs["Vpcs"], json!([]));
    world
        .terraform
        .run(&["state", "rm", "gabion_account_baseline.old"])?
        .ok()?;
    world.proxy.forget();
    world
        .terraform
        .import("gabion_account_baseline.old", &account)?
        .ok()?;
    assert!(world.proxy.writes().is_empty());
    world
        .terraform
        .destroy(&[])?
        .ok()?
        .says(&["The baseline stays"])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    Ok(())
}
