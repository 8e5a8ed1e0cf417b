//! Whole-plan rules on a first create: a bucket and its companions, joined in every way that a configuration joins
//! them while no id is known.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::mirror;
use gabion_tests::{Terraform, skip, workspace};
use serde_json::Value;

/// Nothing listens there: a plan that only creates asks nobody.
const NOWHERE: &str = "http://127.0.0.1:9";

const MAIN: &str = r#"
provider "aws" {
  region                      = "eu-central-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

locals {
  id    = aws_s3_bucket.by_local.id
  parts = { inner = { id = aws_s3_bucket.by_part.id } }
  names = { one = "by-each-one", two = "by-each-two" }
}

resource "aws_s3_bucket" "by_reference" {}

resource "aws_s3_bucket_versioning" "by_reference" {
  bucket = aws_s3_bucket.by_reference.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "by_local" {}

resource "aws_s3_bucket_versioning" "by_local" {
  bucket = local.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "by_part" {}

resource "aws_s3_bucket_versioning" "by_part" {
  bucket = local.parts.inner["id"]
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "by_each" {
  for_each = local.names
}

resource "aws_s3_bucket_versioning" "by_each" {
  for_each = aws_s3_bucket.by_each
  bucket   = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "by_key" {
  for_each = local.names
}

resource "aws_s3_bucket_versioning" "by_key" {
  for_each = local.names
  bucket   = aws_s3_bucket.by_key[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "by_count" {
  count = 2
}

resource "aws_s3_bucket_versioning" "by_count" {
  count  = 2
  bucket = aws_s3_bucket.by_count[count.index].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "by_name" {
  bucket = "gabion-by-name"
}

resource "aws_s3_bucket_versioning" "by_name" {
  bucket = "gabion-by-name"
  versioning_configuration {
    status = "Enabled"
  }
}

# The bucket is in the module, its companion here.
module "output" {
  source = "./bucket"
}

resource "aws_s3_bucket_versioning" "output" {
  bucket = module.output.id
  versioning_configuration {
    status = "Enabled"
  }
}

module "outputs" {
  source   = "./bucket"
  for_each = local.names
}

resource "aws_s3_bucket_versioning" "outputs" {
  for_each = module.outputs
  bucket   = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

# The bucket is here, its companion in the module.
resource "aws_s3_bucket" "by_variable" {}

module "variable" {
  source = "./versioning"
  for    = { bucket = aws_s3_bucket.by_variable }
}

EXTRA
"#;

const BUCKET: &str = r#"
locals {
  this = aws_s3_bucket.this
}

resource "aws_s3_bucket" "this" {}

output "id" {
  value = local.this.id
}
"#;

const VERSIONING: &str = r#"
variable "for" {
  type = any
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = var.for.bucket.id
  versioning_configuration {
    status = "Enabled"
  }
}
"#;

/// What makes a companion go missing, each way of joining once, and the buckets without one.
const MISSING: &str = r#"
resource "aws_s3_bucket" "bare" {}

resource "aws_s3_bucket" "some" {
  for_each = local.names
}

resource "aws_s3_bucket_versioning" "some" {
  bucket = aws_s3_bucket.some["one"].id
  versioning_configuration {
    status = "Enabled"
  }
}

module "without" {
  source = "./bucket"
}
"#;

/// A companion whose bucket nobody can tell: it may be any that has none.
const UNCLEAR: &str = r#"
resource "terraform_data" "which" {
  input = uuid()
}

resource "aws_s3_bucket_versioning" "unclear" {
  bucket = terraform_data.which.output
  versioning_configuration {
    status = "Enabled"
  }
}
"#;

/// The rule for buckets that nothing versions.
const RULE: &str = "DT03A";

struct Checked {
    code: Option<i32>,
    /// Disposition by address; the empty address is the whole plan.
    found: BTreeMap<String, String>,
}

fn check(terraform: &Terraform, source: bool) -> Result<Checked> {
    let dir = terraform.dir();
    // A folder of its own, without files beside the plan.
    let elsewhere = tempfile::tempdir()?;
    let plan = elsewhere.path().join("plan.json");
    std::fs::write(&plan, terraform.saved_plan()?.to_string())?;
    let mut command = Command::new(workspace::gabion_bin()?);
    command
        .arg("check")
        .arg(&plan)
        .args(["--rule", RULE, "-o", "json"])
        .current_dir(elsewhere.path())
        .env("XDG_CACHE_HOME", workspace::shared_dir()?.join("cache"))
        .env_remove("GABION_FLOOR");
    if source {
        command.arg("--source").arg(&dir);
    }
    let out = command.output()?;
    let answer: Value = serde_json::from_slice(&out.stdout)
        .with_context(|| String::from_utf8_lossy(&out.stderr).into_owned())?;
    let findings = answer["findings"].as_array().context("no findings")?;
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    Ok(Checked {
        code: out.status.code(),
        found: findings
            .iter()
            .map(|finding| (text(finding, "address"), text(finding, "disposition")))
            .collect(),
    })
}

fn planned(terraform: &Terraform, extra: &str) -> Result<()> {
    terraform.write("main.tf", &MAIN.replace("EXTRA", extra))?;
    terraform.write("bucket/main.tf", BUCKET)?;
    terraform.write("versioning/main.tf", VERSIONING)?;
    terraform.init()?;
    assert!(terraform.plan(&[])?.changes()?);
    Ok(())
}

#[test]
fn companions_are_joined_on_a_first_create() -> Result<()> {
    if mirror::locate().is_none() {
        return skip::missing("a mirror of hashicorp/aws", mirror::HOW, false);
    }
    let Some(binary) = Tool::Terraform.require()? else {
        return Ok(());
    };
    let terraform = Terraform::new(&binary, NOWHERE)?;

    // Every bucket has its companion: nothing is refused, and with the files beside the plan nothing is open.
    planned(&terraform, "")?;
    let checked = check(&terraform, true)?;
    assert_eq!((checked.code, checked.found), (Some(0), BTreeMap::new()));
    // Without the files a local value is not followed: what hangs on it is open, and never refused.
    let checked = check(&terraform, false)?;
    assert_eq!(checked.code, Some(0));
    assert!(!checked.found.is_empty());
    assert!(
        checked
            .found
            .values()
            .all(|disposition| disposition == "note")
    );

    // Those without are told, each by its address, and no other.
    planned(&terraform, MISSING)?;
    let checked = check(&terraform, true)?;
    assert_eq!(checked.code, Some(1));
    let refused: Vec<&str> = checked.found.keys().map(String::as_str).collect();
    assert_eq!(
        refused,
        [
            "aws_s3_bucket.bare",
            "aws_s3_bucket.some[\"two\"]",
            "module.without.aws_s3_bucket.this"
        ]
    );
    assert!(
        checked
            .found
            .values()
            .all(|disposition| disposition == "refuse")
    );

    // One companion that may be anybody's: no bucket without one is refused.
    planned(&terraform, &format!("{MISSING}{UNCLEAR}"))?;
    let checked = check(&terraform, true)?;
    assert_eq!(checked.code, Some(0));
    assert!(
        checked
            .found
            .values()
            .all(|disposition| disposition == "note")
    );
    assert!(!checked.found.is_empty());
    Ok(())
}
