//! The `timeouts` block.

use std::time::Duration;

use gabion_plugin::dynamic::Dynamic;

use crate::diag::Diagnostics;
use crate::path::Path;
use crate::schema::{Attribute, Block};
use crate::validate::Validator;
use crate::value::Value;

crate::object! {
    /// What the user set in the `timeouts` block; a resource's model has it as `Value<Timeouts>`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Timeouts {
        /// How long create may take.
        pub create: Value<String>,
        /// How long read may take.
        pub read: Value<String>,
        /// How long update may take.
        pub update: Value<String>,
        /// How long delete may take.
        pub delete: Value<String>,
    }
}

/// The `timeouts` block with these operations: `create`, `read`, `update`, `delete`.
#[must_use]
pub fn block(operations: &[&str]) -> Block {
    let attributes = operations
        .iter()
        .map(|operation| {
            Attribute::string(*operation)
                .optional()
                .describe(format!(
                    "How long {operation} may take, such as `30m` or `1h30m`."
                ))
                .validate(IsDuration)
        })
        .collect();
    Block::single("timeouts", attributes).describe("How long operations may take.")
}

/// Reads a duration as Terraform writes it: `90s`, `30m`, `1h30m`, `1.5h`, `500ms`; more than zero.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse(text: &str) -> Result<Duration, String> {
    let fault = || {
        format!("`{text}` is not a duration: expected numbers with units, such as `30m` or `1h30m`")
    };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(fault());
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(fault)?;
        let (number, tail) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| fault())?;
        let letters = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        total += number
            * match unit {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return Err(fault()),
            };
        rest = tail;
    }
    // A year is far beyond any use, and well below where adding to a clock overflows.
    if total > 365.0 * 86_400.0 {
        return Err(format!("`{text}` is longer than a year"));
    }
    match Duration::try_from_secs_f64(total) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(format!("`{text}` is not a duration of more than zero")),
    }
}

/// What the `timeouts` block of `object` says for `operation`; none when it says nothing.
pub(crate) fn configured(object: &Dynamic, operation: &str) -> Option<Duration> {
    let text = object.get("timeouts")?.get(operation)?.as_str()?;
    parse(text).ok()
}

struct IsDuration;

impl Validator for IsDuration {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::String(text) = value
            && let Err(fault) = parse(text)
        {
            crate::validate::fail(path, diags, fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("1.5h"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        for wrong in [
            "",
            "30",
            "m",
            "30 minutes",
            "-5m",
            "0s",
            "1x",
            "1..5h",
            "100000h",
            "1h-2m",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            parse("soon").unwrap_err(),
            "`soon` is not a duration: expected numbers with units, such as `30m` or `1h30m`"
        );
    }
}
