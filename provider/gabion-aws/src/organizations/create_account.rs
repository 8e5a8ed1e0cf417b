//! Creating an account, once.
//!
//! CreateAccount takes no client token and answers before anything is made. The SDK's own retries
//! are off here: after a reply that was lost, the caller looks at what is being created.

use aws_config::retry::RetryConfig;
use aws_sdk_organizations::config::Builder as ConfigBuilder;
use aws_sdk_organizations::types::{
    CreateAccountState, CreateAccountStatus, IamUserAccessToBilling,
};

use super::Organizations;
use super::tags::to_sdk;
use crate::error::{AwsError, Kind, Result};
use crate::operations::organizations::CREATE_ACCOUNT;
use crate::{Tags, operations};

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateAccount {
    /// Name.
    pub name: String,
    /// E-mail address of the root user: no other account of AWS may have it.
    pub email: String,
    /// The role that the management account may assume there.
    pub role_name: String,
    /// Whether IAM users may see the bills.
    pub iam_user_access_to_billing: bool,
    /// Tags, the creation tag among them.
    pub tags: Tags,
}

/// How far a creation is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateStatus {
    /// Id of the request (`car-...`).
    pub id: String,
    /// The account's name.
    pub account_name: String,
    /// `IN_PROGRESS`, `SUCCEEDED` or `FAILED`.
    pub state: String,
    /// The account, once it succeeded.
    pub account_id: Option<String>,
    /// Why it failed (`EMAIL_ALREADY_EXISTS`).
    pub failure: Option<String>,
}

impl From<CreateAccountStatus> for CreateStatus {
    fn from(status: CreateAccountStatus) -> Self {
        Self {
            id: status.id.unwrap_or_default(),
            account_name: status.account_name.unwrap_or_default(),
            state: status
                .state
                .map(|state| state.as_str().to_owned())
                .unwrap_or_default(),
            account_id: status.account_id,
            failure: status
                .failure_reason
                .map(|reason| reason.as_str().to_owned()),
        }
    }
}

impl Organizations {
    /// Starts to create an account; sent once, never repeated.
    ///
    /// # Errors
    /// Where [`AwsError::may_have_happened`], the account may be on its way all the same.
    pub async fn create_account(&self, request: &CreateAccount) -> Result<CreateStatus> {
        let op = &CREATE_ACCOUNT;
        let billing = if request.iam_user_access_to_billing {
            IamUserAccessToBilling::Allow
        } else {
            IamUserAccessToBilling::Deny
        };
        let call = self
            .clients
            .sdk()
            .organizations()
            .create_account()
            .account_name(&request.name)
            .email(&request.email)
            .role_name(&request.role_name)
            .iam_user_access_to_billing(billing)
            .set_tags(to_sdk(op, &request.tags)?)
            .customize()
            .config_override(ConfigBuilder::new().retry_config(RetryConfig::disabled()));
        let answer = self
            .clients
            .call(&operations::organizations::CREATE_ACCOUNT, call.send())
            .await?;
        answer
            .create_account_status
            .map(CreateStatus::from)
            .ok_or_else(|| AwsError::of(op, Kind::Other, "the answer holds no status"))
    }

    /// How far a creation is, by the id of its request. Asked even after a stop: what is being made
    /// belongs into the state.
    pub async fn create_status(&self, request: &str) -> Result<CreateStatus> {
        let op = &operations::organizations::DESCRIBE_CREATE_ACCOUNT_STATUS;
        let call = self
            .clients
            .sdk()
            .organizations()
            .describe_create_account_status()
            .create_account_request_id(request);
        let answer = self.clients.call(op, call.send()).await?;
        answer
            .create_account_status
            .map(CreateStatus::from)
            .ok_or_else(|| AwsError::of(op, Kind::Other, "the answer holds no status"))
    }

    /// Creations that have not come to an end.
    pub async fn creations_in_progress(&self) -> Result<Vec<CreateStatus>> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_create_account_status()
                .states(CreateAccountState::InProgress)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_CREATE_ACCOUNT_STATUS,
                    call.send(),
                )
                .await?;
            found.extend(
                page.create_account_statuses
                    .unwrap_or_default()
                    .into_iter()
                    .map(CreateStatus::from),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
    }
}
