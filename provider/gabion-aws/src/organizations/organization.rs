//! The organization that the account belongs to, its root and its policy types.

use std::collections::BTreeSet;

use aws_sdk_organizations::types::{OrganizationFeatureSet, PolicyType, PolicyTypeStatus};

use super::Organizations;
use crate::error::{AwsError, Kind, Result};
use crate::operations;

/// An organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Organization {
    /// Its id (`o-...`).
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Account that manages it.
    pub management_account_id: String,
    /// ARN of that account.
    pub management_account_arn: String,
    /// `ALL` or `CONSOLIDATED_BILLING`.
    pub feature_set: String,
}

/// What a lookup of the organization tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationLookup {
    /// The account is a member.
    Member(Organization),
    /// It is in none.
    NotInOrganization,
    /// It could not be told; `reason` is ready for a diagnostic.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl OrganizationLookup {
    /// The organization's id, where it is known.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Member(organization) => Some(&organization.id),
            _ => None,
        }
    }
}

/// The top of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root {
    /// Its id (`r-...`).
    pub id: String,
    /// Policy types that are enabled, or being enabled.
    pub policy_types: BTreeSet<String>,
}

impl Organizations {
    /// The same for many readers: asked once for all who want to know within a few seconds, and anew after each write
    /// of this process. For plans; who changes something reads for himself.
    ///
    /// # Errors
    /// Those of [`Self::describe_organization`].
    pub async fn shared_organization(&self) -> Result<OrganizationLookup> {
        let read = async { Ok(vec![self.describe_organization().await?]) };
        let kept = self.clients.organization();
        let found = kept.get(self.clients.writes(), read).await?;
        match found.first() {
            Some(found) => Ok(found.clone()),
            None => self.describe_organization().await,
        }
    }

    /// The organization of the account. Not being in one, and not being allowed to ask, are answers,
    /// not errors; so is an endpoint without this service.
    pub async fn describe_organization(&self) -> Result<OrganizationLookup> {
        let sdk = self.clients.sdk();
        let result = self
            .clients
            .call(
                &operations::organizations::DESCRIBE_ORGANIZATION,
                sdk.organizations().describe_organization().send(),
            )
            .await;
        match result {
            Ok(answer) => Ok(match answer.organization {
                Some(organization) => OrganizationLookup::Member(organization.into()),
                None => OrganizationLookup::NotInOrganization,
            }),
            Err(error) if error.code() == Some("AWSOrganizationsNotInUseException") => {
                Ok(OrganizationLookup::NotInOrganization)
            }
            Err(error) if cannot_tell(&error) => Ok(OrganizationLookup::Unknown {
                reason: error.to_string(),
            }),
            Err(error) => Err(error),
        }
    }

    /// Creates an organization with all features, managed by this account. After a lost reply the
    /// account is in one already: that one is read.
    ///
    /// # Errors
    /// [`Kind::AlreadyExists`] for an account in an organization that another account manages.
    pub async fn create_organization(&self) -> Result<Organization> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .create_organization()
            .feature_set(OrganizationFeatureSet::All);
        let created = self
            .clients
            .call(&operations::organizations::CREATE_ORGANIZATION, call.send())
            .await;
        match created {
            Ok(answer) => Ok(answer.organization.map(Into::into).unwrap_or_default()),
            Err(error) if error.kind == Kind::AlreadyExists || error.may_have_happened() => {
                let finder = Self::new(self.clients.unscoped());
                match finder.describe_organization().await? {
                    OrganizationLookup::Member(found)
                        if found.management_account_id == self.clients.account_id() =>
                    {
                        Ok(found)
                    }
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes the organization. It must hold no other account. One that is gone is success.
    pub async fn delete_organization(&self) -> Result<()> {
        let call = self.clients.sdk().organizations().delete_organization();
        let deleted = self
            .clients
            .call(&operations::organizations::DELETE_ORGANIZATION, call.send())
            .await;
        match deleted {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// The root, which every organization has.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where there is no organization.
    pub async fn root(&self) -> Result<Root> {
        let op = &operations::organizations::LIST_ROOTS;
        let call = self.clients.sdk().organizations().list_roots();
        let answer = self.clients.call(op, call.send()).await?;
        let root = answer.roots.unwrap_or_default().into_iter().next();
        let root =
            root.ok_or_else(|| AwsError::of(op, Kind::NotFound, "the answer holds no root"))?;
        Ok(Root {
            id: root.id.unwrap_or_default(),
            policy_types: root
                .policy_types
                .unwrap_or_default()
                .into_iter()
                .filter(|summary| summary.status != Some(PolicyTypeStatus::PendingDisable))
                .filter_map(|summary| Some(summary.r#type?.as_str().to_owned()))
                .collect(),
        })
    }

    /// Enables a policy type (`SERVICE_CONTROL_POLICY`). One that is enabled is success.
    pub async fn enable_policy_type(&self, root: &str, policy_type: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .enable_policy_type()
            .root_id(root)
            .policy_type(PolicyType::from(policy_type));
        let enable = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::ENABLE_POLICY_TYPE, call.send())
                .await
                .map(drop)
        };
        match self.settled(enable).await {
            Err(error) if error.is_already_exists() => Ok(()),
            other => other,
        }
    }

    /// Disables a policy type, which detaches every policy of it. One that is not enabled is success.
    pub async fn disable_policy_type(&self, root: &str, policy_type: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .disable_policy_type()
            .root_id(root)
            .policy_type(PolicyType::from(policy_type));
        let disable = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::DISABLE_POLICY_TYPE, call.send())
                .await
                .map(drop)
        };
        match self.settled(disable).await {
            Err(error) if error.code() == Some("PolicyTypeNotEnabledException") => Ok(()),
            other => other,
        }
    }
}

impl From<aws_sdk_organizations::types::Organization> for Organization {
    fn from(organization: aws_sdk_organizations::types::Organization) -> Self {
        Self {
            id: organization.id.unwrap_or_default(),
            arn: organization.arn.unwrap_or_default(),
            management_account_id: organization.master_account_id.unwrap_or_default(),
            management_account_arn: organization.master_account_arn.unwrap_or_default(),
            feature_set: organization
                .feature_set
                .map(|set| set.as_str().to_owned())
                .unwrap_or_default(),
        }
    }
}

fn cannot_tell(error: &AwsError) -> bool {
    error.kind == Kind::AccessDenied || error.is_unsupported()
}
