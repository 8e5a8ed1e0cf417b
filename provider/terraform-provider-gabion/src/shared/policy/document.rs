//! The types of a policy document. Everything is held in a normal form, so that `==` on two statements
//! means "AWS treats them alike": sets are sorted, single strings are sets of one, account ids are
//! root ARNs, `"*"` as principal is every AWS principal.

use std::collections::{BTreeMap, BTreeSet};

/// A policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// `2012-10-17` unless something older was read.
    pub(crate) version: String,
    /// The document's own id, where it has one.
    pub(crate) id: Option<String>,
    /// In the order in which they were written.
    pub(crate) statements: Vec<Statement>,
}

/// Whether a statement permits or forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// Permits.
    Allow,
    /// Forbids, whatever else permits.
    Deny,
}

/// Names or patterns: those listed, or all but those listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Matcher {
    /// These.
    Only(BTreeSet<String>),
    /// All but these (`NotAction`, `NotResource`).
    Except(BTreeSet<String>),
}

/// Principals by type (`AWS`, `Service`, `Federated`, `CanonicalUser`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principals {
    /// These.
    Only(BTreeMap<String, BTreeSet<String>>),
    /// All but these (`NotPrincipal`).
    Except(BTreeMap<String, BTreeSet<String>>),
}

/// Operator to key to values, as in `Condition`.
pub(crate) type Conditions = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    /// Its label.
    pub(crate) sid: Option<String>,
    /// Permits or forbids.
    pub(crate) effect: Effect,
    /// Whom it is about.
    pub(crate) principals: Principals,
    /// Which actions, patterns with `*` and `?`.
    pub(crate) actions: Matcher,
    /// Which resources, patterns.
    pub(crate) resources: Matcher,
    /// When.
    pub(crate) conditions: Conditions,
}

impl Document {
    /// A document of the current version.
    pub(crate) fn new(statements: Vec<Statement>) -> Self {
        Self {
            version: "2012-10-17".to_owned(),
            id: None,
            statements,
        }
    }

    /// Whether both say the same: order and the document's id do not count, labels do.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let sorted = |document: &Self| {
            let mut statements: Vec<Statement> =
                document.statements.iter().map(Statement::folded).collect();
            statements.sort();
            statements
        };
        self.version == other.version && sorted(self) == sorted(other)
    }

    /// The statement with this label.
    pub(crate) fn by_sid(&self, sid: &str) -> Option<&Statement> {
        self.statements
            .iter()
            .find(|statement| statement.sid.as_deref() == Some(sid))
    }
}

impl Statement {
    /// The statement's label, or its place (counted from 1) where it has none.
    pub(crate) fn label(&self, index: usize) -> String {
        self.sid
            .clone()
            .filter(|sid| !sid.is_empty())
            .unwrap_or_else(|| format!("statement {}", index + 1))
    }

    /// The same statement with actions in lower case, as AWS compares them; for comparison.
    pub(crate) fn folded(&self) -> Self {
        let fold = |set: &BTreeSet<String>| {
            set.iter()
                .map(|action| action.to_ascii_lowercase())
                .collect()
        };
        let actions = match &self.actions {
            Matcher::Only(set) => Matcher::Only(fold(set)),
            Matcher::Except(set) => Matcher::Except(fold(set)),
        };
        Self {
            actions,
            ..self.clone()
        }
    }

    /// Whether both say the same, labels aside.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        let (one, two) = (self.folded(), other.folded());
        Self { sid: None, ..one } == Self { sid: None, ..two }
    }
}
