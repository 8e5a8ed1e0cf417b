//! Configuration, plan and state.

use gabion_framework::prelude::*;

use crate::shared::exception::Exception;
use crate::shared::location::Place;
use crate::shared::strings::Strings;
use crate::shared::tags::TagMap;

object! {
    /// A guardrail.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct OrgGuardrailModel {
        pub(crate) name: Value<String>,
        pub(crate) description: Value<String>,
        pub(crate) targets: Strings,
        pub(crate) deny_leaving_organization: Value<bool>,
        pub(crate) deny_disabling_trails: Value<bool>,
        pub(crate) deny_disabling_detectors: Value<bool>,
        pub(crate) deny_root: Value<bool>,
        pub(crate) require_encryption: Value<bool>,
        pub(crate) allowed_regions: Strings,
        pub(crate) global_services: Strings,
        pub(crate) exempt_principals: Strings,
        pub(crate) vending_regions: Strings,
        pub(crate) break_glass_roles: Strings,
        pub(crate) deletion_protection: Value<bool>,
        pub(crate) acknowledge_removals: Strings,
        pub(crate) policy: Value<String>,
        pub(crate) account_id: Value<String>,
        pub(crate) region: Value<String>,
        pub(crate) id: Value<String>,
        pub(crate) arn: Value<String>,
        pub(crate) tags: TagMap,
        pub(crate) tags_all: TagMap,
        pub(crate) exception: Vec<Exception>,
        pub(crate) timeouts: Value<Timeouts>,
    }
}

impl OrgGuardrailModel {
    /// Where it lives.
    pub(super) fn place(&self) -> Place {
        Place {
            account_id: self.account_id.clone(),
            region: self.region.clone(),
        }
    }

    /// Type and name for messages.
    pub(super) fn title(&self) -> String {
        format!(
            "`{}` `{}`",
            super::TYPE,
            self.name.as_str().unwrap_or("(unknown)")
        )
    }
}
