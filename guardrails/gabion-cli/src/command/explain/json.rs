//! What was explained, for a program. The shape is documented in `docs/cli/explain.md`: fields are added, never changed.

use gabion_engine::policy::{RuleInForce, own_words};
use gabion_model::Verdict;
use serde_json::{Value as Json, json};

use super::finding::Explained;
use crate::output::Seen;
use crate::output::json::FindingPart;

/// Raised when a field changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

fn document(mut fields: Json) -> String {
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("schema_version".into(), json!(SCHEMA_VERSION));
        fields.insert("gabion_version".into(), json!(env!("CARGO_PKG_VERSION")));
    }
    let mut text = serde_json::to_string_pretty(&fields).unwrap_or_default();
    text.push('\n');
    text
}

/// A rule and its page.
pub(super) fn rule(rule: &RuleInForce) -> String {
    let mut fields = json!(rule);
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("page".into(), json!(rule.page()));
    }
    document(json!({ "rule": fields }))
}

/// Everything that answers rest on.
pub(super) fn write(found: &[Explained]) -> String {
    let all: Vec<Json> = found.iter().map(one).collect();
    document(json!({ "explanations": all }))
}

/// A verdict in a word, as case files write it; `off` for a rule that was not asked.
fn word(verdict: Option<&Verdict>) -> &'static str {
    match verdict {
        None => "off",
        Some(Verdict::NotApplicable) => "not_applicable",
        Some(Verdict::Pass) => "pass",
        Some(Verdict::Violation(_)) => "violation",
        Some(Verdict::Undetermined(_)) => "undetermined",
        Some(Verdict::Error(_)) => "error",
    }
}

fn one(Explained { about, place }: &Explained) -> Json {
    let (reason, undetermined) = match &about.verdict {
        Some(Verdict::Undetermined(why)) => (
            own_words(why.reason.as_deref(), &why.blocked).map(str::to_owned),
            why.blocked.clone(),
        ),
        Some(Verdict::Error(reason)) => (Some(reason.clone()), Vec::new()),
        _ => (None, Vec::new()),
    };
    let findings: Vec<Json> = (about.rulings.iter())
        .map(|ruling| {
            json!(FindingPart::new(Seen {
                ruling,
                place: place.as_ref(),
            }))
        })
        .collect();
    json!({
        "rule": about.code,
        "name": about.name,
        "title": about.title,
        "pack": about.pack,
        "pack_version": about.pack_version,
        "scope": about.scope,
        "resource_type": about.resource_type,
        "address": about.address,
        "identity": about.identity,
        "operation": about.operation,
        "level": about.level,
        "level_from": about.level_from,
        "on_unknown": about.on_unknown,
        "old": about.ratchet,
        "policy": about.blocks,
        "verdict": word(about.verdict.as_ref()),
        "verdict_of_prior_state": about.before.as_ref().map(|before| word(Some(before))),
        "reason": reason,
        "undetermined": undetermined,
        "reads": about.reads,
        "reads_of_others": about.reads_of_others,
        "findings": findings,
        "weighed": about.weighed,
        "decided_again": about.again,
        "contact": about.contact,
    })
}
