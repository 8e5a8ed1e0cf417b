//! Key policies.

use std::time::Duration;

use super::Kms;
use crate::error::{AwsError, Result};
use crate::operations;
use crate::wait::{self, WaitOptions};

/// The one policy name that KMS knows.
const NAME: &str = "default";

/// How long IAM takes to spread a new principal.
pub(super) const PROPAGATION: WaitOptions = WaitOptions {
    first: Duration::from_secs(1),
    max: Duration::from_secs(5),
    limit: Duration::from_secs(60),
};

/// Whether a policy was refused for a principal that IAM does not know (yet).
pub(super) fn unknown_principal(error: &AwsError) -> bool {
    error.code() == Some("MalformedPolicyDocumentException")
        && error.message.to_lowercase().contains("principal")
}

impl Kms {
    /// The key policy (JSON).
    pub async fn get_key_policy(&self, key: &str) -> Result<String> {
        let call = self
            .clients
            .sdk()
            .kms()
            .get_key_policy()
            .key_id(key)
            .policy_name(NAME);
        self.clients
            .call(&operations::kms::GET_KEY_POLICY, call.send())
            .await
            .map(|answer| answer.policy.unwrap_or_default())
    }

    /// Replaces the key policy. AWS's own lock-out check stays on; where IAM has not yet spread a
    /// principal of the policy, it tries again for a minute.
    pub async fn put_key_policy(&self, key: &str, policy: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .kms()
            .put_key_policy()
            .key_id(key)
            .policy_name(NAME)
            .policy(policy)
            .bypass_policy_lockout_safety_check(false);
        let put = || async {
            let call = call.clone();
            self.clients
                .call(&operations::kms::PUT_KEY_POLICY, call.send())
                .await
                .map(drop)
        };
        let what = "waiting for the principals of the key policy";
        wait::retry_while(&self.clients, what, PROPAGATION, unknown_principal, put).await
    }
}
