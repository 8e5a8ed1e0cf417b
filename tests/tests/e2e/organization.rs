//! `gabion_organization`: created, adopted, repaired, and left behind.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use gabion_tests::{Aws, Fault, Kind};
use serde_json::{Value, json};

use crate::support::World;

fn organization(arguments: &str) -> String {
    format!("resource \"gabion_organization\" \"main\" {{\n{arguments}\n}}\n")
}

fn call(aws: &mut Aws, operation: &str, parameters: Value) -> Result<Value> {
    aws.call("organizations", operation, parameters)
}

fn root(aws: &mut Aws) -> Result<Value> {
    Ok(call(aws, "list_roots", json!({}))?["Roots"][0].clone())
}

/// Names of the units right below a parent.
fn units(aws: &mut Aws, parent: &Value) -> Result<Vec<String>> {
    let found = call(
        aws,
        "list_organizational_units_for_parent",
        json!({"ParentId": parent}),
    )?;
    let mut names: Vec<String> = found["OrganizationalUnits"]
        .as_array()
        .context("no list of units")?
        .iter()
        .map(|unit| unit["Name"].as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    Ok(names)
}

#[test]
fn made_repaired_imported_and_left_behind() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    let main = organization(
        "  units = [\"dev\", \"prod\", \"workloads/test\"]\n  aws_service_access_principals = [\"cloudtrail.amazonaws.com\"]",
    );
    world.init(&main)?;
    let plan = world.terraform.plan(&[])?.ok()?;
    assert!(
        plan.flat().contains("\"SERVICE_CONTROL_POLICY\""),
        "{}",
        plan.stdout
    );
    assert!(world.proxy.writes().is_empty());

    // A reply lost on each create: nothing is there twice.
    let lost = [
        "organizations:CreateOrganization",
        "organizations:CreateOrganizationalUnit",
    ]
    .map(|pattern| {
        world
            .proxy
            .on(pattern)
            .fault(gabion_tests::Fault::LoseReply)
    });
    world.terraform.apply(&[])?.ok()?;
    assert!(lost.iter().all(|rule| rule.hits() == 1));
    world.terraform.settled()?;
    world.calls_are_on_the_page("organization")?;
    let state = world.terraform.state("gabion_organization.main")?;
    assert_eq!(state["adopted"], false);
    let top = root(&mut world.aws)?;
    assert_eq!(top["Id"], state["root_id"]);
    assert!(
        top["PolicyTypes"]
            .to_string()
            .contains("SERVICE_CONTROL_POLICY")
    );
    let made: Vec<(String, String, u16, String)> = world
        .proxy
        .calls()
        .into_iter()
        .filter(|call| call.operation.name == "CreateOrganizationalUnit")
        .map(|call| {
            (
                call.operation.to_string(),
                call.body,
                call.status,
                call.answer,
            )
        })
        .collect();
    assert_eq!(
        units(&mut world.aws, &top["Id"])?,
        ["dev", "prod", "workloads"],
        "{made:#?}"
    );
    let test = &state["unit_ids"]["workloads/test"];
    let found = call(
        &mut world.aws,
        "describe_organizational_unit",
        json!({"OrganizationalUnitId": test}),
    )?;
    assert_eq!(found["OrganizationalUnit"]["Name"], "test");

    // Drift: each part shows, and is repaired.
    let dev = &state["unit_ids"]["dev"];
    call(
        &mut world.aws,
        "delete_organizational_unit",
        json!({"OrganizationalUnitId": dev}),
    )?;
    call(
        &mut world.aws,
        "disable_aws_service_access",
        json!({"ServicePrincipal": "cloudtrail.amazonaws.com"}),
    )?;
    call(
        &mut world.aws,
        "disable_policy_type",
        json!({"RootId": top["Id"], "PolicyType": "SERVICE_CONTROL_POLICY"}),
    )?;
    let plan = world.terraform.plan(&[])?;
    assert!(plan.changes()?);
    for part in [
        "\"dev\"",
        "\"cloudtrail.amazonaws.com\"",
        "\"SERVICE_CONTROL_POLICY\"",
    ] {
        assert!(
            plan.flat().contains(&format!("+ {part}")),
            "{part}: {}",
            plan.stdout
        );
    }
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;

    // A unit in use stays; an empty one goes.
    let account = call(
        &mut world.aws,
        "create_account",
        json!({"AccountName": "app", "Email": "app@example.com"}),
    )?;
    let account = account["CreateAccountStatus"]["AccountId"].clone();
    let prod = state["unit_ids"]["prod"].clone();
    call(
        &mut world.aws,
        "move_account",
        json!({"AccountId": account, "SourceParentId": top["Id"], "DestinationParentId": prod}),
    )?;
    let fewer = |units: &str| {
        organization(&format!(
            "  units = [{units}]\n  aws_service_access_principals = [\"cloudtrail.amazonaws.com\"]"
        ))
    };
    let administered = |units: &str| {
        let list = format!(
            "  delegated_administrators = [{{\n    account_id = {account}\n    service_principal = \"guardduty.amazonaws.com\"\n  }}]\n}}"
        );
        fewer(units).replace("\n}", &format!("\n{list}"))
    };
    world
        .terraform
        .write("main.tf", &fewer("\"workloads/test\""))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["The unit is in use", "account `app`"])?;
    world
        .terraform
        .write("main.tf", &administered("\"prod\", \"workloads/test\""))?;
    world.proxy.forget();
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    world.calls_are_on_the_page("organization")?;
    assert_eq!(units(&mut world.aws, &top["Id"])?, ["prod", "workloads"]);
    let named = |aws: &mut Aws| -> Result<Value> {
        Ok(
            call(aws, "list_delegated_administrators", json!({}))?["DelegatedAdministrators"]
                .clone(),
        )
    };
    assert_eq!(named(&mut world.aws)?[0]["Id"], account);
    let admin = json!({"AccountId": account, "ServicePrincipal": "guardduty.amazonaws.com"});
    call(
        &mut world.aws,
        "deregister_delegated_administrator",
        admin.clone(),
    )?;
    let plan = world.terraform.plan(&[])?;
    assert!(
        plan.changes()?
            && plan
                .flat()
                .contains("+ service_principal = \"guardduty.amazonaws.com\""),
        "{}",
        plan.stdout
    );
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(named(&mut world.aws)?[0]["Id"], account);
    // What this resource put there goes without a word.
    let none = fewer("\"prod\", \"workloads/test\"")
        .replace("\n}", "\n  delegated_administrators = []\n}");
    world.terraform.write("main.tf", &none)?;
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(named(&mut world.aws)?, json!([]));
    // What others put there is named first.
    call(
        &mut world.aws,
        "register_delegated_administrator",
        admin.clone(),
    )?;
    world.terraform.plan(&[])?.refused()?.says(&[
        "The plan would take away what others set up",
        &format!(
            "acknowledge_removals = [\"{} guardduty.amazonaws.com\"]",
            account.as_str().unwrap_or_default()
        ),
    ])?;
    call(&mut world.aws, "deregister_delegated_administrator", admin)?;
    world
        .terraform
        .write("main.tf", &fewer("\"prod\", \"workloads/test\""))?;

    // Import changes nothing.
    world
        .terraform
        .run(&["state", "rm", "gabion_organization.main"])?
        .ok()?;
    world.proxy.forget();
    let id = state["id"].as_str().context("no id")?.to_owned();
    world
        .terraform
        .import("gabion_organization.main", "o-other00000")?
        .refused()?
        .says(&["There is no such organization"])?;
    world
        .terraform
        .import("gabion_organization.main", &id)?
        .ok()?;
    let imported = world.terraform.state("gabion_organization.main")?;
    assert_eq!(
        imported["units"],
        json!(["prod", "workloads", "workloads/test"])
    );
    world.terraform.apply(&[])?.ok()?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    world.terraform.settled()?;
    assert_eq!(imported["adopted"], false, "the tag of its root says so");

    // What is in use stays, and the organization does; what this resource made and nobody uses goes.
    world.terraform.destroy(&[])?.ok()?.says(&[
        "The organization stays",
        "the unit `prod`, which holds account `app`",
    ])?;
    assert!(world.terraform.state_list()?.is_empty());
    assert_eq!(units(&mut world.aws, &top["Id"])?, ["prod"]);
    Ok(())
}

#[test]
fn what_was_made_before_a_kill_is_known_again_and_goes() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    // Killed while a unit is made: no state was written.
    world.init(&organization("  units = [\"dev\", \"workloads/test\"]"))?;
    let hold = world
        .proxy
        .on("organizations:CreateOrganizationalUnit")
        .fault(Fault::HoldReply);
    let run = world
        .terraform
        .start(&["apply", "-auto-approve", "-no-color", "-input=false"])?;
    hold.wait(Duration::from_secs(60))?;
    // The unit is there before the answer is held.
    let end = Instant::now() + Duration::from_secs(20);
    let top = root(&mut world.aws)?["Id"].clone();
    while units(&mut world.aws, &top)?.is_empty() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    run.kill()?;
    assert_eq!(run.finish(Duration::from_secs(20))?.code, None);
    world.proxy.clear();
    assert_eq!(units(&mut world.aws, &top)?, ["dev"]);
    assert!(world.terraform.state_list()?.is_empty());

    // It counts as made here, and so does the organization.
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state("gabion_organization.main")?;
    assert_eq!(state["adopted"], false);
    assert_eq!(units(&mut world.aws, &top)?, ["dev", "workloads"]);

    // Its id in `acknowledge_irreversible` deletes it, and all that was made in it.
    let id = state["id"].as_str().context("no id")?;
    world.terraform.write(
        "main.tf",
        &organization(&format!(
            "  units = [\"dev\", \"workloads/test\"]\n  acknowledge_irreversible = \"{id}\""
        )),
    )?;
    world.terraform.apply(&[])?.ok()?;
    world.proxy.forget();
    world.terraform.destroy(&[])?.ok()?;
    world.calls_are_on_the_page("organization")?;
    assert_eq!(
        world.proxy.count("organizations:DeleteOrganizationalUnit"),
        3
    );
    let gone = call(&mut world.aws, "describe_organization", json!({}));
    assert!(
        format!("{gone:?}").contains("AWSOrganizationsNotInUseException"),
        "{gone:?}"
    );
    Ok(())
}

#[test]
fn an_organization_that_is_there_is_adopted_as_it_is() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    call(
        &mut world.aws,
        "create_organization",
        json!({"FeatureSet": "ALL"}),
    )?;
    let top = root(&mut world.aws)?;
    call(
        &mut world.aws,
        "create_organizational_unit",
        json!({"ParentId": top["Id"], "Name": "dev"}),
    )?;
    call(
        &mut world.aws,
        "enable_aws_service_access",
        json!({"ServicePrincipal": "guardduty.amazonaws.com"}),
    )?;

    // What others set up is named before it goes.
    world.init(&organization(
        "  units = [\"dev\"]\n  aws_service_access_principals = []",
    ))?;
    world.terraform.plan(&[])?.refused()?.says(&[
        "The plan would take away what others set up",
        "acknowledge_removals = [\"guardduty.amazonaws.com\"]",
    ])?;
    world
        .terraform
        .write("main.tf", &organization("  units = [\"dev\"]"))?;
    world.proxy.forget();
    world.terraform.apply(&[])?.ok()?;
    let writes: Vec<String> = world
        .proxy
        .writes()
        .iter()
        .map(|call| call.operation.name.clone())
        .collect();
    assert_eq!(writes, ["EnablePolicyType"]);
    let state = world.terraform.state("gabion_organization.main")?;
    assert_eq!(state["adopted"], true);
    assert_eq!(
        state["aws_service_access_principals"],
        json!(["guardduty.amazonaws.com"])
    );
    world.terraform.settled()?;
    world.terraform.write(
        "main.tf",
        &organization(
            "  units = [\"dev\"]\n  aws_service_access_principals = []\n  acknowledge_removals = [\"guardduty.amazonaws.com\"]",
        ),
    )?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let services = call(
        &mut world.aws,
        "list_aws_service_access_for_organization",
        json!({}),
    )?;
    assert_eq!(services["EnabledServicePrincipals"], json!([]));

    // Destroying an adopted one takes nothing away.
    world.proxy.forget();
    world.terraform.destroy(&[])?.ok()?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );

    // AWS Control Tower.
    call(
        &mut world.aws,
        "enable_aws_service_access",
        json!({"ServicePrincipal": "controltower.amazonaws.com"}),
    )?;
    world
        .terraform
        .write("main.tf", &organization("  units = [\"dev\"]"))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["AWS Control Tower manages this organization"])?;
    let adopt = |units: &str| {
        organization(&format!(
            "  units = [{units}]\n  adopt_control_tower = true"
        ))
    };
    world
        .terraform
        .write("main.tf", &adopt("\"dev\", \"new\""))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["An organization of AWS Control Tower is not changed"])?;
    world.terraform.write("main.tf", &adopt("\"dev\""))?;
    world.terraform.apply(&[])?.ok()?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    world.terraform.settled()?;

    // Bad input.
    world.terraform.write(
        "main.tf",
        &organization("  units = [\"/dev\"]\n  enabled_policy_types = [\"SCP\"]"),
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["units", "SCP"])?;
    world.terraform.write(
        "main.tf",
        &organization("  adopt_control_tower = false\n  enabled_policy_types = []"),
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["enabled_policy_types"])?;
    Ok(())
}
