//! Object Lock.

use aws_sdk_s3::types::{
    DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode,
    ObjectLockRule,
};

use super::{S3, configured};
use crate::error::Result;
use crate::operations;

/// Object Lock of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectLock {
    /// Whether it is possible at all.
    pub enabled: bool,
    /// Default mode: `GOVERNANCE` or `COMPLIANCE`.
    pub mode: Option<String>,
    /// Default retention in days; either this or years.
    pub days: Option<i32>,
    /// Default retention in years.
    pub years: Option<i32>,
}

impl S3 {
    /// Object Lock, if the bucket has it.
    pub async fn object_lock(&self, bucket: &str) -> Result<Option<ObjectLock>> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_object_lock_configuration()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::GET_OBJECT_LOCK_CONFIGURATION, call.send())
            .await;
        let absent = &[
            "ObjectLockConfigurationNotFoundError",
            "ObjectLockConfigurationNotFound",
            "NoSuchObjectLockConfiguration",
        ];
        let config =
            configured(result, absent)?.and_then(|answer| answer.object_lock_configuration);
        Ok(config.map(|config| {
            let retention = config.rule.and_then(|rule| rule.default_retention);
            let retention = retention.as_ref();
            ObjectLock {
                enabled: config.object_lock_enabled == Some(ObjectLockEnabled::Enabled),
                mode: retention
                    .and_then(|retention| retention.mode.as_ref())
                    .map(|mode| mode.as_str().to_owned()),
                days: retention
                    .and_then(|retention| retention.days)
                    .filter(|days| *days > 0),
                // Some endpoints answer zero for what was not set.
                years: retention
                    .and_then(|retention| retention.years)
                    .filter(|years| *years > 0),
            }
        }))
    }

    /// Sets the default retention of new objects; without a mode there is none. Objects that are
    /// there keep theirs.
    pub async fn put_object_lock(&self, bucket: &str, lock: &ObjectLock) -> Result<()> {
        let rule = lock.mode.as_deref().map(|mode| {
            let retention = DefaultRetention::builder()
                .mode(ObjectLockRetentionMode::from(mode))
                .set_days(lock.days)
                .set_years(lock.years)
                .build();
            ObjectLockRule::builder()
                .default_retention(retention)
                .build()
        });
        let config = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .set_rule(rule)
            .build();
        let call = self
            .clients
            .sdk()
            .s3()
            .put_object_lock_configuration()
            .bucket(bucket)
            .object_lock_configuration(config)
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients
                .call(&operations::s3::PUT_OBJECT_LOCK_CONFIGURATION, call.send())
                .await
                .map(drop)
        };
        self.settled(bucket, put).await
    }
}
