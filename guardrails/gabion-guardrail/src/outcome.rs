//! What a rule returns.

use crate::json::Json;
use crate::value::{Unreadable, Value, Why};

/// A change to one attribute that would mend a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// Which attribute.
    pub path: String,
    /// The value it should have.
    pub value: Json,
}

/// One bad thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub(crate) address: Option<String>,
    pub(crate) path: String,
    pub(crate) observed: Option<String>,
    pub(crate) message: String,
    pub(crate) fix: Vec<Patch>,
}

impl Finding {
    /// A finding at an attribute path of the resource, empty for the resource as a whole. The message is one
    /// sentence without a final full stop.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            address: None,
            path: path.into(),
            observed: None,
            message: message.into(),
            fix: Vec::new(),
        }
    }

    /// Says what was observed, where the value at the path does not say it. The host tells old findings from new
    /// ones by rule, path and this text: leave out what changes for other reasons.
    #[must_use]
    pub fn observed(mut self, observed: impl Into<String>) -> Self {
        self.observed = Some(observed.into());
        self
    }

    /// The finding's own attribute should have this value.
    #[must_use]
    pub fn fix(self, value: impl Into<Json>) -> Self {
        let path = self.path.clone();
        self.fix_at(path, value)
    }

    /// Another attribute should have this value.
    #[must_use]
    pub fn fix_at(mut self, path: impl Into<String>, value: impl Into<Json>) -> Self {
        self.fix.push(Patch {
            path: path.into(),
            value: value.into(),
        });
        self
    }

    /// For whole-plan rules: the address of the resource it is about.
    #[must_use]
    pub fn on(mut self, address: Option<String>) -> Self {
        self.address = address;
        self
    }
}

/// What a rule makes of a change or a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing to say.
    NotApplicable,
    /// Looked at, and good.
    Pass,
    /// At least one finding.
    Violation(Vec<Finding>),
    /// It cannot be told; the text says what the rule wanted to know.
    Undetermined(String),
}

/// Why a rule ended before its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A value cannot be read yet.
    Undetermined(String),
    /// The rule failed: the plan fails closed with this reason.
    Failed(String),
}

/// The answer of a rule.
pub type Outcome = Result<Verdict, Stop>;

/// Nothing to say of this change.
pub const NOT_APPLICABLE: Outcome = Ok(Verdict::NotApplicable);

/// Looked at, and good.
pub const PASS: Outcome = Ok(Verdict::Pass);

/// One finding, as the answer of a rule.
///
/// # Errors
/// None; it has the type of a rule's answer.
pub fn found(finding: Finding) -> Outcome {
    Ok(Verdict::Violation(vec![finding]))
}

impl From<Unreadable> for Stop {
    fn from(unreadable: Unreadable) -> Self {
        let text = unreadable.to_string();
        match unreadable.why {
            Why::Unknown | Why::Computed | Why::Sensitive | Why::NoSchema => {
                Self::Undetermined(text)
            }
            Why::WrongKind | Why::NoSuchPath | Why::NotJson => Self::Failed(text),
        }
    }
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// Gathers findings, so that one value that cannot be read does not hide what others show.
#[derive(Debug, Default)]
pub struct Review {
    findings: Vec<Finding>,
    stop: Option<Stop>,
}

impl Review {
    /// Nothing found.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Looks at one thing: a finding is kept, an end by `?` is remembered and the review goes on.
    pub fn look(&mut self, look: impl FnOnce() -> Result<Option<Finding>, Stop>) {
        match look() {
            Ok(finding) => self.findings.extend(finding),
            Err(stop) => self.stop(stop),
        }
    }

    /// As [`Review::look`], for any number of findings: those before an end by `?` are kept.
    pub fn look_at(&mut self, look: impl FnOnce(&mut Vec<Finding>) -> Result<(), Stop>) {
        if let Err(stop) = look(&mut self.findings) {
            self.stop(stop);
        }
    }

    /// Whether something was found.
    pub fn found(&self) -> bool {
        !self.findings.is_empty()
    }

    /// The boolean at `value` must be true: else a finding with `message`, and the fix that sets it.
    pub fn must_be_true(&mut self, value: &Value, message: &str) {
        match value.boolean() {
            Ok(Some(true)) => {}
            Ok(_) => self.add(value.finding(message).fix(true)),
            Err(unreadable) => self.stop(unreadable.into()),
        }
    }

    fn stop(&mut self, stop: Stop) {
        // A failure outweighs what is merely not known.
        if !matches!(self.stop, Some(Stop::Failed(_))) {
            self.stop = Some(stop);
        }
    }

    /// A failure, else the findings, else what could not be read, else pass.
    ///
    /// # Errors
    /// The failure, or why nothing could be decided.
    pub fn outcome(self) -> Outcome {
        match self.stop {
            Some(stop @ Stop::Failed(_)) => Err(stop),
            _ if !self.findings.is_empty() => Ok(Verdict::Violation(self.findings)),
            Some(stop) => Err(stop),
            None => PASS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreadable(why: Why) -> Stop {
        Unreadable {
            path: "policy".into(),
            why,
        }
        .into()
    }

    #[test]
    fn unreadable_values_end_a_rule_as_they_should() {
        assert!(
            matches!(unreadable(Why::Sensitive), Stop::Undetermined(text) if text == "`policy` is sensitive")
        );
        assert!(matches!(unreadable(Why::NoSuchPath), Stop::Failed(_)));
        assert!(matches!(unreadable(Why::NotJson), Stop::Failed(_)));
    }

    #[test]
    fn a_finding_stands_beside_what_is_unknown() {
        let mut review = Review::new();
        review.look(|| Err(unreadable(Why::Unknown)));
        review.look(|| Ok(Some(Finding::new("a", "bad"))));
        assert!(
            matches!(review.outcome(), Ok(Verdict::Violation(findings)) if findings.len() == 1)
        );
        let mut review = Review::new();
        review.look(|| Err(unreadable(Why::Unknown)));
        assert!(matches!(review.outcome(), Err(Stop::Undetermined(_))));
    }

    #[test]
    fn a_failure_outweighs_everything() {
        let mut review = Review::new();
        review.look(|| Err(unreadable(Why::WrongKind)));
        review.look(|| Err(unreadable(Why::Unknown)));
        review.add(Finding::new("a", "bad"));
        assert!(matches!(review.outcome(), Err(Stop::Failed(_))));
        assert_eq!(Review::new().outcome(), PASS);
    }
}
