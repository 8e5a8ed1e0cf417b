//! The CLI configuration and the mirror that the provider is installed from.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::tools::mirror::{Mirror, platform};

/// What a configuration that uses the provider begins with.
pub(super) const VERSIONS: &str = r#"terraform {
  required_providers {
    gabion = {
      source = "gabion/gabion"
    }
  }
}
"#;

/// The version that the mirror offers: the one being built.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Lays that binary of the provider out as a filesystem mirror, for both registries' addresses.
pub(super) fn mirror(root: &Path, binary: &Path) -> Result<()> {
    for host in ["registry.terraform.io", "registry.opentofu.org"] {
        let dir = root
            .join(host)
            .join("gabion/gabion")
            .join(VERSION)
            .join(platform());
        std::fs::create_dir_all(&dir)?;
        let target = dir.join(format!("terraform-provider-gabion_v{VERSION}"));
        // A link where the file systems allow it: the binary of a debug build is large.
        if std::fs::hard_link(binary, &target).is_err() {
            std::fs::copy(binary, &target)
                .with_context(|| format!("cannot copy `{}`", binary.display()))?;
        }
    }
    Ok(())
}

/// Writes the CLI configuration: our provider from the mirror, hashicorp/aws from the user's
/// mirror where there is one, and nothing from anywhere else.
pub(super) fn write(root: &Path, aws: Option<&Mirror>) -> Result<PathBuf> {
    let mut text = String::from("disable_checkpoint = true\nprovider_installation {\n");
    writeln!(
        text,
        "  filesystem_mirror {{\n    path    = \"{}\"\n    include = [\"registry.terraform.io/gabion/gabion\", \"registry.opentofu.org/gabion/gabion\"]\n  }}",
        root.join("mirror").display()
    )?;
    if let Some(aws) = aws {
        writeln!(
            text,
            "  filesystem_mirror {{\n    path    = \"{}\"\n    include = [\"registry.terraform.io/hashicorp/*\"]\n  }}",
            aws.root.display()
        )?;
    }
    text.push_str("}\n");
    let path = root.join("terraform.rc");
    std::fs::write(&path, text)?;
    Ok(path)
}
