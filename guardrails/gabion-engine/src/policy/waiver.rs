//! Whether a waiver or an exception speaks of a finding, and whether it still holds.

use gabion_model::{Change, Data, NodeId, Path, Stage, Step, Tree};
use jiff::{SignedDuration, Timestamp};

use super::file::Waiver;
use super::syntax::{Literal, Node};
use super::text;

/// How long before its end a waiver is a warning where it matched.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long an apply goes on after the end, for plans saved before.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// What a time of expiry means now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Holds,
    EndsSoon,
    Expired,
}

/// Whether something that ends at `expires` holds at this stage.
pub(super) fn term(expires: Timestamp, now: Timestamp, stage: Stage) -> Term {
    let end = if stage == Stage::Apply {
        expires.saturating_add(GRACE).unwrap_or(Timestamp::MAX)
    } else {
        expires
    };
    if now >= end {
        Term::Expired
    } else if now.saturating_add(SOON).unwrap_or(Timestamp::MAX) >= expires {
        Term::EndsSoon
    } else {
        Term::Holds
    }
}

impl Waiver {
    /// Whether the waiver is for this rule and this object.
    pub(super) fn covers(&self, rule: &str, change: &Change) -> bool {
        self.rule.value == rule
            && self.resource.value == change.resource_type
            && matches(&self.matches, change)
    }
}

/// Whether every value of `where` is one of the change's: the planned value, else, where that is not known or the
/// object goes away, the prior one.
fn matches(wanted: &Node, change: &Change) -> bool {
    let (after, before) = (&change.after, &change.before);
    let mut leaves = Vec::new();
    collect(wanted, &mut Vec::new(), &mut leaves);
    !leaves.is_empty()
        && leaves.iter().all(|(names, value)| {
            let gone = after.is_null();
            match (!gone)
                .then(|| holds(after, after.root(), names, value))
                .flatten()
            {
                Some(answer) => answer,
                None => holds(before, before.root(), names, value).unwrap_or(false),
            }
        })
}

/// Why a waiver of the rule does not speak of an object, a clause; `None` where it does.
pub(super) fn why_not(waiver: &Waiver, change: &Change) -> Option<String> {
    if waiver.resource.value != change.resource_type {
        return Some(format!(
            "it is for `{}`, and this is a `{}`",
            waiver.resource.value, change.resource_type
        ));
    }
    if matches(&waiver.matches, change) {
        return None;
    }
    let (after, before) = (&change.after, &change.before);
    let mut leaves = Vec::new();
    collect(&waiver.matches, &mut Vec::new(), &mut leaves);
    for (names, value) in leaves {
        let planned = if after.is_null() {
            None
        } else {
            holds(after, after.root(), &names, value)
        };
        let tree = if planned.is_some() { after } else { before };
        if planned.or_else(|| holds(before, before.root(), &names, value)) == Some(true) {
            continue;
        }
        let path = Path::new(
            names
                .iter()
                .map(|name| Step::Name((*name).into()))
                .collect::<Vec<_>>(),
        );
        let is = match tree.lookup(&path) {
            None => "not set".to_owned(),
            Some(id) if tree.is_sensitive(id) => {
                "sensitive, which a `where` never matches".to_owned()
            }
            Some(id) => match tree.data(id) {
                Data::Null => "not set".to_owned(),
                _ => text::quiet(tree, id),
            },
        };
        return Some(format!(
            "its `where` wants another `{path}`; here it is {is}"
        ));
    }
    Some("its `where` names nothing".to_owned())
}

/// The leaves of `where`: names from the root and the literal wanted there. Lists are leaves.
fn collect<'a>(
    node: &'a Node,
    above: &mut Vec<&'a str>,
    leaves: &mut Vec<(Vec<&'a str>, &'a Literal)>,
) {
    match &node.value {
        Literal::Object(items) if !items.is_empty() => {
            for (name, item) in items {
                above.push(&name.value);
                collect(item, above, leaves);
                above.pop();
            }
        }
        leaf => leaves.push((above.clone(), leaf)),
    }
}

/// Whether the value at the names is the wanted one; any element of a sequence will do. `None` where it is not known.
fn holds(tree: &Tree, at: NodeId, names: &[&str], wanted: &Literal) -> Option<bool> {
    if tree.is_sensitive(at) {
        return Some(false);
    }
    match (tree.data(at), names.split_first()) {
        (Data::Unknown | Data::Computed, _) => None,
        (_, None) => Some(same(tree, at, wanted)),
        (Data::Sequence(items), Some(_)) => {
            let mut known = Some(false);
            for item in items {
                match holds(tree, *item, names, wanted) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => known = None,
                }
            }
            known
        }
        (_, Some((name, rest))) => match tree.child(at, name) {
            Some(child) => holds(tree, child, rest, wanted),
            None => Some(false),
        },
    }
}

fn same(tree: &Tree, at: NodeId, wanted: &Literal) -> bool {
    match (tree.data(at), wanted) {
        (Data::Null, Literal::Null) => true,
        (Data::Boolean(left), Literal::Boolean(right)) => left == right,
        (Data::Number(left), Literal::Number(right)) => {
            gabion_model::tree::same_number(left, right)
        }
        (Data::Text(left), Literal::Text(right)) => left.as_ref() == right,
        (Data::Sequence(left), Literal::List(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(tree, *left, &right.value))
        }
        (Data::Mapping(_, left), Literal::Object(right)) => left.is_empty() && right.is_empty(),
        _ => false,
    }
}

/// An `exception` block of one of our composites.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exception {
    pub(super) reason: String,
    pub(super) expires: Timestamp,
}

/// The exception that the planned resource states for the attribute of a finding.
pub(super) fn exception(change: &Change, path: &Path) -> Option<Exception> {
    let Some(Step::Name(attribute)) = path.steps().first() else {
        return None;
    };
    exceptions(change)
        .into_iter()
        .filter(|(name, _)| name == attribute.as_ref())
        .map(|(_, exception)| exception)
        .max_by_key(|exception| exception.expires)
}

/// Every exception that the planned resource states, with the attribute that it is for.
pub(super) fn exceptions(change: &Change) -> Vec<(String, Exception)> {
    if !change.resource_type.starts_with("gabion_") {
        return Vec::new();
    }
    let tree = &change.after;
    let items = match tree
        .child(tree.root(), "exception")
        .map(|list| tree.data(list))
    {
        Some(Data::Sequence(items)) => items.as_slice(),
        _ => &[],
    };
    let text = |item: NodeId, name: &str| match tree.child(item, name).map(|id| tree.data(id)) {
        Some(Data::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    items
        .iter()
        .filter_map(|item| {
            let exception = Exception {
                reason: text(*item, "reason").unwrap_or_default(),
                expires: text(*item, "expires")?.parse().ok()?,
            };
            Some((text(*item, "attribute")?, exception))
        })
        .collect()
}

/// Whether the only thing that a change does is to turn deletion protection off, which an expiry never hinders.
pub(super) fn only_turns_protection_off(change: &Change) -> bool {
    const PROTECTION: [&str; 3] = [
        "deletion_protection",
        "deletion_protection_enabled",
        "enable_deletion_protection",
    ];
    let (before, after) = (&change.before, &change.after);
    let (Data::Mapping(_, _), Data::Mapping(_, planned)) =
        (before.data(before.root()), after.data(after.root()))
    else {
        return false;
    };
    let mut turned_off = false;
    for (name, id) in planned {
        let old = before.child(before.root(), name);
        if PROTECTION.contains(&name.as_ref()) {
            let was_on = old.is_some_and(|old| matches!(before.data(old), Data::Boolean(true)));
            match (was_on, after.data(*id)) {
                (true, Data::Boolean(false)) => turned_off = true,
                _ if old.is_some_and(|old| before.same(old, after, *id)) => {}
                _ => return false,
            }
        } else {
            let unchanged = match old {
                Some(old) => before.same(old, after, *id),
                None => matches!(after.data(*id), Data::Null),
            };
            // What the provider computes anew is no choice of the reader.
            if !unchanged && !matches!(after.data(*id), Data::Computed) {
                return false;
            }
        }
    }
    turned_off
}

/// The object as a `where` block would name it: one line of HCL, or `None` where nothing in it identifies it.
pub(super) fn suggest_where(change: &Change) -> Option<String> {
    let sides = [&change.after, &change.before];
    let text = |tree: &Tree, id: NodeId| match tree.data(id) {
        Data::Text(text) if !text.is_empty() && !tree.is_sensitive(id) => Some(text.to_string()),
        _ => None,
    };
    for name in ["name", "bucket", "alias", "arn", "id"] {
        for tree in sides {
            if let Some(value) = tree.child(tree.root(), name).and_then(|id| text(tree, id)) {
                return Some(format!("{{ {name} = {} }}", quote(&value)));
            }
        }
    }
    for tree in sides {
        let tag = tree
            .child(tree.root(), "tags")
            .and_then(|tags| tree.child(tags, "Name"))
            .and_then(|id| text(tree, id));
        if let Some(value) = tag {
            return Some(format!("{{ tags = {{ Name = {} }} }}", quote(&value)));
        }
    }
    None
}

/// A text as HCL writes it.
pub(super) fn quote(text: &str) -> String {
    let json = serde_json::Value::String(text.to_owned()).to_string();
    json.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms() {
        let end: Timestamp = "2026-12-31T00:00:00Z".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(
            term(end, at("2026-01-01T00:00:00Z"), Stage::Plan),
            Term::Holds
        );
        assert_eq!(
            term(end, at("2026-12-20T00:00:00Z"), Stage::Plan),
            Term::EndsSoon
        );
        assert_eq!(
            term(end, at("2026-12-31T00:00:00Z"), Stage::Plan),
            Term::Expired
        );
        assert_eq!(
            term(end, at("2026-12-31T12:00:00Z"), Stage::Apply),
            Term::EndsSoon
        );
        assert_eq!(
            term(end, at("2027-01-01T00:00:00Z"), Stage::Apply),
            Term::Expired
        );
        assert_eq!(
            term(Timestamp::MAX, at("2027-01-01T00:00:00Z"), Stage::Apply),
            Term::Holds
        );
    }
}
