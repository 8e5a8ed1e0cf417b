//! What `gabion new` writes: a template of a pack with the names put in, the SDK and the contract.
//!
//! What belongs here: which files, with which names. What does not: where they go and what is said (`command/new`),
//! the files themselves (`templates/`, the SDKs beside this crate).

use gabion_componentize::Language;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// The contract, as the pack keeps it.
const WIT: &str = include_str!("../../../wit/guardrail/package.wit");

/// Names that other packs have.
const TAKEN: [&str; 1] = ["baseline"];

/// Rule codes of the pack inside the binary begin with these.
const CODES: [&str; 7] = ["CK", "DL", "DT", "ID", "LG", "ML", "NW"];

/// One file of a pack: its path below the pack's folder, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Whether a pack may be called that.
///
/// # Errors
/// Why not, and what would do.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    if TAKEN.contains(&name) {
        return Err(format!(
            "`{name}` is the name of the pack inside gabion: take another"
        ));
    }
    let fine = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--")
        && name.len() <= 64;
    if fine {
        return Ok(());
    }
    let proposal = proposed(name);
    let hint = if proposal.is_empty() || check_name(&proposal).is_err() {
        "as `acme` or `platform-team` is".to_owned()
    } else {
        format!("as `{proposal}` is")
    };
    Err(format!(
        "`{name}` is no name for a pack: lower-case letters, digits and single `-` between them, at most 64, {hint}"
    ))
}

/// The name in the letters that are allowed.
fn proposed(name: &str) -> String {
    let mut text = String::new();
    for c in name.to_ascii_lowercase().chars() {
        if c.is_ascii_lowercase() || (c.is_ascii_digit() && !text.is_empty()) {
            text.push(c);
        } else if !text.is_empty() && !text.ends_with('-') {
            text.push('-');
        }
    }
    text.trim_end_matches('-').chars().take(64).collect()
}

/// The letters that the codes of a pack's rules begin with: `AC` for acme, `PT` for platform-team.
fn prefix(name: &str) -> String {
    let parts: Vec<&str> = name.split('-').collect();
    let letters: String = match parts.as_slice() {
        [one] => one.chars().take(2).collect(),
        more => more
            .iter()
            .filter_map(|part| part.chars().next())
            .take(3)
            .collect(),
    };
    let mut letters = letters.to_ascii_uppercase();
    if CODES.contains(&letters.as_str()) {
        letters.push('X');
    }
    letters
}

/// The code of a pack's first rule.
pub(crate) fn first_code(name: &str) -> String {
    format!("{}01", prefix(name))
}

/// All files of a new pack, sorted by path.
pub(crate) fn files(name: &str, language: Language) -> Vec<File> {
    let template = match language {
        Language::Rust => embedded::RUST,
        Language::JavaScript => embedded::JAVASCRIPT,
        Language::Python => embedded::PYTHON,
    };
    let mut files: Vec<File> = embedded::COMMON
        .iter()
        .chain(template)
        .map(|(path, text)| File {
            path: renamed(path, name),
            text: renamed(text, name),
        })
        .collect();
    let mut vendor = |folder: &str, list: &[(&str, &str)]| {
        files.extend(list.iter().map(|(path, text)| File {
            path: format!("vendor/{folder}/{path}"),
            text: (*text).to_owned(),
        }));
    };
    match language {
        Language::Rust => {
            vendor("gabion-guardrail", embedded::SDK_RUST);
            vendor("gabion-guardrail-macros", embedded::SDK_RUST_MACROS);
        }
        Language::JavaScript => vendor("gabion-guardrail", embedded::SDK_JAVASCRIPT),
        Language::Python => vendor("gabion-guardrail-py", embedded::SDK_PYTHON),
    }
    vendor("wit", &[("package.wit", WIT)]);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// The template's names replaced, see `templates/README.md`.
fn renamed(text: &str, name: &str) -> String {
    // The pack is checked with the gabion that made it, until its authors choose another.
    let text = text
        .replace("AC01", &first_code(name))
        .replace("0.0.0-template", env!("CARGO_PKG_VERSION"));
    let crate_name = name.replace('-', "_");
    // In one pass: the new name may hold the old one.
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("acme") {
        renamed.push_str(before);
        renamed.push_str(if after.starts_with('_') {
            &crate_name
        } else {
            name
        });
        rest = after;
    }
    renamed + rest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    fn read(path: &str) -> String {
        fs::read_to_string(Path::new(WORKSPACE).join(path)).unwrap()
    }

    fn text<'a>(files: &'a [File], path: &str) -> &'a str {
        &files.iter().find(|file| file.path == path).unwrap().text
    }

    #[test]
    fn a_name_that_holds_the_templates_own_is_put_in_once() {
        for name in ["acme-rust", "my-acme", "acme"] {
            let crate_name = name.replace('-', "_");
            assert_eq!(
                renamed("acme_rules of acme", name),
                format!("{crate_name}_rules of {name}")
            );
        }
    }

    #[test]
    fn the_workflow_installs_the_gabion_that_made_it() {
        let pinned = format!("--tag v{} gabion-cli", env!("CARGO_PKG_VERSION"));
        for language in Language::ALL {
            let files = files("acme", language);
            let workflow = text(&files, ".github/workflows/guardrails.yml");
            assert!(workflow.contains(&pinned), "{language}: {workflow}");
        }
    }

    #[test]
    fn names_are_looked_at() {
        for good in ["acme", "platform-team", "a", "team2"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let hint = |name: &str| {
            check_name(name)
                .unwrap_err()
                .rsplit_once(", ")
                .unwrap()
                .1
                .to_owned()
        };
        assert_eq!(hint("Platform Team"), "as `platform-team` is");
        assert_eq!(hint("../acme/"), "as `acme` is");
        assert_eq!(hint("2fast"), "as `fast` is");
        assert_eq!(hint(""), "as `acme` or `platform-team` is");
        assert_eq!(hint("Überwachung"), "as `berwachung` is");
        assert_eq!(hint(&"a".repeat(65)), format!("as `{}` is", "a".repeat(64)));
        assert_eq!(
            check_name("baseline").unwrap_err(),
            "`baseline` is the name of the pack inside gabion: take another"
        );
    }

    #[test]
    fn codes_come_from_the_name_and_are_not_those_of_the_baseline() {
        for (name, code) in [
            ("acme", "AC01"),
            ("platform-team", "PT01"),
            ("a-b-c-d", "ABC01"),
            ("x", "X01"),
            ("dt", "DTX01"),
            ("net-watch", "NWX01"),
        ] {
            assert_eq!(first_code(name), code);
        }
        let engine = crate::command::engine().unwrap_or_else(|error| panic!("{}", error.message));
        for rule in &engine.load_baseline().unwrap().info().rules {
            let letters: String = rule.code.chars().take(2).collect();
            assert!(CODES.contains(&letters.as_str()), "{}", rule.code);
        }
    }

    #[test]
    fn a_pack_bears_its_own_name_throughout() {
        for language in Language::ALL {
            let files = files("platform-team", language);
            let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
            assert_eq!(paths.len(), files.len(), "two files of one name");
            for wanted in [
                ".gitignore",
                ".github/workflows/guardrails.yml",
                "README.md",
                "cases/resource-without-owner.guardtest.hcl",
                "vendor/wit/package.wit",
                language.manifest(),
            ] {
                assert!(paths.contains(wanted), "{language}: no {wanted}");
            }
            assert!(
                paths
                    .iter()
                    .filter(|path| path.starts_with("vendor/"))
                    .count()
                    > 10
            );
            for file in files
                .iter()
                .filter(|file| !file.path.starts_with("vendor/"))
            {
                let whole = format!("{} {}", file.path, file.text);
                assert!(
                    !whole.contains("acme") && !whole.contains("AC01"),
                    "{whole}"
                );
            }
            assert!(text(&files, language.manifest()).contains("\"platform-team\""));
            assert!(text(&files, "README.md").contains("| `PT01` |"));
        }
        assert!(
            text(&files("platform-team", Language::Rust), "Cargo.toml")
                .contains("\"platform_team_rules\"")
        );
    }

    /// What the SDK's manifest takes from the workspace, the one in `vendor/` says itself.
    #[test]
    fn the_manifests_of_the_vendored_sdk_ask_for_what_the_workspace_does() {
        let workspace = read("Cargo.toml");
        for name in ["gabion-guardrail", "gabion-guardrail-macros"] {
            let real = read(&format!("guardrails/{name}/Cargo.toml"));
            let vendored = read(&format!(
                "guardrails/gabion-cli/templates/rust/vendor/{name}/Cargo.toml"
            ));
            let own = |line: &str| real.lines().any(|of| of == line);
            for line in vendored
                .lines()
                .filter(|line| line.starts_with("version = "))
            {
                assert!(own(line), "{name}: {line}");
            }
            let mut dependencies = false;
            for line in real.lines() {
                if line.starts_with('[') {
                    dependencies = line.ends_with("dependencies]") && !line.contains("dev-");
                }
                let Some((of, rest)) = line.split_once([' ', '.']) else {
                    continue;
                };
                if !dependencies || !rest.contains("workspace = true") || rest.contains("optional")
                {
                    continue;
                }
                let asked = vendored
                    .lines()
                    .find(|line| line.starts_with(&format!("{of} = ")))
                    .unwrap_or_else(|| panic!("{name} in templates/rust/vendor lacks {of}"));
                let whole = workspace.lines().any(|line| line == asked);
                let version = workspace
                    .lines()
                    .find_map(|line| line.strip_prefix(&format!("{of} = ")))
                    .unwrap_or_default();
                let sdk = of.starts_with("gabion-");
                assert!(
                    sdk || whole || asked.contains(&format!("version = {version},")),
                    "{name}: {asked}, and the workspace has {version}"
                );
            }
        }
    }

    /// The template brings the versions that this workspace has: what is built here can be built without a network.
    #[test]
    fn the_lock_of_the_template_follows_the_workspace() {
        let template = "guardrails/gabion-cli/templates/rust/Cargo.lock";
        if std::env::var_os("GABION_UPDATE").is_some() {
            let folder = tempfile::tempdir().unwrap();
            for file in files("acme", Language::Rust) {
                let path = folder.path().join(&file.path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, file.text).unwrap();
            }
            let lock = folder.path().join("Cargo.lock");
            fs::write(&lock, read("Cargo.lock")).unwrap();
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let output = Command::new(cargo)
                .args(["metadata", "--offline", "--format-version", "1"])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            fs::copy(lock, Path::new(WORKSPACE).join(template)).unwrap();
        }
        let packages = |text: &str| -> BTreeSet<String> {
            text.split("[[package]]")
                .skip(1)
                .map(|block| {
                    block
                        .lines()
                        .filter(|line| {
                            line.starts_with("name = ") || line.starts_with("version = ")
                        })
                        .collect::<Vec<_>>()
                        .join(" ")
                })
                .collect()
        };
        let known = packages(&read("Cargo.lock"));
        let odd: Vec<String> = packages(&read(template))
            .into_iter()
            .filter(|package| !package.contains("\"acme\"") && !known.contains(package))
            .collect();
        assert!(
            odd.is_empty(),
            "templates/rust/Cargo.lock is stale, run this test with GABION_UPDATE=1: {odd:?}"
        );
    }
}
