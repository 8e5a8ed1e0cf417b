//! A value as Terraform knows it: null, unknown until apply, or known.

/// A value that may be absent, or not known before apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value<T> {
    /// Not set.
    #[default]
    Null,
    /// Set, but only known at apply.
    Unknown,
    /// Set and known.
    Known(T),
}

impl<T> Value<T> {
    /// Whether it is not set.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is only known at apply.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is set and known.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// The value, if known.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The value to change in place, if known.
    pub const fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The value, if known.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The same state over another type.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Value<U> {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::Unknown,
            Self::Known(value) => Value::Known(f(value)),
        }
    }

    /// A borrowed view.
    pub const fn as_ref(&self) -> Value<&T> {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::Unknown,
            Self::Known(value) => Value::Known(value),
        }
    }

    /// The known value, or `default` when null or unknown.
    pub fn unwrap_or(self, default: T) -> T {
        self.into_known().unwrap_or(default)
    }

    /// The known value, or the type's default when null or unknown.
    pub fn unwrap_or_default(self) -> T
    where
        T: Default,
    {
        self.into_known().unwrap_or_default()
    }

    /// Known when `value` is there, null when not.
    #[must_use]
    pub fn or_null(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl Value<String> {
    /// The text, if known.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.known().map(String::as_str)
    }
}

impl<T> From<T> for Value<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> From<Option<T>> for Value<T> {
    fn from(value: Option<T>) -> Self {
        Self::or_null(value)
    }
}

impl From<&str> for Value<String> {
    fn from(value: &str) -> Self {
        Self::Known(value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions() {
        assert_eq!(Value::from("x"), Value::Known("x".to_owned()));
        assert_eq!(Value::<i64>::from(None), Value::Null);
        assert_eq!(Value::from(3_i64).map(|n| n + 1), Value::Known(4));
        assert_eq!(Value::<i64>::Unknown.map(|n| n + 1), Value::Unknown);
        assert_eq!(Value::<i64>::Null.unwrap_or(7), 7);
        assert_eq!(Value::from("x").as_str(), Some("x"));
    }
}
