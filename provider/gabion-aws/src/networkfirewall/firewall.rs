//! Firewalls.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_networkfirewall::operation::describe_firewall::DescribeFirewallOutput;
use aws_sdk_networkfirewall::types::SubnetMapping;

use super::{NetworkFirewall, encryption, from_sdk, key_of, look_after, to_sdk};
use crate::convert::build_error;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::operations::Operation;
use crate::wait::{WaitOptions, until};
use crate::{Tags, operations};

/// How long a firewall may take to come up or to go.
const FIREWALL: WaitOptions = WaitOptions {
    first: Duration::from_secs(1),
    max: Duration::from_secs(15),
    limit: Duration::from_secs(30 * 60),
};

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateFirewall {
    /// Its name.
    pub name: String,
    /// ARN of its policy.
    pub policy_arn: String,
    /// The VPC.
    pub vpc_id: String,
    /// A subnet in each zone.
    pub subnets: Vec<String>,
    /// What it is protected from.
    pub protected: bool,
    /// The customer's key; AWS's own where none is given.
    pub kms_key: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// The endpoint of a zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirewallEndpoint {
    /// Its id; empty while there is none.
    pub id: String,
    /// Its subnet.
    pub subnet_id: String,
    /// State in upper case (`CREATING`, `READY`, `FAILED`, ...).
    pub state: String,
}

/// What a firewall can be protected from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirewallProtection {
    /// Deletion.
    Delete,
    /// Changes of its subnets.
    Subnets,
    /// A change of its policy for another one.
    Policy,
}

/// A firewall as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firewall {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// ARN of its policy.
    pub policy_arn: String,
    /// The VPC.
    pub vpc_id: String,
    /// Its subnets.
    pub subnets: Vec<String>,
    /// Whether it is protected from deletion.
    pub delete_protection: bool,
    /// Whether its subnets are protected.
    pub subnet_protection: bool,
    /// Whether the choice of its policy is protected.
    pub policy_protection: bool,
    /// The customer's key, where it has one.
    pub kms_key: Option<String>,
    /// State in upper case (`PROVISIONING`, `READY`, `DELETING`, `FAILED`).
    pub state: String,
    /// Endpoints by zone.
    pub endpoints: BTreeMap<String, FirewallEndpoint>,
    /// Tags.
    pub tags: Tags,
}

impl Firewall {
    /// Whether it filters in each of these subnets.
    fn is_ready(&self, subnets: &[String]) -> bool {
        self.state == "READY"
            && subnets.iter().all(|subnet| {
                self.endpoints
                    .values()
                    .any(|one| one.subnet_id == *subnet && one.state == "READY")
            })
    }
}

fn mappings(op: &'static Operation, subnets: &[String]) -> Result<Vec<SubnetMapping>> {
    subnets
        .iter()
        .map(|subnet| SubnetMapping::builder().subnet_id(subnet).build())
        .map(|one| one.map_err(build_error(op)))
        .collect()
}

impl NetworkFirewall {
    /// A firewall by its name.
    pub async fn firewall(&self, name: &str) -> Result<Option<Firewall>> {
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .describe_firewall()
            .firewall_name(name);
        let answer = self
            .clients
            .call(&operations::networkfirewall::DESCRIBE_FIREWALL, call.send())
            .await
            .or_absent()?;
        Ok(answer.and_then(firewall_of))
    }

    /// Creates a firewall; it comes up over minutes, see [`NetworkFirewall::wait_for_firewall`].
    pub async fn create_firewall(&self, request: &CreateFirewall) -> Result<Firewall> {
        let op = &operations::networkfirewall::CREATE_FIREWALL;
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .create_firewall()
            .firewall_name(&request.name)
            .firewall_policy_arn(&request.policy_arn)
            .vpc_id(&request.vpc_id)
            .set_subnet_mappings(Some(mappings(op, &request.subnets)?))
            .delete_protection(request.protected)
            .subnet_change_protection(request.protected)
            .firewall_policy_change_protection(request.protected)
            .encryption_configuration(encryption(op, request.kms_key.as_deref())?)
            .set_tags(Some(to_sdk(op, &request.tags)?));
        let failed = match self.clients.call(op, call.send()).await {
            Ok(_) => None,
            Err(error) if look_after(&error) => Some(error),
            Err(error) => return Err(error),
        };
        let found = self.finder().firewall(&request.name).await?;
        found
            .filter(|one| one.vpc_id == request.vpc_id)
            .ok_or_else(|| {
                failed.unwrap_or_else(|| AwsError::of(op, Kind::Other, "the firewall is not there"))
            })
    }

    /// Waits until a firewall filters in each of these subnets, and gives it.
    ///
    /// # Errors
    /// [`Kind::InvalidState`] where it failed.
    pub async fn wait_for_firewall(&self, name: &str, subnets: &[String]) -> Result<Firewall> {
        let what = format!("waiting for the firewall `{name}`");
        until(&self.clients, &what, FIREWALL, || async {
            let Some(found) = self.firewall(name).await? else {
                return Ok(None);
            };
            let broken = found
                .endpoints
                .values()
                .any(|one| matches!(one.state.as_str(), "FAILED" | "ERROR"));
            if found.state == "FAILED" || broken {
                return Err(AwsError::without_call(
                    Kind::InvalidState,
                    what.clone(),
                    "AWS says that it failed",
                ));
            }
            Ok(found.is_ready(subnets).then_some(found))
        })
        .await
    }

    /// Adds subnets to a firewall.
    pub async fn add_firewall_subnets(&self, name: &str, subnets: &[String]) -> Result<()> {
        let op = &operations::networkfirewall::ASSOCIATE_SUBNETS;
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .associate_subnets()
            .firewall_name(name)
            .set_subnet_mappings(Some(mappings(op, subnets)?));
        self.clients.call(op, call.send()).await.map(drop)
    }

    /// Gives a firewall its policy.
    pub async fn set_firewall_policy(&self, name: &str, policy_arn: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .associate_firewall_policy()
            .firewall_name(name)
            .firewall_policy_arn(policy_arn);
        self.clients
            .call(
                &operations::networkfirewall::ASSOCIATE_FIREWALL_POLICY,
                call.send(),
            )
            .await
            .map(drop)
    }

    /// Protects a firewall, or ends that.
    pub async fn set_firewall_protection(
        &self,
        name: &str,
        kind: FirewallProtection,
        on: bool,
    ) -> Result<()> {
        let sdk = self.clients.sdk();
        let sdk = sdk.networkfirewall();
        match kind {
            FirewallProtection::Delete => {
                let call = sdk.update_firewall_delete_protection();
                let call = call.firewall_name(name).delete_protection(on);
                let op = &operations::networkfirewall::UPDATE_FIREWALL_DELETE_PROTECTION;
                self.clients.call(op, call.send()).await.map(drop)
            }
            FirewallProtection::Subnets => {
                let call = sdk.update_subnet_change_protection();
                let call = call.firewall_name(name).subnet_change_protection(on);
                let op = &operations::networkfirewall::UPDATE_SUBNET_CHANGE_PROTECTION;
                self.clients.call(op, call.send()).await.map(drop)
            }
            FirewallProtection::Policy => {
                let call = sdk.update_firewall_policy_change_protection();
                let call = call
                    .firewall_name(name)
                    .firewall_policy_change_protection(on);
                let op = &operations::networkfirewall::UPDATE_FIREWALL_POLICY_CHANGE_PROTECTION;
                self.clients.call(op, call.send()).await.map(drop)
            }
        }
    }

    /// Gives a firewall another key, or AWS's own.
    pub async fn set_firewall_key(&self, name: &str, key: Option<&str>) -> Result<()> {
        let op = &operations::networkfirewall::UPDATE_FIREWALL_ENCRYPTION_CONFIGURATION;
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .update_firewall_encryption_configuration()
            .firewall_name(name)
            .encryption_configuration(encryption(op, key)?);
        self.clients.call(op, call.send()).await.map(drop)
    }

    /// Deletes a firewall, and waits until it is gone. One that is gone already is success.
    ///
    /// # Errors
    /// Among others while it is protected, or routes lead to it.
    pub async fn delete_firewall(&self, name: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .delete_firewall()
            .firewall_name(name);
        self.clients
            .call(&operations::networkfirewall::DELETE_FIREWALL, call.send())
            .await
            .or_absent()?;
        let what = format!("waiting for the firewall `{name}` to be deleted");
        until(&self.clients, &what, FIREWALL, || async {
            Ok(self.firewall(name).await?.is_none().then_some(()))
        })
        .await
    }
}

fn firewall_of(answer: DescribeFirewallOutput) -> Option<Firewall> {
    let found = answer.firewall?;
    let status = answer.firewall_status;
    let state = status
        .as_ref()
        .map(|status| status.status.as_str().to_owned())
        .unwrap_or_default();
    let endpoints = status
        .and_then(|status| status.sync_states)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(zone, state)| {
            let attachment = state.attachment?;
            let endpoint = FirewallEndpoint {
                id: attachment.endpoint_id.unwrap_or_default(),
                subnet_id: attachment.subnet_id.unwrap_or_default(),
                state: attachment
                    .status
                    .map(|status| status.as_str().to_owned())
                    .unwrap_or_default(),
            };
            Some((zone, endpoint))
        })
        .collect();
    let mut subnets: Vec<String> = found
        .subnet_mappings
        .into_iter()
        .map(|one| one.subnet_id)
        .collect();
    subnets.sort();
    Some(Firewall {
        name: found.firewall_name.unwrap_or_default(),
        arn: found.firewall_arn.unwrap_or_default(),
        policy_arn: found.firewall_policy_arn,
        vpc_id: found.vpc_id,
        subnets,
        delete_protection: found.delete_protection,
        subnet_protection: found.subnet_change_protection,
        policy_protection: found.firewall_policy_change_protection,
        kms_key: key_of(found.encryption_configuration),
        state,
        endpoints,
        tags: from_sdk(found.tags),
    })
}
