//! `gabion check` on plans that a real Terraform saved, and on files that are not plans.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::mirror;
use gabion_tests::{Kind, Terraform, skip, workspace};
use serde_json::Value;

use crate::support::emulator;

fn gabion(dir: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(workspace::gabion_bin()?)
        .args(arguments)
        .current_dir(dir)
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env_remove("GABION_FLOOR")
        .output()?)
}

/// A configuration as many have one: some good, some bad, some that nobody knows before apply.
const AWS: &str = r#"
provider "aws" {
  region                      = "eu-central-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
}

resource "aws_kms_key" "good" {
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_key" "bad" {
  enable_key_rotation     = false
  deletion_window_in_days = 7
}

resource "aws_s3_bucket" "data" {
  bucket = "some-data"
}

resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id
  versioning_configuration {
    status = "Suspended"
  }
}

resource "aws_s3_bucket_public_access_block" "data" {
  bucket                  = aws_s3_bucket.data.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = false
}

# The policy names the bucket's ARN, which is known after apply.
resource "aws_s3_bucket_policy" "data" {
  bucket = aws_s3_bucket.data.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = "s3:*", Resource = aws_s3_bucket.data.arn }]
  })
}

resource "aws_cloudtrail" "one_region" {
  name                       = "trail"
  s3_bucket_name             = aws_s3_bucket.data.id
  is_multi_region_trail      = false
  enable_log_file_validation = true
}
"#;

#[test]
fn a_plan_of_hashicorp_aws_is_judged_resource_by_resource() -> Result<()> {
    if mirror::locate().is_none() {
        return skip::missing("a mirror of hashicorp/aws", mirror::HOW, false);
    }
    let Some(binary) = Tool::Terraform.require()? else {
        return Ok(());
    };
    let Some(emulator) = emulator(Kind::Moto)? else {
        return Ok(());
    };
    let terraform = Terraform::new(&binary, &emulator.endpoint())?;
    terraform.write("main.tf", AWS)?;
    terraform.init()?;
    assert!(terraform.plan(&[])?.changes()?);
    terraform.write("plan.json", &terraform.saved_plan()?.to_string())?;

    let out = gabion(&terraform.dir(), &["check", "plan.json", "-o", "json"])?;
    let answer: Value = serde_json::from_slice(&out.stdout)
        .with_context(|| String::from_utf8_lossy(&out.stderr).into_owned())?;
    assert_eq!(out.status.code(), Some(1), "{answer:#}");
    let mut found: Vec<String> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} {} {}",
                text("rule"),
                text("disposition"),
                text("address"),
                text("path")
            )
        })
        .collect();
    found.sort();
    found.dedup();
    let listed = found.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    });
    for wanted in [
        "DT01 refuse aws_s3_bucket_public_access_block.data restrict_public_buckets",
        "DT03 refuse aws_s3_bucket_versioning.data versioning_configuration[0].status",
        "DT08 refuse aws_kms_key.bad enable_key_rotation",
        "LG01 refuse aws_cloudtrail.one_region is_multi_region_trail",
        "DT02 note aws_s3_bucket_policy.data",
    ] {
        assert!(listed.contains(wanted), "no `{wanted}` in\n{listed}");
    }
    assert!(!listed.contains("aws_kms_key.good"), "{listed}");
    assert!(!listed.contains("LG02 refuse"), "{listed}");

    // The saved plan itself says the same, and where each thing stands.
    let binary = binary.to_string_lossy().into_owned();
    let saved = ["check", "plan.tfplan", "-o", "json", "--terraform", &binary];
    let out = gabion(&terraform.dir(), &saved)?;
    let again: Value = serde_json::from_slice(&out.stdout)
        .with_context(|| String::from_utf8_lossy(&out.stderr).into_owned())?;
    assert_eq!(again["findings"], answer["findings"]);
    let bad = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["address"] == "aws_kms_key.bad" && finding["rule"] == "DT08")
        .unwrap();
    let line = 1 + AWS
        .lines()
        .position(|line| line.contains("enable_key_rotation     = false"))
        .unwrap();
    assert_eq!(
        bad["source"],
        serde_json::json!({ "file": "main.tf", "line": line, "end_line": line })
    );
    Ok(())
}

#[test]
fn files_that_are_no_plans_are_named() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text);
    write("empty.json", "")?;
    write("text.json", "Plan: 1 to add")?;
    write("list.json", "[]")?;
    write(
        "cut.json",
        r#"{"format_version":"1.2","resource_changes":[{"address":"a"#,
    )?;
    write(
        "newer.json",
        r#"{"format_version":"2.0","resource_changes":[]}"#,
    )?;
    write(
        "minor.json",
        r#"{"format_version":"1.9","resource_changes":[]}"#,
    )?;
    write(
        "none.json",
        r#"{"format_version":"1.2","resource_changes":[]}"#,
    )?;
    for (name, code, text) in [
        ("empty.json", 4, "empty.json"),
        ("text.json", 4, "text.json"),
        ("list.json", 4, "list.json"),
        ("cut.json", 4, "cut.json"),
        ("newer.json", 4, "2.0"),
        ("missing.json", 3, "missing.json"),
        ("minor.json", 0, ""),
        ("none.json", 0, ""),
    ] {
        let out = gabion(dir.path(), &["check", name])?;
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(code), "{name}: {said}");
        assert!(said.contains(text), "{name}: {said}");
        assert!(!said.contains("panicked"), "{name}: {said}");
    }
    Ok(())
}

#[test]
fn a_plan_of_200_megabytes_is_judged() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("plan.json");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    let filler = "x".repeat(4000);
    write!(file, r#"{{"format_version":"1.2","resource_changes":["#)?;
    let count = 50_000;
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        let rotation = number != count - 1;
        write!(
            file,
            r#"{comma}{{"address":"aws_kms_key.k{number}","mode":"managed","type":"aws_kms_key","name":"k{number}","provider_name":"registry.terraform.io/hashicorp/aws","change":{{"actions":["create"],"before":null,"after":{{"enable_key_rotation":{rotation},"rotation_period_in_days":365,"customer_master_key_spec":"SYMMETRIC_DEFAULT","key_usage":"ENCRYPT_DECRYPT","custom_key_store_id":null,"description":"{filler}"}},"after_unknown":{{}},"before_sensitive":false,"after_sensitive":{{}}}}}}"#
        )?;
    }
    write!(file, "]}}")?;
    file.flush()?;
    drop(file);
    assert!(std::fs::metadata(&path)?.len() > 200_000_000);
    let out = gabion(
        dir.path(),
        &["check", "plan.json", "--rule", "DT08", "-o", "json"],
    )?;
    let answer: Value = serde_json::from_slice(&out.stdout)
        .with_context(|| String::from_utf8_lossy(&out.stderr).into_owned())?;
    assert_eq!(answer["summary"]["refused"], 1, "{}", answer["summary"]);
    assert_eq!(
        answer["findings"][0]["address"],
        format!("aws_kms_key.k{}", count - 1)
    );
    Ok(())
}
