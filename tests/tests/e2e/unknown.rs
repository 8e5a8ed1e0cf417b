//! A value that nobody knows before apply: the same rule, and its opposite, in `gabion test`, in `gabion check` and
//! inside `terraform plan`. Other tools pass or refuse such a value by how the rule is written.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::mirror;
use gabion_tests::{Kind, Terraform, skip, workspace};
use serde_json::Value;

use crate::author;
use crate::support::{World, emulator};

/// What "must be set" and "must not be set" say of each resource, by the last part of its address: what plan and
/// check must find, word for word. A resource that passes has no finding.
const EXPECTED: [(&str, &str, &str); 3] = [
    ("known", "pass", "violation"),
    ("missing", "violation", "pass"),
    ("later", "undetermined", "undetermined"),
];

/// Rule, address and disposition of a finding.
type Found = (String, String, String);

/// The verdicts of both rules, by resource, from what was found: `note` is a verdict that is not decided yet.
fn table(found: &[Found]) -> Vec<(&'static str, &'static str, &'static str)> {
    let verdict = |rule: &str, name: &str| {
        let of: Vec<&str> = found
            .iter()
            .filter(|(code, address, _)| code == rule && address.ends_with(&format!(".{name}")))
            .map(|(_, _, disposition)| disposition.as_str())
            .collect();
        match of.as_slice() {
            [] => "pass",
            ["refuse"] => "violation",
            ["note"] => "undetermined",
            _ => "something else",
        }
    };
    EXPECTED
        .iter()
        .map(|(name, _, _)| (*name, verdict("AC02", name), verdict("AC03", name)))
        .collect()
}

/// Rule, address and disposition of every finding of a check of the saved plan, and the report.
fn checked(terraform: &Terraform, pack: &str) -> Result<(Vec<Found>, Value)> {
    terraform.write("plan.json", &terraform.saved_plan()?.to_string())?;
    let output = Command::new(workspace::gabion_bin()?)
        .args(["check", "plan.json", "--pack", pack, "-o", "json"])
        .current_dir(terraform.dir())
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env_remove("GABION_FLOOR")
        .output()?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let found = report["findings"]
        .as_array()
        .context("no findings")?
        .iter()
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            (text("rule"), text("address"), text("disposition"))
        })
        .collect();
    Ok((found, report))
}

const TOPICS: &str = r#"
provider "aws" {
  region                      = "eu-central-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

resource "aws_kms_key" "topics" {
  enable_key_rotation = true
}

resource "aws_sns_topic" "known" {
  name              = "known"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic" "missing" {
  name = "missing"
}

resource "aws_sns_topic" "later" {
  name              = "later"
  kms_master_key_id = aws_kms_key.topics.arn
}
"#;

/// The peers' case, word for word: a topic whose key is made in the same apply.
#[test]
fn a_topic_whose_key_is_not_known_yet() -> Result<()> {
    if mirror::locate().is_none() {
        return skip::missing("a mirror of hashicorp/aws", mirror::HOW, false);
    }
    let Some(pack) = author::sealed()? else {
        return Ok(());
    };
    let Some(binary) = Tool::Terraform.require()? else {
        return Ok(());
    };
    let Some(emulator) = emulator(Kind::Moto)? else {
        return Ok(());
    };
    let terraform = Terraform::new(&binary, &emulator.endpoint())?;
    terraform.write("main.tf", TOPICS)?;
    terraform.init()?;
    assert!(terraform.plan(&[])?.changes()?);
    let (found, report) = checked(&terraform, &pack.to_string_lossy())?;
    assert_eq!(table(&found), EXPECTED, "{report:#}");
    // What blocked it is named, and nothing else was.
    let blocked: Vec<&Value> = report["findings"]
        .as_array()
        .context("no findings")?
        .iter()
        .flat_map(|finding| finding["undetermined"].as_array().into_iter().flatten())
        .collect();
    assert_eq!(blocked.len(), 2, "{report:#}");
    for one in blocked {
        assert_eq!(one["path"], "kms_master_key_id");
        assert_eq!(one["why"], "unknown");
    }
    Ok(())
}

const KEYS: &str = r#"
resource "gabion_kms_key" "first" {
  alias               = "first"
  deletion_protection = false
  tags                = { owner = "team", "sealed-by" = "nobody" }
}

resource "gabion_kms_key" "known" {
  alias               = "known"
  deletion_protection = false
  tags                = { owner = "team", "sealed-by" = "alias/logs" }
}

resource "gabion_kms_key" "missing" {
  alias               = "missing"
  deletion_protection = false
  tags                = { owner = "team" }
}

resource "gabion_kms_key" "later" {
  alias               = "later"
  deletion_protection = false
  tags                = { owner = "team", "sealed-by" = gabion_kms_key.first.arn }
}
"#;

/// What is refused holds up what refers to it, and the first key is what the last one refers to.
const WAIVER: &str = r#"
waiver "first" {
  rule     = "AC03"
  resource = "gabion_kms_key"
  where    = { alias = "first" }
  reason   = "the others are sealed by it"
  expires  = "2999-01-01T00:00:00Z"
}
"#;

/// The same inside `terraform plan`, on resources of ours; and at apply, where the value is known, it is decided.
#[test]
fn the_same_inside_a_plan_and_decided_at_apply() -> Result<()> {
    let Some(pack) = author::sealed()? else {
        return Ok(());
    };
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    let data = author::data()?.to_string_lossy().into_owned();
    world.terraform.env("XDG_DATA_HOME", data);
    let policy = |rules: &str| {
        format!(
            "pack \"acme\" {{\n  source = \"{}\"\n}}\n{WAIVER}{rules}",
            pack.display()
        )
    };
    world.terraform.write("gabion.hcl", &policy(""))?;
    world.init(KEYS)?;
    let plan = world.terraform.plan_json(&[])?.refused()?;
    let mut found: BTreeMap<(String, String), String> = BTreeMap::new();
    for diagnostic in plan.diagnostics() {
        let whole = format!("{} {}", diagnostic.summary, diagnostic.detail);
        for code in ["AC02", "AC03"] {
            if !whole.contains(code) {
                continue;
            }
            let what = match diagnostic.severity.as_str() {
                "error" => "refuse",
                _ if diagnostic.summary.contains("is not decided yet") => "note",
                _ => "warn",
            };
            let key = (code.to_owned(), diagnostic.address.clone());
            assert_eq!(found.insert(key, what.to_owned()), None, "{diagnostic:#?}");
        }
    }
    let found: Vec<Found> = found
        .into_iter()
        .map(|((code, address), what)| (code, address, what))
        .collect();
    assert_eq!(table(&found), EXPECTED, "{found:#?}");
    assert!(world.proxy.writes().is_empty());

    // At apply the value is known: "must be set" passes, and "must not be set" refuses before the change is made.
    let blocks: Vec<&str> = KEYS.split("\n\n").collect();
    let [first, _, _, later] = blocks.as_slice() else {
        anyhow::bail!("the configuration changed");
    };
    world
        .terraform
        .write("main.tf", &format!("{first}\n\n{later}"))?;
    let apply = world.terraform.apply(&[])?.refused()?;
    apply.says(&["AC03", "there is a key"])?;
    assert!(world.terraform.state("gabion_kms_key.first").is_ok());
    assert!(world.terraform.state("gabion_kms_key.later").is_err());
    world
        .terraform
        .write("gabion.hcl", &policy("rule \"AC03\" { level = \"off\" }\n"))?;
    world.terraform.apply(&[])?.ok()?;
    assert!(world.terraform.state("gabion_kms_key.later").is_ok());
    Ok(())
}
