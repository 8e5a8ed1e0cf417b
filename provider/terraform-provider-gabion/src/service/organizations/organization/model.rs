//! Configuration, plan and state.

use std::collections::{BTreeMap, BTreeSet};

use gabion_aws::organizations::DelegatedAdministrator;
use gabion_framework::prelude::*;

use crate::shared::exception::Exception;
use crate::shared::location::Place;
use crate::shared::strings::Strings;

object! {
    /// An account that administers a service.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Administrator {
        pub(crate) account_id: Value<String>,
        pub(crate) service_principal: Value<String>,
    }
}

object! {
    /// An organization.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct OrganizationModel {
        pub(crate) units: Strings,
        pub(crate) unit_ids: Value<BTreeMap<String, Value<String>>>,
        pub(crate) aws_service_access_principals: Strings,
        pub(crate) enabled_policy_types: Strings,
        pub(crate) delegated_administrators: Value<Vec<Administrator>>,
        pub(crate) adopt_control_tower: Value<bool>,
        pub(crate) adopted: Value<bool>,
        pub(crate) acknowledge_removals: Strings,
        pub(crate) acknowledge_irreversible: Value<String>,
        pub(crate) account_id: Value<String>,
        pub(crate) region: Value<String>,
        pub(crate) id: Value<String>,
        pub(crate) arn: Value<String>,
        pub(crate) root_id: Value<String>,
        pub(crate) exception: Vec<Exception>,
        pub(crate) timeouts: Value<Timeouts>,
    }
}

impl OrganizationModel {
    /// Where it is managed.
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
            self.id.as_str().unwrap_or("(new)")
        )
    }

    /// Whether it was there before this resource.
    pub(super) fn is_adopted(&self) -> bool {
        self.adopted.known() == Some(&true)
    }
}

/// Administrators of a model; none while something of them is not known.
pub(super) fn administrators(
    value: &Value<Vec<Administrator>>,
) -> Option<BTreeSet<DelegatedAdministrator>> {
    match value {
        Value::Null => Some(BTreeSet::new()),
        Value::Unknown => None,
        Value::Known(list) => list
            .iter()
            .map(|item| {
                Some(DelegatedAdministrator {
                    account_id: item.account_id.known()?.clone(),
                    service_principal: item.service_principal.known()?.clone(),
                })
            })
            .collect(),
    }
}

/// Administrators as a model holds them.
pub(super) fn administrator_list(
    live: &BTreeSet<DelegatedAdministrator>,
) -> Value<Vec<Administrator>> {
    Value::Known(
        live.iter()
            .map(|item| Administrator {
                account_id: item.account_id.as_str().into(),
                service_principal: item.service_principal.as_str().into(),
            })
            .collect(),
    )
}
