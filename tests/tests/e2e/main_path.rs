//! The main path: plan, refused plan, apply, plans without changes, destroy. With Terraform and
//! with OpenTofu, on both emulators, with and without the modelled fake.

use anyhow::Result;
use gabion_tests::terraform::Tool;
use gabion_tests::{Kind, workspace};
use serde_json::{Value, json};

use crate::support::World;

#[test]
fn terraform_on_ministack() -> Result<()> {
    walk(Tool::Terraform, Kind::Ministack, false)
}

#[test]
fn terraform_on_moto() -> Result<()> {
    walk(Tool::Terraform, Kind::Moto, true)
}

#[test]
fn opentofu_on_ministack() -> Result<()> {
    walk(Tool::OpenTofu, Kind::Ministack, false)
}

#[test]
fn opentofu_on_moto() -> Result<()> {
    walk(Tool::OpenTofu, Kind::Moto, true)
}

/// examples/quickstart from its first plan to its end.
fn walk(tool: Tool, kind: Kind, fake: bool) -> Result<()> {
    let Some(mut world) = World::build(tool, kind, fake)? else {
        return Ok(());
    };
    let example = workspace::root().join("examples/quickstart");
    world.terraform.remove("versions.tf")?;
    world.terraform.remove("provider.tf")?;
    world.terraform.copy(&example)?;
    world.terraform.init()?;

    // Every enforced setting is visible in the plan, and a plan only reads.
    let plan = world.terraform.plan(&[])?;
    assert!(plan.changes()?);
    let plan = plan.says(&[
        "+ enable_key_rotation = true",
        "+ rotation_period_in_days = 365",
        "+ deletion_window_in_days = 30",
        "+ object_lock_mode = \"GOVERNANCE\"",
        "+ retention_in_days = 365",
        "+ block_public_policy = true",
    ]);
    plan?;
    assert!(
        world.proxy.writes().is_empty(),
        "a plan writes: {:?}",
        world.proxy.writes()
    );

    world.terraform.apply(&["plan.tfplan"])?.ok()?;
    world.terraform.settled()?;

    // A key without rotation, under an exception that the policy file does not accept.
    std::fs::copy(
        example.join("refused/weak_key.tf"),
        world.terraform.dir().join("weak_key.tf"),
    )?;
    world.proxy.forget();
    let refused = world.terraform.plan_json(&[])?.refused()?;
    let error = refused.only_error()?;
    let whole = format!("{} {}", error.summary, error.detail);
    assert!(whole.contains("DT08"), "{error:?}");
    assert!(
        whole.contains("#cloud-platform"),
        "the contact is shown: {error:?}"
    );
    assert_eq!(error.address, "gabion_kms_key.legacy");
    assert_eq!(error.file, "weak_key.tf");
    assert_eq!(
        error.code, "enable_key_rotation = false",
        "the attribute's own line is shown"
    );
    assert!(world.proxy.writes().is_empty(), "a refused plan writes");
    world.terraform.remove("weak_key.tf")?;

    // Deletion protection holds until it is turned off in an apply of its own.
    let held = world.terraform.destroy(&[])?.refused()?;
    held.says(&["deletion_protection"])?;
    let off = ["-var", "deletion_protection=false"];
    world.terraform.apply(&off)?.ok()?;
    world.terraform.destroy(&off)?.ok()?;
    assert!(world.terraform.state_list()?.is_empty());

    let buckets = world.aws.call("s3", "list_buckets", json!({}))?;
    assert_eq!(
        buckets["Buckets"].as_array().map_or(0, Vec::len),
        0,
        "{buckets}"
    );
    let keys = world.aws.call("kms", "list_keys", json!({}))?;
    for key in keys["Keys"].as_array().unwrap() {
        let found = world
            .aws
            .call("kms", "describe_key", json!({"KeyId": key["KeyId"]}))?;
        let found: &Value = &found["KeyMetadata"];
        assert!(
            found["KeyManager"] == "AWS" || found["KeyState"] == "PendingDeletion",
            "a key is left: {found}"
        );
    }
    Ok(())
}
