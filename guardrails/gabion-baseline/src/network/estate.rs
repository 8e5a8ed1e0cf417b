//! What the tags of a VPC say of it: environment, data tier, egress; and whose an account is.

use gabion_guardrail::prelude::*;

/// The value of a tag, in lower case, whatever the case of its key; `None` where it is not set.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn tag(resource: &Value, wanted: &str) -> Result<Option<String>, Stop> {
    for tags in [Tags::own(resource), Tags::all(resource)] {
        for key in tags.keys()? {
            if key.eq_ignore_ascii_case(wanted) {
                let value = tags.get(&key)?;
                return Ok(value.map(|text| text.trim().to_ascii_lowercase()));
            }
        }
    }
    Ok(None)
}

/// Whether data of a tier may not leave by every way.
pub(super) fn is_confidential(tier: &str) -> bool {
    matches!(tier, "confidential" | "regulated")
}

/// Whether an account is one that its `gabion_account` makes, and not one that was there: that keeps what its owner set.
pub(super) fn is_made_here(change: &Change, account: &Value) -> Result<bool, Stop> {
    Ok(change.resource_type() == "gabion_account"
        && account.get("adopted").boolean()? == Some(false))
}
