//! Default encryption.

use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

use super::{S3, configured};
use crate::convert::build_error;
use crate::error::Result;
use crate::operations;

/// Default encryption of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// `aws:kms`, `aws:kms:dsse` or `AES256`.
    pub algorithm: String,
    /// Key id or ARN, with the KMS algorithms.
    pub kms_key_id: Option<String>,
    /// Whether S3 asks KMS for a key per bucket, not per object.
    pub bucket_key: bool,
    /// Encryption types that writers may not use (`SSE-C`). Pass on what was read, as a put replaces it.
    pub blocked_types: Vec<String>,
}

impl Encryption {
    /// SSE-KMS with a key of one's own, bucket key on.
    pub fn kms(key: impl Into<String>) -> Self {
        Self {
            algorithm: "aws:kms".to_owned(),
            kms_key_id: Some(key.into()),
            bucket_key: true,
            blocked_types: Vec::new(),
        }
    }

    /// SSE-S3.
    pub fn s3() -> Self {
        Self {
            algorithm: "AES256".to_owned(),
            ..Self::default()
        }
    }
}

impl S3 {
    /// Default encryption, if the bucket has any (on AWS each has).
    pub async fn encryption(&self, bucket: &str) -> Result<Option<Encryption>> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_bucket_encryption()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::GET_BUCKET_ENCRYPTION, call.send())
            .await;
        let answer = configured(result, &["ServerSideEncryptionConfigurationNotFoundError"])?;
        let rule = answer
            .and_then(|answer| answer.server_side_encryption_configuration)
            .and_then(|config| config.rules.into_iter().next());
        Ok(rule.and_then(|rule| {
            let default = rule.apply_server_side_encryption_by_default?;
            Some(Encryption {
                algorithm: default.sse_algorithm.as_str().to_owned(),
                kms_key_id: default.kms_master_key_id,
                bucket_key: rule.bucket_key_enabled.unwrap_or_default(),
                blocked_types: rule
                    .blocked_encryption_types
                    .and_then(|blocked| blocked.encryption_type)
                    .unwrap_or_default()
                    .iter()
                    .map(|kind| kind.as_str().to_owned())
                    .collect(),
            })
        }))
    }

    /// Sets default encryption.
    pub async fn put_encryption(&self, bucket: &str, encryption: &Encryption) -> Result<()> {
        let op = &operations::s3::PUT_BUCKET_ENCRYPTION;
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(encryption.algorithm.as_str()))
            .set_kms_master_key_id(encryption.kms_key_id.clone())
            .build()
            .map_err(build_error(op))?;
        let types: Vec<EncryptionType> = encryption
            .blocked_types
            .iter()
            .map(|kind| EncryptionType::from(kind.as_str()))
            .collect();
        let blocked = (!types.is_empty()).then(|| {
            BlockedEncryptionTypes::builder()
                .set_encryption_type(Some(types))
                .build()
        });
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .bucket_key_enabled(encryption.bucket_key)
            .set_blocked_encryption_types(blocked)
            .build();
        let config = ServerSideEncryptionConfiguration::builder()
            .rules(rule)
            .build()
            .map_err(build_error(op))?;
        let call = self
            .clients
            .sdk()
            .s3()
            .put_bucket_encryption()
            .bucket(bucket)
            .server_side_encryption_configuration(config)
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await.map(drop)
        };
        self.settled(bucket, put).await
    }
}
