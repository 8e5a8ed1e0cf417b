//! AWS Network Firewall: firewalls of VPCs, their policies, rule groups and logs.
//!
//! Nothing here takes a client token, and every name is unique in its account and region: where a create says that the
//! name is taken, or its reply was lost, what has that name is given, and the caller looks at its tags.

mod firewall;
mod logging;
mod policy;
mod rule_group;

use aws_sdk_networkfirewall::types::{EncryptionConfiguration, EncryptionType, Tag};

use crate::clients::Clients;
use crate::convert::build_error;
use crate::error::{AwsError, Result};
use crate::operations::Operation;
use crate::{Tags, operations};

pub use firewall::{CreateFirewall, Firewall, FirewallEndpoint, FirewallProtection};
pub use logging::FirewallLog;
pub use policy::{FirewallPolicy, PolicyRules};
pub use rule_group::{RuleGroup, Rules};

/// Network Firewall calls of one account and region.
#[derive(Clone, Debug)]
pub struct NetworkFirewall {
    clients: Clients,
}

impl NetworkFirewall {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// The same without stop signal and deadline: to find out what a lost reply did.
    fn finder(&self) -> Self {
        Self::new(self.clients.unscoped())
    }

    /// Adds or overwrites tags. Nothing is called for none.
    pub async fn tag(&self, arn: &str, tags: &Tags) -> Result<()> {
        let op = &operations::networkfirewall::TAG_RESOURCE;
        if tags.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(to_sdk(op, tags)?));
        self.clients.call(op, call.send()).await.map(drop)
    }

    /// Removes tags by key. Nothing is called for none.
    pub async fn untag(&self, arn: &str, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(keys.to_vec()));
        self.clients
            .call(&operations::networkfirewall::UNTAG_RESOURCE, call.send())
            .await
            .map(drop)
    }
}

/// Whether a create may have made something, or found the name taken: then it is looked for.
fn look_after(error: &AwsError) -> bool {
    error.may_have_happened() || error.code() == Some("InvalidRequestException")
}

fn to_sdk(op: &'static Operation, tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .map(|tag| tag.map_err(build_error(op)))
        .collect()
}

fn from_sdk(tags: Option<Vec<Tag>>) -> Tags {
    tags.unwrap_or_default()
        .into_iter()
        .map(|tag| (tag.key, tag.value))
        .collect()
}

/// The customer's key, or AWS's own.
fn encryption(op: &'static Operation, key: Option<&str>) -> Result<EncryptionConfiguration> {
    let kind = if key.is_some() {
        EncryptionType::CustomerKms
    } else {
        EncryptionType::AwsOwnedKmsKey
    };
    EncryptionConfiguration::builder()
        .r#type(kind)
        .set_key_id(Some(key.unwrap_or("AWS_OWNED_KMS_KEY").to_owned()))
        .build()
        .map_err(build_error(op))
}

/// The customer's key, where it is one.
fn key_of(encryption: Option<EncryptionConfiguration>) -> Option<String> {
    encryption
        .filter(|one| one.r#type == EncryptionType::CustomerKms)
        .and_then(|one| one.key_id)
}
