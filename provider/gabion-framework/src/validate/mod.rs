//! Checks of configured values, with the bounds that AWS has and emulators have not.

mod aws;
mod collection;
mod net;
mod text;

use std::sync::Arc;

use gabion_plugin::dynamic::Dynamic;

use crate::diag::Diagnostics;
use crate::path::Path;

pub use aws::{account_id, arn, arn_of, bucket_name, is_account_id, is_region, principal, region};
pub use collection::{each, keys, unique};
pub use net::{cidr, email};
pub use text::{between, length, matches, one_of, rfc3339};

/// A check of one attribute. Null and unknown values, and values of another type than the check is for, are
/// never errors (the framework checks types by itself).
///
/// A message begins with the value in backticks, as [`fail`]'s callers here do; for a sensitive attribute
/// the framework replaces it.
pub trait Validator: Send + Sync {
    /// Adds what is wrong with `value`, which lives at `path`.
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics);
}

impl<V: Validator + ?Sized> Validator for Box<V> {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        (**self).validate(value, path, diags);
    }
}

impl<V: Validator + ?Sized> Validator for Arc<V> {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        (**self).validate(value, path, diags);
    }
}

/// Adds the error of a failed check. `detail` begins with the value in backticks.
pub fn fail(path: &Path, diags: &mut Diagnostics, detail: impl Into<String>) {
    diags.error_at(path.clone(), format!("Invalid value for `{path}`"), detail);
}

/// A check of text: the closure gives the message.
struct Text<F>(F);

impl<F> Validator for Text<F>
where
    F: Fn(&str) -> Result<(), String> + Send + Sync,
{
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::String(text) = value
            && let Err(message) = (self.0)(text)
        {
            fail(path, diags, message);
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// The message of a check of text; empty when it passes.
    pub(crate) fn verdict(validator: &impl Validator, text: &str) -> String {
        verdict_of(validator, &Dynamic::String(text.to_owned()))
    }

    pub(crate) fn verdict_of(validator: &impl Validator, value: &Dynamic) -> String {
        let mut diags = Diagnostics::new();
        validator.validate(value, &Path::root("x"), &mut diags);
        let messages: Vec<_> = diags
            .iter()
            .map(|diagnostic| {
                let path = diagnostic.path.as_ref().unwrap();
                format!("{path}: {}", diagnostic.detail)
            })
            .collect();
        messages.join("\n")
    }

    #[test]
    fn null_and_unknown_pass_everything() {
        let all: Vec<Box<dyn Validator>> = vec![
            Box::new(one_of(&["a"])),
            Box::new(length(1, 2)),
            Box::new(between(1, 2)),
            Box::new(matches(|_| false, "right")),
            Box::new(arn()),
            Box::new(arn_of("kms")),
            Box::new(account_id()),
            Box::new(region()),
            Box::new(cidr()),
            Box::new(email()),
            Box::new(rfc3339()),
            Box::new(principal()),
            Box::new(bucket_name()),
            Box::new(unique()),
            Box::new(each(arn())),
            Box::new(keys(arn())),
        ];
        for validator in &all {
            assert_eq!(verdict_of(validator, &Dynamic::Null), "");
            assert_eq!(verdict_of(validator, &Dynamic::Unknown), "");
        }
        let list = Dynamic::List(vec![Dynamic::Unknown, Dynamic::Unknown, Dynamic::Null]);
        assert_eq!(verdict_of(&each(arn()), &list), "");
        assert_eq!(verdict_of(&unique(), &list), "");
    }
}
