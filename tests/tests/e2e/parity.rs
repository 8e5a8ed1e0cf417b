//! One engine, one verdict: what the guard refuses inside `terraform plan` is what `gabion check`
//! refuses on the saved plan, rule by rule, on composites that are as weak as they can be.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context as _, Result};
use gabion_tests::{Kind, Run, workspace};
use serde_json::Value;

use crate::support::World;

/// Settings of a key that rules look at, weakened, with their controls.
const KEY: &[(&str, &str, &str)] = &[
    ("enable_key_rotation", "false", "KMS.4"),
    ("deletion_window_in_days", "7", "KMS.3"),
    (
        "additional_policy_statements",
        "[{ sid = \"Open\", principals = { AWS = [\"*\"] }, actions = [\"kms:Decrypt\"] }]",
        "KMS.5",
    ),
];

/// The same of a sink.
const SINK: &[(&str, &str, &str)] = &[
    ("block_public_acls", "false", "S3.8"),
    ("ignore_public_acls", "false", "S3.8"),
    ("block_public_policy", "false", "S3.8"),
    ("restrict_public_buckets", "false", "S3.8"),
    ("object_lock_enabled", "false", "S3.15"),
    ("versioning", "\"Suspended\"", "S3.14"),
    ("access_log_versioning", "\"Suspended\"", "S3.14"),
    ("access_log_block_public_policy", "false", "S3.8"),
    ("is_multi_region_trail", "false", "CloudTrail.1"),
    ("enable_log_file_validation", "false", "CloudTrail.4"),
];

/// A resource with every weak setting and its exception.
fn resource(of: &str, own: &str, weak: &[(&str, &str, &str)]) -> String {
    let mut text = format!("resource \"{of}\" \"weak\" {{\n{own}");
    for (attribute, value, control) in weak {
        let _ = write!(
            text,
            "  {attribute} = {value}\n  exception {{\n    attribute = \"{attribute}\"\n    control = \"{control}\"\n    reason = \"a test\"\n    expires = \"2030-01-01T00:00:00Z\"\n  }}\n"
        );
    }
    text + "}\n"
}

/// Rule, disposition and address of what a plan says.
fn said(run: &Run) -> BTreeSet<(String, String, String)> {
    run.diagnostics()
        .iter()
        .filter_map(|found| {
            let refused = found.summary.strip_prefix("Refused by ")?;
            let rule = refused.split(' ').next()?.to_owned();
            Some((rule, "refuse".to_owned(), found.address.clone()))
        })
        .collect()
}

#[test]
fn plan_and_check_refuse_the_same() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    let key = resource("gabion_kms_key", "  alias = \"weak\"\n", KEY);
    let own = "  bucket = \"weak-sink\"\n  kms_key_id = \"arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555\"\n  organization_id = \"none\"\n";
    let sink = resource("gabion_log_sink", own, SINK);
    world
        .terraform
        .write("gabion.hcl", "exceptions { accept = \"until_expiry\" }\n")?;
    world.init(&format!("{key}\n{sink}"))?;
    // A refused plan leaves no file, so it is saved while the exceptions are accepted.
    world.terraform.plan(&[])?.ok()?;
    world
        .terraform
        .write("plan.json", &world.terraform.saved_plan()?.to_string())?;

    world
        .terraform
        .write("gabion.hcl", "exceptions { accept = \"none\" }\n")?;
    let planned = said(&world.terraform.plan_json(&[])?.refused()?);
    let out = Command::new(workspace::gabion_bin()?)
        .args(["check", "plan.json", "-o", "json"])
        .current_dir(world.terraform.dir())
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .output()?;
    let answer: Value = serde_json::from_slice(&out.stdout)
        .with_context(|| String::from_utf8_lossy(&out.stderr).into_owned())?;
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let findings = answer["findings"].as_array().unwrap();
    let checked: BTreeSet<(String, String, String)> = findings
        .iter()
        .filter(|finding| finding["disposition"] == "refuse")
        .map(|f| (text(f, "rule"), text(f, "disposition"), text(f, "address")))
        .collect();
    assert_eq!(planned, checked, "{answer:#}");

    let rules: BTreeSet<&str> = planned.iter().map(|(rule, ..)| rule.as_str()).collect();
    for rule in [
        "DT01", "DT03", "DT08", "DT09", "DT10", "LG01", "LG02", "LG11",
    ] {
        assert!(rules.contains(rule), "no {rule} in {rules:?}");
    }
    Ok(())
}
