//! Lists, sets and maps.

use gabion_plugin::dynamic::Dynamic;

use super::{Validator, fail};
use crate::diag::Diagnostics;
use crate::path::Path;

/// Checks each element of a list, set or map.
#[must_use]
pub const fn each<V: Validator + 'static>(validator: V) -> impl Validator + 'static {
    Each(validator)
}

struct Each<V>(V);

impl<V: Validator> Validator for Each<V> {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        match value {
            Dynamic::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.0.validate(item, &path.index(index), diags);
                }
            }
            Dynamic::Map(items) => {
                for (key, item) in items {
                    self.0.validate(item, &path.key(key.clone()), diags);
                }
            }
            _ => {}
        }
    }
}

/// Checks each key of a map, as text.
#[must_use]
pub const fn keys<V: Validator + 'static>(validator: V) -> impl Validator + 'static {
    Keys(validator)
}

struct Keys<V>(V);

impl<V: Validator> Validator for Keys<V> {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::Map(items) = value {
            for key in items.keys() {
                let text = Dynamic::String(key.clone());
                self.0.validate(&text, &path.key(key.clone()), diags);
            }
        }
    }
}

/// A list without equal elements. Elements that are null or not wholly known are not compared.
#[must_use]
pub const fn unique() -> impl Validator + 'static {
    Unique
}

struct Unique;

impl Validator for Unique {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        let Dynamic::List(items) = value else {
            return;
        };
        for (index, item) in items.iter().enumerate() {
            if item.is_null() || !item.is_wholly_known() {
                continue;
            }
            let Some(first) = items.iter().take(index).position(|other| other == item) else {
                continue;
            };
            let shown = match item {
                Dynamic::String(text) => format!("`{text}`"),
                Dynamic::Number(number) => format!("`{}`", number.as_str()),
                _ => "the element".to_owned(),
            };
            fail(
                &path.index(index),
                diags,
                format!("{shown} is already element {first}, counted from 0: remove one of them"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::account_id;
    use super::super::testing::verdict_of;
    use super::*;
    use crate::convert::ToDynamic;

    #[test]
    fn elements_and_keys_are_named() {
        let list = vec!["123456789012", "12"].to_dynamic();
        assert_eq!(
            verdict_of(&each(account_id()), &list),
            "x[1]: `12` is not an account id: expected 12 digits"
        );
        let map = BTreeMap::from([("a".to_owned(), "b")]).to_dynamic();
        assert!(verdict_of(&each(account_id()), &map).starts_with("x[\"a\"]: `b` is not"));
        assert!(verdict_of(&keys(account_id()), &map).starts_with("x[\"a\"]: `a` is not"));
    }

    #[test]
    fn duplicates() {
        assert_eq!(verdict_of(&unique(), &vec!["a", "b"].to_dynamic()), "");
        assert_eq!(
            verdict_of(&unique(), &vec!["a", "b", "a"].to_dynamic()),
            "x[2]: `a` is already element 0, counted from 0: remove one of them"
        );
    }
}
