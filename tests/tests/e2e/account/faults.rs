//! Creates that are cut off, refused, or answered by nobody.

use std::time::Duration;

use anyhow::Result;
use gabion_tests::Fault;
use hyper::StatusCode;
use serde_json::json;

use super::{account, accounts, estate, id, moto, policies, refusal};

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

    // The last call of all is refused, when the quarantine has ended: the account may be in use from then on.
    let last = world
        .proxy
        .on("organizations:TagResource")
        .nth(2)
        .fault(Fault::AccessDenied);
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["While completing account"])?;
    assert_eq!(last.hits(), 1);
    world.proxy.clear();
    assert_eq!(policies(&mut world, &begun)?, ["FullAWSAccess"]);
    world.proxy.forget();
    world.terraform.apply(&[])?.ok()?;
    for never in ["CreatePolicy", "AttachPolicy", "CreateAccount"] {
        assert_eq!(world.proxy.count(&format!("organizations:{never}")), 0);
    }
    assert_eq!(id(&world, "gabion_account.app")?, begun);
    assert_eq!(accounts(&mut world, "app")?.len(), 1);
    assert_eq!(policies(&mut world, &begun)?, ["FullAWSAccess"]);
    let keys = super::inside(&world, &begun)?.call("kms", "list_keys", json!({}))?;
    assert_eq!(keys["Keys"].as_array().map(Vec::len), Some(1), "{keys}");
    world.terraform.settled()?;
    Ok(())
}

#[test]
fn a_create_that_is_stopped_or_takes_too_long_goes_on_with_the_same_account() -> Result<()> {
    let Some(mut world) = moto()? else {
        return Ok(());
    };
    // AWS takes longer than the user waits.
    world.init(&estate("  timeouts {\n    create = \"3s\"\n  }"))?;
    let slow = world
        .proxy
        .on("organizations:DescribeCreateAccountStatus")
        .fault(Fault::Delay(Duration::from_secs(4)));
    world.terraform.apply(&[])?.refused()?.says(&[
        "creating the account `app`",
        "waiting for the account `app` to be made",
    ])?;
    assert_eq!(slow.hits(), 1);
    world.proxy.clear();
    let first = accounts(&mut world, "app")?;
    assert_eq!(first.len(), 1, "{first:?}");
    let begun = first[0]["Id"].as_str().unwrap_or_default().to_owned();

    // Ctrl-C between the account and its quarantine: the quarantine still comes, and nothing after it.
    world.terraform.write("main.tf", &estate(""))?;
    let hold = world
        .proxy
        .on("organizations:AttachPolicy")
        .fault(Fault::Hold);
    world.proxy.forget();
    let run = world
        .terraform
        .start(&["apply", "-auto-approve", "-no-color", "-input=false"])?;
    hold.wait(Duration::from_secs(60))?;
    run.interrupt()?;
    std::thread::sleep(Duration::from_millis(500));
    hold.release();
    let stopped = run.finish(Duration::from_secs(120))?;
    assert_eq!(
        stopped.code,
        Some(1),
        "{}{}",
        stopped.stdout,
        stopped.stderr
    );
    world.proxy.clear();
    let state = world.terraform.state("gabion_account.app")?;
    assert_eq!(
        [&state["account_id"], &state["quarantined"]],
        [&json!(begun), &json!(true)]
    );
    let held = policies(&mut world, &begun)?;
    assert!(
        held.contains(&format!("gabion-quarantine-{begun}")),
        "{held:?}"
    );
    assert_eq!(world.proxy.count("account:PutAlternateContact"), 0);

    // The next apply ends it, and tells in the log what it waits for.
    world.terraform.env("TF_LOG_PROVIDER", "INFO");
    let run = world.terraform.apply(&[])?.ok()?;
    for step in [
        "waiting for the vending role of account",
        "setting the baseline of account",
        "ending the quarantine of account",
    ] {
        assert!(run.stderr.contains(step), "{step}: {}", run.stderr);
    }
    assert_eq!(id(&world, "gabion_account.app")?, begun);
    assert_eq!(accounts(&mut world, "app")?.len(), 1);
    assert_eq!(policies(&mut world, &begun)?, ["FullAWSAccess"]);
    Ok(())
}

#[test]
fn what_cannot_be_made_is_told_in_words() -> Result<()> {
    let Some(mut world) = moto()? else {
        return Ok(());
    };
    // No organization.
    world.init(&account("  organizational_unit = \"dev\""))?;
    insta::assert_snapshot!(refusal(world.terraform.plan_json(&[])?)?, @"There is no organization: Account `ACCOUNT` is in no organization. Make one with `gabion_organization`, and take `organizational_unit` from its `unit_ids`.");
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
    world.aws.call(
        "organizations",
        "create_account",
        json!({"AccountName": "theirs", "Email": "App@example.com"}),
    )?;
    let told = refusal(world.terraform.plan_json(&[])?)?;
    insta::assert_snapshot!(told, @r#"The e-mail address is in use: `app@example.com` is the address of account `ACCOUNT` (`theirs`), which this resource did not make. To manage that account here, set `account_id = "ACCOUNT"` (it is adopted: never closed, never under quarantine), or run `terraform import <address> ACCOUNT`. Otherwise use another address."#);
    let with = |email: &str| account(&at_root).replace("app@example.com", email);
    let applied = ["apply", "-auto-approve", "-input=false", "-json"];
    world
        .terraform
        .write("main.tf", &with("elsewhere@example.com"))?;
    insta::assert_snapshot!(refusal(world.terraform.run(&applied)?)?, @"The e-mail address is in use: `app` was not made. An AWS account has this address already, in this organization or in another one. Every account needs an address of its own (many mail systems take `name+account@domain`).");
    // No room: told at once, or by how the creation ends.
    world
        .terraform
        .write("main.tf", &with("one-too-many@example.com"))?;
    insta::assert_snapshot!(refusal(world.terraform.run(&applied)?)?, @"The organization is full: `app` was not made: the organization has as many accounts as it may (ACCOUNT_LIMIT_EXCEEDED). Ask for a higher quota (Service Quotas, AWS Organizations, in us-east-1), or close accounts that nobody uses.");
    let limit = world
        .proxy
        .on("organizations:CreateAccount")
        .fault(Fault::Error(
            StatusCode::BAD_REQUEST,
            "ConstraintViolationException".to_owned(),
            "You have exceeded the allowed number of AWS accounts.".to_owned(),
        ));
    world
        .terraform
        .run(&applied)?
        .refused()?
        .says(&["The organization is full"])?;
    assert_eq!(limit.hits(), 1);
    world.proxy.clear();
    assert!(accounts(&mut world, "app")?.is_empty());
    // AWS Control Tower makes the accounts of its organizations.
    let tower = json!({"ServicePrincipal": "controltower.amazonaws.com"});
    world
        .aws
        .call("organizations", "enable_aws_service_access", tower.clone())?;
    world.proxy.forget();
    insta::assert_snapshot!(refusal(world.terraform.plan_json(&[])?)?, @"AWS Control Tower manages this organization: An account that is made beside Control Tower is not enrolled in the landing zone of `O`. Make it with Control Tower's Account Factory, and adopt it here with `account_id`, or set its baseline with `gabion_account_baseline`.");
    assert!(world.proxy.writes().is_empty());
    world
        .aws
        .call("organizations", "disable_aws_service_access", tower)?;
    // A vending role that AWS would not make.
    world
        .terraform
        .provider("  vending_role_name = \"platform/Vending\"")?;
    insta::assert_snapshot!(refusal(world.terraform.plan_json(&[])?)?, @"The vending role has a path: `vending_role_name` of the provider is `platform/Vending`, and the role that AWS makes in a new account has a plain name: `platform/Vending` would not be there, and nobody could enter the account. Set it to a name without `/`, such as `Vending`. Roles with a path work for accounts that are there, and have such a role.");
    world.terraform.provider("")?;
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
