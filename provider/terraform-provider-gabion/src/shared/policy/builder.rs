//! Statements as resources write them.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Effect, Matcher, Principals, Statement};

/// A statement that permits, on every resource of the policy's own object (`*`), to nobody yet.
pub(crate) fn allow(sid: impl Into<String>) -> Statement {
    empty(sid, Effect::Allow)
}

/// A statement that forbids; otherwise as [`allow`].
pub(crate) fn deny(sid: impl Into<String>) -> Statement {
    empty(sid, Effect::Deny)
}

fn empty(sid: impl Into<String>, effect: Effect) -> Statement {
    Statement {
        sid: Some(sid.into()),
        effect,
        principals: Principals::Only(BTreeMap::new()),
        actions: Matcher::Only(BTreeSet::new()),
        resources: Matcher::Only(std::iter::once("*".to_owned()).collect()),
        conditions: BTreeMap::new(),
    }
}

impl Statement {
    /// For these principals of one type (`AWS`, `Service`); adds to those there are.
    #[must_use]
    pub(crate) fn to<S: Into<String>>(
        mut self,
        kind: &str,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        let (Principals::Only(map) | Principals::Except(map)) = &mut self.principals;
        map.entry(kind.to_owned())
            .or_default()
            .extend(names.into_iter().map(Into::into));
        self
    }

    /// For everybody (`Principal: "*"`).
    #[must_use]
    #[expect(
        clippy::wrong_self_convention,
        reason = "reads as a sentence, as `to` does"
    )]
    pub(crate) fn to_everybody(self) -> Self {
        self.to("AWS", ["*"])
    }

    /// These actions; replaces those there are.
    #[must_use]
    pub(crate) fn actions<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.actions = Matcher::Only(names.into_iter().map(Into::into).collect());
        self
    }

    /// These resources; replaces `*`.
    #[must_use]
    pub(crate) fn on<S: Into<String>>(mut self, resources: impl IntoIterator<Item = S>) -> Self {
        self.resources = Matcher::Only(resources.into_iter().map(Into::into).collect());
        self
    }

    /// One more condition: `when("StringEquals", "aws:SourceAccount", ["123456789012"])`.
    #[must_use]
    pub(crate) fn when<S: Into<String>>(
        mut self,
        operator: &str,
        key: &str,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        self.conditions
            .entry(operator.to_owned())
            .or_default()
            .entry(key.to_owned())
            .or_default()
            .extend(values.into_iter().map(Into::into));
        self
    }
}
