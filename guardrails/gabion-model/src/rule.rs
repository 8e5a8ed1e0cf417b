//! What a pack says of itself and of its rules.

/// How much a rule's violation weighs. The order is that of strictness.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The rule is not run.
    Off,
    /// A violation is a warning.
    Advisory,
    /// A violation refuses the change.
    Mandatory,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One change at a time.
    Change,
    /// The whole plan.
    Plan,
}

/// A resource type that a rule applies to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AppliesTo {
    /// `aws_kms_key`.
    pub resource_type: String,
    /// The source address without host, `hashicorp/aws`.
    pub provider: String,
    /// The versions the rule was tested with, as Terraform writes constraints: `>= 5.0, < 7.0`.
    pub versions: String,
}

/// A control that a rule gives evidence for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Control {
    /// `cis-aws-v5`, `cis-aws-v7`, `security-hub`, `own`.
    pub framework: String,
    /// The id within the framework.
    pub id: String,
    /// Whether the id is confirmed as part of AWS Foundational Security Best Practices.
    pub confirmed: bool,
}

/// What a pack says of one rule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RuleInfo {
    /// Stable for ever: `DT08`.
    pub code: String,
    /// The bad thing it finds: `key-without-rotation`.
    pub name: String,
    /// One line for a reader: `a key without rotation`.
    pub title: String,
    /// The rule's page, Markdown.
    pub page: String,
    /// The level it has when the policy file says nothing.
    pub level: Level,
    /// One change or the whole plan.
    pub scope: Scope,
    /// Which resource types it judges; empty means all.
    pub applies_to: Vec<AppliesTo>,
    /// Which controls it gives evidence for.
    pub controls: Vec<Control>,
    /// The pack version that brought it.
    pub since: String,
}

/// What a pack says of itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PackInfo {
    /// `baseline`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// A JSON Schema for the settings it takes; `{}` takes none.
    pub settings_schema: String,
    /// Its rules, sorted by code.
    pub rules: Vec<RuleInfo>,
}

/// What is wrong with a pack's settings.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SettingsProblem {
    /// Which setting; empty for all of them.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}
