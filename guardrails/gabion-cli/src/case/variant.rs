//! A case with one value changed, for `--fuzz-unknown` and `--mutate`.

use std::sync::Arc;

use gabion_model::{Change, Data, Graph, Path, Side, Tree};

use super::file::Subject;
use super::tree;

/// A value of a subject.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Which change of a plan; 0 for a single one.
    pub(crate) change: usize,
    pub(crate) side: Side,
    pub(crate) path: Path,
}

impl Place {
    /// For a reader.
    pub(crate) fn shown(&self, subject: &Subject) -> String {
        let side = if self.side == Side::Before {
            "before "
        } else {
            ""
        };
        match subject {
            Subject::Change(_) => format!("{side}`{}`", self.path),
            Subject::Plan(graph) => {
                let address = graph
                    .changes
                    .get(self.change)
                    .and_then(|change| change.address.as_deref());
                format!("{side}`{}.{}`", address.unwrap_or_default(), self.path)
            }
        }
    }
}

impl Subject {
    fn changes(&self) -> &[Arc<Change>] {
        match self {
            Self::Change(change) => std::slice::from_ref(change),
            Self::Plan(graph) => &graph.changes,
        }
    }

    /// Every value of both sides, with what it is.
    pub(crate) fn values(&self) -> Vec<(Place, Data)> {
        let mut found = Vec::new();
        for (position, change) in self.changes().iter().enumerate() {
            for (side, tree) in [(Side::After, &change.after), (Side::Before, &change.before)] {
                for (path, id) in tree::below(tree) {
                    found.push((
                        Place {
                            change: position,
                            side,
                            path,
                        },
                        tree.data(id).clone(),
                    ));
                }
            }
        }
        found
    }

    /// The same with another value at a place, or without it; `None` where nothing can stand there. What is taken
    /// away or nulled is not configured any more.
    pub(crate) fn with(&self, place: &Place, data: Option<Data>) -> Option<Self> {
        let change = self.changes().get(place.change)?;
        let mut changed = Change::clone(change);
        let put =
            |tree: &Tree, data: Option<Data>| tree::with(tree, &place.path, data).map(Arc::new);
        if place.side == Side::Before {
            changed.before = put(&change.before, data)?;
        } else {
            let there = change
                .config
                .as_ref()
                .filter(|config| config.lookup(&place.path).is_some());
            if let Some(config) = there
                && matches!(data, None | Some(Data::Null))
            {
                changed.config = put(config, data.clone());
            }
            changed.after = put(&change.after, data)?;
        }
        Some(match self {
            Self::Change(_) => Self::Change(Arc::new(changed)),
            Self::Plan(graph) => {
                let mut graph = Graph::clone(graph);
                *graph.changes.get_mut(place.change)? = Arc::new(changed);
                Self::Plan(Arc::new(graph))
            }
        })
    }
}
