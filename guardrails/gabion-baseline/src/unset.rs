//! Findings at what nobody set.

use gabion_guardrail::prelude::*;

/// A finding at a value that may be left to the provider: "known after apply" would tell its reader nothing.
pub(crate) fn finding(at: &Value, message: &str) -> Finding {
    let finding = at.finding(message);
    if at.is_computed() {
        finding.observed("not set")
    } else {
        finding
    }
}

/// The boolean at `at` must be true, also where the provider would decide it.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn must_be_true(at: &Value, message: &str) -> Result<Option<Finding>, Stop> {
    Ok((at.boolean()? != Some(true)).then(|| finding(at, message).fix(true)))
}

/// The boolean at `at` must not be false: for composites, which say what they do before they do it, except where an
/// account is left as its owner has it.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn must_not_be_false(at: &Value, message: &str) -> Result<Option<Finding>, Stop> {
    Ok((at.boolean()? == Some(false)).then(|| at.finding(message).fix(true)))
}
