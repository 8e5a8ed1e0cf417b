//! `gabion_org_guardrail`, on moto: it keeps service control policies and attaches them, and enforces none.

use anyhow::{Context, Result};
use gabion_tests::{Fault, Kind};
use serde_json::{Value, json};

use crate::support::World;

const ADDRESS: &str = "gabion_org_guardrail.app";

/// A guardrail named `app`.
fn guardrail(target: &str, arguments: &str) -> String {
    format!(
        "resource \"gabion_org_guardrail\" \"app\" {{\n  name = \"app\"\n  targets = [\"{target}\"]\n{arguments}\n}}\n"
    )
}

const INTENTS: &str = "  deny_leaving_organization = true\n  deny_disabling_trails = true\n  \
                       deny_disabling_detectors = true\n  deny_root = true\n  require_encryption = true\n  \
                       allowed_regions = [\"eu-central-1\"]\n  exempt_principals = \
                       [\"arn:aws:iam::*:role/OrganizationAccountAccessRole\"]\n";

/// A world with an organization, and the ids of its root and of a unit.
fn organization() -> Result<Option<(World, String, String)>> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(None);
    };
    world.aws.call(
        "organizations",
        "create_organization",
        json!({"FeatureSet": "ALL"}),
    )?;
    let roots = world.aws.call("organizations", "list_roots", json!({}))?;
    let root = roots["Roots"][0]["Id"]
        .as_str()
        .context("no root")?
        .to_owned();
    let unit = world.aws.call(
        "organizations",
        "create_organizational_unit",
        json!({"ParentId": root, "Name": "workloads"}),
    )?;
    let unit = unit["OrganizationalUnit"]["Id"]
        .as_str()
        .context("no unit")?
        .to_owned();
    Ok(Some((world, root, unit)))
}

fn enable(world: &mut World, root: &str) -> Result<()> {
    world.aws.call(
        "organizations",
        "enable_policy_type",
        json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"}),
    )?;
    Ok(())
}

/// The policies that a test made.
fn policies(world: &mut World) -> Result<Vec<Value>> {
    let listed = world.aws.call(
        "organizations",
        "list_policies",
        json!({"Filter": "SERVICE_CONTROL_POLICY"}),
    )?;
    Ok(listed["Policies"]
        .as_array()
        .context("no policies")?
        .iter()
        .filter(|policy| policy["AwsManaged"] != true)
        .cloned()
        .collect())
}

fn targets(world: &mut World, id: &str) -> Result<Vec<String>> {
    let listed = world.aws.call(
        "organizations",
        "list_targets_for_policy",
        json!({"PolicyId": id}),
    )?;
    Ok(listed["Targets"]
        .as_array()
        .context("no targets")?
        .iter()
        .filter_map(|target| target["TargetId"].as_str().map(str::to_owned))
        .collect())
}

#[test]
fn from_create_to_destroy() -> Result<()> {
    let Some((mut world, root, unit)) = organization()? else {
        return Ok(());
    };
    world.init(&guardrail(&unit, INTENTS))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["Service control policies are not enabled"])?;
    enable(&mut world, &root)?;

    // Each step fails once, and the next apply goes on with the same policy.
    let mut id = None;
    let lost = world
        .proxy
        .on("organizations:CreatePolicy")
        .fault(Fault::LoseReply);
    for step in ["organizations:AttachPolicy", "organizations:TagResource"] {
        let rule = world.proxy.on(step).always().fault(Fault::AccessDenied);
        world.terraform.apply(&[])?.refused()?;
        assert!(rule.hits() > 0, "{step}");
        world.proxy.clear();
        assert_eq!(lost.hits(), 1);
        let made = policies(&mut world)?;
        assert_eq!(made.len(), 1, "{step}");
        assert_eq!(id.get_or_insert(made[0]["Id"].clone()), &made[0]["Id"]);
    }
    let lost = world
        .proxy
        .on("organizations:TagResource")
        .fault(Fault::LoseReply);
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(lost.hits(), 1);
    world.proxy.clear();
    world.terraform.settled()?;
    let id = id
        .and_then(|id| id.as_str().map(str::to_owned))
        .context("no id")?;
    assert_eq!(targets(&mut world, &id)?, [unit.as_str()]);
    let described = world
        .aws
        .call("organizations", "describe_policy", json!({"PolicyId": id}))?;
    let content: Value = serde_json::from_str(
        described["Policy"]["Content"]
            .as_str()
            .context("no content")?,
    )?;
    let statements = content["Statement"].as_array().context("no statements")?;
    assert_eq!(statements.len(), 11);
    let protected = statements
        .iter()
        .find(|one| one["Sid"] == "ProtectExemptPrincipals")
        .context("the exempt role is not protected")?;
    assert_eq!(
        protected["Resource"],
        "arn:aws:iam::*:role/OrganizationAccountAccessRole"
    );
    assert!(statements.iter().all(|one| {
        one["Effect"] == "Deny"
            && one["Principal"].is_null()
            && one["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
                == "arn:aws:iam::*:role/OrganizationAccountAccessRole"
    }));

    world.calls_are_on_the_page("org_guardrail")?;

    // Import by id and by name changes nothing.
    world.proxy.forget();
    for name in [id.as_str(), "app"] {
        world.terraform.run(&["state", "rm", ADDRESS])?.ok()?;
        world.terraform.import(ADDRESS, name)?.ok()?;
        world.terraform.settled()?;
    }
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );

    // Drift: detached, attached elsewhere, a statement of its own changed.
    let mut weaker = content.clone();
    weaker["Statement"][0]["Action"] = json!("organizations:DescribeOrganization");
    for (operation, parameters) in [
        ("detach_policy", json!({"PolicyId": id, "TargetId": unit})),
        ("attach_policy", json!({"PolicyId": id, "TargetId": root})),
    ] {
        world.aws.call("organizations", operation, parameters)?;
    }
    assert!(world.terraform.plan(&[])?.ok()?.changes()?);
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(targets(&mut world, &id)?, [unit.as_str()]);
    let update = |content: &Value| json!({"PolicyId": id, "Content": content.to_string()});
    world
        .aws
        .call("organizations", "update_policy", update(&weaker))?;
    assert!(world.terraform.plan(&[])?.ok()?.changes()?);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;

    // What others wrote is named before it goes.
    let mut more = content.clone();
    more["Statement"]
        .as_array_mut()
        .context("no list")?
        .push(json!({"Sid": "Hand", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"}));
    world
        .aws
        .call("organizations", "update_policy", update(&more))?;
    world.terraform.plan(&[])?.refused()?.says(&[
        "would take statements out of a live policy",
        "acknowledge_removals = [\"Hand\"]",
    ])?;
    let acknowledged = format!("{INTENTS}  acknowledge_removals = [\"Hand\"]\n");
    world
        .terraform
        .write("main.tf", &guardrail(&unit, &acknowledged))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;

    // Fewer intents, another name, another target.
    let other = format!(
        "resource \"gabion_org_guardrail\" \"app\" {{\n  name = \"renamed\"\n  description = \"d\"\n  targets = [\"{root}\"]\n  \
         deny_root = true\n  deletion_protection = false\n  tags = {{ a = \"1\" }}\n}}\n"
    );
    world.terraform.write(
        "main.tf",
        &other.replace("  deletion_protection = false\n", ""),
    )?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert_eq!(targets(&mut world, &id)?, [root.as_str()]);
    assert_eq!(policies(&mut world)?[0]["Name"], "renamed");
    world
        .terraform
        .destroy(&[])?
        .refused()?
        .says(&["Deletion protection is on"])?;
    world.terraform.write("main.tf", &other)?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.destroy(&[])?.ok()?;
    assert!(policies(&mut world)?.is_empty());
    world.calls_are_on_the_page("org_guardrail")
}

#[test]
fn what_shuts_out_or_does_not_fit_is_refused_at_plan() -> Result<()> {
    let Some((mut world, root, unit)) = organization()? else {
        return Ok(());
    };
    enable(&mut world, &root)?;
    world.init("")?;
    let many: Vec<String> = (0..200)
        .map(|number| format!("\"arn:aws:iam::*:role/exempt-role-number-{number}\""))
        .collect();
    let long = format!(
        "  deny_root = true\n  exempt_principals = [{}]\n",
        many.join(", ")
    );
    for (arguments, texts) in [
        ("", &["guards nothing"][..]),
        (
            "  allowed_regions = [\"us-west-2\"]\n",
            &[
                "The guardrail would shut out who administers",
                "`allowed_regions`",
                "role/OrganizationAccountAccessRole",
                "the vending role",
            ],
        ),
        (
            "  allowed_regions = [\"eu-central-1\"]\n  global_services = [\"sts:*\"]\n",
            &["`iam:CreateRole`", "the vending role"],
        ),
        (
            "  deny_root = true\n  break_glass_roles = [\"arn:aws:iam::*:root\"]\n",
            &["`deny_root`", "a break-glass role"],
        ),
        (
            "  allowed_regions = [\"us-west-2\"]\n  break_glass_roles = [\"arn:aws:iam::111122223333:role/bg\"]\n  \
             exempt_principals = [\"arn:aws:iam::*:role/OrganizationAccountAccessRole\"]\n",
            &["arn:aws:iam::111122223333:role/bg", "a break-glass role"],
        ),
        (
            "  deny_root = true\n  exempt_principals = [\"arn:aws:iam::*:role/*\"]\n",
            &[
                "exempts every role",
                "`exempt_principals` is weaker than its secure default",
            ],
        ),
        (
            "  deny_root = true\n  exempt_principals = [\"arn:aws:iam::*:role/*\"]\n  exception {\n    attribute = \
             \"exempt_principals\"\n    control = \"own\"\n    reason = \"a test\"\n    expires = \
             \"2020-01-01T00:00:00Z\"\n  }\n",
            &["Expired exception", "2020-01-01T00:00:00Z"],
        ),
        (
            "  allowed_regions = [\"eu-central-1\"]\n",
            &["in every region that it does not name", "`vending_regions`"],
        ),
        (
            "  allowed_regions = [\"eu-central-1\"]\n  vending_regions = [\"eu-central-1\", \"eu-west-1\"]\n",
            &["in `eu-west-1`", "the vending role"],
        ),
        (long.as_str(), &["The policy is too long", "5120"]),
        (
            "  deny_root = true\n  allowed_regions = [\"Frankfurt\"]\n",
            &["is not a region"],
        ),
    ] {
        world
            .terraform
            .write("main.tf", &guardrail(&unit, arguments))?;
        world.terraform.plan(&[])?.refused()?.says(texts)?;
    }

    // Where the guardrail allows all regions of the accounts, the vending role is not shut out.
    let same = "  allowed_regions = [\"eu-central-1\"]\n  vending_regions = [\"eu-central-1\"]\n";
    world.terraform.write("main.tf", &guardrail(&unit, same))?;
    world.terraform.plan(&[])?.ok()?;
    // Exempt, the vending role may go anywhere.
    let exempt = "  allowed_regions = [\"us-west-2\"]\n  exempt_principals = \
                  [\"arn:aws:iam::*:role/OrganizationAccountAccessRole\"]\n";
    world
        .terraform
        .write("main.tf", &guardrail(&unit, exempt))?;
    world.terraform.plan(&[])?.ok()?;

    world.terraform.write(
        "main.tf",
        &guardrail("ou-abcd-12345678", "  deny_root = true\n"),
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["There is no such target"])?;
    for number in 0..4 {
        let made = world.aws.call(
            "organizations",
            "create_policy",
            json!({"Name": format!("p{number}"), "Description": "", "Type": "SERVICE_CONTROL_POLICY",
                   "Content": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"}),
        )?;
        world.aws.call(
            "organizations",
            "attach_policy",
            json!({"PolicyId": made["Policy"]["PolicySummary"]["Id"], "TargetId": unit}),
        )?;
    }
    world
        .terraform
        .write("main.tf", &guardrail(&unit, "  deny_root = true\n"))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["has no room for another policy", "5 is the most"])?;
    assert!(world.proxy.writes().is_empty());

    // Two of one name: one is made.
    let one = guardrail(&root, "  deny_root = true\n  deletion_protection = false\n");
    let two = one.replace(
        "\"gabion_org_guardrail\" \"app\"",
        "\"gabion_org_guardrail\" \"too\"",
    );
    world.terraform.write("main.tf", &format!("{one}{two}"))?;
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["Two resources want the same object", "`app`"])?;
    let named = policies(&mut world)?;
    let named = named.iter().filter(|policy| policy["Name"] == "app");
    assert_eq!(named.count(), 1);
    world.terraform.destroy(&[])?.ok()?;

    // A name that somebody else uses, found at apply.
    world.terraform.write(
        "main.tf",
        &guardrail(&root, "  deny_root = true\n")
            .replace("\"app\"\n  targets", "\"p0\"\n  targets"),
    )?;
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["The policy exists already", "terraform import"])?;

    // Targets that are not known yet.
    world.terraform.write(
        "main.tf",
        &format!(
            "resource \"terraform_data\" \"unit\" {{\n  input = \"{unit}\"\n}}\n{}",
            guardrail("X", "  deny_root = true\n").replace("\"X\"", "terraform_data.unit.output")
        ),
    )?;
    world.terraform.plan(&[])?.ok()?.says(&["DenyRoot"])?;
    Ok(())
}
