//! Accounts that were there before.

use anyhow::Result;
use serde_json::json;

use super::{CONTACT, accounts, inside, moto, refusal};

/// The account-wide public access block of a new account is off.
const OFF: &str = "  acknowledge_removals = [\"block_public_acls\", \"block_public_policy\", \"ignore_public_acls\", \"restrict_public_buckets\"]\n";

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
    let key = aws.call("kms", "create_key", json!({}))?["KeyMetadata"]["Arn"].clone();
    aws.call(
        "ec2",
        "modify_ebs_default_kms_key_id",
        json!({"KmsKeyId": key}),
    )?;
    let adopted = |more: &str| {
        format!(
            "resource \"gabion_account\" \"old\" {{\n  account_id = \"{account}\"\n  organizational_unit = \"{root}\"\n  regions = [\"eu-central-1\"]\n{CONTACT}{more}\n}}\n"
        )
    };
    let listed = |more: &str| adopted(&format!("{OFF}{more}"));

    // What would cut somebody off, or delete what is in use, is named and refused, and nothing is written.
    world.init(&adopted(""))?;
    world.proxy.forget();
    insta::assert_snapshot!(refusal(world.terraform.plan_json(&[])?)?, @r#"The plan would cut off what is public in a live account: Account `ACCOUNT` was not made by this resource, and there `block_public_acls`, `ignore_public_acls`, `block_public_policy`, `restrict_public_buckets` of S3's account-wide public access block are off. Turning that on ends public access to every bucket of the account at once. Look which buckets are public, then let it happen with: acknowledge_removals = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] or leave it off: set it to `false`, with an `exception`."#);
    world
        .terraform
        .write("main.tf", &listed("  default_vpc = \"deleted\""))?;
    insta::assert_snapshot!(refusal(world.terraform.plan_json(&[])?)?, @r#"The default VPC is in use: The default VPC `VPC` of account `ACCOUNT` in eu-central-1 holds what somebody put there: - network interface `ENI` Nothing that is in use is deleted: move it elsewhere, or set `default_vpc = "kept"`."#);
    let other = format!(
        "  ebs_default_kms_key_id = {{ eu-central-1 = \"arn:aws:kms:eu-central-1:{account}:key/00000000-0000-4000-8000-000000000000\" }}"
    );
    world.terraform.write("main.tf", &listed(&other))?;
    world.terraform.plan(&[])?.refused()?.says(&[
        "The plan would replace a key of a live account",
        key.as_str().unwrap_or("no key"),
    ])?;
    // Two resources do not both set it.
    let both = format!(
        "{}\nresource \"gabion_account_baseline\" \"old\" {{\n  account_id = \"{account}\"\n  regions = [\"eu-central-1\"]\n{CONTACT}{OFF}}}\n",
        listed("")
    );
    world.terraform.write("main.tf", &both)?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["Two resources set the baseline of one account"])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );

    // What the plan changes is told, and what is stricter stays.
    world
        .terraform
        .write("main.tf", &listed("  tags = { team = \"a\" }"))?;
    let plan = world.terraform.plan(&[])?.ok()?.says(&[
        "Adopting the account changes what stands",
        "`block_public_acls`: `false` becomes `true`",
        "`http_tokens`: `no-preference` becomes `required`",
        "minimum_password_length = 20",
    ])?;
    assert!(
        !plan.flat().contains("`minimum_password_length`"),
        "{}",
        plan.stdout
    );
    world.proxy.forget();
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    world.calls_are_on_the_page("account")?;
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
        "ModifyEbsDefaultKmsKeyId",
        "CreateKey",
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
            &state["name"],
            &state["minimum_password_length"],
            &state["ebs_default_kms_key_id"]["eu-central-1"],
        ],
        [
            &json!(true),
            &json!("kept"),
            &json!("off"),
            &json!("old"),
            &json!(20),
            &key
        ]
    );
    let passwords = aws.call("iam", "get_account_password_policy", json!({}))?;
    assert_eq!(
        passwords["PasswordPolicy"]["MaxPasswordAge"], 90,
        "theirs to decide"
    );
    assert_eq!(passwords["PasswordPolicy"]["MinimumPasswordLength"], 20);
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
        .write("main.tf", &listed("  deletion_policy = \"close\""))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["never closed"])?;
    world
        .terraform
        .write("main.tf", &listed("  deletion_protection = false"))?;
    world.terraform.apply(&[])?.ok()?;
    world.proxy.forget();
    world.terraform.destroy(&[])?.ok()?.says(&[
        "The account stays",
        "its keys for EBS volumes and its analyzers",
    ])?;
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
    let regions = "  regions = [\"eu-central-1\", \"eu-west-1\"]";
    let west =
        aws.call_in("eu-west-1", "kms", "create_key", json!({}))?["KeyMetadata"]["Arn"].clone();
    aws.call_in(
        "eu-west-1",
        "ec2",
        "modify_ebs_default_kms_key_id",
        json!({"KmsKeyId": west}),
    )?;
    aws.call_in(
        "eu-west-1",
        "ec2",
        "modify_vpc_block_public_access_options",
        json!({"InternetGatewayBlockMode": "block-ingress"}),
    )?;
    // While the account is not known, nothing is read; the apply refuses before it sets anything.
    let other = format!(
        "{regions}\n  ebs_default_kms_key_id = {{\n    eu-central-1 = {key}\n    eu-west-1 = \"arn:aws:kms:eu-west-1:{account}:key/00000000-0000-4000-8000-000000000000\"\n  }}"
    );
    let unknown = alone(&other).replace(&format!("\"{account}\""), "terraform_data.id.output")
        + &format!("resource \"terraform_data\" \"id\" {{\n  input = \"{account}\"\n}}\n");
    world.terraform.write("main.tf", &unknown)?;
    world.proxy.forget();
    world.terraform.plan(&[])?.ok()?;
    world.terraform.apply(&[])?.refused()?.says(&[
        "The plan would replace a key of a live account",
        west.as_str().unwrap_or("no key"),
    ])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    world.terraform.write("main.tf", &alone(regions))?;
    world.proxy.forget();
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    world.calls_are_on_the_page("account_baseline")?;
    // Regions that differ in what an adopted account keeps: the weakest shows, and the difference stays.
    assert_eq!(
        world.proxy.count("ec2:ModifyVpcBlockPublicAccessOptions"),
        0
    );
    let state = world.terraform.state("gabion_account_baseline.old")?;
    assert_eq!(state["id"], account.as_str());
    assert_eq!(
        [
            &state["vpc_block_public_access"],
            &state["regional_differences"],
            &state["ebs_default_kms_key_id"]["eu-west-1"],
            &state["minimum_password_length"],
        ],
        [
            &json!("off"),
            &json!({"vpc_block_public_access": "block-ingress in eu-west-1; off in eu-central-1"}),
            &west,
            &json!(20)
        ]
    );
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
    let plan = world.terraform.plan(&[])?.says(&[
        "http_tokens = \"optional\" -> \"required\"",
        "\"http_tokens\" = \"optional in eu-west-1; required in eu-central-1\" -> null",
    ])?;
    assert!(plan.changes()?);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    // Where nothing is in it, a default VPC goes when that is asked for.
    let west_only = "  regions = [\"eu-west-1\"]\n  default_vpc = \"deleted\"\n  vpc_block_public_access = \"block-bidirectional\"";
    world.terraform.write("main.tf", &alone(west_only))?;
    let vpc =
        aws.call_in("eu-west-1", "ec2", "describe_vpcs", json!({}))?["Vpcs"][0]["VpcId"].clone();
    let group = aws.call_in(
        "eu-west-1",
        "ec2",
        "create_security_group",
        json!({"GroupName": "web", "Description": "web", "VpcId": vpc}),
    )?["GroupId"]
        .clone();
    let other = json!({"CidrBlock": "10.9.0.0/24"});
    let other = aws.call_in("eu-west-1", "ec2", "create_vpc", other)?["Vpc"]["VpcId"].clone();
    let peering = aws.call_in(
        "eu-west-1",
        "ec2",
        "create_vpc_peering_connection",
        json!({"VpcId": other, "PeerVpcId": vpc}),
    )?["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        .clone();
    world.proxy.forget();
    world.terraform.apply(&[])?.refused()?.says(&[
        "The default VPC is in use",
        &format!("security group `{}`", group.as_str().unwrap_or_default()),
        &format!(
            "peering connection `{}`",
            peering.as_str().unwrap_or_default()
        ),
    ])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    aws.call_in(
        "eu-west-1",
        "ec2",
        "delete_vpc_peering_connection",
        json!({"VpcPeeringConnectionId": peering}),
    )?;
    aws.call_in(
        "eu-west-1",
        "ec2",
        "delete_security_group",
        json!({"GroupId": group}),
    )?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let vpcs = aws.call_in("eu-west-1", "ec2", "describe_vpcs", json!({}))?;
    assert_eq!(vpcs["Vpcs"][0]["VpcId"], other);
    assert_eq!(vpcs["Vpcs"].as_array().map(Vec::len), Some(1));
    // A region that is added gets what the others have.
    let more = west_only.replace("[\"eu-west-1\"]", "[\"eu-west-1\", \"eu-west-2\"]");
    world.terraform.write("main.tf", &alone(&more))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let vpcs = aws.call_in("eu-west-2", "ec2", "describe_vpcs", json!({}))?;
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
    world.calls_are_on_the_page("account_baseline")?;
    world.terraform.destroy(&[])?.ok()?.says(&[
        "The baseline stays",
        "analyzers and keys for EBS volumes stay",
    ])?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    Ok(())
}
