//! Policies of the organization, and what they are attached to.

use aws_sdk_organizations::types::PolicyType;

use super::Organizations;
use super::tags::to_sdk;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::{Tags, operations};

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreatePolicy {
    /// Name, unique in the organization.
    pub name: String,
    /// Description.
    pub description: String,
    /// The policy (JSON).
    pub content: String,
    /// `SERVICE_CONTROL_POLICY`, ...
    pub policy_type: String,
    /// Tags, the creation tag among them.
    pub tags: Tags,
}

/// A policy without its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySummary {
    /// Its id (`p-...`).
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Whether AWS made it.
    pub aws_managed: bool,
}

impl From<aws_sdk_organizations::types::PolicySummary> for PolicySummary {
    fn from(policy: aws_sdk_organizations::types::PolicySummary) -> Self {
        Self {
            id: policy.id.unwrap_or_default(),
            arn: policy.arn.unwrap_or_default(),
            name: policy.name.unwrap_or_default(),
            description: policy.description.unwrap_or_default(),
            aws_managed: policy.aws_managed,
        }
    }
}

/// What a policy is attached to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyTarget {
    /// Id of the root, unit or account.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Organizations {
    /// Creates a policy. Names are unique: after a lost reply the one of that name is taken, if it
    /// carries every tag asked for.
    ///
    /// # Errors
    /// [`Kind::AlreadyExists`] for a policy of that name which somebody else made.
    pub async fn create_policy(&self, request: &CreatePolicy) -> Result<PolicySummary> {
        let op = &operations::organizations::CREATE_POLICY;
        let call = self
            .clients
            .sdk()
            .organizations()
            .create_policy()
            .name(&request.name)
            .description(&request.description)
            .content(&request.content)
            .r#type(PolicyType::from(request.policy_type.as_str()))
            .set_tags(to_sdk(op, &request.tags)?);
        let create = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await
        };
        let error = match self.settled(create).await {
            Ok(answer) => {
                return answer
                    .policy
                    .and_then(|policy| policy.policy_summary)
                    .map(PolicySummary::from)
                    .ok_or_else(|| AwsError::of(op, Kind::Other, "the answer holds no policy"));
            }
            Err(error) => error,
        };
        if request.tags.is_empty() || !(error.is_already_exists() || error.may_have_happened()) {
            return Err(error);
        }
        let finder = Self::new(self.clients.unscoped());
        let found = finder
            .find_policy(&request.policy_type, &request.name)
            .await?;
        match found {
            Some(policy)
                if crate::convert::includes(&finder.tags(&policy.id).await?, &request.tags) =>
            {
                Ok(policy)
            }
            _ => Err(error),
        }
    }

    /// A policy by its type and exact name.
    pub async fn find_policy(
        &self,
        policy_type: &str,
        name: &str,
    ) -> Result<Option<PolicySummary>> {
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_policies()
                .filter(PolicyType::from(policy_type))
                .set_next_token(token.take());
            let page = self
                .clients
                .call(&operations::organizations::LIST_POLICIES, call.send())
                .await?;
            let found = page
                .policies
                .unwrap_or_default()
                .into_iter()
                .find(|policy| policy.name.as_deref() == Some(name));
            if let Some(policy) = found {
                return Ok(Some(policy.into()));
            }
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(None),
            }
        }
    }

    /// A policy with its content, by its id.
    pub async fn policy(&self, id: &str) -> Result<Option<(PolicySummary, String)>> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .describe_policy()
            .policy_id(id);
        let answer = self
            .clients
            .call(&operations::organizations::DESCRIBE_POLICY, call.send())
            .await
            .or_absent()?;
        Ok(answer.and_then(|answer| answer.policy).map(|policy| {
            (
                policy.policy_summary.map(Into::into).unwrap_or_default(),
                policy.content.unwrap_or_default(),
            )
        }))
    }

    /// Changes name, description and content of a policy.
    pub async fn update_policy(
        &self,
        id: &str,
        name: &str,
        description: &str,
        content: &str,
    ) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .update_policy()
            .policy_id(id)
            .name(name)
            .description(description)
            .content(content);
        let update = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::UPDATE_POLICY, call.send())
                .await
                .map(drop)
        };
        self.settled(update).await
    }

    /// Deletes a policy that is attached to nothing. One that is gone is success.
    pub async fn delete_policy(&self, id: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .delete_policy()
            .policy_id(id);
        let delete = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::DELETE_POLICY, call.send())
                .await
                .map(drop)
        };
        self.settled(delete).await.or_absent().map(drop)
    }

    /// Attaches a policy to a root, unit or account. One that is attached is success.
    pub async fn attach_policy(&self, id: &str, target: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .attach_policy()
            .policy_id(id)
            .target_id(target);
        let attach = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::ATTACH_POLICY, call.send())
                .await
                .map(drop)
        };
        match self.settled(attach).await {
            Err(error) if error.is_already_exists() => Ok(()),
            other => other,
        }
    }

    /// Detaches a policy. One that is not attached is success.
    pub async fn detach_policy(&self, id: &str, target: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .detach_policy()
            .policy_id(id)
            .target_id(target);
        let detach = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::DETACH_POLICY, call.send())
                .await
                .map(drop)
        };
        self.settled(detach).await.or_absent().map(drop)
    }

    /// The policies of one type that are attached right to a root, unit or account.
    pub async fn policies_of(&self, target: &str, policy_type: &str) -> Result<Vec<PolicySummary>> {
        let mut policies = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_policies_for_target()
                .target_id(target)
                .filter(PolicyType::from(policy_type))
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_POLICIES_FOR_TARGET,
                    call.send(),
                )
                .await?;
            policies.extend(
                page.policies
                    .unwrap_or_default()
                    .into_iter()
                    .map(PolicySummary::from),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(policies),
            }
        }
    }

    /// What a policy is attached to.
    pub async fn policy_targets(&self, id: &str) -> Result<Vec<PolicyTarget>> {
        let mut targets = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_targets_for_policy()
                .policy_id(id)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_TARGETS_FOR_POLICY,
                    call.send(),
                )
                .await?;
            targets.extend(page.targets.unwrap_or_default().into_iter().map(|target| {
                PolicyTarget {
                    id: target.target_id.unwrap_or_default(),
                    name: target.name.unwrap_or_default(),
                }
            }));
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(targets),
            }
        }
    }
}
