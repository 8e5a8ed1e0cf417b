//! Creating a key, once.
//!
//! CreateKey takes no client token, and a second call makes a second key. So the SDK's own retries
//! are off here: after a reply that was lost, the key is looked for by its tags before another one
//! is made.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_kms::config::Builder as ConfigBuilder;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use jiff::{SignedDuration, Timestamp};

use super::policy::{PROPAGATION, unknown_principal};
use super::tags::to_sdk;
use super::{Key, Kms};
use crate::Tags;
use crate::error::{AwsError, Kind, Result};
use crate::operations::kms::CREATE_KEY;
use crate::{operations, wait};

/// How far our clock and that of AWS may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Pauses before each look for a key whose creation was not confirmed: a new key shows up in
/// ListKeys within seconds.
const LOOKS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_millis(1500),
    Duration::from_secs(2),
];

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateKey {
    /// Description.
    pub description: String,
    /// Key policy (JSON); AWS's default policy when unset.
    pub policy: Option<String>,
    /// Tags, the creation tag among them.
    pub tags: Tags,
    /// Whether to make a multi-region primary.
    pub multi_region: bool,
    /// Key spec; `SYMMETRIC_DEFAULT` when unset.
    pub key_spec: Option<String>,
    /// Key usage; `ENCRYPT_DECRYPT` when unset.
    pub key_usage: Option<String>,
    /// After a lost reply, look for a key with all these tags that was made since the call began,
    /// and take it. The tags must then tell this key from its siblings.
    pub recover: bool,
}

impl Kms {
    /// Creates a key. AWS's own lock-out check of the policy stays on. Where IAM has not yet spread
    /// a principal of the policy, it tries again for a minute.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when a reply was lost and several keys could be the one.
    pub async fn create_key(&self, request: &CreateKey) -> Result<Key> {
        wait::retry_while(
            &self.clients,
            "waiting for the principals of the key policy",
            PROPAGATION,
            unknown_principal,
            || self.create_confirmed(request),
        )
        .await
    }

    async fn create_confirmed(&self, request: &CreateKey) -> Result<Key> {
        let since = Timestamp::now()
            .checked_sub(CLOCK_SKEW)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let retries = self.clients.settings().max_retries.unwrap_or(5);
        let mut pause = Duration::from_millis(500);
        let mut left = retries;
        loop {
            let error = match self.create_once(request).await {
                Ok(key) => return Ok(key),
                Err(error) => error,
            };
            if error.may_have_happened() {
                if !request.recover || request.tags.is_empty() {
                    return Err(error);
                }
                if let Some(key) = self.look_for_created(request, since).await? {
                    tracing::info!(
                        key = key.id,
                        "took the key whose creation was not confirmed"
                    );
                    return Ok(key);
                }
            }
            let again = matches!(
                error.kind,
                Kind::Throttled | Kind::Timeout | Kind::Dispatch | Kind::Other
            ) && error.retryable;
            if !again || left == 0 {
                return Err(error);
            }
            left -= 1;
            self.clients.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(20));
        }
    }

    async fn create_once(&self, request: &CreateKey) -> Result<Key> {
        let call = self
            .clients
            .sdk()
            .kms()
            .create_key()
            .description(&request.description)
            .set_policy(request.policy.clone())
            .set_key_spec(request.key_spec.as_deref().map(KeySpec::from))
            .set_key_usage(request.key_usage.as_deref().map(KeyUsageType::from))
            .bypass_policy_lockout_safety_check(false)
            .set_multi_region(request.multi_region.then_some(true))
            .set_tags(to_sdk(&CREATE_KEY, &request.tags)?)
            .customize()
            .config_override(ConfigBuilder::new().retry_config(RetryConfig::disabled()));
        let answer = self
            .clients
            .call(&operations::kms::CREATE_KEY, call.send())
            .await?;
        answer
            .key_metadata
            .map(Key::from)
            .ok_or_else(|| AwsError::of(&CREATE_KEY, Kind::Other, "the answer holds no key"))
    }

    /// Looks even after a stop: what was made belongs into the state.
    async fn look_for_created(&self, request: &CreateKey, since: Timestamp) -> Result<Option<Key>> {
        let finder = Self::new(self.clients.unscoped());
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            let mut found = Vec::new();
            for candidate in finder.find_keys_by_tags(&request.tags).await? {
                let Some(key) = finder.find_key(&candidate.key_id).await? else {
                    continue;
                };
                if !key.is_pending_deletion() && key.created.is_none_or(|at| at >= since) {
                    found.push(key);
                }
            }
            if found.len() > 1 {
                let ids: Vec<&str> = found.iter().map(|key| key.id.as_str()).collect();
                return Err(AwsError::of(
                    &CREATE_KEY,
                    Kind::Conflict,
                    format!(
                        "the reply was lost, and several keys made since then carry these tags: {}; import the right one and schedule the others for deletion",
                        ids.join(", ")
                    ),
                ));
            }
            if let Some(key) = found.pop() {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::Client;
    use aws_sdk_kms::operation::create_key::CreateKeyOutput;
    use aws_sdk_kms::operation::describe_key::DescribeKeyOutput;
    use aws_sdk_kms::operation::list_keys::ListKeysOutput;
    use aws_sdk_kms::operation::list_resource_tags::ListResourceTagsOutput;
    use aws_sdk_kms::primitives::DateTime;
    use aws_sdk_kms::types::{KeyListEntry, KeyMetadata, Tag};
    use aws_smithy_mocks::{Rule, mock};

    use super::*;
    use crate::clients::Clients;
    use crate::testing::Fake;

    fn request() -> CreateKey {
        CreateKey {
            tags: Tags::from([("gabion:creation".to_owned(), "creating".to_owned())]),
            recover: true,
            ..CreateKey::default()
        }
    }

    fn metadata(id: &str, created: Timestamp) -> KeyMetadata {
        let created = DateTime::from_secs(created.as_second());
        KeyMetadata::builder()
            .key_id(id)
            .creation_date(created)
            .build()
            .unwrap()
    }

    /// KMS with these keys, all tagged as the request, whose CreateKey answers first with a status.
    fn kms(first: u16, body: &str, keys: &'static [(&'static str, Timestamp)]) -> (Clients, Rule) {
        let create = mock!(Client::create_key)
            .sequence()
            .http_status(first, Some(body.to_owned()))
            .output(|| {
                let data = metadata("second", Timestamp::now());
                CreateKeyOutput::builder().key_metadata(data).build()
            })
            .build();
        let list = mock!(Client::list_keys).then_output(|| {
            let entries = keys
                .iter()
                .map(|(id, _)| KeyListEntry::builder().key_id(*id).build());
            ListKeysOutput::builder()
                .set_keys(Some(entries.collect()))
                .build()
        });
        let tags = mock!(Client::list_resource_tags).then_output(|| {
            let tag = Tag::builder()
                .tag_key("gabion:creation")
                .tag_value("creating")
                .build()
                .unwrap();
            ListResourceTagsOutput::builder().tags(tag).build()
        });
        let describe = mock!(Client::describe_key).then_compute_output(|request| {
            let id = request.key_id().unwrap();
            let created = keys.iter().find(|(key, _)| *key == id).unwrap().1;
            DescribeKeyOutput::builder()
                .key_metadata(metadata(id, created))
                .build()
        });
        let clients = Fake::default()
            .kms(&[&create, &list, &tags, &describe])
            .clients();
        (clients, create)
    }

    #[tokio::test]
    async fn a_lost_reply_makes_no_second_key() {
        // An older key with the same tags belongs to an earlier run: it is left alone.
        let keys = vec![
            ("first", Timestamp::now()),
            ("older", Timestamp::UNIX_EPOCH),
        ];
        let (clients, create) = kms(500, "{}", keys.leak());
        let key = clients.kms().create_key(&request()).await.unwrap();
        assert_eq!(key.id, "first");
        assert_eq!(create.num_calls(), 1);
    }

    #[tokio::test]
    async fn without_recovery_it_is_not_repeated() {
        let (clients, create) = kms(500, "{}", &[]);
        let mut request = request();
        request.recover = false;
        let error = clients.kms().create_key(&request).await.unwrap_err();
        assert!(error.may_have_happened());
        assert_eq!(create.num_calls(), 1);
    }

    #[tokio::test]
    async fn several_candidates_are_named() {
        let keys = vec![("one", Timestamp::now()), ("two", Timestamp::now())];
        let (clients, _) = kms(500, "{}", keys.leak());
        let error = clients.kms().create_key(&request()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Conflict);
        assert!(error.message.contains("one, two"), "{error}");
    }

    #[tokio::test]
    async fn a_throttled_create_is_repeated_without_a_search() {
        let body = r#"{"__type":"ThrottlingException","message":"slow down"}"#;
        let (clients, create) = kms(400, body, &[]);
        let key = clients.kms().create_key(&request()).await.unwrap();
        assert_eq!(key.id, "second");
        assert_eq!(create.num_calls(), 2);
    }
}
