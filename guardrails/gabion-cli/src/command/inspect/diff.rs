//! What differs between two versions of a pack.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gabion_engine::Pack;
use gabion_model::RuleInfo;
use serde_json::{Value, json};

use crate::output;

/// One difference.
#[derive(Debug, PartialEq)]
pub(super) struct Change {
    /// The rule, or the part of the pack: `settings`, `imports`, `wit`.
    pub(super) of: String,
    /// In words.
    pub(super) what: String,
}

/// All differences: the pack's own first, then rule by rule.
pub(super) fn diff(old: &Pack, new: &Pack) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut add = |of: &str, what: String| {
        changes.push(Change {
            of: of.to_owned(),
            what,
        });
    };
    if old.info().name != new.info().name {
        add(
            "name",
            format!("{} is now {}", old.info().name, new.info().name),
        );
    }
    if old.wit() != new.wit() {
        add(
            "wit",
            format!("made for gabion:guardrail {}, was {}", new.wit(), old.wit()),
        );
    }
    for (name, was, is) in sides(old.imports().iter(), new.imports().iter()) {
        match (was, is) {
            (None, Some(_)) => add("imports", format!("{name} is new")),
            (Some(_), None) => add("imports", format!("{name} is gone")),
            _ => {}
        }
    }
    settings(
        &old.info().settings_schema,
        &new.info().settings_schema,
        &mut add,
    );
    let rule = |pack: &'_ Pack, code: &str| {
        pack.info()
            .rules
            .iter()
            .find(|rule| rule.code == code)
            .cloned()
    };
    let codes: BTreeSet<&str> = old
        .info()
        .rules
        .iter()
        .chain(&new.info().rules)
        .map(|rule| rule.code.as_str())
        .collect();
    for code in codes {
        match (rule(old, code), rule(new, code)) {
            (None, Some(is)) => add(
                code,
                format!("new: {} ({})", is.title, output::level(is.level)),
            ),
            (Some(was), None) => add(code, format!("gone: {}", was.title)),
            (Some(was), Some(is)) => rules(&was, &is)
                .into_iter()
                .for_each(|what| add(code, what)),
            (None, None) => {}
        }
    }
    changes
}

/// Every name of either side, with whether each has it.
fn sides<'a>(
    old: impl Iterator<Item = &'a String>,
    new: impl Iterator<Item = &'a String>,
) -> Vec<(&'a String, Option<()>, Option<()>)> {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (old.collect(), new.collect());
    let has = |set: &BTreeSet<&String>, name| set.contains(name).then_some(());
    old.union(&new)
        .map(|name| (*name, has(&old, name), has(&new, name)))
        .collect()
}

fn settings(old: &str, new: &str, add: &mut impl FnMut(&str, String)) {
    let read = |text: &str| -> Value { serde_json::from_str(text).unwrap_or_default() };
    let (old, new) = (read(old), read(new));
    let properties = |schema: &Value| {
        schema
            .get("properties")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let (was, is) = (properties(&old), properties(&new));
    for (name, _, _) in sides(was.keys(), is.keys()) {
        match (was.get(name), is.get(name)) {
            (None, Some(_)) => add("settings", format!("`{name}` is new")),
            (Some(_), None) => add("settings", format!("`{name}` is gone")),
            (Some(was), Some(is)) if was != is => {
                add("settings", format!("`{name}` is now {is}, was {was}"))
            }
            _ => {}
        }
    }
    let required = |schema: &Value| schema.get("required").cloned().unwrap_or_else(|| json!([]));
    if required(&old) != required(&new) {
        add(
            "settings",
            format!(
                "required are now {}, were {}",
                required(&new),
                required(&old)
            ),
        );
    }
}

fn rules(old: &RuleInfo, new: &RuleInfo) -> Vec<String> {
    let mut changes = Vec::new();
    if old.level != new.level {
        changes.push(format!(
            "{}, was {}",
            output::level(new.level),
            output::level(old.level)
        ));
    }
    for (what, was, is) in [
        ("name", &old.name, &new.name),
        ("title", &old.title, &new.title),
    ] {
        if was != is {
            changes.push(format!("{what} `{is}`, was `{was}`"));
        }
    }
    if old.scope != new.scope {
        changes.push("looks at another scope: one change or the whole plan".to_owned());
    }
    let targets = |rule: &RuleInfo| -> Vec<String> {
        rule.applies_to
            .iter()
            .map(|to| format!("{} {} {}", to.resource_type, to.provider, to.versions))
            .collect()
    };
    let (was, is) = (targets(old), targets(new));
    for (name, was, is) in sides(was.iter(), is.iter()) {
        match (was, is) {
            (None, Some(())) => changes.push(format!("judges {name}")),
            (Some(()), None) => changes.push(format!("judges {name} no longer")),
            _ => {}
        }
    }
    if old.controls != new.controls {
        changes.push("other controls".to_owned());
    }
    if old.page != new.page {
        changes.push("another page".to_owned());
    }
    changes
}

pub(super) fn text(old: &Pack, new: &Pack, changes: &[Change]) -> String {
    let mut text = format!(
        "{} {} to {} {}\n",
        old.info().name,
        old.info().version,
        new.info().name,
        new.info().version
    );
    if changes.is_empty() {
        text.push_str(if old.digest() == new.digest() {
            "the same bytes\n"
        } else {
            "the same rules, settings and imports in other bytes: `gabion impact` compares what they say\n"
        });
    }
    for change in changes {
        let _ = writeln!(text, "{}  {}", change.of, change.what);
    }
    text
}

pub(super) fn json(old: &Pack, new: &Pack, changes: &[Change]) -> String {
    let side = |pack: &Pack| json!({"name": pack.info().name, "version": pack.info().version, "digest": pack.digest()});
    let changes: Vec<Value> = changes
        .iter()
        .map(|change| json!({"of": change.of, "what": change.what}))
        .collect();
    format!(
        "{:#}\n",
        json!({"schema_version": 1, "old": side(old), "new": side(new), "changes": changes})
    )
}
