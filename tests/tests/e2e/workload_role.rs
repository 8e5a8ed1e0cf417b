//! `gabion_workload_role`, on moto: it has roles, policies and identity providers, and enforces none of them.

mod bad_input;
mod drift;
mod lifecycle;
mod partial;

use anyhow::{Context, Result};
use gabion_tests::Kind;
use serde_json::{Value, json};

use crate::support::World;

const BOUNDARY: &str = "arn:aws:iam::aws:policy/PowerUserAccess";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const ADDRESS: &str = "gabion_workload_role.app";

/// A role for a service, with these arguments besides.
fn role(arguments: &str) -> String {
    format!(
        "resource \"gabion_workload_role\" \"app\" {{\n  name = \"app\"\n  principal_kind = \"service\"\n  service = {{ \
         principal = \"ecs-tasks.amazonaws.com\" }}\n  permissions_boundary = \"{BOUNDARY}\"\n{arguments}\n}}\n"
    )
}

/// A statement and an attachment.
const FULL: &str = r#"
  description         = "d"
  managed_policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
  tags                = { a = "1" }
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::b/*"]
  }
"#;

/// A world in which the role exists with these arguments.
fn with_role(arguments: &str) -> Result<Option<World>> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(None);
    };
    world.init(&role(arguments))?;
    world.terraform.apply(&[])?.ok()?;
    Ok(Some(world))
}

/// The role as IAM has it.
fn get(world: &mut World, name: &str) -> Result<Value> {
    let got = world
        .aws
        .call("iam", "get_role", json!({"RoleName": name}))?;
    Ok(got["Role"].clone())
}

/// Names of the roles that a test made.
fn roles(world: &mut World) -> Result<Vec<String>> {
    let listed = world.aws.call("iam", "list_roles", json!({}))?;
    let mut names: Vec<String> = listed["Roles"]
        .as_array()
        .context("no roles")?
        .iter()
        .filter_map(|role| role["RoleName"].as_str().map(str::to_owned))
        .filter(|name| !name.starts_with("AWSServiceRole"))
        .collect();
    names.sort();
    Ok(names)
}

/// The names of the top-level attributes that the saved plan changes in the role.
fn changed(world: &World) -> Result<Vec<String>> {
    let plan = world.terraform.saved_plan()?;
    let change = plan["resource_changes"]
        .as_array()
        .and_then(|changes| changes.iter().find(|change| change["address"] == ADDRESS))
        .context("no change of the role")?["change"]
        .clone();
    let before = change["before"].as_object().context("nothing before")?;
    let mut names: Vec<String> = before
        .iter()
        .filter(|(name, value)| {
            change["after_unknown"][name.as_str()] == true
                || change["after"][name.as_str()] != **value
        })
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    Ok(names)
}
