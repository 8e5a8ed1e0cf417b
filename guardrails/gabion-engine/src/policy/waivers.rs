//! The waivers of a policy as a list, for who looks after them.

use jiff::{SignedDuration, Timestamp};

use gabion_model::Stage;

use super::find::Files;
use super::guard::Guard;
use super::waiver::{self, Term};

/// A waiver that ends later than this is told: it outlives those who asked for it.
const FAR: SignedDuration = SignedDuration::from_hours(366 * 24);

/// A waiver of the policy.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WaiverInForce {
    /// Its name.
    pub name: String,
    /// The rule that it waives.
    pub rule: String,
    /// The type of the object that it is for.
    pub resource: String,
    /// Where it stands: `gabion.hcl:12:8`.
    pub at: String,
    /// Why the risk is accepted.
    pub reason: String,
    /// The ticket, where one is named.
    pub ticket: Option<String>,
    /// Who approved it, where somebody is named.
    pub approver: Option<String>,
    /// When it ends, in UTC.
    pub expires: String,
    /// Whole days until then; negative after its end.
    pub days: i64,
    /// Whether it holds.
    pub state: WaiverState,
    /// Whether a finding met it since the policy was loaded.
    pub used: bool,
}

/// Whether a waiver holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverState {
    /// It holds.
    Holds,
    /// It holds, and ends within 14 days.
    EndsSoon,
    /// It is over.
    Expired,
}

impl Guard {
    /// All waivers, those that end first at the top.
    pub fn waivers(&self) -> Vec<WaiverInForce> {
        let now = self.now();
        let mut all: Vec<WaiverInForce> = self
            .waivers
            .values()
            .flatten()
            .map(|waiver| {
                let expires = waiver.expires.value;
                let left = expires.duration_since(now).as_secs();
                WaiverInForce {
                    name: waiver.name.value.clone(),
                    rule: waiver.rule.value.clone(),
                    resource: waiver.resource.value.clone(),
                    at: waiver.name.at.to_string(),
                    reason: waiver.reason.clone(),
                    ticket: waiver.ticket.clone(),
                    approver: waiver.approver.clone(),
                    expires: expires.to_string(),
                    days: left.div_euclid(24 * 60 * 60),
                    state: match waiver::term(expires, now, Stage::Plan) {
                        Term::Holds => WaiverState::Holds,
                        Term::EndsSoon => WaiverState::EndsSoon,
                        Term::Expired => WaiverState::Expired,
                    },
                    used: self.is_used(waiver),
                }
            })
            .collect();
        all.sort_by(|left, right| {
            (&left.expires, &left.at, &left.name).cmp(&(&right.expires, &right.at, &right.name))
        });
        all
    }
}

/// Waivers that are good and all the same not what they should be.
pub(super) fn warnings(files: &Files, now: Timestamp) -> Vec<String> {
    let far = now.saturating_add(FAR).unwrap_or(Timestamp::MAX);
    files
        .floors
        .iter()
        .chain(&files.near)
        .flat_map(|file| &file.waivers)
        .filter(|waiver| waiver.expires.value > far)
        .map(|waiver| {
            format!(
                "{}: waiver `{}` ends more than a year from now, at {}: nobody will look at it again before; give it a nearer end",
                waiver.expires.at, waiver.name.value, waiver.expires.value
            )
        })
        .collect()
}
