//! Which texts are secrets: those that a schema marked, wherever else they turn up in the same process.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use aws_lc_rs::rand::SystemRandom;

use crate::dynamic::Dynamic;
use crate::schema::{Attribute, Block, Content, Nesting};

/// Shorter texts (`true`, `eu-west-1`'s neighbours) would hide half of a plan.
const SHORTEST: usize = 8;

/// Keyed hashes of the sensitive texts seen so far. The texts themselves are not kept.
#[derive(Debug)]
pub(crate) struct Secrets {
    key: Option<Key>,
    seen: RwLock<HashSet<[u8; 32]>>,
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            key: Key::generate(HMAC_SHA256, &SystemRandom::new()).ok(),
            seen: RwLock::default(),
        }
    }
}

impl Secrets {
    fn hash(&self, text: &str) -> Option<[u8; 32]> {
        if text.chars().take(SHORTEST).count() < SHORTEST {
            return None;
        }
        sign(self.key.as_ref()?, text.as_bytes())
            .as_ref()
            .try_into()
            .ok()
    }

    /// Remembers a text.
    fn add(&self, text: &str) {
        if let Some(hash) = self.hash(text) {
            self.seen
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(hash);
        }
    }

    /// Whether the text was seen as a secret.
    pub(crate) fn knows(&self, text: &str) -> bool {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        !seen.is_empty() && self.hash(text).is_some_and(|hash| seen.contains(&hash))
    }

    /// Remembers each text of a value that the schema calls sensitive or write-only.
    pub(crate) fn learn(&self, block: &Block, value: &Dynamic) {
        for (name, attribute) in &block.attributes {
            self.learn_attribute(attribute, value.get(name));
        }
        for (name, (nesting, block)) in &block.blocks {
            each(*nesting, value.get(name), &mut |object| {
                self.learn(block, object)
            });
        }
    }

    fn learn_attribute(&self, attribute: &Attribute, value: Option<&Dynamic>) {
        if attribute.sensitive || attribute.write_only {
            value.into_iter().for_each(|value| self.add_all(value));
        } else if let Content::Nested(nesting, nested) = &attribute.content {
            each(*nesting, value, &mut |object| {
                for (name, attribute) in nested {
                    self.learn_attribute(attribute, object.get(name));
                }
            });
        }
    }

    fn add_all(&self, value: &Dynamic) {
        match value {
            Dynamic::String(text) => self.add(text),
            Dynamic::List(items) => items.iter().for_each(|item| self.add_all(item)),
            Dynamic::Map(items) => items.values().for_each(|item| self.add_all(item)),
            _ => {}
        }
    }
}

/// Calls `each` with every object of a nested block or attribute.
fn each(nesting: Nesting, value: Option<&Dynamic>, each: &mut dyn FnMut(&Dynamic)) {
    match (nesting, value) {
        (Nesting::Single, Some(object)) => each(object),
        (Nesting::List | Nesting::Set, Some(Dynamic::List(items))) => items.iter().for_each(each),
        (Nesting::Map, Some(Dynamic::Map(items))) => items.values().for_each(each),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_no_secrets() {
        let secrets = Secrets::default();
        secrets.add("1234567");
        secrets.add("übergroß");
        assert!(!secrets.knows("1234567"));
        assert!(secrets.knows("übergroß"));
        assert!(!secrets.knows("übergroß "));
    }
}
