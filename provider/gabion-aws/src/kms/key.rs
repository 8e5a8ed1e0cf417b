//! A key as it stands.

use aws_sdk_kms::types::KeyMetadata;
use jiff::Timestamp;

use super::Kms;
use crate::convert::time;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::operations;

/// A key's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Key id (a UUID, or `mrk-...`).
    pub id: String,
    /// Key ARN.
    pub arn: String,
    /// Account that owns it.
    pub account_id: String,
    /// Description; empty when unset.
    pub description: String,
    /// State as KMS names it (`Enabled`, `Disabled`, `PendingDeletion`, `Creating`, ...).
    pub state: String,
    /// Whether it can be used.
    pub enabled: bool,
    /// Whether it is a multi-region key.
    pub multi_region: bool,
    /// `PRIMARY` or `REPLICA` of a multi-region key.
    pub multi_region_role: Option<String>,
    /// Key spec (`SYMMETRIC_DEFAULT`, ...).
    pub key_spec: String,
    /// Key usage (`ENCRYPT_DECRYPT`, ...).
    pub key_usage: String,
    /// `CUSTOMER` or `AWS`.
    pub manager: String,
    /// Origin of the key material (`AWS_KMS`, `EXTERNAL`, ...).
    pub origin: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When a scheduled deletion happens.
    pub deletion_date: Option<Timestamp>,
}

impl Key {
    /// Whether the key is on its way out, its replicas included.
    pub fn is_pending_deletion(&self) -> bool {
        self.state.starts_with("Pending") && self.state.contains("Deletion")
    }
}

impl From<KeyMetadata> for Key {
    fn from(data: KeyMetadata) -> Self {
        let created = time(data.creation_date());
        let deletion_date = time(data.deletion_date());
        Self {
            arn: data.arn.unwrap_or_default(),
            account_id: data.aws_account_id.unwrap_or_default(),
            description: data.description.unwrap_or_default(),
            state: data
                .key_state
                .map(|v| v.as_str().to_owned())
                .unwrap_or_default(),
            enabled: data.enabled,
            multi_region: data.multi_region.unwrap_or_default(),
            multi_region_role: data
                .multi_region_configuration
                .and_then(|config| config.multi_region_key_type)
                .map(|role| role.as_str().to_owned()),
            key_spec: data
                .key_spec
                .map(|v| v.as_str().to_owned())
                .unwrap_or_default(),
            key_usage: data
                .key_usage
                .map(|v| v.as_str().to_owned())
                .unwrap_or_default(),
            manager: data
                .key_manager
                .map(|v| v.as_str().to_owned())
                .unwrap_or_default(),
            origin: data
                .origin
                .map(|v| v.as_str().to_owned())
                .unwrap_or_default(),
            created,
            deletion_date,
            id: data.key_id,
        }
    }
}

impl Kms {
    /// A key by id, ARN or alias.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where there is none.
    pub async fn describe_key(&self, key: &str) -> Result<Key> {
        let call = self.clients.sdk().kms().describe_key().key_id(key);
        let answer = self
            .clients
            .call(&operations::kms::DESCRIBE_KEY, call.send())
            .await?;
        answer.key_metadata.map(Key::from).ok_or_else(|| {
            AwsError::of(
                &operations::kms::DESCRIBE_KEY,
                Kind::Other,
                "the answer holds no key",
            )
        })
    }

    /// A key by id, ARN or alias, if there is one.
    pub async fn find_key(&self, key: &str) -> Result<Option<Key>> {
        self.describe_key(key).await.or_absent()
    }

    /// Sets the description.
    pub async fn update_description(&self, key: &str, description: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .kms()
            .update_key_description()
            .key_id(key)
            .description(description);
        self.clients
            .call(&operations::kms::UPDATE_KEY_DESCRIPTION, call.send())
            .await
            .map(drop)
    }

    /// Enables the key.
    pub async fn enable_key(&self, key: &str) -> Result<()> {
        let call = self.clients.sdk().kms().enable_key().key_id(key);
        self.clients
            .call(&operations::kms::ENABLE_KEY, call.send())
            .await
            .map(drop)
    }

    /// Disables the key: nothing can be encrypted or decrypted with it.
    pub async fn disable_key(&self, key: &str) -> Result<()> {
        let call = self.clients.sdk().kms().disable_key().key_id(key);
        self.clients
            .call(&operations::kms::DISABLE_KEY, call.send())
            .await
            .map(drop)
    }
}
