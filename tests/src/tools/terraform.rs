//! Terraform, as the user installed it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::{on_path, output, version};

/// What a person does about a missing Terraform.
pub const HOW: &str = "install Terraform 1.11 or newer and put `terraform` on PATH \
     (https://developer.hashicorp.com/terraform/install)";

/// `GABION_TERRAFORM`, else `terraform` on `PATH`, if it is new enough.
#[must_use]
pub fn locate() -> Option<PathBuf> {
    let path = match std::env::var_os("GABION_TERRAFORM").filter(|v| !v.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => on_path("terraform")?,
    };
    let found = version_of(&path).ok()?;
    (version(&found) >= (1, 11, 0)).then_some(path)
}

/// The version that a `terraform` or `tofu` binary reports.
///
/// # Errors
/// When it does not run, or does not answer as Terraform does.
pub fn version_of(binary: &Path) -> Result<String> {
    let mut command = Command::new(binary);
    // A configuration file that does not exist makes it print a warning to the same pipe.
    command
        .args(["version", "-json"])
        .env("CHECKPOINT_DISABLE", "1")
        .env_remove("TF_CLI_CONFIG_FILE");
    let text = output(&mut command)?;
    let json = text
        .find('{')
        .map_or("", |at| text.get(at..).unwrap_or_default());
    let value: serde_json::Value = serde_json::Deserializer::from_str(json)
        .into_iter()
        .next()
        .transpose()?
        .unwrap_or_default();
    let found = value
        .get("terraform_version")
        .and_then(serde_json::Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| anyhow::anyhow!("`{}` told no version", binary.display()))
}
