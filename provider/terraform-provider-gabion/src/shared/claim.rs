//! Names in use by a resource of this process, so that two of them never take one object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use gabion_framework::prelude::*;

/// All names in use, and who plans what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    taken: Arc<Mutex<BTreeSet<String>>>,
    shares: Arc<Mutex<BTreeMap<String, &'static str>>>,
}

/// One name in use. Dropping it frees the name, unless it was kept.
#[derive(Debug)]
#[must_use = "a claim that is dropped holds nothing"]
pub(crate) struct Claim {
    claims: Claims,
    name: Option<String>,
}

impl Claims {
    /// Takes a name, such as `kms 111122223333 eu-central-1 alias/x`.
    ///
    /// # Errors
    /// Another resource of this process holds it; `what` names the thing to the user.
    pub(crate) fn take(&self, name: String, what: &str) -> Result<Claim, Diagnostics> {
        let mut held = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.insert(name.clone()) {
            return Err(Diagnostics::from_error(
                "Two resources want the same object",
                format!(
                    "Another resource of this configuration creates {what} in the same account and region. \
                     Give one of them another name."
                ),
            ));
        }
        Ok(Claim {
            claims: self.clone(),
            name: Some(name),
        })
    }

    /// Notes that a resource of the type `holder` plans a thing, as often as it does. Gives the other type that does.
    pub(crate) fn share(&self, name: &str, holder: &'static str) -> Option<&'static str> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *shares.entry(name.to_owned()).or_insert(holder);
        (first != holder).then_some(first)
    }
}

impl Claim {
    /// Holds the name until the process ends.
    pub(crate) fn keep(mut self) {
        self.name = None;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.claims
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_until_dropped_or_for_good() {
        let claims = Claims::default();
        let first = claims.take("a".to_owned(), "`a`").unwrap();
        assert!(claims.take("a".to_owned(), "`a`").is_err());
        drop(first);
        claims.take("a".to_owned(), "`a`").unwrap().keep();
        assert!(claims.take("a".to_owned(), "`a`").is_err());
    }
    #[test]
    fn two_types_do_not_share_a_thing() {
        let claims = Claims::default();
        assert_eq!(claims.share("x", "a"), None);
        assert_eq!(claims.share("x", "a"), None, "planned again");
        assert_eq!(claims.share("x", "b"), Some("a"));
        assert_eq!(claims.share("y", "b"), None);
    }
}
