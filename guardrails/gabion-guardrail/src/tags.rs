//! Tags of a resource.

use crate::value::{Unreadable, Value};

/// The tags of a resource, or those of it and the provider.
#[derive(Debug)]
pub struct Tags(Value);

impl Tags {
    /// The tags that the resource itself sets: its `tags`.
    pub fn own(resource: &Value) -> Self {
        Self(resource.get("tags"))
    }

    /// All tags, the provider's `default_tags` included: its `tags_all`.
    pub fn all(resource: &Value) -> Self {
        Self(resource.get("tags_all"))
    }

    /// The value of a tag; `None` where it is not set. An empty value is a value.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn get(&self, key: &str) -> Result<Option<String>, Unreadable> {
        self.0.get(key).text()
    }

    /// The keys, sorted.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn keys(&self) -> Result<Vec<String>, Unreadable> {
        self.0.keys()
    }

    /// Those of the wanted keys that are not set, in the order given.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn missing<'a>(&self, wanted: &[&'a str]) -> Result<Vec<&'a str>, Unreadable> {
        let mut missing = Vec::new();
        for key in wanted {
            if self.get(key)?.is_none() {
                missing.push(*key);
            }
        }
        Ok(missing)
    }

    /// The value behind them, for a finding.
    pub fn value(&self) -> &Value {
        &self.0
    }
}
