//! Configuration, plan and state.

use gabion_framework::prelude::*;

use crate::shared::exception::Exception;
use crate::shared::location::Place;
use crate::shared::policy_statement::PolicyStatement;
use crate::shared::strings::Strings;
use crate::shared::tags::TagMap;

use super::human::Human;
use super::oidc::Workload;
use super::service_principal::ServicePrincipal;
use super::statement::RoleStatement;

object! {
    /// A role.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct WorkloadRoleModel {
        pub(crate) name: Value<String>,
        pub(crate) path: Value<String>,
        pub(crate) description: Value<String>,
        pub(crate) principal_kind: Value<String>,
        pub(crate) service: Value<ServicePrincipal>,
        pub(crate) workload: Value<Workload>,
        pub(crate) human: Value<Human>,
        pub(crate) max_session_duration: Value<i64>,
        pub(crate) permissions_boundary: Value<String>,
        pub(crate) policy_name: Value<String>,
        pub(crate) managed_policy_arns: Strings,
        pub(crate) other_inline_policies: Strings,
        pub(crate) additional_policy_statements: Value<Vec<PolicyStatement>>,
        pub(crate) acknowledge_removals: Strings,
        pub(crate) assume_role_policy: Value<String>,
        pub(crate) policy: Value<String>,
        pub(crate) account_id: Value<String>,
        pub(crate) region: Value<String>,
        pub(crate) id: Value<String>,
        pub(crate) arn: Value<String>,
        pub(crate) unique_id: Value<String>,
        pub(crate) tags: TagMap,
        pub(crate) tags_all: TagMap,
        pub(crate) statement: Vec<RoleStatement>,
        pub(crate) exception: Vec<Exception>,
        pub(crate) timeouts: Value<Timeouts>,
    }
}

impl WorkloadRoleModel {
    /// Where it lives.
    pub(super) fn place(&self) -> Place {
        Place {
            account_id: self.account_id.clone(),
            region: self.region.clone(),
        }
    }

    /// Its name; for messages where it is not known.
    pub(super) fn title(&self) -> String {
        format!(
            "`{}` `{}`",
            super::TYPE,
            self.name.as_str().unwrap_or("(unknown)")
        )
    }

    /// The name of its inline policy.
    pub(super) fn inline_name(&self) -> &str {
        self.policy_name
            .as_str()
            .unwrap_or(super::defaults::POLICY_NAME)
    }
}
