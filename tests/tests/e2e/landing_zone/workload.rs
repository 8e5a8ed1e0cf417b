//! The configuration of a product team, in an account that exists.

use anyhow::{Result, ensure};
use gabion_tests::Kind;
use serde_json::{Value, json};

use super::{changes, clean, example, nothing_found};

#[test]
fn a_product_team_applies_and_destroys() -> Result<()> {
    let Some(mut world) = example("secure-workload")? else {
        return Ok(());
    };
    let account = Kind::Moto.account();
    // What the platform has given the team.
    world.aws.call(
        "s3",
        "create_bucket",
        json!({"Bucket": "example-log-archive", "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}}),
    )?;
    world.aws.call(
        "iam",
        "create_open_id_connect_provider",
        json!({
            "Url": "https://token.actions.githubusercontent.com",
            "ClientIDList": ["sts.amazonaws.com"],
            "ThumbprintList": ["0123456789012345678901234567890123456789"],
        }),
    )?;
    let boundary = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ecr:*", "ecs:*", "iam:PassRole"], "Resource": "*"}],
    });
    world.aws.call(
        "iam",
        "create_policy",
        json!({"PolicyName": "deploy", "PolicyDocument": boundary.to_string()}),
    )?;
    let variables = |protection: bool| {
        format!(
            "account_id = \"{account}\"\nregion = \"eu-central-1\"\nname = \"orders\"\nenvironment = \"prod\"\n\
             cidr_block = \"10.30.64.0/18\"\nlog_destination = \"arn:aws:s3:::example-log-archive\"\n\
             repository = \"example/orders\"\n\
             deploy_permissions_boundary = \"arn:aws:iam::{account}:policy/deploy\"\ndeletion_protection = {protection}\n"
        )
    };
    world.terraform.init()?;
    // Its own tests need no credentials, and ask nothing of AWS.
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    for name in keys {
        world.terraform.env_remove(name);
    }
    let run = world.terraform.run(&["test", "-no-color"])?.ok()?;
    assert!(world.proxy.calls().is_empty(), "{:?}", world.proxy.calls());
    for name in keys {
        world.terraform.env(name, "testing");
    }
    ensure!(run.stdout.contains("0 failed"), "{}", run.stdout);
    let formatted = world
        .terraform
        .run(&["fmt", "-check", "-recursive", "-diff"])?;
    ensure!(formatted.code == Some(0), "{}", formatted.stdout);

    world
        .terraform
        .write("terraform.tfvars", &variables(true))?;
    let plan = world.terraform.plan(&[])?.ok()?;
    ensure!(!plan.flat().contains("Warning"), "{}", plan.stdout);
    assert_eq!(
        changes(&world)?.keys().collect::<Vec<_>>(),
        [
            "gabion_kms_key.this",
            "gabion_network_segment.this",
            "gabion_workload_role.deploy",
            "gabion_workload_role.execution",
            "gabion_workload_role.task",
        ]
    );
    nothing_found(&world)?;
    world.terraform.apply(&["plan.tfplan"])?.ok()?;
    clean(&world)?;

    // A weakening is refused in the plan: by the provider without an exception, by the guardrails with one.
    let main = std::fs::read_to_string(world.terraform.dir().join("main.tf"))?;
    let weaker = |more: &str| {
        main.replace(
            "  deletion_protection = var",
            &format!("  enable_key_rotation = false\n{more}  deletion_protection = var"),
        )
    };
    world.terraform.write("main.tf", &weaker(""))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["`enable_key_rotation` is weaker than its secure default"])?;
    let exception = "  exception {\n    attribute = \"enable_key_rotation\"\n    control   = \"KMS.4\"\n    reason    = \"a test\"\n    expires   = \"2099-01-01T00:00:00Z\"\n  }\n";
    world.terraform.write("main.tf", &weaker(exception))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["Refused by DT08", "#cloud-platform"])?;
    world.terraform.write("main.tf", &main)?;

    world
        .terraform
        .write("terraform.tfvars", &variables(false))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.destroy(&[])?.ok()?;
    assert!(world.terraform.state_list()?.is_empty());
    let vpcs = world.aws.call("ec2", "describe_vpcs", json!({}))?;
    let vpcs: Vec<&Value> = vpcs["Vpcs"].as_array().into_iter().flatten().collect();
    assert!(vpcs.iter().all(|vpc| vpc["IsDefault"] == true), "{vpcs:?}");
    let roles = world.aws.call("iam", "list_roles", json!({}))?;
    assert!(!roles.to_string().contains("orders"), "{roles}");
    let keys = world.aws.call("kms", "list_aliases", json!({}))?;
    assert!(!keys.to_string().contains("alias/orders"), "{keys}");
    Ok(())
}
