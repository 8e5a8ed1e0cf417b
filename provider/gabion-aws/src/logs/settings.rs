//! Retention, key and deletion protection of a log group.

use super::Logs;
use super::group::{KEY_POLICY, key_not_usable};
use crate::error::Result;
use crate::operations;
use crate::wait::retry_while;

impl Logs {
    /// Keeps events for so many days (one of the values that CloudWatch Logs allows).
    pub async fn put_retention(&self, name: &str, days: i32) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .logs()
            .put_retention_policy()
            .log_group_name(name)
            .retention_in_days(days);
        self.clients
            .call(&operations::logs::PUT_RETENTION_POLICY, call.send())
            .await
            .map(drop)
    }

    /// Keeps events for ever.
    pub async fn delete_retention(&self, name: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .logs()
            .delete_retention_policy()
            .log_group_name(name);
        self.clients
            .call(&operations::logs::DELETE_RETENTION_POLICY, call.send())
            .await
            .map(drop)
    }

    /// Encrypts new events with a key. A key policy that was just written needs a while to take
    /// hold: it tries again for a minute.
    pub async fn associate_key(&self, name: &str, key_arn: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .logs()
            .associate_kms_key()
            .log_group_name(name)
            .kms_key_id(key_arn);
        let associate = || async {
            let call = call.clone();
            self.clients
                .call(&operations::logs::ASSOCIATE_KMS_KEY, call.send())
                .await
                .map(drop)
        };
        let what = format!("waiting for the key policy of log group `{name}`");
        retry_while(&self.clients, &what, KEY_POLICY, key_not_usable, associate).await
    }

    /// Encrypts new events with AWS's own key again.
    pub async fn disassociate_key(&self, name: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .logs()
            .disassociate_kms_key()
            .log_group_name(name);
        self.clients
            .call(&operations::logs::DISASSOCIATE_KMS_KEY, call.send())
            .await
            .map(drop)
    }

    /// Turns deletion protection on or off. Endpoints that lack the operation give an error for
    /// which [`crate::AwsError::is_unsupported`] holds.
    pub async fn set_deletion_protection(&self, name: &str, enabled: bool) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .logs()
            .put_log_group_deletion_protection()
            .log_group_identifier(name)
            .deletion_protection_enabled(enabled);
        self.clients
            .call(
                &operations::logs::PUT_LOG_GROUP_DELETION_PROTECTION,
                call.send(),
            )
            .await
            .map(drop)
    }
}
