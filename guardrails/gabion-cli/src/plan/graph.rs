//! The graph of a plan: what the expressions of a resource refer to.

use std::sync::{Arc, OnceLock, PoisonError};

use gabion_model::{Change, Data, Graph, Path, Reference, Step, Tree};

use super::config::{is_leaf, without_keys};
use super::file::{Plan, PlanError, Planned};
use super::follow::{Follow, Place, own_key};
use super::scan::{Fault, Json};
use super::tree::Names;

impl Plan<'_> {
    /// All changes with their references, for whole-plan rules.
    ///
    /// # Errors
    /// Where a part of the file is no JSON.
    pub fn graph(&self) -> Result<Graph, PlanError> {
        let mut names = Names::default();
        self.assemble(|_, planned| self.change(planned, &mut names))
    }

    fn assemble(
        &self,
        mut make: impl FnMut(usize, &Planned<'_>) -> Result<Change, PlanError>,
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
        for (position, planned) in self.changes.iter().enumerate() {
            let change: Change = make(position, planned)?;
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
    pub fn lazy_graph(plan: &Arc<Self>) -> Result<Graph, PlanError> {
        plan.assemble(|position, planned| {
            let whole: Arc<OnceLock<Arc<Change>>> = Arc::default();
            let side = |null: bool, pick: fn(&Change) -> Arc<Tree>| {
                if null {
                    return Arc::new(Tree::null());
                }
                let (plan, whole) = (plan.clone(), whole.clone());
                Arc::new(Tree::lazy(false, move || {
                    plan.changes.get(position).map_or_else(
                        || Arc::new(Tree::null()),
                        |planned| pick(whole.get_or_init(|| plan.looked_at(planned))),
                    )
                }))
            };
            let key = planned.config_key();
            let configured = plan.configuration.has(&key).then(|| {
                side(false, |change| {
                    change
                        .config
                        .clone()
                        .unwrap_or_else(|| Arc::new(Tree::null()))
                })
            });
            Ok(plan.outline(
                planned,
                side(planned.before.is_null(), |change| change.before.clone()),
                side(planned.has_no_after(), |change| change.after.clone()),
                configured,
            ))
        })
    }

    fn looked_at(&self, planned: &Planned<'static>) -> Arc<Change> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let change = self.change(planned, &mut names).unwrap_or_else(|fault| {
            // The caller asks for the fault before it believes any verdict.
            let _ = self.fault.set(fault);
            let null = Arc::new(Tree::null());
            self.outline(planned, null.clone(), null, None)
        });
        Arc::new(change)
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
