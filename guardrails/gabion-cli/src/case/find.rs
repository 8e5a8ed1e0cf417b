//! Finds the case files, and the component of the pack that they belong to.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::exit::Failure;

/// How the name of a case file ends.
pub(crate) const ENDING: &str = ".guardtest.hcl";

/// Folders that hold neither cases nor sources of a pack.
const ELSEWHERE: [&str; 6] = [
    "dist",
    "target",
    "node_modules",
    "vendor",
    "__pycache__",
    "venv",
];

/// Files whose content ends up in a component.
const SOURCES: [&str; 9] = ["rs", "js", "mjs", "cjs", "ts", "py", "toml", "json", "wit"];

/// The case files that the caller names: files as they are, and those below folders, sorted.
///
/// # Errors
/// A path that does not exist, a file that is none, or no file at all.
pub(crate) fn case_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let shown = path.display();
        if path.is_dir() {
            let cases = path.join("cases");
            walk(if cases.is_dir() { &cases } else { path }, &mut |file| {
                if file.to_string_lossy().ends_with(ENDING) {
                    found.push(file);
                }
            });
        } else if !path.exists() {
            return Err(Failure::nothing(format!(
                "there is no case file or folder `{shown}`"
            )));
        } else if path.to_string_lossy().ends_with(ENDING) {
            found.push(path.clone());
        } else {
            return Err(Failure::failed(format!(
                "`{shown}` is no case file: the name of one ends in `{ENDING}`"
            )));
        }
    }
    let mut files: Vec<PathBuf> = found
        .iter()
        .map(|path| {
            path.strip_prefix(".")
                .map_or_else(|_| path.clone(), Path::to_path_buf)
        })
        .collect();
    files.sort();
    files.dedup();
    if files.is_empty() {
        let folders: Vec<String> = paths
            .iter()
            .map(|path| format!("`{}`", path.display()))
            .collect();
        return Err(Failure::nothing(format!(
            "there is no case in {}: write one, `cases/NAME{ENDING}`",
            folders.join(", ")
        )));
    }
    Ok(files)
}

/// The folder of the pack that a case file belongs to: the nearest above it that is one.
pub(crate) fn pack_folder(file: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(file).ok()?;
    absolute
        .ancestors()
        .skip(1)
        .find(|folder| {
            ["Cargo.toml", "package.json", "pyproject.toml"]
                .iter()
                .any(|name| folder.join(name).is_file())
                || !components(folder).is_empty()
        })
        .map(|folder| {
            // As the caller would write it.
            let here = std::env::current_dir().unwrap_or_default();
            match folder.strip_prefix(&here) {
                Ok(rest) if rest.as_os_str().is_empty() => PathBuf::from("."),
                Ok(rest) => rest.to_path_buf(),
                Err(_) => folder.to_path_buf(),
            }
        })
}

/// The component of a pack's folder.
#[derive(Debug, PartialEq)]
pub(crate) enum Component {
    /// As new as its sources.
    Built(PathBuf),
    /// Not there, or older than what it is made from: why, a clause.
    Stale(String),
}

/// The built component of a pack's folder.
///
/// # Errors
/// Where there is more than one.
pub(crate) fn component(folder: &Path) -> Result<Component, Failure> {
    let bare = |path: &Path| {
        path.strip_prefix(".")
            .map_or_else(|_| path.to_path_buf(), Path::to_path_buf)
    };
    let dist = bare(&folder.join("dist"));
    let mut found = components(folder);
    let Some(component) = found.pop() else {
        return Ok(Component::Stale(format!(
            "there is no component in `{}`",
            dist.display()
        )));
    };
    if !found.is_empty() {
        return Err(Failure::failed(format!(
            "there is more than one component in `{}`: name the one to test with `--pack FILE`",
            dist.display()
        )));
    }
    Ok(match newer_source(folder, &component) {
        None => Component::Built(bare(&component)),
        Some(source) => Component::Stale(format!(
            "`{}` is older than `{}`",
            bare(&component).display(),
            bare(&source).display()
        )),
    })
}

fn components(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder.join("dist")) else {
        return Vec::new();
    };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .collect()
}

/// A source that was changed after the component was built.
fn newer_source(folder: &Path, component: &Path) -> Option<PathBuf> {
    let time = |path: &Path| {
        std::fs::metadata(path)
            .and_then(|facts| facts.modified())
            .ok()
    };
    let built = time(component)?;
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    sources(folder, &mut |file| {
        if let Some(changed) = time(&file)
            && changed > newest.as_ref().map_or(built, |(time, _)| *time)
        {
            newest = Some((changed, file));
        }
    });
    newest.map(|(_, file)| file)
}

/// Every source of a pack. Cases and saved plans are none, nor is what tools leave behind.
fn sources(folder: &Path, found: &mut impl FnMut(PathBuf)) {
    walk(folder, &mut |file| {
        let inside = file.strip_prefix(folder).unwrap_or(&file);
        let first = inside
            .components()
            .next()
            .map(|part| part.as_os_str().to_owned());
        let data =
            first.is_some_and(|first| first == "cases" || first == "fixtures" || first == "tests");
        let source = file
            .extension()
            .is_some_and(|extension| SOURCES.iter().any(|known| extension == *known));
        if source && !data {
            found(file);
        }
    });
}

/// Every file of a pack that a run depends on: sources, cases, saved plans, and built components.
pub(crate) fn inputs(folder: &Path, found: &mut impl FnMut(PathBuf)) {
    walk(folder, &mut |file| {
        let known = |extension: &std::ffi::OsStr| {
            extension == "hcl" || SOURCES.iter().any(|known| extension == *known)
        };
        if file.extension().is_some_and(known) {
            found(file);
        }
    });
    // Where there is something to build, a new component is the run's own doing.
    if gabion_componentize::language(folder).is_err() {
        components(folder).into_iter().for_each(found);
    }
}

/// Every file below a folder, hidden ones and those of other tools left out.
fn walk(folder: &Path, found: &mut impl FnMut(PathBuf)) {
    let mut left = vec![folder.to_path_buf()];
    while let Some(folder) = left.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                if !ELSEWHERE.contains(&name.as_ref()) {
                    left.push(entry.path());
                }
            } else {
                found(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_older_than_its_sources_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["dist", "src", "cases", "target"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        let write = |name: &str, hour: u64| {
            std::fs::write(path(name), "x").unwrap();
            let time = SystemTime::UNIX_EPOCH
                + std::time::Duration::from_secs(1_700_000_000 + hour * 3600);
            std::fs::File::options()
                .write(true)
                .open(path(name))
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        let stale = || match component(folder.path()).unwrap() {
            Component::Stale(why) => why,
            Component::Built(path) => panic!("{path:?}"),
        };
        assert!(stale().starts_with("there is no component in"));
        write("src/lib.rs", 1);
        write("dist/acme.wasm", 2);
        write("cases/a.guardtest.hcl", 3);
        write("target/made.rs", 3);
        assert_eq!(
            component(folder.path()).unwrap(),
            Component::Built(path("dist/acme.wasm"))
        );
        assert_eq!(
            pack_folder(&path("cases/a.guardtest.hcl")).unwrap(),
            folder.path()
        );
        write("src/lib.rs", 4);
        let error = stale();
        assert!(
            error.contains("acme.wasm` is older than") && error.contains("src/lib.rs"),
            "{error}"
        );
        write("dist/other.wasm", 5);
        assert!(
            component(folder.path())
                .unwrap_err()
                .message
                .contains("more than one")
        );
    }

    #[test]
    fn case_files_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("cases/deep")).unwrap();
        for name in [
            "cases/b.guardtest.hcl",
            "cases/deep/a.guardtest.hcl",
            "cases/notes.hcl",
            "x.guardtest.hcl",
        ] {
            std::fs::write(path(name), "").unwrap();
        }
        let found = case_files(&[folder.path().to_path_buf()]).unwrap();
        assert_eq!(
            found,
            [
                path("cases/b.guardtest.hcl"),
                path("cases/deep/a.guardtest.hcl")
            ]
        );
        assert_eq!(case_files(&[path("x.guardtest.hcl")]).unwrap().len(), 1);
        assert!(
            case_files(&[path("cases/notes.hcl")])
                .unwrap_err()
                .message
                .contains("is no case file")
        );
        assert_eq!(
            case_files(&[path("missing")]).unwrap_err().exit,
            crate::exit::Exit::NothingSelected
        );
    }
}
