//! What a rule says of itself.

use crate::change::Change;
use crate::graph::Graph;
use crate::outcome::{NOT_APPLICABLE, Outcome};

/// How much a violation weighs when the policy file says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// The rule is not run.
    Off,
    /// A violation is a warning.
    Advisory,
    /// A violation refuses the change.
    Mandatory,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One change at a time.
    Change,
    /// The whole plan.
    Plan,
}

/// A resource type that a rule applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// `aws_kms_key`.
    pub resource_type: &'static str,
    /// The provider's source address without host, `hashicorp/aws`.
    pub provider: &'static str,
    /// The versions the rule was tested with, as Terraform writes constraints; empty means any.
    pub versions: &'static str,
}

impl Target {
    /// A type of a provider, in the versions that the rule was tested with.
    pub const fn new(
        resource_type: &'static str,
        provider: &'static str,
        versions: &'static str,
    ) -> Self {
        Self {
            resource_type,
            provider,
            versions,
        }
    }
}

/// A control that a rule gives evidence for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// `cis-aws-v5`, `cis-aws-v7`, `security-hub`, `own`.
    pub framework: &'static str,
    /// The id within it.
    pub id: &'static str,
    /// Whether the id is confirmed as part of the framework's foundational set.
    pub confirmed: bool,
}

impl Control {
    /// A control of any framework.
    pub const fn new(framework: &'static str, id: &'static str, confirmed: bool) -> Self {
        Self {
            framework,
            id,
            confirmed,
        }
    }

    /// CIS AWS Foundations Benchmark v5.
    pub const fn cis_v5(id: &'static str) -> Self {
        Self::new("cis-aws-v5", id, true)
    }

    /// CIS AWS Foundations Benchmark v7.
    pub const fn cis_v7(id: &'static str) -> Self {
        Self::new("cis-aws-v7", id, true)
    }

    /// A Security Hub control of AWS Foundational Security Best Practices.
    pub const fn security_hub(id: &'static str) -> Self {
        Self::new("security-hub", id, true)
    }

    /// A Security Hub control that is not confirmed as part of AWS Foundational Security Best Practices.
    pub const fn security_hub_unconfirmed(id: &'static str) -> Self {
        Self::new("security-hub", id, false)
    }

    /// The pack's own control.
    pub const fn own(id: &'static str) -> Self {
        Self::new("own", id, true)
    }
}

/// What a pack says of one rule.
#[derive(Clone, Copy, Debug)]
pub struct Metadata {
    /// Stable for ever: `DT08`.
    pub code: &'static str,
    /// The bad thing it finds, so that it reads well after "allow": `key-without-rotation`.
    pub name: &'static str,
    /// One line for a reader.
    pub title: &'static str,
    /// The doc comment as written; [`page_of`] makes the page of it.
    pub doc: &'static str,
    /// The level it has by default.
    pub level: Level,
    /// One change or the whole plan.
    pub scope: Scope,
    /// Which resource types it judges; empty means all.
    pub targets: &'static [Target],
    /// Which controls it gives evidence for.
    pub controls: &'static [Control],
    /// The pack version that brought it.
    pub since: &'static str,
}

/// A rule: metadata and one function, of one change or of the whole plan. Written by [`macro@crate::rule`].
pub trait Rule {
    /// What it says of itself.
    const METADATA: Metadata;

    /// Judges one change.
    ///
    /// # Errors
    /// Why it ended before a verdict.
    fn check(_change: &Change) -> Outcome {
        NOT_APPLICABLE
    }

    /// Judges the whole plan.
    ///
    /// # Errors
    /// Why it ended before a verdict.
    fn check_plan(_graph: &Graph) -> Outcome {
        NOT_APPLICABLE
    }
}

/// A rule's line in the registry of its pack.
#[derive(Clone, Copy, Debug)]
pub struct RuleEntry {
    /// What it says of itself.
    pub metadata: Metadata,
    pub(crate) check: fn(&Change) -> Outcome,
    pub(crate) check_plan: fn(&Graph) -> Outcome,
}

impl RuleEntry {
    /// The line of a rule.
    pub const fn of<R: Rule>() -> Self {
        Self {
            metadata: R::METADATA,
            check: R::check,
            check_plan: R::check_plan,
        }
    }

    /// The rule's page, Markdown.
    pub fn page(&self) -> String {
        page_of(self.metadata.doc)
    }
}

/// A doc comment as Markdown: without the space that each line begins with, and the empty line at the end.
pub fn page_of(doc: &str) -> String {
    let mut page = String::with_capacity(doc.len());
    for line in doc.trim_end().lines() {
        page.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end());
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_indents() {
        assert_eq!(
            page_of(" ## Fix\n ```hcl\n a {\n   b = 1\n }\n ```\n\n"),
            "## Fix\n```hcl\na {\n  b = 1\n}\n```\n"
        );
    }
}
