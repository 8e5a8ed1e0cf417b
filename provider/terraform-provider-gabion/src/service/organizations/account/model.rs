//! What an account has besides its baseline.

use gabion_framework::prelude::*;

use super::super::baseline::With;
use crate::shared::tags::TagMap;

object! {
    /// An account.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Own {
        pub(crate) id: Value<String>,
        pub(crate) account_id: Value<String>,
        pub(crate) arn: Value<String>,
        pub(crate) name: Value<String>,
        pub(crate) email: Value<String>,
        pub(crate) organizational_unit: Value<String>,
        pub(crate) organizational_unit_id: Value<String>,
        pub(crate) iam_user_access_to_billing: Value<String>,
        pub(crate) quarantine: Value<bool>,
        pub(crate) quarantined: Value<bool>,
        pub(crate) adopted: Value<bool>,
        pub(crate) deletion_protection: Value<bool>,
        pub(crate) deletion_policy: Value<String>,
        pub(crate) acknowledge_irreversible: Value<String>,
        pub(crate) tags: TagMap,
        pub(crate) tags_all: TagMap,
    }
}

/// An account and its baseline.
pub(crate) type AccountModel = With<Own>;

impl AccountModel {
    /// Its name for messages.
    pub(super) fn name(&self) -> &str {
        self.own
            .name
            .as_str()
            .or(self.own.account_id.as_str())
            .unwrap_or("(unknown)")
    }

    /// Type and name for messages.
    pub(super) fn title(&self) -> String {
        format!("`{}` `{}`", super::TYPE, self.name())
    }

    /// Whether the account was there before this resource.
    pub(super) fn is_adopted(&self) -> bool {
        self.own.adopted.known() == Some(&true)
    }
}
