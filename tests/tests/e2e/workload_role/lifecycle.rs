//! Create, import, change, disappear, destroy.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::json;

use super::{ADDRESS, BOUNDARY, FULL, READ_ONLY, get, role, roles, with_role};
use crate::support::World;

const OTHERS: &str = r#"
resource "gabion_workload_role" "deploy" {
  name                 = "deploy"
  path                 = "/ci/"
  principal_kind       = "workload"
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
  workload = {
    provider = "https://token.actions.githubusercontent.com"
    subjects = ["repo:acme/app:ref:refs/heads/main"]
  }
}
resource "gabion_workload_role" "ops" {
  name                 = "ops"
  principal_kind       = "human"
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
  human                = { principal = "arn:aws:iam::123456789012:user/ada" }
}
resource "terraform_data" "account" {
  input = "111122223333"
}
resource "gabion_workload_role" "far" {
  name                 = "far"
  principal_kind       = "service"
  service              = { principal = "ec2.amazonaws.com" }
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
  account_id           = terraform_data.account.output
  dynamic "statement" {
    for_each = toset([terraform_data.account.output])
    content {
      actions   = ["s3:GetObject"]
      resources = ["arn:aws:s3:::${statement.value}/*"]
    }
  }
}
output "arn" {
  value = gabion_workload_role.deploy.arn
}
"#;

#[test]
fn each_kind_from_create_to_destroy() -> Result<()> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init(&format!("{}{OTHERS}", role(FULL)))?;
    let plan = world.terraform.plan(&[])?.ok()?.says(&[
        "There is no such OIDC provider",
        "arn:aws:iam::123456789012:role/ci/deploy",
        "token.actions.githubusercontent.com:sub",
    ])?;
    for line in [
        "max_session_duration = 3600",
        "path = \"/\"",
        "policy_name = \"workload\"",
    ] {
        assert!(plan.flat().contains(line), "{line}\n{}", plan.stdout);
    }
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;

    let app = get(&mut world, "app")?;
    assert_eq!(app["MaxSessionDuration"], 3600);
    assert_eq!(app["Description"], "d");
    assert_eq!(
        app["PermissionsBoundary"]["PermissionsBoundaryArn"],
        BOUNDARY
    );
    let trust = &app["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(
        trust["Principal"],
        json!({"Service": "ecs-tasks.amazonaws.com"})
    );
    assert_eq!(
        trust["Condition"],
        json!({
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:123456789012:*"},
        })
    );
    assert!(trust["Resource"].is_null());
    let tags = app["Tags"].to_string();
    assert!(
        tags.contains("created gabion_workload_role") && tags.contains("\"a\""),
        "{tags}"
    );
    let policy = world.aws.call(
        "iam",
        "get_role_policy",
        json!({"RoleName": "app", "PolicyName": "workload"}),
    )?;
    assert_eq!(
        policy["PolicyDocument"]["Statement"][0],
        json!({"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"})
    );
    let attached = world.aws.call(
        "iam",
        "list_attached_role_policies",
        json!({"RoleName": "app"}),
    )?;
    assert_eq!(attached["AttachedPolicies"][0]["PolicyArn"], READ_ONLY);
    let deploy = get(&mut world, "deploy")?;
    assert_eq!(
        deploy["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"],
        json!({
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:acme/app:ref:refs/heads/main",
        })
    );
    // In an account that was not known at plan, bound to nothing that EC2 does not send.
    let far = world.terraform.state("gabion_workload_role.far")?;
    assert_eq!(far["arn"], "arn:aws:iam::111122223333:role/far");
    assert!(
        !far["assume_role_policy"]
            .as_str()
            .unwrap()
            .contains("Condition")
    );
    let state = world.terraform.state(ADDRESS)?;
    assert_eq!(state["unique_id"], app["RoleId"]);
    assert_eq!(state["id"], "app");

    world.calls_are_on_the_page("workload_role")?;

    // By name or ARN: nothing is written, and nothing is left to change.
    world.proxy.forget();
    for (address, id) in [
        (ADDRESS, "app"),
        (
            "gabion_workload_role.ops",
            "arn:aws:iam::123456789012:role/ops",
        ),
    ] {
        world.terraform.run(&["state", "rm", address])?.ok()?;
        world.terraform.import(address, id)?.ok()?;
    }
    world.terraform.settled()?;
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    world
        .terraform
        .run(&["state", "rm", "gabion_workload_role.ops"])?
        .ok()?;
    world
        .terraform
        .import("gabion_workload_role.ops", "none")?
        .refused()?
        .says(&["There is no such role", "`none`"])?;
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["The role exists already", "terraform import ADDRESS ops"])?;
    world
        .terraform
        .import("gabion_workload_role.ops", "ops")?
        .ok()?;

    assert_eq!(roles(&mut world)?, ["app", "deploy", "ops"]);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.destroy(&[])?.ok()?;
    assert!(roles(&mut world)?.is_empty());
    world.calls_are_on_the_page("workload_role")
}

#[test]
fn every_argument_is_changed_and_cleared() -> Result<()> {
    let Some(mut world) = with_role(FULL)? else {
        return Ok(());
    };
    let id = get(&mut world, "app")?["RoleId"].clone();
    let other = r#"
resource "gabion_workload_role" "app" {
  name                 = "app"
  principal_kind       = "human"
  human                = { permission_set = "Operators" }
  permissions_boundary = "arn:aws:iam::aws:policy/SecurityAudit"
  description          = "e"
  policy_name          = "other"
  max_session_duration = 7200
  managed_policy_arns  = ["arn:aws:iam::aws:policy/SecurityAudit"]
  tags                 = { b = "2" }
  additional_policy_statements = [{
    sid        = "Audit"
    principals = { AWS = ["arn:aws:iam::444455556666:role/audit"] }
    actions    = ["sts:AssumeRole"]
  }]
  statement {
    effect        = "Deny"
    not_actions   = ["s3:*"]
    not_resources = ["arn:aws:s3:::b/*"]
    conditions    = [{ test = "Bool", variable = "aws:SecureTransport", values = ["false"] }]
  }
  exception {
    attribute = "max_session_duration"
    control   = "own"
    reason    = "test"
    expires   = "2099-01-01T00:00:00Z"
  }
}
"#;
    world.terraform.write("main.tf", other)?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let app = get(&mut world, "app")?;
    assert_eq!(app["RoleId"], id, "changed in place");
    assert_eq!(app["MaxSessionDuration"], 7200);
    assert_eq!(app["Description"], "e");
    let names = world
        .aws
        .call("iam", "list_role_policies", json!({"RoleName": "app"}))?;
    assert_eq!(names["PolicyNames"], json!(["other"]));
    let attached = world.aws.call(
        "iam",
        "list_attached_role_policies",
        json!({"RoleName": "app"}),
    )?;
    assert_eq!(attached["AttachedPolicies"].as_array().unwrap().len(), 1);
    let tags = app["Tags"].to_string();
    assert!(tags.contains("\"b\"") && !tags.contains("\"a\""), "{tags}");

    world.terraform.write("main.tf", &role(""))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let names = world
        .aws
        .call("iam", "list_role_policies", json!({"RoleName": "app"}))?;
    assert_eq!(names["PolicyNames"], json!([]));
    let app = get(&mut world, "app")?;
    assert_eq!(app["Tags"].as_array().unwrap().len(), 1);
    assert_eq!(app["RoleId"], id);

    // In an instance profile it is in use, and deleted by hand it is made anew.
    for (operation, parameters) in [
        (
            "create_instance_profile",
            json!({"InstanceProfileName": "p"}),
        ),
        (
            "add_role_to_instance_profile",
            json!({"InstanceProfileName": "p", "RoleName": "app"}),
        ),
    ] {
        world.aws.call("iam", operation, parameters)?;
    }
    world
        .terraform
        .destroy(&[])?
        .refused()?
        .says(&["The role is in an instance profile", "`p`"])?;
    world.aws.call(
        "iam",
        "remove_role_from_instance_profile",
        json!({"InstanceProfileName": "p", "RoleName": "app"}),
    )?;
    world
        .aws
        .call("iam", "delete_role", json!({"RoleName": "app"}))?;
    assert!(world.terraform.plan(&[])?.ok()?.changes()?);
    world.terraform.apply(&[])?.ok()?;
    assert_ne!(get(&mut world, "app")?["RoleId"], id);
    world.terraform.settled()?;
    world.calls_are_on_the_page("workload_role")
}
