//! Values as they cross the plugin protocol, without their schema.
//!
//! What belongs here: the value, its exact numbers, and its two encodings. What does not: schemas
//! ([`crate::schema`]) and the typed values that resource authors use (`gabion-framework`).

mod decimal;
mod json;
mod msgpack;

use std::collections::BTreeMap;

pub use decimal::Decimal;

/// How deep a value may be nested: far beyond any schema, and well within a thread's stack.
pub const MAX_DEPTH: usize = 128;

/// How many values one message may hold. A message of 64 MiB could otherwise become gigabytes.
pub const MAX_NODES: usize = 4_000_000;

/// A value of any type: null, not known yet, or known.
///
/// `Debug` prints what it holds, secrets too: for tests, never for a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Dynamic {
    /// Null: unset.
    #[default]
    Null,
    /// Not known until apply.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// A number, exact.
    Number(Decimal),
    /// Text.
    String(String),
    /// A list, a set or a tuple.
    List(Vec<Self>),
    /// A map, an object or a block.
    Map(BTreeMap<String, Self>),
}

/// Why bytes are not a value, or a value has no such encoding. Says nothing of what the value holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The input ends inside a value.
    #[error("the value is cut off after {0} bytes")]
    Truncated(usize),
    /// The value is whole, and input is left.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    /// Deeper than [`MAX_DEPTH`].
    #[error("the value is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More than [`MAX_NODES`] values.
    #[error("the message holds more than {MAX_NODES} values")]
    TooLarge,
    /// A byte that starts no value, at this position.
    #[error("byte {0} starts no value")]
    Marker(usize),
    /// A map key that is no text, or stands twice.
    #[error("the map key before byte {0} is no text or stands there twice")]
    Key(usize),
    /// Text that is not UTF-8.
    #[error("the text before byte {0} is not UTF-8")]
    Text(usize),
    /// A number that is no finite decimal of reasonable length.
    #[error(
        "a number is not finite, not decimal, or has more than {} digits",
        decimal::MAX_DIGITS
    )]
    Number,
    /// JSON has no unknown values.
    #[error("a value that is not known yet cannot be written as JSON")]
    Unknown,
    /// Not JSON; the text names line and column.
    #[error("not valid JSON: {0}")]
    Json(String),
    /// The value does not have the shape that its type asks for.
    #[error("a value is not of the type `{0}` that the schema gives it")]
    Type(String),
    /// A type description that cannot be read.
    #[error("the schema holds a type that cannot be read")]
    BadType,
}

impl Dynamic {
    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this is unknown as a whole.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether this and all below it is known.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::List(items) => items.iter().all(Self::is_wholly_known),
            Self::Map(items) => items.values().all(Self::is_wholly_known),
            _ => true,
        }
    }

    /// The text, where this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The attribute or key, where this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(items) => items.get(name),
            _ => None,
        }
    }
}

impl From<bool> for Dynamic {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Dynamic {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<Decimal> for Dynamic {
    fn from(value: Decimal) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Dynamic {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Dynamic {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Dynamic {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>> From<Option<T>> for Dynamic {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<K: Into<String>, V: Into<Self>> FromIterator<(K, V)> for Dynamic {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        Self::Map(
            items
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

impl From<i32> for Dynamic {
    fn from(value: i32) -> Self {
        Self::Number(value.into())
    }
}
