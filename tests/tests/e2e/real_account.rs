//! `cargo xtask real-account`, as far as one machine can try it: the account is an emulator's.

use std::process::Command;

use anyhow::Result;
use gabion_tests::terraform::Tool;
use gabion_tests::{Aws, Kind, workspace};
use serde_json::json;

use crate::support::emulator;

fn command(endpoint: &str, account: &str) -> Result<Command> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(["real-account", account, "--yes"])
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(
            "GABION_PROVIDER_BIN",
            workspace::build_dir()?.join("terraform-provider-gabion"),
        );
    Ok(command)
}

#[test]
fn makes_looks_again_and_cleans_up() -> Result<()> {
    let (Some(emulator), Some(_)) = (emulator(Kind::Ministack)?, Tool::Terraform.require()?) else {
        return Ok(());
    };
    let run = command(&emulator.endpoint(), Kind::Ministack.account())?.output()?;
    let text = String::from_utf8_lossy(&run.stdout);
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{text}{errors}");
    assert!(text.contains("In account 000000000000"), "{text}");
    assert!(
        errors.contains("two plans after the apply show no changes"),
        "{errors}"
    );
    let mut aws = Aws::new(&emulator.endpoint())?;
    let buckets = aws.call("s3", "list_buckets", json!({}))?;
    assert_eq!(buckets["Buckets"].as_array().map(Vec::len), Some(0));
    Ok(())
}

#[test]
fn works_in_no_other_account_than_the_one_named() -> Result<()> {
    let (Some(emulator), Some(_)) = (emulator(Kind::Ministack)?, Tool::Terraform.require()?) else {
        return Ok(());
    };
    let run = command(&emulator.endpoint(), "111122223333")?.output()?;
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(
        !run.status.success()
            && errors.contains("000000000000")
            && errors.contains("nothing was made"),
        "{errors}"
    );
    let mut aws = Aws::new(&emulator.endpoint())?;
    let buckets = aws.call("s3", "list_buckets", json!({}))?;
    assert_eq!(buckets["Buckets"].as_array().map(Vec::len), Some(0));
    Ok(())
}
