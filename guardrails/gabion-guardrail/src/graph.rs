//! The whole plan, for rules that join resources.

use crate::backend;
use crate::change::Change;
use crate::join::Companions;

/// An expression of one resource that names another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The attribute whose expression it is.
    pub path: String,
    /// The address it names.
    pub address: String,
    /// The attribute it reads there; empty for the whole object.
    pub attribute: String,
}

/// All changes of a plan and what refers to what.
#[derive(Debug)]
#[repr(transparent)]
pub struct Graph(pub(crate) backend::Graph);

impl Graph {
    /// Whether everything is in it: what is missing from an incomplete graph may live elsewhere.
    pub fn complete(&self) -> bool {
        self.0.complete()
    }

    /// All changes of one resource type, in the plan's order; an empty type means all.
    pub fn changes(&self, resource_type: &str) -> Vec<Change> {
        self.0
            .changes(resource_type)
            .into_iter()
            .map(Change)
            .collect()
    }

    /// The managed resources of a type that will exist, in the plan's order; what most whole-plan rules look at.
    pub fn of(&self, resource_type: &str) -> Vec<Change> {
        let mut changes = self.changes(resource_type);
        changes.retain(Change::stays);
        changes
    }

    /// The resources of a type that will exist, to be joined by `attribute` to what they belong to: by reference
    /// first, then by equal values. Make it once, and ask it for each resource.
    pub fn companions(&self, resource_type: &str, attribute: &str) -> Companions<'_> {
        Companions::new(self, resource_type, attribute)
    }

    /// What the expressions of a change refer to.
    pub fn references(&self, change: &Change) -> Vec<Reference> {
        self.0.references(&change.0)
    }

    /// The changes whose expressions refer to this one.
    pub fn referrers(&self, change: &Change) -> Vec<Change> {
        self.0
            .referrers(&change.0)
            .into_iter()
            .map(Change)
            .collect()
    }
}
