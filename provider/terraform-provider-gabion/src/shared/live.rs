//! Live estates are not broken: what others put into a policy is named before anything takes it out.

use gabion_framework::prelude::*;

use super::policy::{Document, removals, unacknowledged};
use super::strings::{self, Strings};

/// The attribute that lists what may be taken out.
pub(crate) const ATTRIBUTE: &str = "acknowledge_removals";

/// Key of the private value that holds the policy last written by this resource, as JSON.
pub(crate) const APPLIED_POLICY: &str = "applied_policy";

/// The attribute `acknowledge_removals`.
pub(crate) fn attribute() -> Attribute {
    Attribute::set(ATTRIBUTE, Type::String)
        .optional()
        .validate(validate::each(validate::length(1, 2048)))
        .describe(
            "Principals, and labels (`Sid`) of statements, that others put into the live policy and that this \
             resource may take out. A plan that would take out anything else is an error that names it.",
        )
}

/// Refuses a planned policy that takes something out of the live one which this resource did not put in
/// and the user did not list. `what` names the object.
pub(crate) fn check(
    live: &Document,
    planned: &Document,
    applied: Option<&Document>,
    acknowledged: &Strings,
    partition: &str,
    what: &str,
    diags: &mut Diagnostics,
) {
    if acknowledged.is_unknown() {
        return;
    }
    let left = unacknowledged(
        removals(live, planned, applied),
        &strings::known_part(acknowledged),
        partition,
    );
    if left.is_empty() {
        return;
    }
    let lines: Vec<String> = left
        .iter()
        .map(|removal| format!("  - {removal}"))
        .collect();
    let names: Vec<String> = left
        .iter()
        .map(|removal| format!("{:?}", removal.name))
        .collect();
    diags.error_at(
        Path::root("policy"),
        "The plan would take principals or statements out of a live policy",
        format!(
            "The policy of {what} holds what this configuration did not put there, and would lose:\n\n{}\n\nKeep it by \
             adding it to `additional_policy_statements` (or to the lists of principals), or let it go with:\n\n  \
             {ATTRIBUTE} = [{}]",
            lines.join("\n"),
            names.join(", ")
        ),
    );
}

/// The policy that this resource wrote last, where it did.
pub(crate) fn applied(private: &Private, partition: &str) -> Option<Document> {
    let text: String = private.get(APPLIED_POLICY)?;
    Document::parse(&text, partition).ok()
}

/// Remembers the policy that was written.
pub(crate) fn remember(private: &mut Private, written: &Document) {
    private.set(APPLIED_POLICY, &written.to_json());
}
