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
    text.replace("acme_", &format!("{}_", name.replace('-', "_")))
        .replace("AC01", &first_code(name))
        .replace("acme", name)
}
