//! Text and numbers.

use gabion_plugin::dynamic::Dynamic;

use super::{Text, Validator, fail};
use crate::diag::Diagnostics;
use crate::path::Path;

/// Exactly one of these texts.
#[must_use]
pub fn one_of(allowed: &[&str]) -> impl Validator + 'static {
    let allowed: Vec<String> = allowed.iter().map(|text| (*text).to_owned()).collect();
    Text(move |text: &str| {
        if allowed.iter().any(|one| one == text) {
            return Ok(());
        }
        let list: Vec<_> = allowed.iter().map(|one| format!("`{one}`")).collect();
        Err(format!("`{text}` is not one of {}", list.join(", ")))
    })
}

/// From `min` to `max`, both included: characters of a text, or elements of a list, set or map.
#[must_use]
pub const fn length(min: usize, max: usize) -> impl Validator + 'static {
    Length { min, max }
}

struct Length {
    min: usize,
    max: usize,
}

impl Validator for Length {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        let (length, subject, unit) = match value {
            Dynamic::String(text) => (
                text.chars().count(),
                format!("`{}` has", shorten(text)),
                "characters",
            ),
            Dynamic::List(items) => (items.len(), "the value has".to_owned(), "elements"),
            Dynamic::Map(items) => (items.len(), "the value has".to_owned(), "elements"),
            _ => return,
        };
        if (self.min..=self.max).contains(&length) {
            return;
        }
        let expected = match (self.min, self.max) {
            (min, max) if min == max => format!("expected {min}"),
            (min, usize::MAX) => format!("expected at least {min}"),
            (0, max) => format!("expected at most {max}"),
            (min, max) => format!("expected {min} to {max}"),
        };
        fail(
            path,
            diags,
            format!("{subject} {length} {unit}: {expected}"),
        );
    }
}

/// The first 40 characters: a message need not repeat a whole document.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(40).collect();
    short.push_str("...");
    short
}

/// A whole number from `min` to `max`, both included.
#[must_use]
pub const fn between(min: i64, max: i64) -> impl Validator + 'static {
    Between { min, max }
}

struct Between {
    min: i64,
    max: i64,
}

impl Validator for Between {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        let Dynamic::Number(number) = value else {
            return;
        };
        let inside = number
            .to_i64()
            .is_some_and(|number| (self.min..=self.max).contains(&number));
        if !inside {
            fail(
                path,
                diags,
                format!(
                    "`{}` is not a whole number from {} to {}",
                    number.as_str(),
                    self.min,
                    self.max
                ),
            );
        }
    }
}

/// Text that `accept` accepts. `what` completes "`x` is not ...", such as
/// "an alias: expected `alias/` and letters, digits, `/`, `_` or `-`".
#[must_use]
pub fn matches(
    accept: impl Fn(&str) -> bool + Send + Sync + 'static,
    what: &'static str,
) -> impl Validator + 'static {
    Text(move |text: &str| {
        if accept(text) {
            Ok(())
        } else {
            Err(format!("`{text}` is not {what}"))
        }
    })
}

/// A time with date, time to the second, and offset, as RFC 3339 has it: `2026-12-31T00:00:00Z` or
/// `2026-12-31T00:00:00.5+01:00`. The date must exist.
#[must_use]
pub fn rfc3339() -> impl Validator + 'static {
    Text(|text: &str| {
        if rfc3339_shape(text) && text.parse::<jiff::Timestamp>().is_ok() {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not a time: expected RFC 3339, such as `2026-12-31T00:00:00Z`"
        ))
    })
}

/// The library reads more than RFC 3339 allows, so the shape is checked first.
fn rfc3339_shape(text: &str) -> bool {
    let Some((head, tail)) = text.split_at_checked(19) else {
        return false;
    };
    let fits = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text
                .bytes()
                .zip(pattern.bytes())
                .all(|(byte, want)| match want {
                    b'0' => byte.is_ascii_digit(),
                    want => byte == want,
                })
    };
    let offset = match tail.strip_prefix('.') {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == fraction.len() {
                return false;
            }
            rest
        }
        None => tail,
    };
    fits(head, "0000-00-00T00:00:00")
        && (offset == "Z" || fits(offset, "+00:00") || fits(offset, "-00:00"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{verdict, verdict_of};
    use super::*;
    use crate::convert::ToDynamic;

    #[test]
    fn choices() {
        let validator = one_of(&["low", "high"]);
        assert_eq!(verdict(&validator, "low"), "");
        assert_eq!(
            verdict(&validator, "Low"),
            "x: `Low` is not one of `low`, `high`"
        );
    }

    #[test]
    fn lengths() {
        assert_eq!(verdict(&length(1, 3), "äöü"), "");
        assert_eq!(
            verdict(&length(1, 3), ""),
            "x: `` has 0 characters: expected 1 to 3"
        );
        assert_eq!(
            verdict(&length(0, 3), "abcd"),
            "x: `abcd` has 4 characters: expected at most 3"
        );
        assert_eq!(
            verdict_of(&length(2, usize::MAX), &vec!["a"].to_dynamic()),
            "x: the value has 1 elements: expected at least 2"
        );
    }

    #[test]
    fn ranges() {
        let validator = between(90, 2560);
        for good in [90, 365, 2560] {
            assert_eq!(verdict_of(&validator, &good.to_dynamic()), "");
        }
        for wrong in [89, 2561, -90] {
            assert_eq!(
                verdict_of(&validator, &wrong.to_dynamic()),
                format!("x: `{wrong}` is not a whole number from 90 to 2560")
            );
        }
        let fraction = Dynamic::Number("100.5".parse().unwrap());
        assert!(verdict_of(&validator, &fraction).contains("`100.5` is not a whole number"));
        let huge = Dynamic::Number("1e30".parse().unwrap());
        assert!(verdict_of(&validator, &huge).contains("is not a whole number"));
    }

    #[test]
    fn custom() {
        let validator = matches(|text| text.starts_with("alias/"), "an alias");
        assert_eq!(verdict(&validator, "alias/a"), "");
        assert_eq!(verdict(&validator, "a"), "x: `a` is not an alias");
    }

    #[test]
    fn times() {
        for good in [
            "2026-12-31T00:00:00Z",
            "2026-12-31T23:59:59.123+02:00",
            "2024-02-29T00:00:00-11:30",
        ] {
            assert_eq!(verdict(&rfc3339(), good), "", "{good}");
        }
        for wrong in [
            "",
            "tomorrow",
            "2026-12-31",
            "2026-12-31T00:00:00",
            "2026-12-31 00:00:00Z",
            "2026-12-31T00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-12-31T25:00:00Z",
            "2026-12-31T00:00:00.Z",
            "2026-12-31T00:00:00+0100",
            "2026-12-31T00:00:00Zü",
            "ü026-12-31T00:00:00Z",
        ] {
            assert_ne!(verdict(&rfc3339(), wrong), "", "{wrong}");
        }
    }
}
