//! Exceptions, and what cannot be undone.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::json;

use super::{SINK, applied, exception, expiring, sink};
use crate::support::World;

#[test]
fn a_weaker_setting_needs_an_exception_that_holds() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let weak = "enable_log_file_validation = false\n";
    world.init(&sink(weak))?;
    let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    assert!(
        error.detail.contains("`CloudTrail.4` and `C5 3.2`"),
        "{error:?}"
    );
    assert_eq!(error.code, "enable_log_file_validation = false");

    let expired = expiring(
        "enable_log_file_validation",
        "CloudTrail.4",
        "2020-01-01T00:00:00Z",
    );
    world
        .terraform
        .write("main.tf", &sink(&format!("{weak}{expired}")))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["Expired exception"])?;
    let wrong = exception("enable_log_file_validation", "S3.8");
    world
        .terraform
        .write("main.tf", &sink(&format!("{weak}{wrong}")))?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["Exception for another control"])?;
    let useless = exception("versioning", "S3.14");
    world.terraform.write("main.tf", &sink(&useless))?;
    world
        .terraform
        .plan(&[])?
        .ok()?
        .says(&["Exception for nothing"])?;

    // It holds for as long as it says: then it warns, and a change is refused, but not a destroy.
    let soon = expiring(
        "enable_log_file_validation",
        "CloudTrail.4",
        &in_seconds(25),
    );
    world
        .terraform
        .write("main.tf", &sink(&format!("{weak}{soon}")))?;
    world.terraform.apply(&[])?.ok()?;
    std::thread::sleep(std::time::Duration::from_secs(26));
    world
        .terraform
        .plan(&[])?
        .ok()?
        .says(&["Expired exception", "No changes"])?;
    world.terraform.write(
        "main.tf",
        &sink(&format!("{weak}{soon}  tags = {{ a = \"1\" }}\n")),
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["Expired exception"])?;
    world
        .terraform
        .write("main.tf", &sink(&format!("{weak}{soon}")))?;
    world.terraform.destroy(&[])?.ok()?;
    Ok(())
}

/// A time to come, as an exception writes it.
fn in_seconds(seconds: u64) -> String {
    let out = std::process::Command::new("date")
        .args([
            "-u",
            "-d",
            &format!("+{seconds} seconds"),
            "+%Y-%m-%dT%H:%M:%SZ",
        ])
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

#[test]
fn compliance_is_acknowledged_by_name() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    world.init(&sink("object_lock_mode = \"COMPLIANCE\""))?;
    let error = world.terraform.plan_json(&[])?.refused()?.only_error()?;
    assert_eq!(error.summary, "This cannot be taken back");
    let text =
        "object_lock_mode = \"COMPLIANCE\"\n  acknowledge_irreversible = \"gabion-audit-logs\"\n";
    world.terraform.write("main.tf", &sink(text))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let lock = world.aws.call(
        "s3",
        "get_object_lock_configuration",
        json!({"Bucket": "gabion-audit-logs"}),
    )?;
    assert_eq!(
        lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"],
        "COMPLIANCE"
    );
    assert_eq!(
        world.terraform.state(SINK)?["object_lock_mode"],
        "COMPLIANCE"
    );

    // Nobody purges that.
    let purge = format!("{text}  deletion_policy = \"purge\"\n");
    world.terraform.write("main.tf", &sink(&purge))?;
    world.terraform.apply(&[])?.ok()?;
    world
        .terraform
        .destroy(&[])?
        .refused()?
        .says(&["COMPLIANCE lock cannot be purged"])?;
    Ok(())
}

#[test]
fn the_lock_can_be_added_and_its_loss_replaces() -> Result<()> {
    let Some(world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let off = format!(
        "object_lock_enabled = false\n{}",
        exception("object_lock_enabled", "S3.15")
    );
    applied(&world, &off)?;
    world.terraform.settled()?;
    world.terraform.write("main.tf", &sink(""))?;
    world.terraform.apply(&[])?.ok()?.says(&["1 changed"])?;
    world.terraform.settled()?;
    let protected = sink(&off).replace("deletion_protection = false\n  object", "object");
    world
        .terraform
        .write("main.tf", &sink("").replace("= false\n  \n", "= true\n"))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.write("main.tf", &protected)?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["`object_lock_enabled`", "protected from deletion"])?;
    // Unprotected, the empty sink is replaced under its own name.
    world.terraform.write("main.tf", &sink(""))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.write("main.tf", &sink(&off))?;
    world
        .terraform
        .apply(&[])?
        .ok()?
        .says(&["1 added, 0 changed, 1 destroyed"])?;
    world.terraform.settled()
}
