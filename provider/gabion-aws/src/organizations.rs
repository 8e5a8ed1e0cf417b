//! The organization that the account belongs to.

use crate::clients::Clients;
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

/// Organizations calls.
pub struct Organizations {
    clients: Clients,
}

impl Organizations {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
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
                Some(organization) => OrganizationLookup::Member(Organization {
                    id: organization.id.unwrap_or_default(),
                    arn: organization.arn.unwrap_or_default(),
                    management_account_id: organization.master_account_id.unwrap_or_default(),
                    management_account_arn: organization.master_account_arn.unwrap_or_default(),
                    feature_set: organization
                        .feature_set
                        .map(|set| set.as_str().to_owned())
                        .unwrap_or_default(),
                }),
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
}

fn cannot_tell(error: &AwsError) -> bool {
    error.kind == Kind::AccessDenied || error.is_unsupported()
}
