//! A saved plan through `terraform show -json`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Options;
use crate::exit::Failure;
use crate::source::holds_configuration;

/// What a saved plan of HCP Terraform, which is a small JSON file, may weigh.
const SMALL: usize = 64 << 10;
/// Lines of an error that are shown.
const SHOWN: usize = 40;

/// Whether the bytes are what `terraform plan -out` writes: an archive, or the bookmark of a plan kept elsewhere.
pub(super) fn is_saved(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"PK\x03\x04") {
        return true;
    }
    bytes.len() < SMALL
        && serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|value| {
            value.get("remote_plan_format").is_some() && value.get("run_id").is_some()
        })
}

/// The plan's JSON.
pub(super) fn json(plan: &Path, options: &Options<'_>) -> Result<Vec<u8>, Failure> {
    let shown = plan.display();
    let folder = folder(plan, options.folder);
    let binary = binary(options.terraform, &folder).ok_or_else(|| {
        Failure::failed(format!(
            "`{shown}` is a saved plan, and there is no `terraform` or `tofu` on PATH to read it; install one, \
             name it with `--terraform PATH`, or write the plan's JSON elsewhere with `terraform show -json {shown} > plan.json`"
        ))
    })?;
    let name = Path::new(&binary).display().to_string();
    // The command runs in another folder.
    let absolute = std::path::absolute(plan)
        .map_err(|error| Failure::failed(format!("cannot read `{shown}`: {error}")))?;
    let output = Command::new(&binary)
        .args(["show", "-json", "-no-color"])
        .arg(&absolute)
        .current_dir(&folder)
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            let hint = if error.kind() == std::io::ErrorKind::NotFound {
                "; name one with `--terraform PATH`"
            } else {
                ""
            };
            Failure::failed(format!(
                "`{shown}` is a saved plan, and `{name}` cannot be started to read it: {error}{hint}"
            ))
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = said(&output.stderr);
    let ended = output.status.code().map_or_else(
        || "was stopped".to_owned(),
        |code| format!("ended with code {code}"),
    );
    Err(Failure::failed(format!(
        "`{shown}` is a saved plan, and `{name} show -json` in `{}` {ended}; it reads a plan only in the folder where it was made, \
         after `init`, with the same version: name the folder with `--source DIR`, the program with `--terraform PATH`{said}",
        if folder == Path::new("") {
            ".".to_owned()
        } else {
            folder.display().to_string()
        }
    )))
}

/// What the program wrote, indented.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nIt says:");
    for line in lines.iter().take(SHOWN) {
        // What would steer a terminal has no place in an error.
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        text.push_str(&format!("\n  {line}"));
    }
    text
}

/// Where Terraform finds the providers of the plan: the folder that was named; else that of the plan where it was
/// initialised or holds a configuration; else the working directory.
fn folder(plan: &Path, named: Option<&Path>) -> PathBuf {
    if let Some(folder) = named {
        return folder.to_path_buf();
    }
    match plan.parent() {
        Some(beside)
            if !beside.as_os_str().is_empty()
                && (beside.join(".terraform").is_dir() || holds_configuration(beside)) =>
        {
            beside.to_path_buf()
        }
        _ => PathBuf::from("."),
    }
}

/// The program: the one that was named, else that of `GABION_TERRAFORM`, else the one that made the folder's lock file, else the first on PATH.
fn binary(named: Option<&Path>, folder: &Path) -> Option<OsString> {
    if let Some(path) = named {
        return Some(fixed(path));
    }
    if let Some(path) = std::env::var_os("GABION_TERRAFORM").filter(|path| !path.is_empty()) {
        return Some(fixed(Path::new(&path)));
    }
    let tofu_locked = std::fs::read_to_string(folder.join(".terraform.lock.hcl"))
        .is_ok_and(|lock| lock.contains("\"registry.opentofu.org/"));
    let order = if tofu_locked {
        ["tofu", "terraform"]
    } else {
        ["terraform", "tofu"]
    };
    order
        .into_iter()
        .find(|name| on_path(name))
        .map(OsString::from)
}

/// A bare name is looked for on PATH; anything else must not change its meaning with the folder.
fn fixed(path: &Path) -> OsString {
    if path.components().count() > 1 {
        std::path::absolute(path)
            .unwrap_or_else(|_| path.to_path_buf())
            .into()
    } else {
        path.into()
    }
}

fn on_path(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| {
            let file = folder.join(name);
            file.is_file() || file.with_extension("exe").is_file()
        })
    })
}
