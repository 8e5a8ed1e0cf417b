//! An account from nothing to its destruction.

use anyhow::Result;
use serde_json::json;

use super::{accounts, estate, id, inside, moto, policies};

const ADDRESS: &str = "gabion_account.app";

#[test]
fn everything_is_set_read_back_repaired_and_left() -> Result<()> {
    let Some(mut world) = moto()? else {
        return Ok(());
    };
    world.init(&estate("  tags = { team = \"a\" }"))?;
    let plan = world.terraform.plan(&[])?.ok()?;
    for line in [
        "adopted = false",
        "quarantine = true",
        "block_public_acls = true",
        "default_vpc = \"deleted\"",
        "ebs_encryption_by_default = true",
        "http_tokens = \"required\"",
        "http_put_response_hop_limit = 1",
        "vpc_block_public_access = \"block-bidirectional\"",
        "minimum_password_length = 14",
        "password_reuse_prevention = 24",
        "access_analyzer = true",
        "iam_user_access_to_billing = \"DENY\"",
        "deletion_policy = \"retain\"",
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
    world.calls_are_on_pages(&["account", "organization"])?;

    // Quarantine came first, and went last.
    let steps: Vec<String> = world
        .proxy
        .writes()
        .iter()
        .map(|call| call.operation.name.clone())
        .collect();
    let at = |name: &str| {
        steps
            .iter()
            .position(|step| step == name)
            .unwrap_or_else(|| panic!("no {name} in {steps:?}"))
    };
    for inner in [
        "PutAlternateContact",
        "PutPublicAccessBlock",
        "UpdateAccountPasswordPolicy",
        "ModifyEbsDefaultKmsKeyId",
        "ModifyInstanceMetadataDefaults",
        "ModifyVpcBlockPublicAccessOptions",
        "CreateAnalyzer",
        "DeleteVpc",
        "MoveAccount",
    ] {
        assert!(
            at("AttachPolicy") < at(inner) && at(inner) < at("DetachPolicy"),
            "{inner}: {steps:?}"
        );
    }
    let account = id(&world, ADDRESS)?;
    assert_eq!(policies(&mut world, &account)?, ["FullAWSAccess"]);
    let quarantine = world
        .proxy
        .calls()
        .into_iter()
        .find(|call| call.operation.name == "CreatePolicy")
        .map(|call| call.body)
        .unwrap_or_default();
    let exempt = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
    assert!(quarantine.contains(&exempt), "{quarantine}");

    // Every setting, as AWS tells it.
    let mut aws = inside(&world, &account)?;
    let contact = aws.call(
        "account",
        "get_alternate_contact",
        json!({"AlternateContactType": "SECURITY"}),
    )?;
    assert_eq!(
        contact["AlternateContact"]["EmailAddress"],
        "security@example.com"
    );
    let block = aws.call(
        "s3control",
        "get_public_access_block",
        json!({"AccountId": account}),
    );
    // boto3 puts the account in front of the host name, which an address cannot have.
    assert!(block.is_err() || block?["PublicAccessBlockConfiguration"]["BlockPublicAcls"] == true);
    let passwords = aws.call("iam", "get_account_password_policy", json!({}))?;
    assert_eq!(passwords["PasswordPolicy"]["MinimumPasswordLength"], 14);
    assert_eq!(passwords["PasswordPolicy"]["PasswordReusePrevention"], 24);
    let vpcs = aws.call("ec2", "describe_vpcs", json!({}))?;
    assert_eq!(vpcs["Vpcs"], json!([]));
    let encryption = aws.call("ec2", "get_ebs_encryption_by_default", json!({}))?;
    assert_eq!(encryption["EbsEncryptionByDefault"], true);
    let key = aws.call("ec2", "get_ebs_default_kms_key_id", json!({}))?["KmsKeyId"].clone();
    let state = world.terraform.state(ADDRESS)?;
    assert_eq!(state["ebs_default_kms_key_id"]["eu-central-1"], key);
    let rotation = aws.call("kms", "get_key_rotation_status", json!({"KeyId": key}))?;
    assert_eq!(rotation["KeyRotationEnabled"], true);
    let policy = aws.call(
        "kms",
        "get_key_policy",
        json!({"KeyId": key, "PolicyName": "default"}),
    )?;
    assert!(
        policy["Policy"]
            .to_string()
            .contains("ec2.eu-central-1.amazonaws.com")
    );
    let metadata = aws.call("ec2", "get_instance_metadata_defaults", json!({}))?;
    assert_eq!(metadata["AccountLevel"]["HttpTokens"], "required");
    assert_eq!(metadata["AccountLevel"]["HttpPutResponseHopLimit"], 1);
    let analyzers = aws.call(
        "accessanalyzer",
        "list_analyzers",
        json!({"type": "ACCOUNT"}),
    )?;
    assert_eq!(
        analyzers["analyzers"][0]["arn"],
        state["analyzer_arns"]["eu-central-1"]
    );
    let tags = world.aws.call(
        "organizations",
        "list_tags_for_resource",
        json!({"ResourceId": account}),
    )?;
    assert!(
        tags.to_string().contains("created gabion_account") && tags.to_string().contains("team")
    );
    let parent = world
        .aws
        .call("organizations", "list_parents", json!({"ChildId": account}))?;
    assert_eq!(parent["Parents"][0]["Id"], state["organizational_unit_id"]);

    // Drift of each part shows as that attribute, and one apply repairs all.
    let top = world.aws.call("organizations", "list_roots", json!({}))?["Roots"][0]["Id"].clone();
    world.aws.call(
        "organizations",
        "move_account",
        json!({"AccountId": account, "SourceParentId": parent["Parents"][0]["Id"], "DestinationParentId": top}),
    )?;
    world.aws.call(
        "organizations",
        "tag_resource",
        json!({"ResourceId": account, "Tags": [{"Key": "team", "Value": "b"}]}),
    )?;
    aws.call(
        "account",
        "put_alternate_contact",
        json!({"AlternateContactType": "SECURITY", "EmailAddress": "a@example.com", "Name": "A", "PhoneNumber": "1", "Title": "T"}),
    )?;
    aws.call(
        "iam",
        "update_account_password_policy",
        json!({"MinimumPasswordLength": 8}),
    )?;
    aws.call("ec2", "disable_ebs_encryption_by_default", json!({}))?;
    aws.call("ec2", "reset_ebs_default_kms_key_id", json!({}))?;
    aws.call(
        "ec2",
        "modify_instance_metadata_defaults",
        json!({"HttpTokens": "optional", "HttpPutResponseHopLimit": 3}),
    )?;
    aws.call(
        "ec2",
        "modify_vpc_block_public_access_options",
        json!({"InternetGatewayBlockMode": "off"}),
    )?;
    aws.call("ec2", "create_default_vpc", json!({}))?;
    aws.call(
        "accessanalyzer",
        "delete_analyzer",
        json!({"analyzerName": "gabion-account"}),
    )?;
    let plan = world.terraform.plan(&[])?;
    assert!(plan.changes()?);
    let saved = world.terraform.saved_plan()?;
    let change = saved["resource_changes"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|change| change["address"] == ADDRESS)
        .cloned()
        .unwrap_or_default();
    for attribute in [
        "organizational_unit",
        "tags",
        "security_contact",
        "minimum_password_length",
        "require_symbols",
        "password_reuse_prevention",
        "ebs_encryption_by_default",
        "ebs_default_kms_key_id",
        "http_tokens",
        "http_put_response_hop_limit",
        "vpc_block_public_access",
        "default_vpc",
        "access_analyzer",
    ] {
        let side = |side: &str| change["change"][side][attribute].clone();
        assert_ne!(side("before"), side("after"), "{attribute}");
    }
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let again = world.terraform.state(ADDRESS)?;
    for attribute in [
        "ebs_default_kms_key_id",
        "organizational_unit_id",
        "analyzer_arns",
        "tags",
    ] {
        assert_eq!(again[attribute], state[attribute], "{attribute}");
    }

    // Each weakening needs its exception.
    let weaker = "  ebs_encryption_by_default = false\n  http_tokens = \"optional\"\n  default_vpc = \"kept\"\n  \
                  minimum_password_length = 8\n  access_analyzer = false\n  block_public_acls = false\n  \
                  vpc_block_public_access = \"off\"\n  quarantine = false\n  ebs_default_kms_key_id = { eu-central-1 = \"alias/aws/ebs\" }";
    world.terraform.write("main.tf", &estate(weaker))?;
    world.terraform.plan(&[])?.refused()?.says(&[
        "`ebs_encryption_by_default` is weaker than its secure default",
        "`ebs_default_kms_key_id` is weaker than its secure default",
        "`http_tokens` is weaker than its secure default",
        "`default_vpc` is weaker than its secure default",
        "`minimum_password_length` is weaker than its secure default",
        "`access_analyzer` is weaker than its secure default",
        "`block_public_acls` is weaker than its secure default",
        "`vpc_block_public_access` is weaker than its secure default",
        "`quarantine` is weaker than its secure default",
    ])?;
    let exceptions: String = [
        ("http_tokens", "EC2.8"),
        ("access_analyzer", "C5 1.19"),
        ("vpc_block_public_access", "EC2.172"),
        ("minimum_password_length", "IAM.7"),
    ]
    .map(|(attribute, control)| crate::account::exception(attribute, control))
    .concat();
    let some = format!(
        "  tags = {{ team = \"c\" }}\n  http_tokens = \"optional\"\n  access_analyzer = false\n  vpc_block_public_access = \"off\"\n  minimum_password_length = 12\n{exceptions}"
    );
    world.terraform.write("main.tf", &estate(&some))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let analyzers = aws.call(
        "accessanalyzer",
        "list_analyzers",
        json!({"type": "ACCOUNT"}),
    )?;
    assert_eq!(analyzers["analyzers"], json!([]));
    // Tags of what was made here follow.
    let tags = aws.call("kms", "list_resource_tags", json!({"KeyId": key}))?["Tags"].to_string();
    assert!(
        tags.contains("\"team\"") && tags.contains("\"c\"") && !tags.contains("\"a\""),
        "{tags}"
    );
    world
        .terraform
        .write("main.tf", &estate("  tags = { team = \"a\" }"))?;
    world.terraform.apply(&[])?.ok()?;

    // What AWS keeps to itself is refused.
    let other = estate("  tags = { team = \"a\" }").replace("name = \"app\"", "name = \"other\"");
    world.terraform.write("main.tf", &other)?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["put-account-name"])?;

    // An address that is not known yet is no change.
    let unknown = estate("  tags = { team = \"a\" }").replace(
        "email = \"app@example.com\"",
        "email = terraform_data.address.output",
    ) + "resource \"terraform_data\" \"address\" {\n  input = \"app@example.com\"\n}\n";
    world.terraform.write("main.tf", &unknown)?;
    world.terraform.plan(&[])?.ok()?;

    // Import changes nothing.
    world
        .terraform
        .write("main.tf", &estate("  tags = { team = \"a\" }"))?;
    world.terraform.run(&["state", "rm", ADDRESS])?.ok()?;
    world.proxy.forget();
    world.terraform.import(ADDRESS, &account)?.ok()?;
    let imported = world.terraform.state(ADDRESS)?;
    assert_eq!(imported["adopted"], false);
    // A configuration that names all regions of the import, or fewer, changes the list and nothing else.
    world.terraform.apply(&[])?.ok()?;
    assert!(
        world
            .proxy
            .writes()
            .iter()
            .all(|call| call.operation.name == "TagResource"),
        "{:?}",
        world.proxy.writes()
    );
    world.terraform.settled()?;

    // Destroy: protected; closing needs the acknowledgement; retaining leaves it.
    world
        .terraform
        .destroy(&[])?
        .refused()?
        .says(&["Deletion protection is on"])?;
    let last = |more: &str| {
        estate(&format!(
            "  tags = {{ crew = \"z\" }}\n  deletion_protection = false\n{more}"
        ))
    };
    world
        .terraform
        .write("main.tf", &last("  deletion_policy = \"close\""))?;
    world.terraform.apply(&[])?.ok()?;
    let analyzers = aws.call(
        "accessanalyzer",
        "list_analyzers",
        json!({"type": "ACCOUNT"}),
    )?;
    assert_eq!(
        analyzers["analyzers"][0]["tags"],
        json!({"crew": "z", "gabion:creation": "created gabion_account"})
    );
    world
        .terraform
        .destroy(&[])?
        .refused()?
        .says(&["acknowledge_irreversible = \"app\""])?;
    world.terraform.write(
        "main.tf",
        &last("  deletion_policy = \"close\"\n  acknowledge_irreversible = \"app\""),
    )?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.destroy(&[])?.ok()?;
    assert!(world.terraform.state_list()?.is_empty());
    let left = accounts(&mut world, "app")?;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["Status"], "SUSPENDED");
    let all = world.aws.call(
        "organizations",
        "list_policies",
        json!({"Filter": "SERVICE_CONTROL_POLICY"}),
    )?;
    assert_eq!(all["Policies"].as_array().map(Vec::len), Some(1), "{all}");

    // The address stays taken.
    world.terraform.write("main.tf", &estate(""))?;
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["which is closed"])?;
    Ok(())
}
