//! The graph of a plan: what the expressions of a resource refer to.

use std::sync::Arc;

use gabion_model::{Change, Data, Graph, Path, Reference, Step};

use super::config::{is_leaf, without_keys};
use super::file::{Plan, PlanError, Planned};
use super::follow::{Follow, Place, own_key};
use super::scan::{Fault, Json};
use super::tree::Names;

impl<'a> Plan<'a> {
    /// All changes with their references, for whole-plan rules.
    ///
    /// # Errors
    /// Where a part of the file is no JSON.
    pub fn graph(&self) -> Result<Graph, PlanError> {
        let mut names = Names::default();
        self.assemble(|planned| self.change(planned, &mut names))
    }

    fn assemble<'p>(
        &'p self,
        mut make: impl FnMut(&'p Planned<'a>) -> Result<Change, PlanError>,
    ) -> Result<Graph, PlanError> {
        let mut graph = Graph {
            complete: self.complete && self.configuration.is_whole(),
            ..Graph::default()
        };
        let follow = Follow {
            configuration: &self.configuration,
            written: self.written.as_deref(),
            instances: (self.changes.iter())
                .map(|planned| planned.address.as_ref())
                .collect(),
        };
        for planned in &self.changes {
            let change: Change = make(planned)?;
            let key = without_keys(&planned.address);
            let mut collect = Collect {
                follow: &follow,
                change: &change,
                references: Vec::new(),
                open: false,
            };
            if let Some(expressions) = self.configuration.expressions(&key)? {
                let for_each = self.configuration.for_each(&key)?;
                let place = Place {
                    module: &planned.module_address,
                    key: own_key(&planned.address),
                    for_each: for_each.as_ref(),
                };
                collect.below(&expressions, &Path::root(), &place)?;
            }
            graph.complete &= !collect.open;
            if !collect.references.is_empty() {
                graph
                    .references
                    .insert(graph.changes.len(), collect.references);
            }
            graph.changes.push(Arc::new(change));
        }
        Ok(graph)
    }
}

impl Plan<'static> {
    /// The same, for a plan that may be large: the values of a change are read when a rule first looks at them. What
    /// is wrong with them is told by [`Plan::fault`].
    ///
    /// # Errors
    /// Where the configuration is no JSON.
    pub fn lazy_graph(&'static self) -> Result<Graph, PlanError> {
        self.assemble(|planned| Ok(self.unlooked(planned)))
    }
}

/// The references of one change.
struct Collect<'c> {
    follow: &'c Follow<'c>,
    change: &'c Change,
    references: Vec<Reference>,
    /// Whether an unknown value comes from a resource or from something that could not be followed: it may be
    /// another resource's, whatever it seems to refer to.
    open: bool,
}

impl Collect<'_> {
    fn below(
        &mut self,
        expression: &Json<'_>,
        path: &Path,
        place: &Place<'_>,
    ) -> Result<(), Fault> {
        match expression {
            leaf if is_leaf(leaf) => {
                let named = self.follow.expression(leaf, place)?;
                if named.iter().any(|named| named.sure) && named.iter().any(|named| !named.sure) {
                    self.open |= self.is_unknown(path);
                }
                for named in named {
                    self.references.push(Reference {
                        path: path.clone(),
                        address: named.address,
                        attribute: named.attribute,
                    });
                }
            }
            Json::Object(items) => {
                for (name, item) in items {
                    self.below(item, &path.child(Step::Name(name.as_ref().into())), place)?;
                }
            }
            Json::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    self.below(item, &path.child(Step::Index(index)), place)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_unknown(&self, path: &Path) -> bool {
        let after = &self.change.after;
        let value = after.lookup(path).map(|id| after.data(id));
        matches!(value, None | Some(Data::Unknown))
    }
}
