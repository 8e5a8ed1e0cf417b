//! Configuration, plan and state.

use gabion_framework::prelude::*;

use crate::shared::exception::Exception;
use crate::shared::location::Place;
use crate::shared::policy_statement::PolicyStatement;
use crate::shared::strings::Strings;
use crate::shared::tags::TagMap;

use super::service_user::ServiceUser;

object! {
    /// A key.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct KmsKeyModel {
        pub(crate) alias: Value<String>,
        pub(crate) alias_arn: Value<String>,
        pub(crate) description: Value<String>,
        pub(crate) enable_key_rotation: Value<bool>,
        pub(crate) rotation_period_in_days: Value<i64>,
        pub(crate) deletion_window_in_days: Value<i64>,
        pub(crate) deletion_protection: Value<bool>,
        pub(crate) is_enabled: Value<bool>,
        pub(crate) multi_region: Value<bool>,
        pub(crate) administrators: Strings,
        pub(crate) users: Strings,
        pub(crate) service_users: Value<Vec<ServiceUser>>,
        pub(crate) additional_policy_statements: Value<Vec<PolicyStatement>>,
        pub(crate) acknowledge_removals: Strings,
        pub(crate) acknowledge_irreversible: Value<String>,
        pub(crate) policy: Value<String>,
        pub(crate) account_id: Value<String>,
        pub(crate) region: Value<String>,
        pub(crate) id: Value<String>,
        pub(crate) key_id: Value<String>,
        pub(crate) arn: Value<String>,
        pub(crate) tags: TagMap,
        pub(crate) tags_all: TagMap,
        pub(crate) exception: Vec<Exception>,
        pub(crate) timeouts: Value<Timeouts>,
    }
}

impl KmsKeyModel {
    /// Where it lives.
    pub(super) fn place(&self) -> Place {
        Place {
            account_id: self.account_id.clone(),
            region: self.region.clone(),
        }
    }

    /// Its name for messages: the alias, else the id.
    pub(super) fn name(&self) -> &str {
        self.alias
            .as_str()
            .or(self.key_id.as_str())
            .unwrap_or("(unknown)")
    }

    /// Type and name for messages.
    pub(super) fn title(&self) -> String {
        format!("`{}` `{}`", super::TYPE, self.name())
    }
}
