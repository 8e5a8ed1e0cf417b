//! Values of a resource, read through handles.

use std::fmt;

use crate::backend;
use crate::outcome::Finding;

/// What kind of value a [`Value`] points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Set to nothing, or absent where absence is allowed.
    Null,
    /// A boolean.
    Boolean,
    /// A number.
    Number,
    /// Text.
    Text,
    /// A list, set, tuple or repeated block.
    Sequence,
    /// A map, object or block.
    Mapping,
    /// Not known yet: it depends on something that the apply makes.
    Unknown,
    /// Unset in the configuration and unknown in the plan: the provider decides it.
    Computed,
}

/// Why a value could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// It is not known yet.
    Unknown,
    /// The provider decides it, and nobody configured it.
    Computed,
    /// It is a secret: kind, size and equality answer, its content does not.
    Sensitive,
    /// It is of another kind than asked for.
    WrongKind,
    /// The resource's schema has no such path.
    NoSuchPath,
    /// There is no schema here that tells whether the name exists.
    NoSchema,
    /// A text that should hold JSON and does not.
    NotJson,
}

/// A value could not be read: where and why. `?` in a rule turns it into undetermined or an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The attribute path.
    pub path: String,
    /// Why.
    pub why: Why,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            Why::Unknown => "is not known yet",
            Why::Computed => "is left to the provider",
            Why::Sensitive => "is sensitive",
            Why::WrongKind => "is of another kind than the rule expects",
            Why::NoSuchPath => "is not in the resource's schema",
            Why::NoSchema => "cannot be told apart from an attribute that does not exist",
            Why::NotJson => "does not hold JSON",
        };
        f.write_str("`")?;
        f.write_str(&self.path)?;
        f.write_str("` ")?;
        f.write_str(why)
    }
}

impl std::error::Error for Unreadable {}

/// Something that looks like a secret, found by a detector in the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What kind: `aws-access-token`, `private-key`.
    pub kind: String,
    /// The attribute path that holds it; never its text.
    pub path: String,
}

/// A handle to a value. Moving to another value never fails and reads nothing; the read that follows tells.
#[derive(Debug)]
pub struct Value(pub(crate) backend::Value);

impl Value {
    /// The kind. A sensitive value shows its kind.
    pub fn kind(&self) -> Kind {
        self.0.kind()
    }

    /// Whether the schema marks it, or a value above it, as sensitive.
    pub fn is_sensitive(&self) -> bool {
        self.0.sensitive()
    }

    /// Whether the provider decides it: unset in the configuration and unknown in the plan.
    pub fn is_computed(&self) -> bool {
        self.kind() == Kind::Computed
    }

    /// Whether it is set to something: neither null nor computed. Text may be empty.
    ///
    /// # Errors
    /// When it is not known yet: it may turn out null.
    pub fn is_set(&self) -> Result<bool, Unreadable> {
        match self.kind() {
            Kind::Null | Kind::Computed => Ok(false),
            Kind::Unknown => Err(self.unreadable(Why::Unknown)),
            _ => Ok(true),
        }
    }

    /// The value at a name of a mapping.
    #[must_use]
    pub fn get(&self, name: &str) -> Self {
        Self(self.0.get(name))
    }

    /// The element of a sequence, counted from 0; null past its end.
    #[must_use]
    pub fn at(&self, index: u32) -> Self {
        Self(self.0.at(index))
    }

    /// The value at a path below this one, `rule[0].default_retention`.
    ///
    /// # Errors
    /// A sentence that says where the text stops being a path.
    pub fn find(&self, path: &str) -> Result<Self, String> {
        self.0.find(path).map(Self)
    }

    /// The elements of a sequence; none for null and computed.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn elements(&self) -> Result<Vec<Self>, Unreadable> {
        Ok(self
            .read(self.0.elements())?
            .unwrap_or_default()
            .into_iter()
            .map(Self)
            .collect())
    }

    /// The only block of a kind that may stand once, `versioning_configuration { }`: the first element of a
    /// sequence; `None` where there is none.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn block(&self) -> Result<Option<Self>, Unreadable> {
        Ok(self.elements()?.into_iter().next())
    }

    /// The names of a mapping, sorted; none for null and computed.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn keys(&self) -> Result<Vec<String>, Unreadable> {
        Ok(self.read(self.0.keys())?.unwrap_or_default())
    }

    /// How many elements, entries or characters it has; 0 for null and computed. A sensitive text answers too.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn size(&self) -> Result<u32, Unreadable> {
        Ok(self.read(self.0.size())?.unwrap_or(0))
    }

    /// The boolean; `None` for null and computed.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn boolean(&self) -> Result<Option<bool>, Unreadable> {
        Ok(self.read(self.0.boolean())?.flatten())
    }

    /// The number as exact decimal text; `None` for null and computed.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn number(&self) -> Result<Option<String>, Unreadable> {
        Ok(self.read(self.0.number())?.flatten())
    }

    /// The number as a whole number; `None` for null and computed.
    ///
    /// # Errors
    /// Why it cannot be read; a number that is not whole, or out of range, is of the wrong kind.
    pub fn integer(&self) -> Result<Option<i64>, Unreadable> {
        self.number()?
            .map(|text| whole(&text).ok_or_else(|| self.unreadable(Why::WrongKind)))
            .transpose()
    }

    /// The number as the nearest float; `None` for null and computed. Costs a guest some kilobytes.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn float(&self) -> Result<Option<f64>, Unreadable> {
        self.number()?
            .map(|text| text.parse().map_err(|_| self.unreadable(Why::WrongKind)))
            .transpose()
    }

    /// The text; `None` for null and computed.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn text(&self) -> Result<Option<String>, Unreadable> {
        Ok(self.read(self.0.text())?.flatten())
    }

    /// The text where it is not empty: many attributes of the AWS provider write "unset" as `""`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn filled(&self) -> Result<Option<String>, Unreadable> {
        Ok(self.text()?.filter(|text| !text.is_empty()))
    }

    /// Whether two values are equal; sensitive ones answer too. Computed equals nothing.
    ///
    /// # Errors
    /// Why one of them cannot be read.
    pub fn equal_to(&self, other: &Self) -> Result<bool, Unreadable> {
        Ok(self.read(self.0.equal_to(&other.0))?.unwrap_or(false))
    }

    /// The attribute path; inside a document, of the attribute that holds it.
    pub fn path(&self) -> String {
        self.0.path()
    }

    /// The JSON that a text holds, such as an IAM policy; `None` for null, computed and an empty text.
    ///
    /// # Errors
    /// Why it cannot be read, or that it is no JSON.
    pub fn document(&self) -> Result<Option<Self>, Unreadable> {
        if self.size()? == 0 {
            return Ok(None);
        }
        Ok(self.read(self.0.document())?.map(Self))
    }

    /// What a detector in the host finds in this value and below it.
    pub fn secrets(&self) -> Vec<Secret> {
        self.0.secrets()
    }

    /// A finding at this value: one sentence without a final full stop.
    pub fn finding(&self, message: impl Into<String>) -> Finding {
        Finding::new(self.path(), message)
    }

    /// Computed is no error here: it reads as `None`.
    fn read<T>(&self, answer: Result<T, Why>) -> Result<Option<T>, Unreadable> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(Why::Computed) => Ok(None),
            Err(why) => Err(self.unreadable(why)),
        }
    }

    fn unreadable(&self, why: Why) -> Unreadable {
        Unreadable {
            path: self.path(),
            why,
        }
    }
}

/// An exact decimal text as a whole number: `30`, `30.0`, `3e1`.
fn whole(text: &str) -> Option<i64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.trim_start_matches('+').parse::<i32>().ok()?,
        ),
        None => (text, 0),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let after = after.trim_end_matches('0');
    let shift = exponent.checked_sub(i32::try_from(after.len()).ok()?)?;
    let mut digits = String::from(before);
    digits.push_str(after);
    let value: i64 = digits.parse().ok()?;
    match u32::try_from(shift) {
        Ok(shift) => value.checked_mul(10_i64.checked_pow(shift)?),
        Err(_) => {
            let divisor = 10_i64.checked_pow(shift.unsigned_abs())?;
            (value % divisor == 0).then_some(value / divisor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_exactly() {
        for (text, value) in [
            ("30", 30),
            ("-7", -7),
            ("30.0", 30),
            ("3e1", 30),
            ("3E+1", 30),
            ("300e-1", 30),
            ("2.5e1", 25),
        ] {
            assert_eq!(whole(text), Some(value), "{text}");
        }
        for text in ["2.5", "1e-1", "", "x", "1e99", "9223372036854775808"] {
            assert_eq!(whole(text), None, "{text}");
        }
    }
}
