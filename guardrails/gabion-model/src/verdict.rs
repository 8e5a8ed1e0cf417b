//! Findings and verdicts, and how the host settles what a rule returned with what it read.

use std::borrow::Cow;
use std::sync::Arc;

use crate::change::{Change, Graph};
use crate::detect;
use crate::path::Path;
use crate::rule::PackInfo;
use crate::view::{ReadSet, Trace, Unreadable};

/// A change to one attribute that would mend a finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Patch {
    /// Which attribute.
    pub path: Path,
    /// The value it should have, as JSON text.
    pub value: String,
}

/// One bad thing that a rule found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// The address of the resource, for whole-plan rules.
    pub address: Option<String>,
    /// Which attribute; the root for the resource as a whole.
    pub path: Path,
    /// What was observed there, for a reader and for telling old from new.
    pub observed: Option<String>,
    /// What is wrong, in one sentence without a final full stop.
    pub message: String,
    /// What would mend it.
    pub fix: Vec<Patch>,
}

impl Finding {
    /// What was observed, for a reader: without what looks like a secret. The field itself stays as it is, as it
    /// tells an old violation from a new one.
    pub fn shown(&self) -> Option<Cow<'_, str>> {
        let observed = self.observed.as_deref()?;
        Some(detect::redact(detect::name_of(&self.path), observed))
    }
}

/// What a rule itself returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawVerdict {
    /// The rule has nothing to say of this change.
    NotApplicable,
    /// The rule looked and found nothing.
    Pass,
    /// At least one finding.
    Violation(Vec<Finding>),
    /// The rule met a value that it could not read; the text says what it wanted to know.
    Undetermined(String),
}

/// Why a rule could not decide: one value that it asked for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Undetermined {
    /// Of which resource, for whole-plan rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Which attribute blocked it.
    pub path: Path,
    /// Why it could not be read.
    pub why: Unreadable,
}

/// Why a verdict is undetermined: what the rule says, and what it could not read. One of them is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Undecided {
    /// What the rule wanted to know, in its own words; `None` where it did not say, and the host turned its answer.
    pub reason: Option<String>,
    /// What it asked for and could not read; empty where the rule alone knows why.
    pub blocked: Vec<Undetermined>,
}

/// What the host makes of a rule's answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "detail")]
pub enum Verdict {
    /// The rule has nothing to say.
    NotApplicable,
    /// Looked at, and good.
    Pass,
    /// Bad.
    Violation(Vec<Finding>),
    /// It cannot be told yet, and why.
    Undetermined(Undecided),
    /// The rule failed; the plan fails closed.
    Error(String),
}

impl Verdict {
    /// Settles a rule's answer with what it read: a path outside the schema is an error; a violation stands;
    /// an unreadable value turns any other answer into undetermined.
    pub fn settle(raw: Result<RawVerdict, String>, trace: &Trace) -> Self {
        if let Some(path) = trace.missing() {
            return Self::Error(format!(
                "the rule reads `{path}`, which the resource's schema does not have; \
                 the provider may be older than the versions that the rule was tested with, or newer: then look for a newer version of the pack"
            ));
        }
        let blocked = trace.blocked();
        match raw {
            Err(reason) => Self::Error(reason),
            Ok(RawVerdict::Violation(findings)) if !findings.is_empty() => {
                Self::Violation(findings)
            }
            Ok(RawVerdict::Undetermined(reason)) => Self::Undetermined(Undecided {
                reason: Some(reason).filter(|reason| !reason.is_empty()),
                blocked,
            }),
            Ok(_) if !blocked.is_empty() => Self::Undetermined(Undecided {
                reason: None,
                blocked,
            }),
            Ok(RawVerdict::NotApplicable) => Self::NotApplicable,
            Ok(RawVerdict::Pass | RawVerdict::Violation(_)) => Self::Pass,
        }
    }
}

impl Verdict {
    /// The verdict as it may be shown or kept: without what looks like a secret in what was observed and said.
    #[must_use]
    pub fn redacted(&self) -> Self {
        let mut clean = self.clone();
        match &mut clean {
            Self::Violation(findings) => findings.iter_mut().for_each(|finding| {
                finding.observed = finding.shown().map(Cow::into_owned);
                hide(finding);
            }),
            Self::Error(reason) => detect::redact_in_place(None, reason),
            Self::Undetermined(why) => {
                if let Some(reason) = &mut why.reason {
                    detect::redact_in_place(None, reason);
                }
            }
            Self::NotApplicable | Self::Pass => {}
        }
        clean
    }
}

impl RawVerdict {
    /// Takes what looks like a secret out of all that a rule says. What it observed stays: it is compared.
    pub fn redact(&mut self) {
        match self {
            Self::Violation(findings) => findings.iter_mut().for_each(hide),
            Self::Undetermined(what) => detect::redact_in_place(None, what),
            Self::NotApplicable | Self::Pass => {}
        }
    }
}

/// The words of a finding and its fixes, without what looks like a secret.
fn hide(finding: &mut Finding) {
    detect::redact_in_place(None, &mut finding.message);
    for patch in &mut finding.fix {
        detect::redact_in_place(detect::name_of(&patch.path), &mut patch.value);
    }
}

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The settled verdict.
    pub verdict: Verdict,
    /// What the rule read.
    pub reads: ReadSet,
}

/// Why a pack could not be asked at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerError(pub String);

impl std::fmt::Display for RunnerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RunnerError {}

/// Runs the rules of one pack: a component in its sandbox, or native rules in tests and comparisons.
pub trait Runner: Send {
    /// What the pack says of itself.
    fn info(&self) -> &PackInfo;

    /// Asks one rule about one change. A failure of the rule is a verdict, [`Verdict::Error`].
    fn check(&mut self, rule: &str, change: &Arc<Change>) -> Evaluation;

    /// The verdict of [`Runner::check`] alone, for whoever does not ask what was read.
    fn verdict(&mut self, rule: &str, change: &Arc<Change>) -> Verdict {
        self.check(rule, change).verdict
    }

    /// Asks one whole-plan rule about the graph.
    fn check_plan(&mut self, rule: &str, graph: &Arc<Graph>) -> Evaluation;

    /// The verdict of [`Runner::check_plan`] alone, for whoever does not ask what was read.
    fn verdict_on_plan(&mut self, rule: &str, graph: &Arc<Graph>) -> Verdict {
        self.check_plan(rule, graph).verdict
    }
}
