//! `cargo xtask demo`: the quick start, played through.

use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::say;
use gabion_tests::{Aws, Emulator, Kind, Run, Terraform, workspace};
use serde_json::{Value, json};

use super::{cargo, setup};

/// Show the quick start: create a key and a log sink, see a plan refused, and clean up
///
/// Builds what is needed, starts an emulator, and runs the configuration of
/// examples/quickstart with the real Terraform. Nothing is left running, and nothing is left in
/// the checkout.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Use OpenTofu in place of Terraform
    #[arg(long)]
    opentofu: bool,
}

/// Plays it through; an error where anything differs from what it shows.
pub(crate) fn run(args: &Args) -> Result<()> {
    heading("Building the provider and its guardrails");
    setup::core()?;
    cargo::build_binaries()?;

    heading("Starting an AWS emulator on the loopback interface");
    let emulator = Emulator::start(Kind::Ministack)?;
    say(&format!("MiniStack listens on {}", emulator.endpoint()));
    let tool = if args.opentofu {
        Tool::OpenTofu
    } else {
        Tool::Terraform
    };
    let binary = tool
        .locate()
        .with_context(|| format!("{tool} is missing"))?;
    let terraform = Terraform::new(&binary, &emulator.endpoint())?;
    let example = workspace::root().join("examples/quickstart");
    terraform.copy(&example)?;
    let mut aws = Aws::new(&emulator.endpoint())?;

    heading("The configuration: examples/quickstart/main.tf");
    print(&std::fs::read_to_string(example.join("main.tf"))?);
    heading(&format!("{tool} init"));
    show(terraform.init()?)?;
    heading(&format!("{tool} plan: every enforced setting is visible"));
    let plan = terraform.plan(&[])?;
    ensure!(plan.changes()?, "the plan shows nothing to create");
    show(plan)?;
    heading(&format!("{tool} apply"));
    show(terraform.apply(&["plan.tfplan"])?)?;

    heading("What AWS holds now, read with another client");
    created(&mut aws)?;
    heading(&format!("{tool} plan again: nothing to change"));
    let plan = terraform.plan(&[])?;
    ensure!(
        !plan.changes()?,
        "a plan after apply shows changes:\n{}",
        plan.stdout
    );
    show(plan)?;

    heading("A key without rotation, under a valid exception: refused/weak_key.tf");
    print(&std::fs::read_to_string(
        example.join("refused/weak_key.tf"),
    )?);
    heading("The policy of the platform: gabion.hcl");
    print(&std::fs::read_to_string(example.join("gabion.hcl"))?);
    heading(&format!(
        "{tool} plan: refused by the guardrail, with file and line"
    ));
    std::fs::copy(
        example.join("refused/weak_key.tf"),
        terraform.dir().join("weak_key.tf"),
    )?;
    let refused = terraform.plan(&[])?.refused()?;
    print(&refused.stdout);
    print(&refused.stderr);
    refused.says(&["DT08", "weak_key.tf line"])?;
    terraform.remove("weak_key.tf")?;

    heading("Deletion protection off, then destroy: two applies on purpose");
    let off = ["-var", "deletion_protection=false"];
    show(terraform.apply(&off)?)?;
    // Its plan repeats every attribute that was shown above.
    let destroyed = terraform.destroy(&off)?.ok()?;
    print(
        destroyed
            .stdout
            .split_once("\nPlan: ")
            .map_or("", |(_, rest)| rest),
    );
    gone(&mut aws)?;

    heading("Done: nothing is left running");
    Ok(())
}

/// Shows the key and the sink as the emulator has them.
fn created(aws: &mut Aws) -> Result<()> {
    let alias = json!({"KeyId": "alias/quickstart-logs"});
    let key = aws.call("kms", "describe_key", alias)?;
    let id = key
        .pointer("/KeyMetadata/KeyId")
        .cloned()
        .context("the key is missing")?;
    let rotation = aws.call("kms", "get_key_rotation_status", json!({"KeyId": id}))?;
    line("key", &id);
    line("rotation", &field(&rotation, "KeyRotationEnabled"));
    line(
        "rotation period in days",
        &field(&rotation, "RotationPeriodInDays"),
    );
    let policy = json!({"KeyId": id, "PolicyName": "default"});
    statements("key policy", &aws.call("kms", "get_key_policy", policy)?)?;

    let bucket = json!({"Bucket": "quickstart-audit-logs"});
    for (title, operation, pointer) in [
        (
            "public access block",
            "get_public_access_block",
            "/PublicAccessBlockConfiguration",
        ),
        ("versioning", "get_bucket_versioning", "/Status"),
        (
            "encryption",
            "get_bucket_encryption",
            "/ServerSideEncryptionConfiguration/Rules/0",
        ),
        (
            "object lock",
            "get_object_lock_configuration",
            "/ObjectLockConfiguration/Rule",
        ),
        (
            "access logs to",
            "get_bucket_logging",
            "/LoggingEnabled/TargetBucket",
        ),
        (
            "object ownership",
            "get_bucket_ownership_controls",
            "/OwnershipControls/Rules/0",
        ),
    ] {
        let answer = aws.call("s3", operation, bucket.clone())?;
        let found = answer
            .pointer(pointer)
            .with_context(|| format!("{title} is not set"))?;
        line(title, found);
    }
    statements(
        "bucket policy",
        &aws.call("s3", "get_bucket_policy", bucket)?,
    )?;
    let trails = aws.call("cloudtrail", "describe_trails", json!({}))?;
    let trail = trails
        .pointer("/trailList/0")
        .cloned()
        .context("the trail is missing")?;
    line("trail", &field(&trail, "Name"));
    line("trail in all regions", &field(&trail, "IsMultiRegionTrail"));
    line(
        "log file validation",
        &field(&trail, "LogFileValidationEnabled"),
    );
    Ok(())
}

/// Demands that destroy took everything away, as far as AWS lets it.
fn gone(aws: &mut Aws) -> Result<()> {
    let buckets = aws.call("s3", "list_buckets", json!({}))?;
    let buckets = buckets
        .get("Buckets")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    ensure!(buckets == 0, "{buckets} buckets are left");
    let trails = aws.call("cloudtrail", "describe_trails", json!({}))?;
    ensure!(trails.pointer("/trailList/0").is_none(), "a trail is left");
    let keys = aws.call("kms", "list_keys", json!({}))?;
    for key in keys
        .get("Keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let described = aws.call("kms", "describe_key", json!({"KeyId": field(key, "KeyId")}))?;
        let metadata = described.get("KeyMetadata").cloned().unwrap_or_default();
        if field(&metadata, "KeyManager") == "AWS" {
            continue;
        }
        ensure!(
            field(&metadata, "KeyState") == "PendingDeletion",
            "a key is left: {metadata}"
        );
        line(
            "key scheduled for deletion on",
            &field(&metadata, "DeletionDate"),
        );
    }
    Ok(())
}

fn statements(title: &str, answer: &Value) -> Result<()> {
    let text = answer
        .get("Policy")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let policy: Value = serde_json::from_str(text).with_context(|| format!("no {title}"))?;
    for statement in policy
        .get("Statement")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let effect = field(statement, "Effect");
        line(
            title,
            &json!(format!(
                "{} {}",
                text_of(&effect),
                text_of(&field(statement, "Sid"))
            )),
        );
    }
    Ok(())
}

fn field(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn line(title: &str, value: &Value) {
    print(&format!("  {title:<28} {}\n", text_of(value)));
}

fn heading(text: &str) {
    print(&format!("\n\u{2550}\u{2550}\u{2550} {text}\n\n"));
}

/// A closed screen must not stop the clean-up.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn show(run: Run) -> Result<()> {
    let run = run.ok()?;
    print(&run.stdout);
    print(&run.stderr);
    Ok(())
}
