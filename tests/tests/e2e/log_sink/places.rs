//! Another account, another region, the organization, and replacements that the user forces.

use anyhow::Result;
use gabion_tests::proxy::StatusCode;
use gabion_tests::{Fault, Kind};
use serde_json::json;

use super::{SINK, applied, counts, sink};
use crate::support::World;

#[test]
fn in_an_account_of_the_organization() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
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
        json!({"Email": "logs@example.com", "AccountName": "logs"}),
    )?;
    let account = made["CreateAccountStatus"]["AccountId"]
        .as_str()
        .unwrap()
        .to_owned();
    let there = format!("deletion_protection = false\n  account_id = \"{account}\"");
    let text = sink("").replace("deletion_protection = false", &there);
    world.init(&text)?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state(SINK)?;
    assert_eq!(state["account_id"], account);
    assert!(
        state["trail_arn"].as_str().unwrap().contains(&account),
        "{state}"
    );
    assert!(state["policy"].as_str().unwrap().contains(&account));
    // Nothing of it in the provider's own account.
    let trails = world.aws.call("cloudtrail", "describe_trails", json!({}))?;
    assert_eq!(trails["trailList"].as_array().map_or(0, Vec::len), 0);

    world.terraform.run(&["state", "rm", SINK])?.ok()?;
    world
        .terraform
        .import(SINK, &format!("{account}/eu-central-1/gabion-audit-logs"))?
        .ok()?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    world.terraform.destroy(&[])?.ok()?;
    Ok(())
}

#[test]
fn in_another_region() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        let Some(mut world) = World::start(kind)? else {
            return Ok(());
        };
        let there = "deletion_protection = false\n  region = \"eu-west-1\"";
        let text = sink("").replace("deletion_protection = false", there);
        world.init(&text)?;
        world.terraform.apply(&[])?.ok()?;
        world.terraform.settled()?;
        let trail = world.aws.call_in(
            "eu-west-1",
            "cloudtrail",
            "get_trail",
            json!({"Name": "gabion-audit-logs"}),
        )?;
        let arn = trail["Trail"]["TrailARN"].as_str().unwrap();
        assert!(arn.contains(":eu-west-1:"), "{trail}");
        let place = world.aws.call(
            "s3",
            "get_bucket_location",
            json!({"Bucket": "gabion-audit-logs"}),
        )?;
        assert_eq!(place["LocationConstraint"], "eu-west-1", "{place}");

        // The same bucket name again, here: names are shared by all regions.
        let here = sink("")
            .replace("\"audit\"", "\"here\"")
            .replace(super::KEY, "");
        let here = here.replace(
            "gabion_kms_key.logs.arn",
            &format!("\"arn:aws:kms:eu-central-1:{}:key/1\"", kind.account()),
        );
        world.terraform.write("main.tf", &format!("{text}{here}"))?;
        world
            .terraform
            .plan(&[])?
            .refused()?
            .says(&["gabion-audit-logs", "import"])?;
        world.terraform.write("main.tf", &text)?;
        world.terraform.destroy(&[])?.ok()?;
    }
    Ok(())
}

/// While the account is not known, plan makes no call for the sink, and what follows from it is unknown.
#[test]
fn in_a_place_that_is_not_known_yet() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let later = "resource \"terraform_data\" \"later\" {\n  input = \"eu-west-1\"\n}\n";
    let there = "deletion_protection = false\n  region = terraform_data.later.output";
    let text = sink("").replace("deletion_protection = false", there);
    world.init(&format!("{later}{text}"))?;
    world.terraform.plan(&[])?.ok()?;
    let calls = world.proxy.calls();
    assert!(
        calls.iter().all(|call| call.operation.service != "s3"),
        "{calls:?}"
    );
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert_eq!(world.terraform.state(SINK)?["region"], "eu-west-1");
    Ok(())
}

#[test]
fn without_access_of_cloudtrail_to_the_organization() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(&sink(""))?;
    let _rule = world
        .proxy
        .on("cloudtrail:CreateTrail")
        .always()
        .fault(Fault::Error(
            StatusCode::BAD_REQUEST,
            "CloudTrailAccessNotEnabledException".to_owned(),
            "Trusted access is not enabled".to_owned(),
        ));
    let error = world.terraform.apply(&["-json"])?.refused()?;
    error.says(&["enable-aws-service-access", "is_organization_trail"])?;
    world.proxy.clear();

    // The way out that needs an exception: in the management account it is weaker than the default.
    world
        .terraform
        .write("main.tf", &sink("is_organization_trail = false"))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["is_organization_trail", "CloudTrail.1"])?;
    let alone = format!(
        "is_organization_trail = false\n{}",
        super::exception("is_organization_trail", "CloudTrail.1")
    );
    world.terraform.write("main.tf", &sink(&alone))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert_eq!(counts(&mut world)?, (2, 1, 1));
    // Bound to the account, the trail follows by itself.
    world
        .terraform
        .write("main.tf", &sink("organization_id = \"none\""))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()
}

#[test]
fn replaced_because_the_user_says_so() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    applied(&world, "")?;
    let replace = format!("-replace={SINK}");
    world
        .terraform
        .apply(&[&replace])?
        .ok()?
        .says(&["1 added, 0 changed, 1 destroyed"])?;
    world.terraform.settled()?;
    assert_eq!(counts(&mut world)?, (2, 1, 1));

    // Marked as tainted it cannot be told from a bucket of somebody else: the message says what to do.
    world.terraform.run(&["taint", SINK])?.ok()?;
    world.proxy.forget();
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["terraform untaint <address>"])?;
    assert!(world.proxy.writes().is_empty());
    world.terraform.run(&["untaint", SINK])?.ok()?;
    world.terraform.settled()?;

    // A name that changes, with protection off: the old one goes, the new one comes.
    world.terraform.write(
        "main.tf",
        &sink("").replace("\"gabion-audit-logs\"", "\"gabion-new-logs\""),
    )?;
    world
        .terraform
        .apply(&[])?
        .ok()?
        .says(&["1 added, 0 changed, 1 destroyed"])?;
    world.terraform.settled()?;
    assert_eq!(counts(&mut world)?, (2, 1, 1));
    assert_eq!(
        world.terraform.state(SINK)?["log_group_name"],
        "/gabion/gabion-new-logs"
    );
    Ok(())
}
