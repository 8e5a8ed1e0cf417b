//! `gabion_log_sink` from end to end, as the AWS provider's own acceptance tests look at a resource: basic with
//! import, disappears, every argument set and changed, drift, and what happens when something goes wrong.

mod arguments;
mod basic;
mod calls;
mod drift;
mod estate;
mod exceptions;
mod partial;
mod places;
mod removal;

use anyhow::Result;
use gabion_tests::Aws;
use serde_json::{Value, json};

use crate::support::World;

/// A key that the sink's services may use, and no deletion protection.
const KEY: &str = r#"
resource "gabion_kms_key" "logs" {
  alias               = "logs"
  deletion_protection = false
  service_users       = [{ service = "cloudtrail.amazonaws.com" }, { service = "logs.amazonaws.com" }]
}
"#;

/// The sink's address.
const SINK: &str = "gabion_log_sink.audit";

/// A configuration: the key, and a sink with these further lines.
fn sink(more: &str) -> String {
    format!(
        "{KEY}
resource \"gabion_log_sink\" \"audit\" {{
  bucket              = \"gabion-audit-logs\"
  kms_key_id          = gabion_kms_key.logs.arn
  deletion_protection = false
  {more}
}}
"
    )
}

/// An applied sink.
fn applied(world: &World, more: &str) -> Result<()> {
    world.init(&sink(more))?;
    world.terraform.apply(&[])?.ok()?;
    world.proxy.forget();
    Ok(())
}

/// How many buckets, trails and log groups there are.
fn counts(world: &mut World) -> Result<(usize, usize, usize)> {
    let count = |answer: &Value, list: &str| answer[list].as_array().map_or(0, Vec::len);
    let buckets = world.aws.call("s3", "list_buckets", json!({}))?;
    let trails = world.aws.call("cloudtrail", "describe_trails", json!({}))?;
    let groups = world.aws.call("logs", "describe_log_groups", json!({}))?;
    Ok((
        count(&buckets, "Buckets"),
        count(&trails, "trailList"),
        count(&groups, "logGroups"),
    ))
}

/// The top-level attributes of the sink that the saved plan changes.
fn changed(world: &World) -> Result<Vec<String>> {
    let plan = world.terraform.saved_plan()?;
    let changes = plan["resource_changes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let change = changes
        .iter()
        .find(|change| change["address"] == SINK)
        .map(|change| change["change"].clone())
        .unwrap_or_default();
    let names = |side: &str| change[side].as_object().cloned().unwrap_or_default();
    let (before, after) = (names("before"), names("after"));
    let unknown = change["after_unknown"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut changed: Vec<String> = before
        .keys()
        .chain(after.keys())
        .filter(|name| {
            before.get(*name) != after.get(*name) || unknown.get(*name) == Some(&json!(true))
        })
        .cloned()
        .collect();
    changed.sort_unstable();
    changed.dedup();
    Ok(changed)
}

/// A client that goes through the proxy, so that the fake answers for what the emulator lacks.
fn through_fake(world: &World) -> Result<Aws> {
    Aws::new(&world.proxy.endpoint())
}

/// An exception that holds, for this attribute and control.
fn exception(attribute: &str, control: &str) -> String {
    expiring(attribute, control, "2999-01-01T00:00:00Z")
}

fn expiring(attribute: &str, control: &str, expires: &str) -> String {
    format!(
        "  exception {{\n    attribute = \"{attribute}\"\n    control   = \"{control}\"\n    reason    = \"a test\"\n    \
         expires   = \"{expires}\"\n  }}\n"
    )
}

/// The live policy of a bucket.
fn policy_of(world: &mut World, bucket: &str) -> Result<Value> {
    let answer = world
        .aws
        .call("s3", "get_bucket_policy", json!({"Bucket": bucket}))?;
    Ok(serde_json::from_str(
        answer["Policy"].as_str().unwrap_or("{}"),
    )?)
}

/// The labels of a policy's statements.
fn sids(policy: &Value) -> Vec<String> {
    let list = policy["Statement"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|statement| statement["Sid"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Adds statements to the live policy of the main bucket, as somebody by hand would.
fn add_by_hand(world: &mut World, statements: &[Value]) -> Result<()> {
    let mut policy = policy_of(world, "gabion-audit-logs")?;
    policy["Statement"]
        .as_array_mut()
        .unwrap()
        .extend(statements.iter().cloned());
    let put = json!({"Bucket": "gabion-audit-logs", "Policy": policy.to_string()});
    world.aws.call("s3", "put_bucket_policy", put)?;
    Ok(())
}

/// Puts an object into a bucket, past the policy that forbids it: that is gone then, and drift.
fn put_object(world: &mut World, bucket: &str) -> Result<()> {
    world
        .aws
        .call("s3", "delete_bucket_policy", json!({"Bucket": bucket}))?;
    world.aws.call(
        "s3",
        "put_object",
        json!({"Bucket": bucket, "Key": "AWSLogs/one"}),
    )?;
    Ok(())
}
