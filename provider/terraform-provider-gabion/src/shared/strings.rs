//! Sets of strings in models, of which single elements may be unknown.

use std::collections::BTreeSet;

use gabion_framework::prelude::*;

/// A list or set attribute of strings in a model.
pub(crate) type Strings = Value<Vec<Value<String>>>;

/// The elements, when all of them are known; null is empty.
pub(crate) fn known(value: &Strings) -> Option<BTreeSet<String>> {
    match value {
        Value::Null => Some(BTreeSet::new()),
        Value::Unknown => None,
        Value::Known(items) => items
            .iter()
            .filter(|item| !item.is_null())
            .map(|item| item.known().cloned())
            .collect(),
    }
}

/// The known elements, without those that are not known yet.
pub(crate) fn known_part(value: &Strings) -> BTreeSet<String> {
    value
        .known()
        .into_iter()
        .flatten()
        .filter_map(|item| item.known().cloned())
        .collect()
}

/// A value of these elements.
pub(crate) fn of<S: Into<String>>(items: impl IntoIterator<Item = S>) -> Strings {
    Value::Known(
        items
            .into_iter()
            .map(|item| Value::Known(item.into()))
            .collect(),
    )
}
