//! What is refused before anything is called. Many roles in one plan: each has one fault.

use std::fmt::Write as _;

use anyhow::Result;
use gabion_tests::Kind;

use super::BOUNDARY;
use crate::support::World;

/// A role with these arguments in place of the usual ones.
fn all(roles: &[&str]) -> String {
    let mut text = String::new();
    for (number, arguments) in roles.iter().enumerate() {
        let mut lines = String::new();
        for (name, usual) in [
            ("name", format!("name = \"role-{number}\"")),
            ("principal_kind", "principal_kind = \"service\"".to_owned()),
            (
                "permissions_boundary",
                format!("permissions_boundary = \"{BOUNDARY}\""),
            ),
            (
                "service",
                "service = { principal = \"ecs-tasks.amazonaws.com\" }".to_owned(),
            ),
        ] {
            let other_kind = name == "service" && arguments.contains("principal_kind");
            if !arguments.contains(&format!("{name} ")) && !other_kind {
                lines.push_str(&usual);
                lines.push('\n');
            }
        }
        writeln!(
            text,
            "resource \"gabion_workload_role\" \"r{number}\" {{\n{lines}{arguments}\n}}"
        )
        .unwrap();
    }
    text
}

#[test]
fn bad_input_is_refused_at_plan() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    // Seen without any call.
    world.init(&all(&[
        "name = \"a b\"",
        "path = \"no-slash\"",
        "max_session_duration = 60",
        "permissions_boundary = \"arn:aws:iam::123456789012:role/x\"",
        "principal_kind = \"robot\"",
        "principal_kind = \"workload\"",
        "service = { principal = \"*\" }",
        "service = { principal = \"ec2.amazonaws.com\", bind_source = true }",
        "principal_kind = \"workload\"\n workload = { provider = \"https://token.actions.githubusercontent.com\", subjects = [\"repo:acme/*\"] }",
        "principal_kind = \"workload\"\n workload = { provider = \"https://token.actions.githubusercontent.com\", subjects = [\"repo:acme/app\"] }",
        "principal_kind = \"human\"\n human = { principal = \"111122223333\" }",
        "statement {\n actions = [\"s3\"]\n resources = [\"*\"]\n}",
        "statement {\n not_actions = [\"iam:*\"]\n resources = [\"*\"]\n}",
        "statement {\n actions = [\"s3:GetObject\"]\n}",
    ]))?;
    world.terraform.validate()?.refused()?.says(&[
        "`a b` is not a role name",
        "`no-slash` is not a path",
        "`60` is not a whole number from 3600 to 43200",
        "is not the ARN of a managed policy",
        "`robot` is not one of",
        "The principal is missing",
        "`*` is not a service principal",
        "The service does not say for whom it acts",
        "`repo:acme/*` is not an exact subject",
        "`repo:acme/app` is not a subject of",
        "A whole account is not one principal",
        "`s3` is not an action",
        "would permit everything else",
        "exactly one of `resources` and `not_resources`",
    ])?;

    // Weaker than the defaults, too long, or not there.
    let long = "x".repeat(10_300);
    let long = format!(
        "statement {{\n actions = [\"s3:GetObject\"]\n resources = [\"arn:aws:s3:::{long}\"]\n}}"
    );
    world.terraform.write(
        "main.tf",
        &all(&[
            "statement {\n actions = [\"*\"]\n resources = [\"*\"]\n}",
            "statement {\n actions = [\"dynamodb:*\"]\n resources = [\"*\"]\n}",
            "statement {\n actions = [\"iam:Pass*\"]\n resources = [\"*\"]\n}",
            "statement {\n actions = [\"kms:Decrypt\"]\n resources = [\"arn:aws:kms:*:*:key/*\"]\n}",
            "max_session_duration = 7200",
            "permissions_boundary = \"arn:aws:iam::aws:policy/AdministratorAccess\"",
            "managed_policy_arns = [\"arn:aws:iam::aws:policy/AdministratorAccess\"]",
            "service = { principal = \"ecs-tasks.amazonaws.com\", bind_source = false }",
            "additional_policy_statements = [{ principals = { AWS = [\"*\"] }, actions = [\"sts:AssumeRole\"] }]",
            "principal_kind = \"human\"\n human = { principal = \"arn:aws:iam::123456789012:user/a\", require_mfa = false }",
            &long,
            "additional_policy_statements = [{ principals = { AWS = [\"arn:aws:iam::444455556666:root\"] }, actions = [\"sts:AssumeRole\"] }]",
            "additional_policy_statements = [{ principals = { Service = [\"states.amazonaws.com\"] }, actions = [\"sts:AssumeRole\"] }]",
            "service = { principal = \"ecs-tasks.amazonaws.com\", source_arns = [] }",
            "max_session_duration = 7200\n exception {\n attribute = \"max_session_duration\"\n control = \"own\"\n reason = \"r\"\n expires = \"2020-01-01T00:00:00Z\"\n}",
            "principal_kind = \"human\"\n human = { saml_provider = \"arn:aws:iam::123456789012:saml-provider/none\" }",
            "permissions_boundary = \"arn:aws:iam::111122223333:policy/b\"",
            "permissions_boundary = \"arn:aws:iam::123456789012:policy/none\"",
            "managed_policy_arns = [\"arn:aws:iam::123456789012:policy/gone\"]",
            "other_inline_policies = [\"nobody\"]",
        ]),
    )?;
    world.proxy.forget();
    world.terraform.plan(&[])?.refused()?.says(&[
        "statement 1 permits `*`, actions of every service",
        "every action of `dynamodb`",
        "(`iam:PassRole`) for every role",
        "(`kms:Decrypt`) for every key",
        "`max_session_duration` is weaker than its secure default",
        "bounds nothing",
        "gives away the account",
        "`bind_source` is `false`",
        "lets in everybody",
        "`require_mfa` is `false`",
        "The inline policy is too long",
        "trusts a whole other account",
        "trusts a service, with no condition",
        "`source_arns` is empty",
        "The exception for `max_session_duration` ended at `2020-01-01T00:00:00Z`",
        "There is no SAML provider `arn:aws:iam::123456789012:saml-provider/none` (yet)",
        "The object is in another account",
        "There is no managed policy `arn:aws:iam::123456789012:policy/none`",
        "There is no managed policy `arn:aws:iam::123456789012:policy/gone`",
        "has no inline policy `nobody`",
    ])?;
    assert!(world.proxy.writes().is_empty());

    // Two of one name: one is made.
    let same = all(&["name = \"same\"", "name = \"Same\""]);
    world.terraform.write("main.tf", &same)?;
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["Two resources want the same object"])?;
    assert_eq!(world.proxy.count("iam:CreateRole"), 1);
    world.terraform.destroy(&[])?.ok()?;
    world.proxy.forget();

    // Not known at plan: no call for it, and checked at apply.
    world.terraform.write(
        "main.tf",
        &format!(
            "resource \"terraform_data\" \"later\" {{\n  input = \"s3:*\"\n}}\n{}",
            all(&[
                "statement {\n actions = [terraform_data.later.output]\n resources = [\"*\"]\n}"
            ])
        ),
    )?;
    let plan = world.terraform.plan(&[])?.ok()?;
    assert!(
        plan.flat().contains("policy = (known after apply)"),
        "{}",
        plan.stdout
    );
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["every action of `s3`"])?;
    assert_eq!(world.proxy.count("iam:CreateRole"), 0);
    Ok(())
}
