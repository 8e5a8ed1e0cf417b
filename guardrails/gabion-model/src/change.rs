//! One planned change, and the graph of a whole plan.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::path::Path;
use crate::tree::{Data, Kind, Tree};

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

impl Mode {
    /// The type as the targets of rules name it: `TYPE`, `data.TYPE` or `ephemeral.TYPE`.
    pub fn target(self, resource_type: &str) -> Cow<'_, str> {
        match self {
            Self::Managed => Cow::Borrowed(resource_type),
            Self::Data => Cow::Owned(["data.", resource_type].concat()),
            Self::Ephemeral => Cow::Owned(["ephemeral.", resource_type].concat()),
        }
    }
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
            match (next, config.kind(at)) {
                (Some(next), _) => at = next,
                (None, Kind::Unknown | Kind::Computed) => return None,
                (None, _) => return Some(false),
            }
        }
        Some(config.kind(at) != Kind::Null)
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
        let side = if self.after.is_null() {
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
        let side = if self.before.is_null() {
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
    /// The address it names, `module.logs["eu"].aws_s3_bucket.this[0]`; without an instance key where it may be any
    /// instance. What could not be followed to a resource keeps its own name, `local.x` or `module.m.var.y`: it may
    /// be any.
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
        let mut by_address: BTreeMap<String, Vec<(usize, Keys)>> = BTreeMap::new();
        for (position, references) in &self.references {
            for reference in references {
                let (address, keys) = split_address(&reference.address);
                let known = by_address.entry(address).or_default();
                let mut own = known.iter().rev().take_while(|(at, _)| at == position);
                if !own.any(|(_, known)| *known == keys) {
                    known.push((*position, keys));
                }
            }
        }
        Referrers { by_address }
    }
}

/// The instance keys of the parts of an address.
type Keys = Vec<Option<String>>;

/// Answers which changes refer to a change; see [`Graph::referrers`].
#[derive(Clone, Debug, Default)]
pub struct Referrers {
    /// By address without instance keys: who refers to it, and with which instance keys.
    by_address: BTreeMap<String, Vec<(usize, Keys)>>,
}

impl Referrers {
    /// The positions of the changes whose expressions refer to `change`, in the plan's order, each once.
    /// A module or resource without an instance key in a reference means every instance.
    pub fn of(&self, change: &Change) -> Vec<usize> {
        let Some(address) = &change.address else {
            return Vec::new();
        };
        let (address, keys) = split_address(address);
        let means = |wanted: &Keys| {
            (wanted.iter().zip(&keys)).all(|(wanted, key)| wanted.is_none() || wanted == key)
        };
        let mut found: Vec<usize> = self
            .by_address
            .get(&address)
            .map_or_else(Vec::new, |known| {
                known
                    .iter()
                    .filter(|(_, wanted)| means(wanted))
                    .map(|(position, _)| *position)
                    .collect()
            });
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// An address without any instance key, and the key of each of its parts.
fn split_address(address: &str) -> (String, Keys) {
    let mut bare = String::with_capacity(address.len());
    let mut keys = vec![None];
    let mut chars = address.chars();
    while let Some(c) = chars.next() {
        if c != '[' {
            if c == '.' {
                keys.push(None);
            }
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
        if let Some(last) = keys.last_mut() {
            *last = Some(key);
        }
    }
    (bare, keys)
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
                change("module.n[\"u\"].t.n[0]"),
                change("module.n[\"v\"].t.n[0]"),
                change("a.inner"),
            ],
            references: BTreeMap::from([
                (2, vec![reference("m.b"), reference("m.b")]),
                (3, vec![reference("m.b[\"y\"]"), reference("m.c")]),
                (7, vec![reference("module.n[\"u\"].t.n")]),
            ]),
            complete: true,
        };
        let referrers = graph.referrers();
        assert_eq!(referrers.of(&graph.changes[0]), [2]);
        assert_eq!(referrers.of(&graph.changes[1]), [2, 3]);
        assert_eq!(referrers.of(&graph.changes[4]), [3]);
        assert!(referrers.of(&graph.changes[2]).is_empty());
        assert_eq!(referrers.of(&graph.changes[5]), [7]);
        assert!(referrers.of(&graph.changes[6]).is_empty());
    }

    #[test]
    fn keys_belong_to_their_parts() {
        let (zero, one) = (Some("0".to_owned()), Some("\"a.]\"".to_owned()));
        assert_eq!(
            split_address("module.a[0].t.n[\"a.]\"]"),
            ("module.a.t.n".into(), vec![None, zero, None, one])
        );
    }
}
