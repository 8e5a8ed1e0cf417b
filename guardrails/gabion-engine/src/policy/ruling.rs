//! What the policy makes of a verdict: the one result that plans, applies and `gabion check` show.

use crate::store::Digest;
use gabion_model::{Level, Operation, Patch, Path, Stage, Undetermined};

/// All rulings on one change (or on a whole plan).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// One per finding, undetermined rule or failed rule; empty where everything passed.
    pub rulings: Vec<Ruling>,
    /// Things to say once, about no finding: a provider version outside of what a pack was tested with. Sentences.
    pub notices: Vec<String>,
}

impl Judgement {
    /// Whether the change must not be made.
    pub fn refused(&self) -> bool {
        self.rulings.iter().any(Ruling::refuses)
    }

    /// Adds the rulings and notices of another judgement.
    pub fn extend(&mut self, other: Self) {
        self.rulings.extend(other.rulings);
        self.notices.extend(other.notices);
    }
}

/// What happens because of a finding. The order is that of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// A waiver or an exception holds: shown, nothing more.
    Accepted,
    /// An old violation of an object that exists: reported, not refused.
    Debt,
    /// It cannot be told yet: decided again at apply.
    Note,
    /// A warning.
    Warn,
    /// The change is refused.
    Refuse,
    /// The rule itself failed: the change is refused.
    Error,
}

/// One finding, and what the policy makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The pack's name.
    pub pack: String,
    /// The pack's version.
    pub pack_version: String,
    /// The rule's code, `DT08`.
    pub code: String,
    /// The rule's name, `key-without-rotation`.
    pub name: String,
    /// The rule in one line, `a key without rotation`.
    pub title: String,
    /// The level in force for this change.
    pub level: Level,
    /// Where the level comes from: `default`, or `gabion.hcl:3:1`.
    pub level_from: String,
    /// What happens.
    pub disposition: Disposition,
    /// What was about to happen to the object.
    pub operation: Operation,
    /// At which step it was judged.
    pub stage: Stage,
    /// Which attribute; the root for the resource as a whole.
    pub path: Path,
    /// What was observed there, redacted.
    pub observed: Option<String>,
    /// The digest of the path and of all that was observed there, by which a baseline tells a violation that it knows
    /// from one that got worse; for findings.
    pub observed_digest: Option<Digest>,
    /// What is wrong, in one sentence without a final full stop.
    pub message: String,
    /// What would mend it.
    pub fix: Vec<Patch>,
    /// What kept the rule from deciding; empty for findings.
    pub undetermined: Vec<Undetermined>,
    /// What an undetermined rule wanted to know, in its own words.
    pub reason: Option<String>,
    /// The waiver or exception that applied.
    pub accepted: Option<String>,
    /// The name of that waiver; `None` where an exception holds, or nothing does.
    pub waived_by: Option<String>,
    /// Whether the object had this violation before; false as well where a rule could not decide, or failed.
    pub old: bool,
    /// More to say of it, a sentence each: an expired waiver, one that expires soon.
    pub notes: Vec<String>,
    /// The resource type, `aws_kms_key`.
    pub resource_type: String,
    /// The object's own id where it has one.
    pub identity: Option<String>,
    /// The resource's address where known; plan calls carry none.
    pub address: Option<String>,
    /// The module that holds it, where known; empty for the root module.
    pub module_address: Option<String>,
    /// Whom to ask, from the policy file.
    pub contact: Option<String>,
    /// How to ask for a waiver: a ready-made block, or the sentence that says why none can be had.
    pub waiver: Option<String>,
}

impl Ruling {
    /// Whether the change must not be made because of this.
    pub fn refuses(&self) -> bool {
        matches!(self.disposition, Disposition::Refuse | Disposition::Error)
    }

    /// The finding's short name, `DT08-3f9a1c20`: the same in every run, of the rule, the object and the attribute.
    /// A plan call knows no address, so its names are others than those of a saved plan.
    pub fn id(&self) -> String {
        let key = format!("{}\n{}\n{}", self.code, self.subject(), self.path);
        let hash = Digest::of(key.as_bytes()).to_string();
        let short: String = (hash.trim_start_matches("sha256:").chars().take(8)).collect();
        format!("{}-{short}", self.code)
    }

    /// The object for a reader: its address, else its type and id.
    pub fn subject(&self) -> String {
        match (&self.address, &self.identity) {
            (Some(address), _) => address.clone(),
            (None, Some(identity)) => format!("{} {identity}", self.resource_type),
            (None, None) => self.resource_type.clone(),
        }
    }
}
