//! The attributes that `gabion_account` and `gabion_account_baseline` share.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;

use crate::shared::exception::Exception;
use crate::shared::strings::Strings;

/// A map of strings in a model.
pub(crate) type Map = Value<BTreeMap<String, Value<String>>>;

object! {
    /// Whom AWS writes to about security.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Contact {
        pub(crate) name: Value<String>,
        pub(crate) title: Value<String>,
        pub(crate) email_address: Value<String>,
        pub(crate) phone_number: Value<String>,
    }
}

object! {
    /// The baseline.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Baseline {
        pub(crate) regions: Strings,
        pub(crate) security_contact: Value<Contact>,
        pub(crate) block_public_acls: Value<bool>,
        pub(crate) ignore_public_acls: Value<bool>,
        pub(crate) block_public_policy: Value<bool>,
        pub(crate) restrict_public_buckets: Value<bool>,
        pub(crate) default_vpc: Value<String>,
        pub(crate) ebs_encryption_by_default: Value<bool>,
        pub(crate) ebs_default_kms_key_id: Map,
        pub(crate) http_tokens: Value<String>,
        pub(crate) http_put_response_hop_limit: Value<i64>,
        pub(crate) vpc_block_public_access: Value<String>,
        pub(crate) minimum_password_length: Value<i64>,
        pub(crate) require_symbols: Value<bool>,
        pub(crate) require_numbers: Value<bool>,
        pub(crate) require_uppercase_characters: Value<bool>,
        pub(crate) require_lowercase_characters: Value<bool>,
        pub(crate) password_reuse_prevention: Value<i64>,
        pub(crate) access_analyzer: Value<bool>,
        pub(crate) analyzer_arns: Map,
        pub(crate) regional_differences: Map,
        pub(crate) acknowledge_removals: Strings,
        pub(crate) exception: Vec<Exception>,
        pub(crate) timeouts: Value<Timeouts>,
    }
}

/// A resource's own attributes, and the baseline's beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct With<O> {
    /// Its own.
    pub(crate) own: O,
    /// The baseline's.
    pub(crate) baseline: Baseline,
}

impl<O: Convert> Convert for With<O> {
    fn from_dynamic(value: Dynamic, path: &Path) -> Result<Self, ConvertError> {
        let (own, baseline) = match value {
            Dynamic::Map(fields) => {
                let (baseline, own): (BTreeMap<_, _>, BTreeMap<_, _>) = fields
                    .into_iter()
                    .partition(|(name, _)| Baseline::ATTRIBUTES.contains(&name.as_str()));
                (Dynamic::Map(own), Dynamic::Map(baseline))
            }
            other => (other.clone(), other),
        };
        Ok(Self {
            own: O::from_dynamic(own, path)?,
            baseline: Baseline::from_dynamic(baseline, path)?,
        })
    }

    fn into_dynamic(self) -> Dynamic {
        match (self.own.into_dynamic(), self.baseline.into_dynamic()) {
            (Dynamic::Map(mut own), Dynamic::Map(baseline)) => {
                own.extend(baseline);
                Dynamic::Map(own)
            }
            (own, _) => own,
        }
    }
}
