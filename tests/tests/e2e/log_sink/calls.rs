//! The page lists every call that is made, and when; and what the bucket policies do to callers.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use gabion_tests::{Aws, Fault, Kind, workspace};
use serde_json::json;

use super::{KEY, SINK, exception, sink};
use crate::support::World;

type Calls = BTreeSet<String>;

/// Listed, and not met here: another account, and a bucket that may not be read.
const ELSEWHERE: [&str; 2] = ["s3:ListBuckets", "sts:AssumeRole"];

/// The page's table: when, and which calls.
fn listed() -> Result<BTreeMap<String, Calls>> {
    let page = std::fs::read_to_string(workspace::root().join("docs/resources/log_sink.md"))?;
    let (_, table) = page
        .split_once("| when | calls |\n|---|---|\n")
        .context("no table of calls")?;
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    Ok(rows
        .filter_map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(str::trim);
            let when = cells.next()?.to_owned();
            let calls = cells
                .next()?
                .split(", ")
                .map(|call| call.trim_matches('`').to_owned())
                .collect();
            Some((when, calls))
        })
        .collect())
}

/// The calls so far, those for the key aside, and forgets them.
fn made(world: &World) -> Calls {
    let calls = world.proxy.calls();
    world.proxy.forget();
    let calls = calls
        .iter()
        .map(|call| format!("{}:{}", call.operation.service, call.operation.name));
    calls.filter(|call| !call.starts_with("kms:")).collect()
}

#[test]
fn the_page_lists_every_call() -> Result<()> {
    let listed = listed()?;
    let of = |rows: &[&str]| -> Calls {
        let rows = listed
            .iter()
            .filter(|(when, _)| rows.iter().any(|row| when.starts_with(row)));
        rows.flat_map(|(_, calls)| calls.clone()).collect()
    };
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let mut all = Calls::new();
    let mut check = |what: &str, made: Calls, rows: &[&str]| {
        let allowed = of(rows);
        let more: Vec<&String> = made.difference(&allowed).collect();
        assert!(
            more.is_empty(),
            "{what} makes calls that the page does not list for {rows:?}: {more:?}"
        );
        all.extend(made);
    };
    let reads = "refresh";

    world.init(KEY)?;
    world.terraform.apply(&[])?.ok()?;
    let _ = made(&world);
    world
        .terraform
        .write("main.tf", &sink("tags = { a = \"1\" }"))?;
    world.terraform.plan(&[])?.ok()?;
    check("a plan", made(&world), &[reads]);
    world.terraform.apply(&["plan.tfplan"])?.ok()?;
    check("a create", made(&world), &[reads, "create"]);
    world.terraform.settled()?;
    check("a plan without changes", made(&world), &[reads]);
    world.terraform.run(&["state", "rm", SINK])?.ok()?;
    world.terraform.import(SINK, "gabion-audit-logs")?.ok()?;
    check("an import", made(&world), &[reads]);

    // An update that touches everything.
    let weak = [
        ("object_ownership", "\"ObjectWriter\"", "S3.12"),
        ("enable_logging", "false", "CloudTrail.1"),
        ("is_multi_region_trail", "false", "CloudTrail.1"),
    ];
    let mut text = "log_group_retention_in_days = 0\n  tags = { b = \"1\" }\n".to_owned();
    for (attribute, value, control) in weak {
        text.push_str(&format!(
            "  {attribute} = {value}\n{}",
            exception(attribute, control)
        ));
    }
    let second = "\nresource \"gabion_kms_key\" \"second\" {\n  alias = \"second\"\n  deletion_protection = false\n}\n";
    let moved = sink(&text).replace("gabion_kms_key.logs.arn", "gabion_kms_key.second.arn");
    world
        .terraform
        .write("main.tf", &format!("{moved}{second}"))?;
    world.terraform.apply(&[])?.ok()?;
    check("an update", made(&world), &[reads, "create", "update"]);
    world.terraform.settled()?;
    let _ = made(&world);

    let purge = "deletion_policy = \"purge\"\n  acknowledge_irreversible = \"gabion-audit-logs\"";
    world.terraform.write("main.tf", &sink(""))?;
    world.terraform.apply(&[])?.ok()?;
    super::put_object(&mut world, "gabion-audit-logs")?;
    world.terraform.apply(&[])?.ok()?;
    check("an update", made(&world), &[reads, "create", "update"]);
    world.terraform.destroy(&[])?.refused()?;
    check(
        "a destroy that is refused",
        made(&world),
        &[reads, "plan of a destroy"],
    );
    world.terraform.write("main.tf", &sink(purge))?;
    world.terraform.apply(&[])?.ok()?;
    let _ = made(&world);
    world.terraform.destroy(&[])?.ok()?;
    let destroys = [reads, "plan of a destroy", "destroy"];
    check("a destroy", made(&world), &destroys);

    let every: Calls = listed.values().flatten().cloned().collect();
    let idle: Vec<&String> = every
        .difference(&all)
        .filter(|call| !ELSEWHERE.contains(&call.as_str()))
        .collect();
    assert!(
        idle.is_empty(),
        "the page lists calls that were not made: {idle:?}"
    );
    Ok(())
}

/// MiniStack judges callers of other accounts by the bucket policy: each of the two denials alone keeps out whom a
/// statement lets in, over the plain HTTP of the emulator.
#[test]
fn the_policy_keeps_others_out() -> Result<()> {
    const BUCKET: &str = "gabion-audit-logs";
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let reader = r#"
  organization_id = "none"
  additional_policy_statements = [{
    sid        = "Reader"
    principals = { AWS = ["444455556666"] }
    actions    = ["s3:GetObject"]
    resources  = ["arn:aws:s3:::gabion-audit-logs/*"]
  }]
"#;
    super::applied(&world, reader)?;
    super::put_object(&mut world, BUCKET)?;
    // What does arrive is encrypted and locked.
    let object = json!({"Bucket": BUCKET, "Key": "AWSLogs/one"});
    let head = world.aws.call("s3", "head_object", object.clone())?;
    assert_eq!(head["ServerSideEncryption"], "aws:kms", "{head}");
    assert_eq!(head["ObjectLockMode"], "GOVERNANCE", "{head}");
    world.terraform.apply(&[])?.ok()?;

    let policy = super::policy_of(&mut world, BUCKET)?;
    let mut other = Aws::with_key(&world.proxy.emulator().endpoint(), "444455556666")?;
    for (left_out, reads) in [
        (&[][..], false),
        (&["DenyOutsiders"], false),
        (&["DenyInsecureTransport"], false),
        (&["DenyOutsiders", "DenyInsecureTransport"], true),
    ] {
        let mut weaker = policy.clone();
        let statements = weaker["Statement"].as_array_mut().unwrap();
        statements.retain(|statement| !left_out.iter().any(|sid| statement["Sid"] == *sid));
        world.aws.call(
            "s3",
            "put_bucket_policy",
            json!({"Bucket": BUCKET, "Policy": weaker.to_string()}),
        )?;
        let answer = other.call("s3", "get_object", object.clone());
        assert_eq!(answer.is_ok(), reads, "without {left_out:?}: {answer:?}");
        if let Err(error) = answer {
            assert!(format!("{error:#}").contains("AccessDenied"), "{error:#}");
        }
    }
    Ok(())
}

/// A role that may only read can plan: whatever it asks is a read, and denied writes do not matter.
#[test]
fn a_read_only_principal_can_plan() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    super::applied(&world, "")?;
    for pattern in [
        "*:Put*",
        "*:Create*",
        "*:Delete*",
        "*:Update*",
        "*:Tag*",
        "*:Start*",
        "*:Stop*",
        "*:Add*",
    ] {
        let _rule = world.proxy.on(pattern).always().fault(Fault::AccessDenied);
    }
    world.terraform.settled()?;
    world
        .terraform
        .write("main.tf", &sink("retention_in_days = 400"))?;
    assert!(world.terraform.plan(&[])?.changes()?);
    // Not even the organization need be readable for a sink that stands.
    let _rule = world
        .proxy
        .on("organizations:*")
        .always()
        .fault(Fault::AccessDenied);
    assert!(world.terraform.plan(&[])?.changes()?);
    Ok(())
}

/// Where the organization may not be read, the plan says so, and the bucket is bound to the account.
#[test]
fn without_permission_to_read_the_organization() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let _rule = world
        .proxy
        .on("organizations:*")
        .always()
        .fault(Fault::AccessDenied);
    world.init(&sink(""))?;
    world
        .terraform
        .plan(&[])?
        .ok()?
        .says(&["The organization could not be read", "`none`"])?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state(SINK)?;
    assert_eq!(state["organization_id"], "none");
    assert_eq!(state["is_organization_trail"], false);
    Ok(())
}
