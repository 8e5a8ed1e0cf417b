//! Whether what a pack says of itself holds together.

use std::collections::BTreeSet;

use gabion_model::PackInfo;

/// All that is wrong with a description; empty where it is good.
pub(crate) fn problems(info: &PackInfo) -> Vec<String> {
    let mut problems = Vec::new();
    let name_ok = info.name.starts_with(|c: char| c.is_ascii_lowercase())
        && info.name.len() <= 64
        && info
            .name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !name_ok {
        problems.push(format!(
            "its name `{}` is not lower-case letters, digits and `-`",
            shown(&info.name)
        ));
    }
    if semver::Version::parse(&info.version).is_err() {
        problems.push(format!(
            "its version `{}` is no semantic version, as `1.2.3` is",
            shown(&info.version)
        ));
    }
    match serde_json::from_str::<serde_json::Value>(&info.settings_schema) {
        Ok(serde_json::Value::Object(_)) => {}
        _ => problems.push(
            "its settings schema is no JSON object; `{}` is one that takes no settings".to_owned(),
        ),
    }
    let mut codes = BTreeSet::new();
    let mut names = BTreeSet::new();
    // Most rules say the same versions, and every process asks.
    let mut good_versions = BTreeSet::new();
    let mut good_since = BTreeSet::new();
    for rule in &info.rules {
        let code = Shown(&rule.code);
        let code_ok = rule.code.starts_with(|c: char| c.is_ascii_uppercase())
            && rule.code.len() <= 32
            && rule
                .code
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "-_".contains(c));
        if !code_ok {
            problems.push(format!(
                "the rule code `{code}` is not upper-case letters and digits, as `DT08` is"
            ));
        }
        if !codes.insert(&rule.code) {
            problems.push(format!("two rules have the code `{code}`"));
        }
        if rule.name.is_empty() || rule.title.is_empty() {
            problems.push(format!("the rule `{code}` lacks a name or a title"));
        } else if !names.insert(&rule.name) {
            problems.push(format!("two rules have the name `{}`", shown(&rule.name)));
        }
        let since = rule.since.as_str();
        if !good_since.contains(since) {
            if semver::Version::parse(since).is_ok() {
                good_since.insert(since);
            } else {
                problems.push(format!(
                    "the rule `{code}` is there since `{}`, which is no semantic version",
                    shown(&rule.since)
                ));
            }
        }
        for target in &rule.applies_to {
            if target.resource_type.is_empty() {
                problems.push(format!(
                    "the rule `{code}` has a target without a resource type"
                ));
            }
            // One that cannot be read would be met by every version, and a new major would pass without a word.
            let versions = target.versions.as_str();
            if !good_versions.contains(versions) {
                if crate::policy::Constraint::parse(versions).is_ok() {
                    good_versions.insert(versions);
                } else {
                    problems.push(format!(
                        "the rule `{code}` was tested with `{}`, which is no version constraint, as `>= 5.0, < 7.0` is",
                        shown(&target.versions)
                    ));
                }
            }
        }
    }
    if info.rules.is_empty() {
        problems.push("it has no rules".to_owned());
    }
    problems
}

/// A text of the pack as a reader may see it; made only for one who does.
struct Shown<'a>(&'a str);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shown(self.0))
    }
}

fn shown(text: &str) -> String {
    crate::abi::v1::plain(crate::abi::v1::cut(text, 100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gabion_model::{AppliesTo, Level, RuleInfo, Scope};

    #[test]
    fn versions_that_cannot_be_read_are_told() {
        let info = |versions: &str| PackInfo {
            name: "tiny".into(),
            version: "1.0.0".into(),
            settings_schema: "{}".into(),
            rules: vec![RuleInfo {
                code: "T01".into(),
                name: "tiny-thing".into(),
                title: "a tiny thing".into(),
                page: String::new(),
                level: Level::Mandatory,
                scope: Scope::Change,
                applies_to: vec![AppliesTo {
                    resource_type: "aws_kms_key".into(),
                    provider: "hashicorp/aws".into(),
                    versions: versions.into(),
                }],
                controls: Vec::new(),
                since: "1.0.0".into(),
            }],
        };
        assert!(problems(&info("")).is_empty() && problems(&info(">= 5.0")).is_empty());
        assert_eq!(
            problems(&info("newest")),
            [
                "the rule `T01` was tested with `newest`, which is no version constraint, as `>= 5.0, < 7.0` is"
            ]
        );
        // A second rule with the same fault is named, too.
        let mut both = info("newest");
        let mut second = both.rules[0].clone();
        (second.code, second.name) = ("T02".into(), "tiny-thing-too".into());
        both.rules.push(second);
        for rule in &mut both.rules {
            rule.since = "soon".into();
        }
        let told = problems(&both);
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(
            told[2].contains("`T02`") && told[3].contains("`T02`"),
            "{told:?}"
        );
    }
}
