//! One planned change, and the graph of a whole plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::path::Path;
use crate::tree::{Data, Tree};

/// What kind of object a change is about.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A managed resource.
    #[default]
    Managed,
    /// A data source.
    Data,
    /// An ephemeral resource.
    Ephemeral,
}

/// What is about to happen. The order is that of the WIT enum `operation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// A new object.
    Create,
    /// An existing object changes in place.
    Update,
    /// An object is destroyed and made anew.
    Replace,
    /// An object is destroyed.
    Delete,
    /// Nothing changes.
    NoOp,
    /// A data source is read.
    Read,
    /// An ephemeral resource is opened.
    Open,
    /// An existing object enters the state.
    Import,
    /// An object changes its address or type.
    Move,
    /// An object leaves the state and lives on.
    Forget,
}

/// At which step the change is judged. The order is that of the WIT enum `stage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Inside `terraform plan`.
    Plan,
    /// Inside `terraform apply`, before the change is made.
    Apply,
    /// On a saved plan.
    Check,
}

/// One change, as a rule sees it.
#[derive(Clone, Debug)]
pub struct Change {
    /// The type, `aws_s3_bucket`.
    pub resource_type: String,
    /// Managed, data or ephemeral.
    pub mode: Mode,
    /// The provider's source address, `registry.terraform.io/hashicorp/aws`.
    pub provider: String,
    /// The provider's version where it is known.
    pub provider_version: Option<String>,
    /// What happens.
    pub operation: Operation,
    /// At which step.
    pub stage: Stage,
    /// The prior state; null for a create.
    pub before: Arc<Tree>,
    /// The planned state; null for a delete.
    pub after: Arc<Tree>,
    /// The configuration, null where nothing is set; `None` where it is not known what is set.
    pub config: Option<Arc<Tree>>,
    /// The provider's configuration, redacted; null where it is not known.
    pub provider_configuration: Arc<Tree>,
    /// The resource's address; plan calls carry none.
    pub address: Option<String>,
    /// The address of the module that holds it, where known; empty for the root module.
    pub module_address: Option<String>,
}

impl Change {
    /// Whether the configuration sets the attribute at `path`; `None` where that cannot be told.
    pub fn configured(&self, path: &Path) -> Option<bool> {
        let config = self.config.as_ref()?;
        let mut at = config.root();
        for step in path.steps() {
            let next = match step {
                crate::Step::Name(name) => config.child(at, name),
                crate::Step::Index(index) => config.element(at, *index),
            };
            match (next, config.data(at)) {
                (Some(next), _) => at = next,
                (None, Data::Unknown | Data::Computed) => return None,
                (None, _) => return Some(false),
            }
        }
        Some(!matches!(config.data(at), Data::Null))
    }

    /// The same change as if nothing had changed: the prior state on both sides. What a rule says of it is old.
    #[must_use]
    pub fn prior_alone(&self) -> Self {
        Self {
            operation: Operation::NoOp,
            after: self.before.clone(),
            config: None,
            ..self.clone()
        }
    }

    /// What stands at `path`, for a finding that does not say it itself: the planned value, or the prior one of
    /// an object that goes away. Text as it is, everything else as JSON, secrets left out; `None` where the
    /// tree has no such node.
    pub fn observed(&self, path: &Path) -> Option<String> {
        let side = if matches!(self.after.data(self.after.root()), Data::Null) {
            &self.before
        } else {
            &self.after
        };
        Some(match side.to_display_json(side.lookup(path)?) {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// The object's own id where the state has one: `arn`, else `id`, else `name`.
    pub fn identity(&self) -> Option<String> {
        let side = if matches!(self.before.data(self.before.root()), Data::Null) {
            &self.after
        } else {
            &self.before
        };
        ["arn", "id", "bucket", "name", "alias"]
            .iter()
            .find_map(|name| {
                match side
                    .child(side.root(), name)
                    .map(|id| (side.data(id), side.is_sensitive(id)))
                {
                    Some((Data::Text(text), false)) if !text.is_empty() => Some(text.to_string()),
                    _ => None,
                }
            })
    }
}

/// An expression of one resource that names another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The attribute whose expression it is.
    pub path: Path,
    /// The address it names, `module.logs.aws_s3_bucket.this`; without an instance key where the expression has none.
    pub address: String,
    /// The attribute it reads there, `id`; empty for the whole object.
    pub attribute: String,
}

/// All changes of one plan and what refers to what.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The changes, in the plan's order.
    pub changes: Vec<Arc<Change>>,
    /// By the position of the change in `changes`.
    pub references: BTreeMap<usize, Vec<Reference>>,
    /// Whether the plan holds everything: false after `-target`, or where a part could not be read.
    pub complete: bool,
}

impl Graph {
    /// The positions of all changes of one resource type, in the plan's order; an empty type means all.
    pub fn of_type(&self, resource_type: &str) -> Vec<usize> {
        let all = self.changes.iter().enumerate();
        all.filter(|(_, change)| resource_type.is_empty() || change.resource_type == resource_type)
            .map(|(position, _)| position)
            .collect()
    }

    /// What the expressions of the change at a position refer to.
    pub fn references_of(&self, position: usize) -> &[Reference] {
        self.references.get(&position).map_or(&[], Vec::as_slice)
    }

    /// Who refers to whom, for many questions: made once in a time that grows with the references.
    pub fn referrers(&self) -> Referrers {
        let mut by_address: BTreeMap<String, Vec<(usize, Option<String>)>> = BTreeMap::new();
        for (position, references) in &self.references {
            for reference in references {
                let (address, key) = split_address(&reference.address);
                let known = by_address.entry(address).or_default();
                if known.last() != Some(&(*position, key.clone())) {
                    known.push((*position, key));
                }
            }
        }
        Referrers { by_address }
    }
}

/// Answers which changes refer to a change; see [`Graph::referrers`].
#[derive(Clone, Debug, Default)]
pub struct Referrers {
    /// By address without instance keys: who refers to it, and with which instance key, if any.
    by_address: BTreeMap<String, Vec<(usize, Option<String>)>>,
}

impl Referrers {
    /// The positions of the changes whose expressions refer to `change`, in the plan's order, each once.
    /// A reference without an instance key means every instance; keys of modules are not compared, as an
    /// expression inside a module does not have them.
    pub fn of(&self, change: &Change) -> Vec<usize> {
        let Some(address) = &change.address else {
            return Vec::new();
        };
        let (address, key) = split_address(address);
        let mut found: Vec<usize> = self
            .by_address
            .get(&address)
            .map_or_else(Vec::new, |known| {
                known
                    .iter()
                    .filter(|(_, wanted)| wanted.is_none() || *wanted == key)
                    .map(|(position, _)| *position)
                    .collect()
            });
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// An address without any instance key, and the key of the resource itself.
fn split_address(address: &str) -> (String, Option<String>) {
    let mut bare = String::with_capacity(address.len());
    let mut last = None;
    let mut chars = address.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '[' {
            bare.push(c);
            continue;
        }
        let mut key = String::new();
        let mut quoted = false;
        while let Some(c) = chars.next() {
            match c {
                ']' if !quoted => break,
                '"' => quoted = !quoted,
                '\\' if quoted => {
                    key.push(c);
                    key.extend(chars.next());
                    continue;
                }
                _ => {}
            }
            key.push(c);
        }
        // Only a key at the very end is the resource's own; the others are those of modules.
        last = chars.peek().is_none().then_some(key);
    }
    (bare, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    fn change(address: &str) -> Arc<Change> {
        Arc::new(Change {
            resource_type: "aws_s3_bucket".into(),
            mode: Mode::Managed,
            provider: "registry.terraform.io/hashicorp/aws".into(),
            provider_version: None,
            operation: Operation::Create,
            stage: Stage::Check,
            before: Arc::new(Tree::null()),
            after: Arc::new(Tree::null()),
            config: None,
            provider_configuration: Arc::new(Tree::null()),
            address: Some(address.into()),
            module_address: None,
        })
    }

    #[test]
    fn referrers_are_found_by_address() {
        let reference = |address: &str| Reference {
            path: Path::root(),
            address: address.into(),
            attribute: "id".into(),
        };
        let graph = Graph {
            changes: vec![
                change("m.b[\"x.]\"]"),
                change("m.b[\"y\"]"),
                change("a.all"),
                change("a.one"),
                change("m.c"),
            ],
            references: BTreeMap::from([
                (2, vec![reference("m.b"), reference("m.b")]),
                (3, vec![reference("m.b[\"y\"]"), reference("m.c")]),
            ]),
            complete: true,
        };
        let referrers = graph.referrers();
        assert_eq!(referrers.of(&graph.changes[0]), [2]);
        assert_eq!(referrers.of(&graph.changes[1]), [2, 3]);
        assert_eq!(referrers.of(&graph.changes[4]), [3]);
        assert!(referrers.of(&graph.changes[2]).is_empty());
    }

    #[test]
    fn only_a_last_key_is_the_resources_own() {
        assert_eq!(
            split_address("module.a[0].t.n"),
            ("module.a.t.n".into(), None)
        );
        assert_eq!(
            split_address("module.a[0].t.n[1]"),
            ("module.a.t.n".into(), Some("1".into()))
        );
    }
}
