//! The landing zone from nothing to nothing, on one apply.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use gabion_tests::proxy::Call;
use gabion_tests::workspace;
use serde_json::Value;

use super::{
    MANAGEMENT, Places, attributes, changes, clean, drift, example, left, modules, nothing_found,
};
use crate::support::World;

/// The most lines that a call site may have which say something.
const LINES: usize = 40;

/// What the call site makes.
const RESOURCES: [&str; 12] = [
    "module.environment[\"dev\"].gabion_account.this",
    "module.environment[\"dev\"].gabion_network_segment.this[\"internal\"]",
    "module.environment[\"prod\"].gabion_account.this",
    "module.environment[\"prod\"].gabion_kms_key.this[\"confidential\"]",
    "module.environment[\"prod\"].gabion_network_segment.this[\"confidential\"]",
    "module.environment[\"prod\"].gabion_workload_role.this[\"operators\"]",
    "module.environment[\"test\"].gabion_account.this",
    "module.environment[\"test\"].gabion_network_segment.this[\"internal\"]",
    "module.log_archive.gabion_kms_key.this",
    "module.log_archive.gabion_log_sink.this",
    "module.organization.gabion_org_guardrail.this",
    "module.organization.gabion_organization.this",
];

/// What is added to the call site before it is destroyed, as the README says it.
const DESTROY: &str = r#"
module "organization" {
  deletion_protection = false
}

module "log_archive" {
  deletion_protection      = false
  deletion_policy          = "purge"
  acknowledge_irreversible = "example-log-archive"
  acknowledge_key          = "example-log-archive"
}

module "environment" {
  deletion_protection      = false
  deletion_policy          = "close"
  acknowledge_irreversible = "example-${each.key}"
  acknowledge_keys         = ["${each.key}-confidential"]
}
"#;

#[test]
fn the_call_site_has_at_most_forty_lines() -> Result<()> {
    let folder = workspace::root().join("examples/landing-zone");
    let mut lines = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tf") {
            let text = std::fs::read_to_string(path)?;
            lines += text.lines().filter(|line| !line.trim().is_empty()).count();
        }
    }
    println!("the call site of the landing zone has {lines} lines");
    assert!((10..=LINES).contains(&lines), "{lines} lines");
    // What is destroyed is destroyed as the README says.
    let readme = readme()?;
    for line in DESTROY.lines() {
        assert!(readme.contains(line), "the README does not say `{line}`");
    }
    Ok(())
}

fn readme() -> Result<String> {
    let path: &Path = workspace::root();
    Ok(std::fs::read_to_string(
        path.join("examples/landing-zone/README.md"),
    )?)
}

#[test]
fn from_nothing_to_nothing() -> Result<()> {
    let Some(world) = example("landing-zone")? else {
        return Ok(());
    };
    world.terraform.init()?;
    let before = left::census(&mut Places::open(&world, &BTreeMap::new())?)?;
    world.proxy.forget();

    let plan = world.terraform.plan(&[])?.ok()?;
    println!(
        "the first plan of the landing zone took {:?} (a build for tests)",
        plan.elapsed
    );
    let planned = changes(&world)?;
    println!("the landing zone has {} resources", planned.len());
    assert!(planned.values().all(|action| action == "create"));
    assert_eq!(planned.keys().collect::<Vec<_>>(), RESOURCES);
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    nothing_found(&world)?;

    let apply = world.terraform.apply(&["plan.tfplan"])?.ok()?;
    println!("its apply took {:?}", apply.elapsed);
    clean(&world)?;
    let billing = bodies(&world, "CreateAccount");
    assert!(
        billing.len() == 3
            && billing
                .iter()
                .all(|body| body["IamUserAccessToBilling"] == "DENY"),
        "{billing:?}"
    );
    let accounts = accounts(&world)?;
    quarantined_until_baselined(&world, &accounts)?;
    let mut places = Places::open(&world, &accounts)?;
    one_trail_for_all(&world, &mut places)?;
    attributes::are_what_aws_has(&world, &mut places)?;

    drift::is_shown_and_repaired(&world, &mut places, &RESOURCES)?;
    clean(&world)?;
    // The modules' tests begin with an empty state: what stands is not in their way.
    modules::own_tests_pass(&world)?;
    in_use(&world, &mut places)?;

    world
        .terraform
        .destroy(&[])?
        .refused()?
        .says(&["Deletion protection is on"])?;
    world.terraform.write("destroy_override.tf", DESTROY)?;
    world.terraform.apply(&[])?.ok()?;
    let destroy = world.terraform.destroy(&[])?.ok()?;
    println!("its destroy took {:?}", destroy.elapsed);
    assert!(world.terraform.state_list()?.is_empty());
    let windows = bodies(&world, "ScheduleKeyDeletion");
    assert!(
        windows.len() == 2 && windows.iter().all(|body| body["PendingWindowInDays"] == 30),
        "{windows:?}"
    );
    left::is_what_may_be(&before, &left::census(&mut places)?, &accounts)
}

/// The archive holds a log that is locked, and the keys were used a minute ago: as it is a day after the apply.
fn in_use(world: &World, places: &mut Places) -> Result<()> {
    modules::write_log("example-log-archive", |service, operation, parameters| {
        places.call(MANAGEMENT, service, operation, parameters)
    })?;
    let states = world.terraform.states()?;
    for (address, key) in &states {
        if address.contains("gabion_kms_key") {
            modules::use_now(world, &key["id"])?;
        }
    }
    Ok(())
}

/// What was sent by every call of that name so far.
fn bodies(world: &World, operation: &str) -> Vec<Value> {
    world
        .proxy
        .calls()
        .iter()
        .filter(|call| call.operation.name == operation)
        .map(|call| serde_json::from_str(&call.body).unwrap_or_default())
        .collect()
}

/// Every account was shut from before its baseline until after it, to everybody but the vending role.
fn quarantined_until_baselined(world: &World, accounts: &BTreeMap<String, String>) -> Result<()> {
    let calls = world.proxy.calls();
    let body = |call: &Call| -> Value { serde_json::from_str(&call.body).unwrap_or_default() };
    for (environment, account) in accounts {
        let name = format!("gabion-quarantine-{account}");
        let made = calls
            .iter()
            .find(|call| call.operation.name == "CreatePolicy" && body(call)["Name"] == *name)
            .with_context(|| format!("{environment} was never under quarantine"))?;
        let content: Value =
            serde_json::from_str(body(made)["Content"].as_str().unwrap_or_default())?;
        let statement = &content["Statement"][0];
        ensure!(
            statement["Effect"] == "Deny" && statement["Action"] == "*",
            "{content}"
        );
        let exempt = statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"].to_string();
        ensure!(
            exempt.contains(":role/OrganizationAccountAccessRole") && exempt.contains(account),
            "{content}"
        );
        let answer: Value = serde_json::from_str(&made.answer)?;
        let id = &answer["Policy"]["PolicySummary"]["Id"];
        let at = |operation: &str| {
            calls.iter().position(|call| {
                call.operation.name == operation
                    && body(call)["PolicyId"] == *id
                    && body(call)["TargetId"] == **account
            })
        };
        // The keys of the vending role's sessions in that account.
        let keys: Vec<&str> = calls
            .iter()
            .filter(|call| {
                call.operation.name == "AssumeRole" && call.body.contains(account.as_str())
            })
            .filter_map(|call| call.answer.split("<AccessKeyId>").nth(1)?.split('<').next())
            .collect();
        let baseline = calls.iter().position(|call| {
            call.operation.name == "UpdateAccountPasswordPolicy"
                && keys.contains(&call.operation.access_key.as_str())
        });
        let order = [at("AttachPolicy"), baseline, at("DetachPolicy")];
        ensure!(
            order.iter().all(Option::is_some) && order.is_sorted(),
            "{environment}: attached, baselined and detached at {order:?}"
        );
    }
    Ok(())
}

/// The accounts that were made, by environment.
fn accounts(world: &World) -> Result<BTreeMap<String, String>> {
    let states = world.terraform.states()?;
    ["dev", "test", "prod"]
        .into_iter()
        .map(|name| {
            let state = &states[&format!("module.environment[\"{name}\"].gabion_account.this")];
            let id = state["account_id"].as_str().context("no account")?;
            Ok((name.to_owned(), id.to_owned()))
        })
        .collect()
}

/// The archive has the organization's trail, and every segment logs to it.
fn one_trail_for_all(world: &World, places: &mut Places) -> Result<()> {
    let states = world.terraform.states()?;
    let sink = &states["module.log_archive.gabion_log_sink.this"];
    ensure!(sink["is_organization_trail"] == true, "{sink}");
    for (address, segment) in &states {
        if !address.contains("gabion_network_segment") {
            continue;
        }
        let place = ["dev", "test", "prod"]
            .into_iter()
            .find(|name| address.contains(name))
            .context("a segment of no environment")?;
        let found = places.call(place, "ec2", "describe_flow_logs", serde_json::json!({}))?;
        let logs: Vec<&Value> = found["FlowLogs"].as_array().into_iter().flatten().collect();
        let [log] = logs.as_slice() else {
            anyhow::bail!("{address}: {found}");
        };
        ensure!(log["ResourceId"] == segment["id"], "{log}");
        ensure!(log["LogDestination"] == sink["arn"], "{log}");
    }
    Ok(())
}
