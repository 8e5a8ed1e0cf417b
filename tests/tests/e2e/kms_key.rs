//! `gabion_kms_key`, from its shortest block to the faults in between.

mod arguments;
mod drift;
mod estate;
mod lifecycle;
mod partial;

use anyhow::{Context, Result};
use gabion_tests::{Aws, Kind};
use serde_json::{Value, json};

use crate::support::World;

/// The resource, with these arguments besides its alias.
fn key(arguments: &str) -> String {
    format!("resource \"gabion_kms_key\" \"app\" {{\n  alias = \"app\"\n{arguments}\n}}\n")
}

/// An `exception` block that holds for long.
fn exception(attribute: &str, control: &str) -> String {
    format!(
        "  exception {{\n    attribute = \"{attribute}\"\n    control   = \"{control}\"\n    reason    = \"test\"\n    expires   = \"2099-01-01T00:00:00Z\"\n  }}\n"
    )
}

/// A world in which the key exists with these arguments.
fn with_key(kind: Kind, arguments: &str) -> Result<Option<World>> {
    let Some(world) = World::start(kind)? else {
        return Ok(None);
    };
    world.init(&key(arguments))?;
    world.terraform.apply(&[])?.ok()?;
    Ok(Some(world))
}

/// The id of the key in the state.
fn key_id(world: &World) -> Result<String> {
    let state = world.terraform.state("gabion_kms_key.app")?;
    let id = state["key_id"]
        .as_str()
        .context("the state has no key id")?;
    Ok(id.to_owned())
}

/// Keys of customers that are not on their way out.
fn live_keys(world: &mut World) -> Result<Vec<Value>> {
    let listed = world.aws.call("kms", "list_keys", json!({}))?;
    let mut found = Vec::new();
    for key in listed["Keys"].as_array().context("no list of keys")? {
        let described = world
            .aws
            .call("kms", "describe_key", json!({"KeyId": key["KeyId"]}))?;
        let key = described["KeyMetadata"].clone();
        if key["KeyManager"] != "AWS" && key["KeyState"] != "PendingDeletion" {
            found.push(key);
        }
    }
    Ok(found)
}

/// The key policy as AWS has it.
fn policy(world: &mut World, id: &str) -> Result<Value> {
    let got = world.aws.call(
        "kms",
        "get_key_policy",
        json!({"KeyId": id, "PolicyName": "default"}),
    )?;
    Ok(serde_json::from_str(
        got["Policy"].as_str().context("no policy")?,
    )?)
}

/// Writes the key policy behind Terraform's back.
fn put_policy(world: &mut World, id: &str, policy: &Value) -> Result<()> {
    let text = policy.to_string();
    world.aws.call(
        "kms",
        "put_key_policy",
        json!({"KeyId": id, "PolicyName": "default", "Policy": text}),
    )?;
    Ok(())
}

/// A client that sees what the fake adds to the emulator.
fn through_fake(world: &World) -> Result<Aws> {
    Aws::new(&world.proxy.endpoint())
}

/// The names of the top-level attributes that the saved plan changes in the key.
fn changed(world: &World) -> Result<Vec<String>> {
    let plan = world.terraform.saved_plan()?;
    let changes = plan["resource_changes"].as_array().context("no changes")?;
    let change = changes
        .iter()
        .find(|change| change["address"] == "gabion_kms_key.app")
        .context("no change of the key")?;
    let change = &change["change"];
    let before = change["before"].as_object().context("nothing before")?;
    let after = change["after"].as_object().context("nothing after")?;
    let unknown = change["after_unknown"].as_object();
    let mut names: Vec<String> = before
        .iter()
        .filter(|(name, value)| {
            let unknown =
                unknown.and_then(|unknown| unknown.get(*name)) == Some(&Value::Bool(true));
            unknown || after.get(*name) != Some(*value)
        })
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    Ok(names)
}
