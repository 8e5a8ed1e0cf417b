//! Creates that are cut off, refused, or answered by nobody.

use anyhow::Result;
use gabion_tests::Fault;
use serde_json::json;

use super::{account, accounts, estate, id, moto, policies};

#[test]
fn a_create_that_is_cut_off_goes_on_with_the_same_account() -> Result<()> {
    let Some(mut world) = moto()? else {
        return Ok(());
    };
    world.init(&estate(""))?;
    // The reply is lost, and later the baseline is refused: the account stays under quarantine.
    let lost = world
        .proxy
        .on("organizations:CreateAccount")
        .fault(Fault::LoseReply);
    let refused = world
        .proxy
        .on("ec2:ModifyInstanceMetadataDefaults")
        .always()
        .fault(Fault::AccessDenied);
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["ModifyInstanceMetadataDefaults"])?;
    assert_eq!(lost.hits(), 1);
    assert!(refused.hits() > 0);
    world.proxy.clear();
    let first = accounts(&mut world, "app")?;
    assert_eq!(first.len(), 1, "{first:?}");
    let begun = first[0]["Id"].as_str().unwrap_or_default().to_owned();
    let held = policies(&mut world, &begun)?;
    assert!(
        held.contains(&format!("gabion-quarantine-{begun}")),
        "{held:?}"
    );
    let state = world.terraform.state("gabion_account.app")?;
    assert_eq!(state["quarantined"], true);
    assert_eq!(
        state["http_tokens"], "no-preference",
        "what is there, not what was planned"
    );

    // The fake enforces the policy: another role in the account is shut out.
    let mut here = gabion_tests::Aws::new(&world.proxy.endpoint())?;
    let session = here.call(
        "sts",
        "assume_role",
        json!({"RoleArn": format!("arn:aws:iam::{begun}:role/admin"), "RoleSessionName": "test"}),
    )?;
    let key = session["Credentials"]["AccessKeyId"]
        .as_str()
        .unwrap_or_default();
    let mut other = gabion_tests::Aws::with_key(&world.proxy.endpoint(), key)?;
    assert!(other.call("ec2", "describe_vpcs", json!({})).is_err());

    world.terraform.apply(&[])?.ok()?;
    assert_eq!(id(&world, "gabion_account.app")?, begun);
    assert_eq!(accounts(&mut world, "app")?.len(), 1);
    assert_eq!(policies(&mut world, &begun)?, ["FullAWSAccess"]);
    let keys = super::inside(&world, &begun)?.call("kms", "list_keys", json!({}))?;
    assert_eq!(keys["Keys"].as_array().map(Vec::len), Some(1), "{keys}");
    world.terraform.settled()?;
    Ok(())
}

#[test]
fn what_cannot_be_made_is_told_in_words() -> Result<()> {
    let Some(mut world) = moto()? else {
        return Ok(());
    };
    // No organization.
    world.init(&account("  organizational_unit = \"dev\""))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["There is no organization", "gabion_organization"])?;
    // Bad input.
    for (text, says) in [
        ("  organizational_unit = \"a//b\"", "a unit"),
        (
            "  organizational_unit = \"dev\"\n  deletion_policy = \"destroy\"",
            "retain",
        ),
        (
            "  organizational_unit = \"dev\"\n  ebs_default_kms_key_id = { eu-west-1 = \"alias/aws/ebs\" }",
            "It names no key for `eu-central-1`",
        ),
        (
            "  organizational_unit = \"dev\"\n  account_id = \"111122223333\"\n  quarantine = true",
            "never put under quarantine",
        ),
        (
            "  organizational_unit = \"dev\"\n  http_put_response_hop_limit = 65",
            "65",
        ),
    ] {
        world.terraform.write("main.tf", &account(text))?;
        world.terraform.validate()?.refused()?.says(&[says])?;
    }
    world.terraform.write(
        "main.tf",
        &account("  organizational_unit = \"dev\"").replace("  email = \"app@example.com\"\n", ""),
    )?;
    world
        .terraform
        .validate()?
        .refused()?
        .says(&["A new account needs `email`"])?;

    // Policies that are not enabled, a unit that is not there, an address that is in use.
    world.aws.call(
        "organizations",
        "create_organization",
        json!({"FeatureSet": "ALL"}),
    )?;
    world
        .terraform
        .write("main.tf", &account("  organizational_unit = \"dev\""))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["There is no such unit", "`dev`"])?;
    let root = world.aws.call("organizations", "list_roots", json!({}))?["Roots"][0]["Id"].clone();
    let root_text = root.as_str().unwrap_or_default();
    let at_root = format!("  organizational_unit = \"{root_text}\"");
    world.terraform.write("main.tf", &account(&at_root))?;
    world.proxy.forget();
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["Service control policies are not enabled"])?;
    assert_eq!(world.proxy.count("organizations:CreateAccount"), 0);
    world.aws.call(
        "organizations",
        "enable_policy_type",
        json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"}),
    )?;
    let made = world.aws.call(
        "organizations",
        "create_account",
        json!({"AccountName": "theirs", "Email": "App@example.com"}),
    )?;
    let theirs = made["CreateAccountStatus"]["AccountId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    world.terraform.plan(&[])?.refused()?.says(&[
        "The e-mail address is in use",
        &format!("account_id = \"{theirs}\""),
    ])?;
    world.terraform.write(
        "main.tf",
        &account(&at_root).replace("app@example.com", "elsewhere@example.com"),
    )?;
    world.terraform.apply(&[])?.refused()?.says(&[
        "The e-mail address is in use",
        "in this organization or in another one",
    ])?;
    assert!(accounts(&mut world, "app")?.is_empty());
    // Adopting what is not there.
    world.terraform.write(
        "main.tf",
        &account(&format!("{at_root}\n  account_id = \"111122223333\"")),
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["The account is not in the organization"])?;
    Ok(())
}
