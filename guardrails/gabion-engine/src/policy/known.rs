//! The baseline: violations that were known when guardrails came, in a file that is committed.
//!
//! Where a policy has one, its entries alone are old: they are reported and never refused. An entry names the rule,
//! the type, the object by its own id, the attribute, and by a digest what was observed there: an object that is yet
//! to be created has none, and a violation that gets worse is another one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gabion_model::{Change, Path as Attribute, detect};

use super::error::{PolicyError, Problem};
use super::find::{Files, read_floor, read_text};
use super::lock::replace;
use super::ruling::{Disposition, Ruling};
use super::text;
use crate::store::Digest;

/// The file's name where nothing says another.
pub const BASELINE_NAME: &str = ".gabion.baseline.json";
/// 1 had no observed values.
const FORMAT: u32 = 2;

/// A violation that is known.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct KnownViolation {
    /// `DT08`.
    pub rule: String,
    /// `aws_kms_key`.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The object's own id.
    pub id: String,
    /// The attribute without indexes; empty for the resource as a whole.
    pub path: String,
    /// The digest of the path and of what was observed there.
    pub observed: String,
}

/// A list of them, each with how many there are. Sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownViolations(BTreeMap<KnownViolation, usize>);

#[derive(serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `version` and `violations`"
)]
struct Written {
    version: u32,
    violations: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with `rule`, `type`, `id`, `path` and `observed`"
)]
struct Entry {
    rule: String,
    #[serde(rename = "type")]
    resource_type: String,
    id: String,
    path: String,
    observed: String,
    #[serde(default)]
    count: Option<usize>,
}

impl KnownViolations {
    /// Everything in these rulings that the objects had before: the list to begin with. Violations that a plan
    /// brings in are not among them, and neither is what a waiver or an exception holds already.
    pub fn of(rulings: &[Ruling]) -> Self {
        let mut found = Self::default();
        for ruling in rulings {
            let old = ruling.old && ruling.disposition != Disposition::Accepted;
            let (Some(id), Some(observed)) = (
                ruling.identity.clone().filter(|_| old),
                ruling.observed_digest,
            ) else {
                continue;
            };
            let known = KnownViolation {
                rule: ruling.code.clone(),
                resource_type: ruling.resource_type.clone(),
                id,
                path: plain(&ruling.path),
                observed: observed.to_string(),
            };
            *found.0.entry(known).or_default() += 1;
        }
        found
    }

    /// How many violations there are.
    pub fn len(&self) -> usize {
        self.0.values().sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the entries of another list that speak of other objects than these, each a type and an id. Gives how many
    /// there were: violations, not entries.
    pub fn keep_others(&mut self, other: &Self, objects: &BTreeSet<(String, String)>) -> usize {
        let mut kept = 0;
        for (known, count) in &other.0 {
            let object = (known.resource_type.clone(), known.id.clone());
            if !objects.contains(&object) {
                self.0.insert(known.clone(), *count);
                kept += count;
            }
        }
        kept
    }

    /// Those of these that the other list lacks.
    pub fn without(&self, other: &Self) -> Vec<&KnownViolation> {
        self.0
            .keys()
            .filter(|known| !other.0.contains_key(known))
            .collect()
    }

    /// The list as its file has it: one line an entry, sorted, so that a change is easy to review.
    pub fn to_text(&self) -> String {
        let lines: Vec<String> = self
            .0
            .iter()
            .map(|(known, count)| {
                let text = |value: &str| serde_json::Value::from(value).to_string();
                let mut line = format!(
                    "    {{ \"rule\": {}, \"type\": {}, \"id\": {}, \"path\": {}, \"observed\": {}",
                    text(&known.rule),
                    text(&known.resource_type),
                    text(&known.id),
                    text(&known.path),
                    text(&known.observed)
                );
                if *count > 1 {
                    let _ = write!(line, ", \"count\": {count}");
                }
                line + " }"
            })
            .collect();
        let violations = if lines.is_empty() {
            "[]".to_owned()
        } else {
            format!("[\n{}\n  ]", lines.join(",\n"))
        };
        format!("{{\n  \"version\": {FORMAT},\n  \"violations\": {violations}\n}}\n")
    }

    /// Reads a list.
    ///
    /// # Errors
    /// A clause that says what is wrong, to follow the file's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let remedy = "write it anew with `gabion check PLAN --write-baseline`";
        let wrong =
            |error: serde_json::Error| format!("is no list of known violations: {error}; {remedy}");
        let version = serde_json::from_str::<serde_json::Value>(text)
            .map_err(wrong)?
            .get("version")
            .and_then(serde_json::Value::as_u64);
        if let Some(version) = version.filter(|version| *version > u64::from(FORMAT)) {
            return Err(format!(
                "has version {version}, and this gabion knows {FORMAT}; use a newer gabion"
            ));
        }
        if version == Some(1) {
            return Err(format!(
                "has version 1, which does not say what was observed, so that a violation could get worse unseen; {remedy}"
            ));
        }
        let written: Written = serde_json::from_str(text).map_err(wrong)?;
        if written.version != FORMAT {
            return Err(format!(
                "has version {}, which never was; {remedy}",
                written.version
            ));
        }
        let mut found = Self::default();
        for entry in written.violations {
            let count = entry.count.unwrap_or(1);
            let observed: Digest = entry.observed.parse().map_err(|error| {
                format!(
                    "has an entry for `{}` of `{}`: {error}; {remedy}",
                    entry.rule, entry.resource_type
                )
            })?;
            // An entry for everything of a type would be a waiver without end.
            if entry.id.is_empty() || count == 0 {
                return Err(format!(
                    "has an entry for `{}` of `{}` that names no object; {remedy}",
                    entry.rule, entry.resource_type
                ));
            }
            let known = KnownViolation {
                rule: entry.rule,
                resource_type: entry.resource_type,
                id: entry.id,
                path: entry.path,
                observed: observed.to_string(),
            };
            *found.0.entry(known).or_default() += count;
        }
        Ok(found)
    }

    /// Writes the list, as a whole.
    ///
    /// # Errors
    /// What the system said.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        replace(path, &self.to_text())
    }

    /// The codes of the rules that the list speaks of, each once.
    pub(super) fn rules(&self) -> Vec<&str> {
        let mut codes: Vec<&str> = self.0.keys().map(|known| known.rule.as_str()).collect();
        codes.dedup();
        codes
    }

    /// What the list has of one rule.
    pub(super) fn of_rule<'k>(&'k self, code: &'k str) -> impl Iterator<Item = &'k KnownViolation> {
        self.0.keys().filter(move |known| known.rule == code)
    }

    /// Whether a violation is in the list and not used up yet.
    pub(super) fn take(&self, known: KnownViolation, used: &mut Used) -> bool {
        let Some(most) = self.0.get(&known) else {
            return false;
        };
        let used = used.0.entry(known).or_default();
        *used += 1;
        *used <= *most
    }
}

/// How many of each entry were met already.
#[derive(Debug, Default)]
pub(super) struct Used(BTreeMap<KnownViolation, usize>);

/// The digest of a path without indexes and of what was observed there; without secrets, as a short one could be
/// guessed from its digest in a committed file.
pub(super) fn digest(path: &Attribute, observed: &str) -> Digest {
    let observed = detect::redact(detect::name_of(path), observed);
    // Nothing that a path can hold ends it but this.
    Digest::of(format!("{}\0{observed}", plain(path)).as_bytes())
}

/// A finding as an entry would name it; `None` for an object without an id.
pub(super) fn entry(
    code: &str,
    change: &Change,
    path: &Attribute,
    observed: &str,
) -> Option<KnownViolation> {
    Some(KnownViolation {
        rule: code.to_owned(),
        resource_type: change.resource_type.clone(),
        id: text::clean(&change.identity()?),
        path: plain(path),
        observed: digest(path, observed).to_string(),
    })
}

fn plain(path: &Attribute) -> String {
    if path.is_root() {
        String::new()
    } else {
        path.without_indexes().to_string()
    }
}

/// The lists of all files together; `None` where no file names one.
pub(super) fn read(files: &Files, problems: &mut Vec<Problem>) -> Option<KnownViolations> {
    let mut all: Option<KnownViolations> = None;
    for file in files.floors.iter().chain(&files.near) {
        let Some(named) = &file.baseline else {
            continue;
        };
        let forbids = |floor: &&super::file::PolicyFile| {
            !floor.allow.as_ref().is_some_and(|allow| allow.baseline)
        };
        if let Some(floor) = files.floors.iter().find(forbids).filter(|_| !file.floor) {
            let at = floor.allow.as_ref().map_or_else(
                || format!("{}:1:1", floor.name),
                |allow| allow.at.to_string(),
            );
            problems.push(Problem::at(
                &named.at,
                format!("the floor at {at} does not allow a baseline of known violations here (its `allow` block would say `baseline = true`); take it out, or ask its owners"),
            ));
            continue;
        }
        let path = file.directory.join(&named.value);
        let missing = path
            .symlink_metadata()
            .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        let text = if missing {
            Err("is not there; write it with `gabion check PLAN --write-baseline`".to_owned())
        } else if file.floor {
            read_floor(&path)
        } else {
            read_text(&path)
        };
        match text.and_then(|text| KnownViolations::parse(&text)) {
            Ok(known) => {
                let all = all.get_or_insert_default();
                for (entry, count) in known.0 {
                    *all.0.entry(entry).or_default() += count;
                }
            }
            Err(message) => problems.push(Problem::at(
                &named.at,
                format!("the baseline `{}` {message}", named.value),
            )),
        }
    }
    all
}

/// Where the baseline of the nearest policy file is or would be, and whether the file names it.
pub(super) fn place(files: &Files, directory: &Path) -> (PathBuf, bool) {
    match &files.near {
        Some(near) => match &near.baseline {
            Some(named) => (near.directory.join(&named.value), true),
            None => (near.directory.join(BASELINE_NAME), false),
        },
        None => (directory.join(BASELINE_NAME), false),
    }
}

/// Reads the list at a path; none where there is no file.
///
/// # Errors
/// What is wrong with it.
pub fn read_baseline(path: &Path) -> Result<Option<KnownViolations>, PolicyError> {
    if let Err(error) = path.symlink_metadata()
        && error.kind() == std::io::ErrorKind::NotFound
    {
        return Ok(None);
    }
    read_text(path)
        .and_then(|text| KnownViolations::parse(&text))
        .map(Some)
        .map_err(|message| {
            PolicyError::general(format!("the baseline `{}` {message}", path.display()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_one_form() {
        let known = |rule: &str, id: &str| KnownViolation {
            rule: rule.into(),
            resource_type: "aws_kms_key".into(),
            id: id.into(),
            path: "tags.\"a b\"".into(),
            observed: digest(&Attribute::root(), "false").to_string(),
        };
        let list = KnownViolations(BTreeMap::from([
            (known("DT09", "b"), 1),
            (known("DT08", "b\"\n"), 2),
            (known("DT08", "a"), 1),
        ]));
        insta::assert_snapshot!(list.to_text(), @r#"
        {
          "version": 2,
          "violations": [
            { "rule": "DT08", "type": "aws_kms_key", "id": "a", "path": "tags.\"a b\"", "observed": "sha256:f2a9e8b340ba8d251edcd02b5c3828dd66242cd693ed554c6a4b25efaa32b883" },
            { "rule": "DT08", "type": "aws_kms_key", "id": "b\"\n", "path": "tags.\"a b\"", "observed": "sha256:f2a9e8b340ba8d251edcd02b5c3828dd66242cd693ed554c6a4b25efaa32b883", "count": 2 },
            { "rule": "DT09", "type": "aws_kms_key", "id": "b", "path": "tags.\"a b\"", "observed": "sha256:f2a9e8b340ba8d251edcd02b5c3828dd66242cd693ed554c6a4b25efaa32b883" }
          ]
        }
        "#);
        assert_eq!(KnownViolations::parse(&list.to_text()).unwrap(), list);
        assert_eq!(list.len(), 4);
        let none = KnownViolations::default();
        assert_eq!(KnownViolations::parse(&none.to_text()).unwrap(), none);
    }

    #[test]
    fn a_broken_file_is_told() {
        let say = |text: &str| KnownViolations::parse(text).unwrap_err();
        let one = |id: &str, observed: &str| {
            format!(
                "{{\"version\": 2, \"violations\": [{{\"rule\": \"A\", \"type\": \"t\", \"id\": \"{id}\", \"path\": \"\", \"observed\": \"{observed}\"}}]}}"
            )
        };
        insta::assert_snapshot!(say(&one("x", "no")), @r#"has an entry for `A` of `t`: `no` is no digest; one is `sha256:` and 64 hexadecimal digits in lower case; write it anew with `gabion check PLAN --write-baseline`"#);
        insta::assert_snapshot!(say("{"), @r#"is no list of known violations: EOF while parsing an object at line 1 column 1; write it anew with `gabion check PLAN --write-baseline`"#);
        insta::assert_snapshot!(say("{\"version\": 3}"), @r#"has version 3, and this gabion knows 2; use a newer gabion"#);
        insta::assert_snapshot!(say("{\"version\": 1, \"violations\": []}"), @r#"has version 1, which does not say what was observed, so that a violation could get worse unseen; write it anew with `gabion check PLAN --write-baseline`"#);
        insta::assert_snapshot!(say("{\"version\": 2, \"violations\": [{\"rule\": \"A\"}]}"), @r#"is no list of known violations: missing field `type` at line 1 column 43; write it anew with `gabion check PLAN --write-baseline`"#);
        insta::assert_snapshot!(say(&one("", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")), @r#"has an entry for `A` of `t` that names no object; write it anew with `gabion check PLAN --write-baseline`"#);
    }
}
