//! The shortest block: what it sets, that it settles, its import, its end.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::json;

use super::{SINK, applied, counts, sink};
use crate::support::World;

#[test]
fn on_ministack() -> Result<()> {
    basic(Kind::Ministack, true)
}

#[test]
fn on_bare_ministack() -> Result<()> {
    basic(Kind::Ministack, false)
}

#[test]
fn on_moto() -> Result<()> {
    basic(Kind::Moto, true)
}

fn basic(kind: Kind, fake: bool) -> Result<()> {
    let tool = gabion_tests::terraform::Tool::Terraform;
    let Some(mut world) = World::build(tool, kind, fake)? else {
        return Ok(());
    };
    applied(&world, "")?;
    world.terraform.settled()?;
    assert!(
        world.proxy.writes().is_empty(),
        "a plan writes: {:?}",
        world.proxy.writes()
    );
    assert_eq!(counts(&mut world)?, (2, 1, 1));

    let state = world.terraform.state(SINK)?;
    for (attribute, value) in [
        ("block_public_acls", json!(true)),
        ("object_ownership", json!("BucketOwnerEnforced")),
        ("versioning", json!("Enabled")),
        ("sse_algorithm", json!("aws:kms")),
        ("object_lock_mode", json!("GOVERNANCE")),
        ("retention_in_days", json!(365)),
        ("transition_in_days", json!(90)),
        ("access_logging", json!(true)),
        ("access_log_bucket", json!("gabion-audit-logs-access-logs")),
        ("is_multi_region_trail", json!(true)),
        ("enable_logging", json!(true)),
        ("include_s3_write_events", json!(true)),
        ("log_group_name", json!("/gabion/gabion-audit-logs")),
        ("log_group_retention_in_days", json!(365)),
    ] {
        assert_eq!(state[attribute], value, "{attribute}");
    }
    assert_eq!(state["log_group_kms_key_id"], state["kms_key_id"]);
    assert_eq!(state["trail_kms_key_id"], state["kms_key_id"]);

    // Import takes over the sink as it is.
    world.terraform.run(&["state", "rm", SINK])?.ok()?;
    world.terraform.import(SINK, "gabion-audit-logs")?.ok()?;
    world.terraform.write(
        "main.tf",
        &sink("").replace("deletion_protection = false\n  \n", "\n"),
    )?;
    let plan = world.terraform.plan(&[])?;
    assert!(
        !plan.changes()?,
        "an imported sink has changes:\n{}",
        plan.stdout
    );

    world.terraform.write("main.tf", &sink(""))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.destroy(&[])?.ok()?;
    assert!(world.terraform.state_list()?.is_empty());
    assert_eq!(counts(&mut world)?, (0, 0, 0));
    Ok(())
}
