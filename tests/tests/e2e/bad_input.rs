//! Bad input: each is refused before any write, with a text that names it. One configuration an
//! input; all in one world, as none of them changes anything.

use anyhow::Result;
use gabion_tests::Kind;

use crate::support::World;

/// A configuration, and what the refusal says.
const CASES: &[(&str, &[&str])] = &[
    // Types and names.
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = [\"a\"]\n}",
        &["alias"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  colour = \"red\"\n}",
        &["colour"],
    ),
    ("resource \"gabion_kms_key\" \"x\" {}", &["alias"]),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  enable_key_rotation = \"maybe\"\n}",
        &["enable_key_rotation"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"alias/aws/s3\"\n}",
        &["alias/aws/s3"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a b\"\n}",
        &["a b"],
    ),
    // Bounds.
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  rotation_period_in_days = 89\n}",
        &["89", "90", "2560"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  rotation_period_in_days = 2561\n}",
        &["2561", "90", "2560"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  rotation_period_in_days = 365.5\n}",
        &["365.5"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  deletion_window_in_days = 6\n}",
        &["6", "7", "30"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  deletion_window_in_days = 31\n}",
        &["31", "7", "30"],
    ),
    // Principals, accounts, regions.
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  administrators = [\"*\"]\n}",
        &["administrators", "*"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  users = [\"arn:aws:iam::12:role/x\"]\n}",
        &["arn:aws:iam::12:role/x"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  users = [\"somebody@example.com\"]\n}",
        &["somebody@example.com"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  account_id = \"1234\"\n}",
        &["1234"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  region = \"Frankfurt\"\n}",
        &["Frankfurt"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  service_users = [{ service = \"cloudtrail\" }]\n}",
        &["cloudtrail"],
    ),
    // Exceptions.
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  enable_key_rotation = false\n}",
        &["enable_key_rotation", "KMS.4", "exception"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  enable_key_rotation = false\n  exception {\n    attribute = \"enable_key_rotation\"\n    control = \"KMS.4\"\n    reason = \"r\"\n    expires = \"2020-01-01T00:00:00Z\"\n  }\n}",
        &["enable_key_rotation", "Expired exception"],
    ),
    (
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  exception {\n    attribute = \"enable_key_rotation\"\n    control = \"KMS.4\"\n    reason = \"r\"\n    expires = \"tomorrow\"\n  }\n}",
        &["tomorrow"],
    ),
    // The sink.
    (
        "resource \"gabion_log_sink\" \"x\" {\n  bucket = \"Bad_Name\"\n  kms_key_id = \"arn:aws:kms:eu-central-1:123456789012:key/1\"\n}",
        &["Bad_Name"],
    ),
    (
        "resource \"gabion_log_sink\" \"x\" {\n  bucket = \"good-name\"\n  kms_key_id = \"my-key\"\n}",
        &["my-key"],
    ),
    (
        "resource \"gabion_log_sink\" \"x\" {\n  bucket = \"good-name\"\n  kms_key_id = \"arn:aws:kms:eu-central-1:123456789012:key/1\"\n  log_group_retention_in_days = 17\n}",
        &["17"],
    ),
    (
        "resource \"gabion_log_sink\" \"x\" {\n  bucket = \"good-name\"\n  kms_key_id = \"arn:aws:kms:eu-central-1:123456789012:key/1\"\n  object_lock_mode = \"COMPLIANCE\"\n}",
        &["COMPLIANCE", "acknowledge_irreversible"],
    ),
    (
        "resource \"gabion_log_sink\" \"x\" {\n  bucket = \"good-name\"\n  kms_key_id = \"arn:aws:kms:eu-central-1:123456789012:key/1\"\n  expiration_in_days = 30\n}",
        &["expiration_in_days", "365"],
    ),
    (
        "resource \"gabion_log_sink\" \"x\" {\n  bucket = \"good-name\"\n  kms_key_id = \"arn:aws:kms:eu-central-1:123456789012:key/1\"\n  organization_id = \"acme\"\n}",
        &["acme"],
    ),
];

#[test]
fn bad_input_is_refused_by_name_and_before_any_write() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init("")?;
    let mut wrong = Vec::new();
    for (configuration, texts) in CASES {
        world.terraform.write("main.tf", configuration)?;
        let run = world.terraform.plan(&[])?;
        let flat = run.flat();
        let missing: Vec<&&str> = texts.iter().filter(|text| !flat.contains(**text)).collect();
        let internals = [
            "panicked",
            "RUST_BACKTRACE",
            "Some(",
            "Error {",
            "core::",
            "alloc::",
        ];
        let leaked: Vec<&&str> = internals
            .iter()
            .filter(|text| flat.contains(**text))
            .collect();
        if run.code != Some(1) || !missing.is_empty() || !leaked.is_empty() {
            wrong.push(format!(
                "{configuration}\nexit {:?}, missing {missing:?}, leaked {leaked:?}:\n{}{}",
                run.code, run.stdout, run.stderr
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        CASES.len(),
        wrong.join("\n\n")
    );
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    Ok(())
}

#[test]
fn an_exception_for_nothing_is_a_warning() -> Result<()> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(());
    };
    world.init(
        "resource \"gabion_kms_key\" \"x\" {\n  alias = \"a\"\n  exception {\n    attribute = \"enable_key_rotation\"\n    control   = \"KMS.4\"\n    reason    = \"left over\"\n    expires   = \"2030-01-01T00:00:00Z\"\n  }\n}\n",
    )?;
    let plan = world.terraform.plan_json(&[])?;
    assert!(plan.changes()?);
    let told = plan.diagnostics();
    let warned = told.iter().any(|d| {
        d.severity == "warning"
            && format!("{}{}", d.summary, d.detail).contains("enable_key_rotation")
    });
    assert!(warned, "{told:#?}");
    Ok(())
}

#[test]
fn the_binary_run_by_hand_explains_itself() -> Result<()> {
    let out = std::process::Command::new(gabion_tests::workspace::provider_bin()?)
        .env_remove("TF_PLUGIN_MAGIC_COOKIE")
        .output()?;
    assert_eq!(out.status.code(), Some(1));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(text.contains("Terraform"), "{text}");
    Ok(())
}
