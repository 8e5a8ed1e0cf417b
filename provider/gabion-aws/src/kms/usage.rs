//! When a key was last used.
//!
//! KMS tells it with GetKeyLastUsage. Where the endpoint or the caller's rights lack that call,
//! CloudTrail's event history of 90 days is read for the cryptographic operations of the key. Where
//! neither answers, the result says that it is not known, and why.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_kms::config::Builder as ConfigBuilder;
use jiff::{SignedDuration, Timestamp};

use super::Kms;
use crate::convert::time;
use crate::error::{AwsError, Kind, Result};
use crate::operations;

/// How long CloudTrail keeps its event history.
const HISTORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Where the answer comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageSource {
    /// KMS itself.
    Kms,
    /// CloudTrail's event history of the last 90 days.
    CloudTrail,
    /// It could not be told; the text says why.
    Unknown(String),
}

/// When a key was last used for cryptography.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// The last use, if there was one since `tracked_since`.
    pub last_used: Option<Timestamp>,
    /// What it was (`Decrypt`, ...).
    pub operation: Option<String>,
    /// Uses before that are not known.
    pub tracked_since: Option<Timestamp>,
    /// Where the answer comes from.
    pub source: UsageSource,
}

impl Kms {
    /// When a key was last used.
    ///
    /// # Errors
    /// Only what makes any call pointless: no such key, no credentials, a stop.
    pub async fn last_usage(&self, key_arn: &str) -> Result<KeyUsage> {
        let first = match self.usage_from_kms(key_arn).await {
            Ok(usage) => return Ok(usage),
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => error,
        };
        let since = Timestamp::now().checked_sub(HISTORY).ok();
        let trail = self.clients.cloudtrail();
        match trail.last_crypto_event(key_arn, since).await {
            Ok(event) => Ok(KeyUsage {
                last_used: event.as_ref().map(|(at, _)| *at),
                operation: event.map(|(_, name)| name),
                tracked_since: since,
                source: UsageSource::CloudTrail,
            }),
            Err(error) if is_final(&error) => Err(error),
            Err(second) => Ok(KeyUsage {
                last_used: None,
                operation: None,
                tracked_since: None,
                source: UsageSource::Unknown(format!("{first}; and {second}")),
            }),
        }
    }

    async fn usage_from_kms(&self, key: &str) -> Result<KeyUsage> {
        // An endpoint without this call answers 500: no point in retrying for minutes.
        let short = ConfigBuilder::new()
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(Duration::from_secs(20))
                    .build(),
            );
        let call = self
            .clients
            .sdk()
            .kms()
            .get_key_last_usage()
            .key_id(key)
            .customize()
            .config_override(short);
        let answer = self
            .clients
            .call(&operations::kms::GET_KEY_LAST_USAGE, call.send())
            .await?;
        let tracked_since = time(answer.tracking_start_date());
        let last = answer.key_last_usage;
        Ok(KeyUsage {
            last_used: last.as_ref().and_then(|usage| time(usage.timestamp())),
            operation: last
                .and_then(|usage| usage.operation)
                .map(|operation| operation.as_str().to_owned()),
            tracked_since,
            source: UsageSource::Kms,
        })
    }
}

fn is_final(error: &AwsError) -> bool {
    matches!(
        error.kind,
        Kind::NotFound | Kind::Cancelled | Kind::NoCredentials | Kind::ExpiredCredentials
    )
}
