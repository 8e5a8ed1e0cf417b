//! Accounts of the organization.

use super::Organizations;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::operations;

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its 12 digits.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The e-mail address of its root user.
    pub email: String,
    /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, ...
    pub state: String,
    /// `CREATED` or `INVITED`.
    pub joined_method: String,
}

impl Account {
    /// Whether it is closed, or being closed.
    pub fn is_closed(&self) -> bool {
        matches!(
            self.state.as_str(),
            "SUSPENDED" | "PENDING_CLOSURE" | "CLOSED"
        )
    }
}

impl From<aws_sdk_organizations::types::Account> for Account {
    fn from(account: aws_sdk_organizations::types::Account) -> Self {
        // `State` took the place of `Status`; endpoints may tell only one of them.
        let state = match (account.state.as_ref(), account.status.as_ref()) {
            (Some(state), _) => state.as_str().to_owned(),
            (None, Some(status)) => status.as_str().to_owned(),
            (None, None) => String::new(),
        };
        Self {
            id: account.id.unwrap_or_default(),
            arn: account.arn.unwrap_or_default(),
            name: account.name.unwrap_or_default(),
            email: account.email.unwrap_or_default(),
            state,
            joined_method: account
                .joined_method
                .map(|method| method.as_str().to_owned())
                .unwrap_or_default(),
        }
    }
}

impl Organizations {
    /// An account by its id, if the organization has it.
    pub async fn account(&self, id: &str) -> Result<Option<Account>> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .describe_account()
            .account_id(id);
        let answer = self
            .clients
            .call(&operations::organizations::DESCRIBE_ACCOUNT, call.send())
            .await
            .or_absent()?;
        Ok(answer.and_then(|answer| answer.account).map(Account::from))
    }

    /// All accounts, closed ones included.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let mut accounts = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_accounts()
                .set_next_token(token.take());
            let page = self
                .clients
                .call(&operations::organizations::LIST_ACCOUNTS, call.send())
                .await?;
            accounts.extend(
                page.accounts
                    .unwrap_or_default()
                    .into_iter()
                    .map(Account::from),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(accounts),
            }
        }
    }

    /// The accounts right below a root or unit.
    pub async fn accounts_below(&self, parent: &str) -> Result<Vec<Account>> {
        let mut accounts = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_accounts_for_parent()
                .parent_id(parent)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_ACCOUNTS_FOR_PARENT,
                    call.send(),
                )
                .await?;
            accounts.extend(
                page.accounts
                    .unwrap_or_default()
                    .into_iter()
                    .map(Account::from),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(accounts),
            }
        }
    }

    /// The root or unit right above an account or unit.
    pub async fn parent(&self, child: &str) -> Result<String> {
        let op = &operations::organizations::LIST_PARENTS;
        let call = self
            .clients
            .sdk()
            .organizations()
            .list_parents()
            .child_id(child);
        let answer = self.clients.call(op, call.send()).await?;
        answer
            .parents
            .unwrap_or_default()
            .into_iter()
            .find_map(|parent| parent.id)
            .ok_or_else(|| AwsError::of(op, Kind::NotFound, "the answer holds no parent"))
    }

    /// Moves an account. One that is there already is success.
    pub async fn move_account(&self, id: &str, from: &str, to: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .move_account()
            .account_id(id)
            .source_parent_id(from)
            .destination_parent_id(to);
        let go = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::MOVE_ACCOUNT, call.send())
                .await
                .map(drop)
        };
        match self.settled(go).await {
            // A repeated move: the account is where it should be.
            Err(error) if error.is_already_exists() || error.is_not_found() => {
                if self.parent(id).await? == to {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            other => other,
        }
    }

    /// Closes an account: it is suspended, and gone after 90 days. One that is closed is success.
    pub async fn close_account(&self, id: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .organizations()
            .close_account()
            .account_id(id);
        let close = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::CLOSE_ACCOUNT, call.send())
                .await
                .map(drop)
        };
        match self.settled(close).await {
            Err(error)
                if error.is_not_found()
                    || error.code() == Some("AccountAlreadyClosedException") =>
            {
                Ok(())
            }
            other => other,
        }
    }
}
