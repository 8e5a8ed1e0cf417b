//! The folder of an author: which language it is in, and its component.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::toolchain::{self, clean};
use crate::{Crate, Engines, Error, component, javascript, python, rust};

/// A language that packs are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Compiled ahead of time.
    Rust,
    /// With its engine in the component.
    JavaScript,
    /// With its interpreter in the component.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// The file that says that a folder is in this language.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "package.json",
            Self::Python => "pyproject.toml",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        })
    }
}

/// The language of a folder, told by its manifest.
///
/// # Errors
/// When there is no manifest, or more than one.
pub fn language(folder: &Path) -> Result<Language, Error> {
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Error::new(format!("there is no folder `{shown}`")));
    }
    let found: Vec<Language> = Language::ALL
        .into_iter()
        .filter(|language| folder.join(language.manifest()).is_file())
        .collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::new(format!(
            "`{shown}` holds no pack: there is no `Cargo.toml`, `package.json` or `pyproject.toml` in it; \
             `gabion new` makes one"
        ))),
        [first, second, ..] => Err(Error::new(format!(
            "`{shown}` holds both `{}` and `{}`: keep one pack in a folder",
            first.manifest(),
            second.manifest()
        ))),
    }
}

/// Makes the component of a pack.
///
/// # Errors
/// What is missing or wrong, and what to do.
pub fn build(folder: &Path, engines: &Engines<'_>) -> Result<Vec<u8>, Error> {
    let folder = folder.canonicalize().map_err(|error| {
        Error::new(format!(
            "cannot open the folder `{}`: {error}",
            folder.display()
        ))
    })?;
    match language(&folder)? {
        Language::Rust => of_rust(&folder, engines),
        Language::JavaScript => javascript::build(&folder, engines),
        Language::Python => python::build(&folder, engines),
    }
}

fn of_rust(folder: &Path, engines: &Engines<'_>) -> Result<Vec<u8>, Error> {
    let toolchain = toolchain::find(folder)?;
    let package = describe(&toolchain, folder)?;
    if toolchain.build_std {
        engines.say(
            "compiling with its own standard library, as the toolchain has none for WebAssembly",
        );
    }
    let module = rust::compile(
        &toolchain,
        &Crate {
            folder,
            name: &package.name,
            package: &package.id,
            library: &package.library,
            target_dir: &package.target,
            remap: &package.remap,
            own: &[(folder.to_owned(), "/pack".to_owned())],
            loud: true,
        },
    )?;
    let bytes = fs::read(&module)
        .map_err(|error| Error::new(format!("cannot read `{}`: {error}", module.display())))?;
    component::encode(&package.name, &bytes)
}

/// What cargo says of a pack in Rust.
struct Package {
    /// As cargo's `--package` takes it.
    id: String,
    name: String,
    library: String,
    target: PathBuf,
    remap: Vec<(PathBuf, String)>,
}

fn describe(toolchain: &toolchain::Toolchain, folder: &Path) -> Result<Package, Error> {
    let mut command = Command::new(&toolchain.cargo);
    clean(&mut command);
    // Cargo answers with the folder for its products: the author's word on it counts.
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        command.env("CARGO_TARGET_DIR", folder);
    }
    let output = command
        .args(["metadata", "--format-version", "1", "--color", "never"])
        .current_dir(folder)
        .env("RUSTC", &toolchain.rustc)
        .output()
        .map_err(|error| {
            Error::new(format!(
                "`{}` does not start: {error}",
                toolchain.cargo.display()
            ))
        })?;
    if !output.status.success() {
        return Err(Error::new(format!(
            "cargo does not understand the pack in `{}`:\n{}",
            folder.display(),
            String::from_utf8_lossy(&output.stderr).trim_end()
        )));
    }
    let odd =
        || Error::new("cargo answers `cargo metadata` in a form that this gabion does not know");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|_| odd())?;
    let packages = answer
        .get("packages")
        .and_then(serde_json::Value::as_array)
        .ok_or_else(odd)?;
    let manifest = folder.join("Cargo.toml");
    let package = packages
        .iter()
        .find(|package| package["manifest_path"].as_str().map(Path::new) == Some(&manifest))
        .ok_or_else(|| {
            Error::new(format!(
                "`{}` is no package: a pack needs `[package]` in it",
                manifest.display()
            ))
        })?;
    let library = package["targets"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|target| {
            target["kind"].as_array().is_some_and(|kinds| {
                kinds
                    .iter()
                    .any(|kind| matches!(kind.as_str(), Some("lib" | "cdylib" | "rlib")))
            })
        })
        .and_then(|target| target["name"].as_str())
        .ok_or_else(|| {
            Error::new(format!(
                "`{}` has no library: the rules of a pack stand in `src/lib.rs`",
                folder.display()
            ))
        })?;
    // What stands in messages of a panic. Cargo names files below the pack relative to it; others by their whole path.
    let mut remap = Vec::new();
    for local in packages
        .iter()
        .filter(|package| package["source"].is_null())
    {
        let of = local["manifest_path"].as_str().map(Path::new);
        if let (Some(of), Some(name)) = (of.and_then(Path::parent), local["name"].as_str())
            && !of.starts_with(folder)
        {
            remap.push((of.to_owned(), format!("/{name}")));
        }
    }
    let text = |value: Option<&serde_json::Value>| {
        value
            .and_then(serde_json::Value::as_str)
            .map(str::to_owned)
            .ok_or_else(odd)
    };
    Ok(Package {
        id: text(package.get("id"))?,
        name: text(package.get("name"))?,
        library: library.to_owned(),
        target: text(answer.get("target_directory"))?.into(),
        remap,
    })
}

/// The contract of this gabion.
const WIT: &str = include_str!("../../../wit/guardrail/package.wit");

/// What an engine works on, in a temporary folder.
pub(crate) struct Work {
    /// The engine's script.
    pub(crate) script: PathBuf,
    wit: PathBuf,
    output: PathBuf,
    _folder: tempfile::TempDir,
}

impl Work {
    /// With the engine's script and the files that it needs beside it: names and texts.
    pub(crate) fn new(
        pack: &Path,
        script: (&str, &str),
        beside: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix("gabion-build-")
            .tempdir()
            .map_err(|error| Error::new(format!("cannot make a temporary folder: {error}")))?;
        let write = |path: PathBuf, text: &str| match fs::write(&path, text) {
            Ok(()) => Ok(path),
            Err(error) => Err(Error::new(format!(
                "cannot write `{}`: {error}",
                path.display()
            ))),
        };
        // A pack is built against the contract it was written for: its own copy, where it has one.
        let own = pack.join("vendor").join("wit");
        let wit = if own.join("package.wit").is_file() {
            own
        } else {
            write(folder.path().join("package.wit"), WIT)?
        };
        for (name, text) in beside {
            write(folder.path().join(name), text)?;
        }
        Ok(Self {
            script: write(folder.path().join(script.0), script.1)?,
            wit,
            output: folder.path().join("pack.wasm"),
            _folder: folder,
        })
    }
}

/// Runs an engine's script and gives the component that it makes.
pub(crate) fn componentized(
    command: &mut Command,
    pack: &Path,
    work: &Work,
) -> Result<Vec<u8>, Error> {
    let ended = command
        .arg("--pack")
        .arg(pack)
        .arg("--wit")
        .arg(&work.wit)
        .arg("--out")
        .arg(&work.output)
        .current_dir(pack)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            Error::new(format!(
                "`{}` does not start: {error}",
                command.get_program().display()
            ))
        })?;
    if !ended.status.success() {
        let said = [ended.stdout, ended.stderr].concat();
        return Err(Error::new(String::from_utf8_lossy(&said).trim()));
    }
    fs::read(&work.output)
        .map_err(|error| Error::new(format!("the engine left no component: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_says_the_language() {
        let folder = tempfile::tempdir().unwrap();
        let told = |folder: &Path| {
            language(folder).map_err(|error| {
                error
                    .to_string()
                    .replace(&folder.display().to_string(), "DIR")
            })
        };
        assert_eq!(
            told(folder.path()).unwrap_err(),
            "`DIR` holds no pack: there is no `Cargo.toml`, `package.json` or `pyproject.toml` in it; `gabion new` \
             makes one"
        );
        fs::write(folder.path().join("package.json"), "{}").unwrap();
        assert_eq!(told(folder.path()), Ok(Language::JavaScript));
        fs::write(folder.path().join("Cargo.toml"), "").unwrap();
        assert_eq!(
            told(folder.path()).unwrap_err(),
            "`DIR` holds both `Cargo.toml` and `package.json`: keep one pack in a folder"
        );
        let missing = told(&folder.path().join("none")).unwrap_err();
        assert!(missing.starts_with("there is no folder `"), "{missing}");
    }
}
