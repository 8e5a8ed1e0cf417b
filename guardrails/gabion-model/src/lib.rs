//! Pure types of the guardrails: the value tree with unknown and sensitive marks, changes, plans,
//! rules, findings and verdicts.
//!
//! What belongs here: data, and the one definition of what a read of a value answers ([`view`]), which
//! the sandbox host and native runs share so that they cannot differ. What does not: I/O, WebAssembly,
//! the policy file, Terraform's wire formats.

pub mod change;
pub mod detect;
pub mod path;
pub mod rule;
pub mod tree;
pub mod verdict;
pub mod view;

pub use change::{Change, Graph, Mode, Operation, Reference, Referrers, Stage};
pub use detect::Secret;
pub use path::{Path, Step};
pub use rule::{AppliesTo, Control, Level, PackInfo, RuleInfo, Scope, SettingsProblem};
pub use tree::{Attributes, Data, Kind, NodeId, Shape, Tree, TreeBuilder};
pub use verdict::{
    Evaluation, Finding, Patch, RawVerdict, Runner, RunnerError, Undecided, Undetermined, Verdict,
};
pub use view::{Read, ReadSet, Side, Trace, Unreadable, View};
