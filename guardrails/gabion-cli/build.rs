//! Puts into the binary what `gabion new` writes: the templates, the SDKs and the contract.
//!
//! A list made here and not by a macro that reads folders: such a macro is not asked again when a file is added.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the list, folder below `guardrails/`, and which of its entries count; none named: all.
const LISTS: [(&str, &str, &[&str]); 8] = [
    ("COMMON", "gabion-cli/templates/common", &[]),
    ("RUST", "gabion-cli/templates/rust", &[]),
    ("JAVASCRIPT", "gabion-cli/templates/javascript", &[]),
    ("PYTHON", "gabion-cli/templates/python", &[]),
    ("SDK_RUST", "gabion-guardrail", &["src", "wit", "README.md"]),
    ("SDK_RUST_MACROS", "gabion-guardrail-macros", &["src"]),
    (
        "SDK_JAVASCRIPT",
        "gabion-guardrail-js",
        &["src", "types", "package.json", "README.md"],
    ),
    (
        "SDK_PYTHON",
        "gabion-guardrail-py",
        &["gabion_guardrail", "pyproject.toml", "README.md"],
    ),
];

/// What building and testing leaves in such folders.
const LEFT_OVER: [&str; 6] = [
    "target",
    "dist",
    "node_modules",
    "__pycache__",
    ".venv",
    "build",
];

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let guardrails = manifest
        .parent()
        .ok_or("the crate does not stand in its workspace")?;
    let mut code = String::new();
    for (list, folder, entries) in LISTS {
        let folder = guardrails.join(folder);
        let mut files = Vec::new();
        if entries.is_empty() {
            walk(&folder, &mut files)?;
        }
        for entry in entries {
            walk(&folder.join(entry), &mut files)?;
        }
        files.sort();
        writeln!(code, "pub(super) static {list}: &[(&str, &str)] = &[")?;
        for file in files {
            let name = file.strip_prefix(&folder)?;
            writeln!(
                code,
                "    ({:?}, include_str!({:?})),",
                name.to_str().ok_or("a name that is no text")?,
                file.to_str().ok_or("a name that is no text")?
            )?;
        }
        writeln!(code, "];")?;
    }
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("embedded.rs"),
        code,
    )?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// The files of a folder, or a file; what is not there has none.
fn walk(path: &Path, into: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    // A folder counts with all that is added to it.
    println!("cargo::rerun-if-changed={}", path.display());
    if path.is_file() {
        into.push(path.to_owned());
    } else if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().ok_or("a name that is no text")?;
            if !LEFT_OVER.contains(&name) && !name.ends_with(".wasm") {
                walk(&entry.path(), into)?;
            }
        }
    }
    Ok(())
}
