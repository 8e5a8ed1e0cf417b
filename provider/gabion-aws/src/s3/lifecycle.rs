//! Lifecycle rules.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus,
    LifecycleExpiration, LifecycleRule as SdkRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, NoncurrentVersionTransition, Transition as SdkTransition,
    TransitionStorageClass,
};

use super::{S3, configured};
use crate::convert::build_error;
use crate::error::Result;
use crate::operations::{self, Operation};

/// A move to a colder storage class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transition {
    /// Days after creation (for old versions: after they became old).
    pub days: i32,
    /// Storage class (`STANDARD_IA`, `GLACIER_IR`, `GLACIER`, `DEEP_ARCHIVE`, ...).
    pub storage_class: String,
}

/// A lifecycle rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleRule {
    /// Its id, unique in the bucket.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// Names it covers; all when unset.
    pub prefix: Option<String>,
    /// Moves of current versions.
    pub transitions: Vec<Transition>,
    /// Moves of old versions.
    pub noncurrent_transitions: Vec<Transition>,
    /// Days until current versions expire.
    pub expiration_days: Option<i32>,
    /// Whether delete markers without versions are removed.
    pub expired_object_delete_marker: bool,
    /// Days until old versions are deleted.
    pub noncurrent_expiration_days: Option<i32>,
    /// How many old versions stay regardless.
    pub noncurrent_versions_kept: Option<i32>,
    /// Days until unfinished uploads are removed.
    pub abort_multipart_days: Option<i32>,
    /// True when the rule in AWS holds settings that this struct lacks (dates, filters by tag or
    /// size): putting it back would lose them.
    pub other: bool,
}

impl S3 {
    /// The lifecycle rules, if there are any. Reads may lag behind a change by seconds.
    pub async fn lifecycle(&self, bucket: &str) -> Result<Option<Vec<LifecycleRule>>> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_bucket_lifecycle_configuration()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(
                &operations::s3::GET_BUCKET_LIFECYCLE_CONFIGURATION,
                call.send(),
            )
            .await;
        let answer = configured(result, &["NoSuchLifecycleConfiguration"])?;
        Ok(answer.map(|answer| {
            let rules = answer.rules.unwrap_or_default();
            rules.into_iter().map(from_sdk).collect()
        }))
    }

    /// Replaces all lifecycle rules; none at all removes the configuration.
    pub async fn put_lifecycle(&self, bucket: &str, rules: &[LifecycleRule]) -> Result<()> {
        if rules.is_empty() {
            return self.delete_lifecycle(bucket).await;
        }
        let op = &operations::s3::PUT_BUCKET_LIFECYCLE_CONFIGURATION;
        let rules: Result<Vec<SdkRule>> = rules.iter().map(|rule| to_sdk(op, rule)).collect();
        let config = BucketLifecycleConfiguration::builder()
            .set_rules(Some(rules?))
            .build()
            .map_err(build_error(op))?;
        let call = self
            .clients
            .sdk()
            .s3()
            .put_bucket_lifecycle_configuration()
            .bucket(bucket)
            .lifecycle_configuration(config)
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await.map(drop)
        };
        self.settled(bucket, put).await
    }

    /// Removes all lifecycle rules. None at all is success.
    pub async fn delete_lifecycle(&self, bucket: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .s3()
            .delete_bucket_lifecycle()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::DELETE_BUCKET_LIFECYCLE, call.send())
            .await;
        configured(result, &["NoSuchLifecycleConfiguration"]).map(drop)
    }
}

fn to_sdk(op: &'static Operation, rule: &LifecycleRule) -> Result<SdkRule> {
    let transitions: Vec<SdkTransition> = rule
        .transitions
        .iter()
        .map(|step| {
            SdkTransition::builder()
                .days(step.days)
                .storage_class(TransitionStorageClass::from(step.storage_class.as_str()))
                .build()
        })
        .collect();
    let noncurrent: Vec<NoncurrentVersionTransition> = rule
        .noncurrent_transitions
        .iter()
        .map(|step| {
            NoncurrentVersionTransition::builder()
                .noncurrent_days(step.days)
                .storage_class(TransitionStorageClass::from(step.storage_class.as_str()))
                .build()
        })
        .collect();
    let marker = rule.expired_object_delete_marker.then_some(true);
    let expires = rule.expiration_days.is_some() || marker.is_some();
    let noncurrent_expires =
        rule.noncurrent_expiration_days.is_some() || rule.noncurrent_versions_kept.is_some();
    SdkRule::builder()
        .id(&rule.id)
        .status(if rule.enabled {
            ExpirationStatus::Enabled
        } else {
            ExpirationStatus::Disabled
        })
        .filter(
            LifecycleRuleFilter::builder()
                .prefix(rule.prefix.as_deref().unwrap_or_default())
                .build(),
        )
        .set_transitions((!transitions.is_empty()).then_some(transitions))
        .set_noncurrent_version_transitions((!noncurrent.is_empty()).then_some(noncurrent))
        .set_expiration(expires.then(|| {
            LifecycleExpiration::builder()
                .set_days(rule.expiration_days)
                .set_expired_object_delete_marker(marker)
                .build()
        }))
        .set_noncurrent_version_expiration(noncurrent_expires.then(|| {
            NoncurrentVersionExpiration::builder()
                .set_noncurrent_days(rule.noncurrent_expiration_days)
                .set_newer_noncurrent_versions(rule.noncurrent_versions_kept)
                .build()
        }))
        .set_abort_incomplete_multipart_upload(rule.abort_multipart_days.map(|days| {
            AbortIncompleteMultipartUpload::builder()
                .days_after_initiation(days)
                .build()
        }))
        .build()
        .map_err(build_error(op))
}

#[expect(deprecated, reason = "old rules hold their prefix outside the filter")]
fn from_sdk(rule: SdkRule) -> LifecycleRule {
    let filter = rule.filter.as_ref();
    let prefix = filter
        .and_then(|filter| filter.prefix.clone())
        .or(rule.prefix)
        .filter(|prefix| !prefix.is_empty());
    let by_more = filter.is_some_and(|filter| {
        filter.tag.is_some()
            || filter.and.is_some()
            || filter.object_size_greater_than.is_some()
            || filter.object_size_less_than.is_some()
    });
    let expiration = rule.expiration.as_ref();
    let transitions = rule.transitions.unwrap_or_default();
    let noncurrent = rule.noncurrent_version_transitions.unwrap_or_default();
    let by_date = expiration.is_some_and(|expiration| expiration.date.is_some())
        || transitions.iter().any(|step| step.date.is_some())
        || noncurrent
            .iter()
            .any(|step| step.newer_noncurrent_versions.is_some());
    LifecycleRule {
        id: rule.id.unwrap_or_default(),
        enabled: rule.status == ExpirationStatus::Enabled,
        prefix,
        transitions: transitions
            .iter()
            .map(|step| Transition {
                days: step.days.unwrap_or_default(),
                storage_class: class(step.storage_class.as_ref()),
            })
            .collect(),
        noncurrent_transitions: noncurrent
            .iter()
            .map(|step| Transition {
                days: step.noncurrent_days.unwrap_or_default(),
                storage_class: class(step.storage_class.as_ref()),
            })
            .collect(),
        expiration_days: expiration.and_then(|expiration| expiration.days),
        expired_object_delete_marker: expiration
            .and_then(|expiration| expiration.expired_object_delete_marker)
            .unwrap_or_default(),
        noncurrent_expiration_days: rule
            .noncurrent_version_expiration
            .as_ref()
            .and_then(|expiration| expiration.noncurrent_days),
        noncurrent_versions_kept: rule
            .noncurrent_version_expiration
            .as_ref()
            .and_then(|expiration| expiration.newer_noncurrent_versions),
        abort_multipart_days: rule
            .abort_incomplete_multipart_upload
            .and_then(|abort| abort.days_after_initiation),
        other: by_more || by_date,
    }
}

fn class(class: Option<&TransitionStorageClass>) -> String {
    class
        .map(|class| class.as_str().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let step = |days, class: &str| Transition {
            days,
            storage_class: class.to_owned(),
        };
        let rule = LifecycleRule {
            id: "colder".to_owned(),
            enabled: true,
            prefix: Some("AWSLogs/".to_owned()),
            transitions: vec![step(90, "GLACIER_IR")],
            noncurrent_transitions: vec![step(30, "DEEP_ARCHIVE")],
            expiration_days: Some(400),
            expired_object_delete_marker: false,
            noncurrent_expiration_days: Some(10),
            noncurrent_versions_kept: None,
            abort_multipart_days: Some(7),
            other: false,
        };
        let op = &operations::s3::PUT_BUCKET_LIFECYCLE_CONFIGURATION;
        assert_eq!(from_sdk(to_sdk(op, &rule).unwrap()), rule);
    }
}
