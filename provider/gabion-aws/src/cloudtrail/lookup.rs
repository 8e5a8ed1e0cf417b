//! CloudTrail's event history, for the last use of a key.

use aws_config::retry::RetryConfig;
use aws_sdk_cloudtrail::config::Builder as ConfigBuilder;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use jiff::Timestamp;

use super::CloudTrail;
use crate::convert::{build_error, date_time, time};
use crate::error::Result;
use crate::operations;

/// KMS operations that use a key, as opposed to looking at it or managing it.
const CRYPTO: &[&str] = &[
    "Decrypt",
    "DeriveSharedSecret",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "ReEncrypt",
    "Sign",
    "Verify",
    "VerifyMac",
];

/// Pages of 50 events, newest first, before giving up on a key that is only ever looked at.
const MOST_PAGES: usize = 20;

impl CloudTrail {
    /// The newest cryptographic use of a key in the event history since a time: when, and what.
    pub(crate) async fn last_crypto_event(
        &self,
        key_arn: &str,
        since: Option<Timestamp>,
    ) -> Result<Option<(Timestamp, String)>> {
        let op = &operations::cloudtrail::LOOKUP_EVENTS;
        let by_key = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::ResourceName)
            .attribute_value(key_arn)
            .build()
            .map_err(build_error(op))?;
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let call = self
                .clients
                .sdk()
                .cloudtrail()
                .lookup_events()
                .lookup_attributes(by_key.clone())
                .set_start_time(since.map(date_time))
                .max_results(50)
                .set_next_token(token.take())
                .customize()
                // An endpoint without this call answers 500: no point in retrying for minutes.
                .config_override(
                    ConfigBuilder::new().retry_config(RetryConfig::standard().with_max_attempts(2)),
                );
            let page = self.clients.call(op, call.send()).await?;
            for event in page.events.unwrap_or_default() {
                let at = time(event.event_time());
                if let (Some(at), Some(name)) = (at, event.event_name)
                    && CRYPTO.contains(&name.as_str())
                {
                    return Ok(Some((at, name)));
                }
            }
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        Ok(None)
    }
}
