//! Exact numbers as decimal text.

use std::fmt;
use std::str::FromStr;

use super::CodecError;

/// How many digits a number may have when written out: `f64` needs up to 1,074 after the point.
pub(super) const MAX_DIGITS: usize = 4096;

/// A number as its exact decimal text, in one canonical form: no exponent, no leading zeros, no
/// trailing zeros after the point, no `-0`. Equal numbers have equal texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// The canonical text: `-12.5`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number, where it is a whole one that fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The nearest float. Not exact in general; see [`Self::to_exact_f64`].
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The float that is exactly this number, where there is one.
    pub fn to_exact_f64(&self) -> Option<f64> {
        let float = self.to_f64();
        (Self::try_from(float).ok()? == *self).then_some(float)
    }

    /// The text that Terraform shows: where a fraction is exactly a float, the shortest text that
    /// reads back as that float (`0.1`, not the 55 digits that a binary tenth has).
    pub fn to_display(&self) -> String {
        if self.0.len() > 17
            && self.0.contains('.')
            && let Some(float) = self.to_exact_f64()
        {
            return float.to_string();
        }
        self.0.clone()
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Self {
        Self(value.to_string())
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self(value.to_string())
    }
}

impl TryFrom<f64> for Decimal {
    type Error = CodecError;

    /// The exact value of the float, all its binary digits included.
    fn try_from(value: f64) -> Result<Self, CodecError> {
        if !value.is_finite() {
            return Err(CodecError::Number);
        }
        // 1,074 places hold every finite f64 exactly; whole numbers have none to print.
        let text = if value.fract() == 0.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.1074}")
        };
        text.parse()
    }
}

impl FromStr for Decimal {
    type Err = CodecError;

    /// Reads `12`, `-0.5`, `1e3`, `1.25E-2`, `+7`.
    fn from_str(text: &str) -> Result<Self, CodecError> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (
                mantissa,
                exponent.parse::<i32>().map_err(|_| CodecError::Number)?,
            ),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(CodecError::Number),
            Some((whole, fraction)) => (whole, fraction),
            None => (mantissa, ""),
        };
        let digits = format!("{whole}{fraction}");
        if whole.is_empty()
            || digits.len() > MAX_DIGITS
            || !digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(CodecError::Number);
        }
        // The point stands after this many digits; negative means zeros in between.
        let point =
            i64::try_from(whole.len()).map_err(|_| CodecError::Number)? + i64::from(exponent);
        let leading = digits.len() - digits.trim_start_matches('0').len();
        let point = point - i64::try_from(leading).map_err(|_| CodecError::Number)?;
        let digits = digits.trim_matches('0');
        if digits.is_empty() {
            return Ok(Self("0".to_owned()));
        }
        if point.unsigned_abs() > MAX_DIGITS as u64 {
            return Err(CodecError::Number);
        }
        let sign = if negative { "-" } else { "" };
        let places = usize::try_from(point.unsigned_abs()).map_err(|_| CodecError::Number)?;
        let text = if point <= 0 {
            format!("{sign}0.{}{digits}", "0".repeat(places))
        } else if places >= digits.len() {
            format!("{sign}{digits}{}", "0".repeat(places - digits.len()))
        } else {
            let (whole, fraction) = digits.split_at(places);
            format!("{sign}{whole}.{fraction}")
        };
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_each_number() {
        for (input, text) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("007", "7"),
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("1.25e-2", "0.0125"),
            ("12.5e1", "125"),
            ("0.001e2", "0.1"),
            ("-120", "-120"),
            ("0e999999", "0"),
            ("9007199254740993", "9007199254740993"),
        ] {
            assert_eq!(input.parse::<Decimal>().unwrap().as_str(), text, "{input}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for input in [
            "",
            "-",
            "1.",
            ".5",
            "1e",
            "1e99999",
            "1e99999999999",
            "0x10",
            "NaN",
            "1_000",
            "١",
        ] {
            assert_eq!(input.parse::<Decimal>(), Err(CodecError::Number), "{input}");
        }
        assert!(Decimal::try_from(f64::INFINITY).is_err());
    }

    #[test]
    fn floats_are_exact_and_shown_short() {
        let tenth = Decimal::try_from(0.1).unwrap();
        assert_eq!(
            tenth.as_str(),
            "0.1000000000000000055511151231257827021181583404541015625"
        );
        assert_eq!(tenth.to_exact_f64(), Some(0.1));
        assert_eq!(tenth.to_display(), "0.1");
        assert_eq!("0.1".parse::<Decimal>().unwrap().to_exact_f64(), None);
        let large = Decimal::try_from(18_446_744_073_709_551_616.0).unwrap();
        assert_eq!(large.to_display(), "18446744073709551616");
        let tiny = Decimal::try_from(5e-324).unwrap();
        assert_eq!(tiny.to_exact_f64(), Some(5e-324));
    }
}
