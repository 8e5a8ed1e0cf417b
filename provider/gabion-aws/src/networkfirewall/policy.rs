//! Firewall policies: stateful rules in strict order.

use aws_sdk_networkfirewall::operation::describe_firewall_policy::DescribeFirewallPolicyOutput;
use aws_sdk_networkfirewall::types::{
    FirewallPolicy as SdkPolicy, RuleOrder, StatefulEngineOptions, StatefulRuleGroupReference,
};

use super::{NetworkFirewall, encryption, from_sdk, key_of, look_after, to_sdk};
use crate::convert::build_error;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::operations::Operation;
use crate::{Tags, operations};

/// What hands every packet to the stateful rules.
const FORWARD: &str = "aws:forward_to_sfe";

/// What a policy does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyRules {
    /// ARNs of its stateful rule groups, in the order in which they decide.
    pub rule_groups: Vec<String>,
    /// What becomes of traffic that no rule decided (`aws:drop_established`, ...), sorted.
    pub default_actions: Vec<String>,
    /// Whether it is as this crate makes policies beside that: every packet goes to the stateful rules, in strict
    /// order. Without a part in what is written.
    pub plain: bool,
}

/// A policy as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirewallPolicy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it does.
    pub rules: PolicyRules,
    /// The customer's key, where it has one.
    pub kms_key: Option<String>,
    /// Whether it is on its way out.
    pub deleting: bool,
    /// Tags.
    pub tags: Tags,
    /// By which an update says what it changes.
    pub token: String,
}

fn policy(op: &'static Operation, rules: &PolicyRules) -> Result<SdkPolicy> {
    let mut references = Vec::new();
    for (arn, priority) in rules.rule_groups.iter().zip((10..).step_by(10)) {
        let reference = StatefulRuleGroupReference::builder()
            .resource_arn(arn)
            .priority(priority)
            .build();
        references.push(reference.map_err(build_error(op))?);
    }
    SdkPolicy::builder()
        .stateless_default_actions(FORWARD)
        .stateless_fragment_default_actions(FORWARD)
        .set_stateful_rule_group_references(Some(references))
        .set_stateful_default_actions(Some(rules.default_actions.clone()))
        .stateful_engine_options(
            StatefulEngineOptions::builder()
                .rule_order(RuleOrder::StrictOrder)
                .build(),
        )
        .build()
        .map_err(build_error(op))
}

impl NetworkFirewall {
    /// A policy by its name.
    pub async fn firewall_policy(&self, name: &str) -> Result<Option<FirewallPolicy>> {
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .describe_firewall_policy()
            .firewall_policy_name(name);
        let answer = self
            .clients
            .call(
                &operations::networkfirewall::DESCRIBE_FIREWALL_POLICY,
                call.send(),
            )
            .await
            .or_absent()?;
        Ok(answer.and_then(policy_of))
    }

    /// Creates a policy.
    pub async fn create_firewall_policy(
        &self,
        name: &str,
        rules: &PolicyRules,
        key: Option<&str>,
        tags: &Tags,
    ) -> Result<FirewallPolicy> {
        let op = &operations::networkfirewall::CREATE_FIREWALL_POLICY;
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .create_firewall_policy()
            .firewall_policy_name(name)
            .firewall_policy(policy(op, rules)?)
            .encryption_configuration(encryption(op, key)?)
            .set_tags(Some(to_sdk(op, tags)?));
        let failed = match self.clients.call(op, call.send()).await {
            Ok(_) => None,
            Err(error) if look_after(&error) => Some(error),
            Err(error) => return Err(error),
        };
        let found = self.finder().firewall_policy(name).await?;
        found.filter(|one| !one.deleting).ok_or_else(|| {
            failed.unwrap_or_else(|| AwsError::of(op, Kind::Other, "the policy is not there"))
        })
    }

    /// Changes what a policy does, and its key.
    pub async fn update_firewall_policy(
        &self,
        before: &FirewallPolicy,
        rules: &PolicyRules,
        key: Option<&str>,
    ) -> Result<()> {
        let op = &operations::networkfirewall::UPDATE_FIREWALL_POLICY;
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .update_firewall_policy()
            .update_token(&before.token)
            .firewall_policy_name(&before.name)
            .firewall_policy(policy(op, rules)?)
            .encryption_configuration(encryption(op, key)?);
        self.clients.call(op, call.send()).await.map(drop)
    }

    /// Deletes a policy. One that is gone already is success.
    ///
    /// # Errors
    /// `InvalidOperationException` while a firewall uses it.
    pub async fn delete_firewall_policy(&self, name: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .networkfirewall()
            .delete_firewall_policy()
            .firewall_policy_name(name);
        self.clients
            .call(
                &operations::networkfirewall::DELETE_FIREWALL_POLICY,
                call.send(),
            )
            .await
            .or_absent()
            .map(drop)
    }
}

fn policy_of(answer: DescribeFirewallPolicyOutput) -> Option<FirewallPolicy> {
    let response = answer.firewall_policy_response?;
    let found = answer.firewall_policy;
    let forwards = |actions: &[String]| matches!(actions, [one] if one == FORWARD);
    let plain = found.as_ref().is_some_and(|one| {
        let strict = one
            .stateful_engine_options
            .as_ref()
            .is_some_and(|options| options.rule_order == Some(RuleOrder::StrictOrder));
        let overridden = one
            .stateful_rule_group_references()
            .iter()
            .any(|reference| reference.r#override.is_some());
        strict
            && !overridden
            && forwards(&one.stateless_default_actions)
            && forwards(&one.stateless_fragment_default_actions)
            && one.stateless_rule_group_references().is_empty()
    });
    let mut references = found
        .as_ref()
        .map(|one| one.stateful_rule_group_references().to_vec())
        .unwrap_or_default();
    references.sort_by_key(|one| one.priority);
    let mut default_actions = found
        .map(|one| one.stateful_default_actions().to_vec())
        .unwrap_or_default();
    default_actions.sort();
    Some(FirewallPolicy {
        name: response.firewall_policy_name,
        arn: response.firewall_policy_arn,
        rules: PolicyRules {
            rule_groups: references.into_iter().map(|one| one.resource_arn).collect(),
            default_actions,
            plain,
        },
        kms_key: key_of(response.encryption_configuration),
        deleting: response
            .firewall_policy_status
            .is_some_and(|status| status.as_str() == "DELETING"),
        tags: from_sdk(response.tags),
        token: answer.update_token,
    })
}
