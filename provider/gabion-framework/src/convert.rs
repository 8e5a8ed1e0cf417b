//! From Terraform's values to Rust types and back.

use std::collections::{BTreeMap, BTreeSet};

use gabion_plugin::dynamic::{Decimal, Dynamic};

use crate::path::Path;
use crate::value::Value;

/// A value did not have the expected type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if path.is_empty() { String::new() } else { format!("`{path}`: ") })]
pub struct ConvertError {
    /// Where.
    pub path: Path,
    /// What was expected and what was there. Never the value itself.
    pub message: String,
}

impl ConvertError {
    /// "expected ..., got ..." at `path`.
    #[must_use]
    pub fn mismatch(path: &Path, expected: &str, got: &Dynamic) -> Self {
        Self {
            path: path.clone(),
            message: format!("expected {expected}, got {}", kind(got)),
        }
    }
}

/// What a value is, for messages; never its content.
#[must_use]
pub fn kind(value: &Dynamic) -> &'static str {
    match value {
        Dynamic::Null => "null",
        Dynamic::Unknown => "a value known only after apply",
        Dynamic::Bool(_) => "a bool",
        Dynamic::Number(_) => "a number",
        Dynamic::String(_) => "a string",
        Dynamic::List(_) => "a list",
        Dynamic::Map(_) => "an object or map",
    }
}

/// A type that can be read from and written to Terraform's values.
pub trait Convert: Sized {
    /// Reads a value.
    ///
    /// # Errors
    /// Another type than expected: the error names the path.
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError>;

    /// Writes a value.
    fn into_dynamic(self) -> Dynamic;
}

impl Convert for Dynamic {
    fn from_dynamic(value: Dynamic, _path: &Path) -> Result<Self, ConvertError> {
        Ok(value)
    }
    fn into_dynamic(self) -> Dynamic {
        self
    }
}

impl Convert for bool {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::Bool(value) => Ok(value),
            other => Err(ConvertError::mismatch(path, "a bool", &other)),
        }
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::Bool(self)
    }
}

impl Convert for i64 {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::Number(number) => number.to_i64().ok_or_else(|| ConvertError {
                path: path.clone(),
                message: format!(
                    "expected a whole number from {} to {}, got `{}`",
                    Self::MIN,
                    Self::MAX,
                    number.as_str()
                ),
            }),
            other => Err(ConvertError::mismatch(path, "a whole number", &other)),
        }
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::Number(Decimal::from(self))
    }
}

impl Convert for Decimal {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::Number(number) => Ok(number),
            other => Err(ConvertError::mismatch(path, "a number", &other)),
        }
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::Number(self)
    }
}

impl Convert for String {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::String(value) => Ok(value),
            other => Err(ConvertError::mismatch(path, "a string", &other)),
        }
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::String(self)
    }
}

/// Lists, sets, and repeated blocks. Null reads as empty. A `dynamic` block over an unknown collection
/// reads as one element in which everything is unknown; the framework keeps it unknown in the plan.
impl<T: Convert> Convert for Vec<T> {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::List(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| T::from_dynamic(item, &path.index(index)))
                .collect(),
            Dynamic::Null => Ok(Self::new()),
            Dynamic::Unknown => Ok(vec![T::from_dynamic(Dynamic::Unknown, &path.index(0))?]),
            other => Err(ConvertError::mismatch(path, "a list", &other)),
        }
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::List(self.into_iter().map(T::into_dynamic).collect())
    }
}

impl<T: Convert> Convert for BTreeMap<String, T> {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::Map(items) => items
                .into_iter()
                .map(|(key, item)| {
                    let item = T::from_dynamic(item, &path.key(key.clone()))?;
                    Ok((key, item))
                })
                .collect(),
            other => Err(ConvertError::mismatch(path, "a map", &other)),
        }
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::Map(
            self.into_iter()
                .map(|(key, item)| (key, item.into_dynamic()))
                .collect(),
        )
    }
}

impl Convert for BTreeSet<String> {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::List(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| String::from_dynamic(item, &path.index(index)))
                .collect(),
            other => Err(ConvertError::mismatch(path, "a set of strings", &other)),
        }
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::List(self.into_iter().map(Dynamic::String).collect())
    }
}

impl<T: Convert> Convert for Value<T> {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::Null => Ok(Self::Null),
            Dynamic::Unknown => Ok(Self::Unknown),
            known if known.is_wholly_known() => T::from_dynamic(known, path).map(Self::Known),
            partly => match T::from_dynamic(partly, path) {
                Ok(value) => Ok(Self::Known(value)),
                // A list of plain strings cannot hold an unknown one: then all of it is unknown. The
                // framework puts what is known of it back into the plan.
                Err(_) => Ok(Self::Unknown),
            },
        }
    }
    fn into_dynamic(self) -> Dynamic {
        match self {
            Self::Null => Dynamic::Null,
            Self::Unknown => Dynamic::Unknown,
            Self::Known(value) => value.into_dynamic(),
        }
    }
}

/// A model without attributes.
impl Convert for () {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::Map(items) if items.is_empty() => Ok(()),
            Dynamic::Null => Ok(()),
            other => Err(ConvertError::mismatch(path, "an empty object", &other)),
        }
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::Map(BTreeMap::new())
    }
}

/// What [`crate::schema::Attribute::default`] takes: plain Rust values, or a [`Dynamic`].
pub trait ToDynamic {
    /// The value.
    fn to_dynamic(self) -> Dynamic;
}

impl ToDynamic for Dynamic {
    fn to_dynamic(self) -> Dynamic {
        self
    }
}
impl ToDynamic for &str {
    fn to_dynamic(self) -> Dynamic {
        Dynamic::String(self.to_owned())
    }
}
impl ToDynamic for String {
    fn to_dynamic(self) -> Dynamic {
        Dynamic::String(self)
    }
}
impl ToDynamic for bool {
    fn to_dynamic(self) -> Dynamic {
        Dynamic::Bool(self)
    }
}
impl ToDynamic for i64 {
    fn to_dynamic(self) -> Dynamic {
        Dynamic::Number(Decimal::from(self))
    }
}
impl ToDynamic for i32 {
    fn to_dynamic(self) -> Dynamic {
        Dynamic::Number(Decimal::from(i64::from(self)))
    }
}
impl<T: ToDynamic> ToDynamic for Vec<T> {
    fn to_dynamic(self) -> Dynamic {
        Dynamic::List(self.into_iter().map(T::to_dynamic).collect())
    }
}
impl<T: ToDynamic> ToDynamic for BTreeMap<String, T> {
    fn to_dynamic(self) -> Dynamic {
        Dynamic::Map(
            self.into_iter()
                .map(|(key, item)| (key, item.to_dynamic()))
                .collect(),
        )
    }
}

/// The fields of an object while a model is read from it; used by [`object!`](crate::object).
#[doc(hidden)]
#[derive(Debug)]
pub enum Fields {
    Known(BTreeMap<String, Dynamic>),
    Unknown,
}

impl Fields {
    #[doc(hidden)]
    pub fn open(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        match value {
            Dynamic::Map(fields) => Ok(Self::Known(fields)),
            Dynamic::Unknown => Ok(Self::Unknown),
            other => Err(ConvertError::mismatch(path, "an object", &other)),
        }
    }

    #[doc(hidden)]
    pub fn take<T: Convert>(&mut self, name: &str, path: &Path) -> Result<T, ConvertError> {
        let value = match self {
            Self::Known(fields) => fields.remove(name).unwrap_or(Dynamic::Null),
            Self::Unknown => Dynamic::Unknown,
        };
        T::from_dynamic(value, &path.attribute(name))
    }

    #[doc(hidden)]
    pub fn finish(self, path: &Path) -> Result<(), ConvertError> {
        match self {
            Self::Known(fields) => match fields.into_iter().find(|(_, v)| *v != Dynamic::Null) {
                Some((name, _)) => Err(ConvertError {
                    path: path.attribute(name),
                    message: "the schema has this attribute, but the model has not".to_owned(),
                }),
                None => Ok(()),
            },
            Self::Unknown => Ok(()),
        }
    }
}

/// Makes a struct whose fields are the attributes and blocks of a schema, and implements
/// [`Convert`] for it. A field whose attribute name is a Rust keyword is renamed:
/// `pub type_: Value<String> = "type"`.
///
/// Attributes are `Value<T>`; repeated blocks are `Vec<Model>`; a single block is `Value<Model>`.
///
/// ```
/// use gabion_framework::prelude::*;
/// gabion_framework::object! {
///     /// A queue.
///     #[derive(Clone, Debug, Default, PartialEq)]
///     pub struct QueueModel {
///         /// Its name.
///         pub name: Value<String>,
///         /// Its type.
///         pub type_: Value<String> = "type",
///     }
/// }
/// let value = QueueModel { name: "a".into(), type_: Value::Unknown }.into_dynamic();
/// assert_eq!(QueueModel::from_dynamic(value, &Path::empty()).unwrap().type_, Value::Unknown);
/// ```
#[macro_export]
macro_rules! object {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty $(= $rename:literal)? ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $( $(#[$field_meta])* $field_vis $field: $type, )*
        }

        impl $name {
            /// The attribute names, in the order of the fields.
            #[allow(dead_code, reason = "for tests that compare model and schema")]
            $vis const ATTRIBUTES: &'static [&'static str] =
                &[$( $crate::object!(@name $field $($rename)?) ),*];
        }

        impl $crate::convert::Convert for $name {
            fn from_dynamic(
                value: $crate::Dynamic,
                path: &$crate::path::Path,
            ) -> ::core::result::Result<Self, $crate::convert::ConvertError> {
                #[allow(unused_mut, reason = "a model may have no field")]
                let mut fields = $crate::convert::Fields::open(value, path)?;
                let model = Self {
                    $( $field: fields.take($crate::object!(@name $field $($rename)?), path)?, )*
                };
                fields.finish(path)?;
                Ok(model)
            }

            fn into_dynamic(self) -> $crate::Dynamic {
                #[allow(unused_mut, reason = "a model may have no field")]
                let mut fields = ::std::collections::BTreeMap::new();
                $(
                    fields.insert(
                        $crate::object!(@name $field $($rename)?).to_owned(),
                        $crate::convert::Convert::into_dynamic(self.$field),
                    );
                )*
                $crate::Dynamic::Map(fields)
            }
        }
    };
    (@name $field:ident) => { ::core::stringify!($field) };
    (@name $field:ident $rename:literal) => { $rename };
}
