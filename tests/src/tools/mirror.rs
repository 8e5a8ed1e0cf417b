//! A filesystem mirror that holds hashicorp/aws. It is 700 MB, and no test downloads it.

use std::path::{Path, PathBuf};

/// What a person does about a missing mirror.
pub const HOW: &str = "make one with `terraform providers mirror` and set GABION_TF_MIRROR to it";

const PACKAGE: &str = "registry.terraform.io/hashicorp/aws";

/// A mirror's folder, and a version of hashicorp/aws that it holds unpacked for this platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The folder for `filesystem_mirror { path = ... }`.
    pub root: PathBuf,
    /// The newest version there, such as `5.100.0`.
    pub version: String,
    /// The provider's executable.
    pub binary: PathBuf,
}

/// `GABION_TF_MIRROR`, else the first of the usual places that holds the provider.
#[must_use]
pub fn locate() -> Option<Mirror> {
    if let Some(root) = std::env::var_os("GABION_TF_MIRROR").filter(|v| !v.is_empty()) {
        return inspect(Path::new(&root));
    }
    let mut places = Vec::new();
    if let Some(home) = std::env::var_os("HOME") {
        let home = PathBuf::from(home);
        places.push(home.join(".terraform.d/plugins"));
        places.push(home.join(".local/share/terraform/plugins"));
    }
    places.push(PathBuf::from("/usr/local/share/terraform/plugins"));
    places.push(PathBuf::from("/usr/share/terraform/plugins"));
    // Images for build machines keep theirs in a folder of their own.
    let mut others: Vec<PathBuf> = std::fs::read_dir("/opt")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("registry.terraform.io").is_dir())
        .collect();
    others.sort();
    places.extend(others);
    places.iter().find_map(|place| inspect(place))
}

fn inspect(root: &Path) -> Option<Mirror> {
    let mut versions: Vec<String> = std::fs::read_dir(root.join(PACKAGE))
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    versions.sort_by_key(|text| super::version(text));
    let version = versions.pop()?;
    let folder = root.join(PACKAGE).join(&version).join(platform());
    let binary = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("terraform-provider-aws"))
        })?;
    Some(Mirror {
        root: root.to_path_buf(),
        version,
        binary,
    })
}

/// This platform in Terraform's words, such as `linux_amd64`.
#[must_use]
pub fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{os}_{arch}")
}
