//! The password policy of an account.

use super::Iam;
use crate::error::Result;
use crate::operations;

/// What passwords of IAM users must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Least length.
    pub minimum_length: i32,
    /// Whether a symbol is needed.
    pub require_symbols: bool,
    /// Whether a digit is needed.
    pub require_numbers: bool,
    /// Whether a capital letter is needed.
    pub require_uppercase: bool,
    /// Whether a small letter is needed.
    pub require_lowercase: bool,
    /// How many old ones may not come again.
    pub reuse_prevention: Option<i32>,
    /// Days after which it must be changed.
    pub max_age: Option<i32>,
    /// Whether users may change their own.
    pub allow_change: bool,
    /// Whether users with an expired one need an administrator.
    pub hard_expiry: Option<bool>,
}

impl Iam {
    /// The password policy, if the account has one of its own.
    pub async fn password_policy(&self) -> Result<Option<PasswordPolicy>> {
        let call = self.clients.sdk().iam().get_account_password_policy();
        let result = self
            .clients
            .call(&operations::iam::GET_ACCOUNT_PASSWORD_POLICY, call.send())
            .await;
        let answer = match result {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        Ok(answer.password_policy.map(|policy| PasswordPolicy {
            // IAM's own least length.
            minimum_length: policy.minimum_password_length.unwrap_or(6),
            require_symbols: policy.require_symbols,
            require_numbers: policy.require_numbers,
            require_uppercase: policy.require_uppercase_characters,
            require_lowercase: policy.require_lowercase_characters,
            reuse_prevention: policy.password_reuse_prevention,
            max_age: policy.max_password_age,
            allow_change: policy.allow_users_to_change_password,
            hard_expiry: policy.hard_expiry,
        }))
    }

    /// Sets the whole password policy: what is not said falls back to IAM's defaults.
    pub async fn put_password_policy(&self, policy: &PasswordPolicy) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .iam()
            .update_account_password_policy()
            .minimum_password_length(policy.minimum_length)
            .require_symbols(policy.require_symbols)
            .require_numbers(policy.require_numbers)
            .require_uppercase_characters(policy.require_uppercase)
            .require_lowercase_characters(policy.require_lowercase)
            .allow_users_to_change_password(policy.allow_change)
            .set_password_reuse_prevention(policy.reuse_prevention)
            .set_max_password_age(policy.max_age)
            .set_hard_expiry(policy.hard_expiry);
        self.clients
            .call(
                &operations::iam::UPDATE_ACCOUNT_PASSWORD_POLICY,
                call.send(),
            )
            .await
            .map(drop)
    }
}
