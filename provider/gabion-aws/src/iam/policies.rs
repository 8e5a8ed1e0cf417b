//! Inline policies and attachments of a role, and whether a managed policy exists.

use std::collections::BTreeSet;

use super::Iam;
use super::document::decode;
use crate::error::{Absent, Result};
use crate::operations;

impl Iam {
    /// Whether there is such a managed policy.
    pub async fn has_policy(&self, arn: &str) -> Result<bool> {
        let call = self.clients.sdk().iam().get_policy().policy_arn(arn);
        self.clients
            .call(&operations::iam::GET_POLICY, call.send())
            .await
            .or_absent()
            .map(|found| found.is_some())
    }

    /// The names of a role's inline policies.
    pub async fn inline_policies(&self, role: &str) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        let mut marker = None;
        loop {
            let call = self
                .clients
                .sdk()
                .iam()
                .list_role_policies()
                .role_name(role)
                .set_marker(marker.take());
            let page = self
                .clients
                .call(&operations::iam::LIST_ROLE_POLICIES, call.send())
                .await?;
            names.extend(page.policy_names);
            match page.marker.filter(|_| page.is_truncated) {
                Some(next) => marker = Some(next),
                None => return Ok(names),
            }
        }
    }

    /// An inline policy of a role (JSON), if there is one.
    pub async fn inline_policy(&self, role: &str, name: &str) -> Result<Option<String>> {
        let call = self
            .clients
            .sdk()
            .iam()
            .get_role_policy()
            .role_name(role)
            .policy_name(name);
        self.clients
            .call(&operations::iam::GET_ROLE_POLICY, call.send())
            .await
            .or_absent()
            .map(|found| found.map(|answer| decode(&answer.policy_document)))
    }

    /// Writes an inline policy of a role.
    pub async fn put_inline_policy(&self, role: &str, name: &str, document: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .iam()
            .put_role_policy()
            .role_name(role)
            .policy_name(name)
            .policy_document(document);
        self.clients
            .call(&operations::iam::PUT_ROLE_POLICY, call.send())
            .await
            .map(drop)
    }

    /// Deletes an inline policy of a role. One that is gone already is success.
    pub async fn delete_inline_policy(&self, role: &str, name: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .iam()
            .delete_role_policy()
            .role_name(role)
            .policy_name(name);
        self.clients
            .call(&operations::iam::DELETE_ROLE_POLICY, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// The ARNs of the managed policies that are attached to a role.
    pub async fn attached_policies(&self, role: &str) -> Result<BTreeSet<String>> {
        let mut arns = BTreeSet::new();
        let mut marker = None;
        loop {
            let call = self
                .clients
                .sdk()
                .iam()
                .list_attached_role_policies()
                .role_name(role)
                .set_marker(marker.take());
            let page = self
                .clients
                .call(&operations::iam::LIST_ATTACHED_ROLE_POLICIES, call.send())
                .await?;
            arns.extend(
                page.attached_policies
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|policy| policy.policy_arn),
            );
            match page.marker.filter(|_| page.is_truncated) {
                Some(next) => marker = Some(next),
                None => return Ok(arns),
            }
        }
    }

    /// Attaches a managed policy to a role; one that is attached already is success.
    pub async fn attach_policy(&self, role: &str, arn: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .iam()
            .attach_role_policy()
            .role_name(role)
            .policy_arn(arn);
        self.clients
            .call(&operations::iam::ATTACH_ROLE_POLICY, call.send())
            .await
            .map(drop)
    }

    /// Detaches a managed policy from a role. One that is not attached is success.
    pub async fn detach_policy(&self, role: &str, arn: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .iam()
            .detach_role_policy()
            .role_name(role)
            .policy_arn(arn);
        self.clients
            .call(&operations::iam::DETACH_ROLE_POLICY, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    /// The names of the instance profiles that a role is in.
    pub async fn instance_profiles(&self, role: &str) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        let mut marker = None;
        loop {
            let call = self
                .clients
                .sdk()
                .iam()
                .list_instance_profiles_for_role()
                .role_name(role)
                .set_marker(marker.take());
            let page = self
                .clients
                .call(
                    &operations::iam::LIST_INSTANCE_PROFILES_FOR_ROLE,
                    call.send(),
                )
                .await?;
            names.extend(
                page.instance_profiles
                    .into_iter()
                    .map(|profile| profile.instance_profile_name),
            );
            match page.marker.filter(|_| page.is_truncated) {
                Some(next) => marker = Some(next),
                None => return Ok(names),
            }
        }
    }
}
