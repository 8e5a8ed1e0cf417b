//! Security tokens: who am I, and short-lived sessions.

use std::time::Duration;

use jiff::Timestamp;

use crate::clients::Clients;
use crate::config::duration_fault;
use crate::convert::time;
use crate::error::{AwsError, Kind, Result};
use crate::operations;
use crate::secret::Secret;

/// Session name where the caller gives none.
pub(crate) const SESSION_NAME: &str = "gabion";

/// Who signs the calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerIdentity {
    /// Account of the principal.
    pub account_id: String,
    /// ARN as STS tells it (for a role: `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`).
    pub arn: String,
    /// Unique id.
    pub user_id: String,
}

impl CallerIdentity {
    /// The ARN that policies name: for an assumed role that of the role. STS does not tell a role's
    /// path, so a role with a path needs a comparison by name.
    pub fn principal_arn(&self) -> String {
        let parts: Vec<&str> = self.arn.splitn(6, ':').collect();
        if let [arn, partition, "sts", _, account, resource] = parts.as_slice()
            && let Some(rest) = resource.strip_prefix("assumed-role/")
        {
            let name = rest.split('/').next().unwrap_or(rest);
            return format!("{arn}:{partition}:iam::{account}:role/{name}");
        }
        self.arn.clone()
    }
}

/// What to ask STS for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionRequest {
    /// ARN of the role.
    pub role_arn: String,
    /// Session name, shown in CloudTrail. Default `gabion`.
    pub session_name: Option<String>,
    /// External id that the trust policy asks for.
    pub external_id: Option<String>,
    /// Length, 15 minutes to 12 hours; default one hour.
    pub duration: Option<Duration>,
    /// Session policy (JSON) that narrows the role.
    pub policy: Option<String>,
    /// Region whose STS endpoint is asked; default the provider's.
    pub region: Option<String>,
}

impl SessionRequest {
    /// A session of a role with all defaults.
    pub fn new(role_arn: impl Into<String>) -> Self {
        Self {
            role_arn: role_arn.into(),
            ..Self::default()
        }
    }
}

/// Short-lived credentials. The secrets are never printed.
#[derive(Clone, Debug)]
pub struct Session {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: Secret,
    /// Session token.
    pub session_token: Secret,
    /// When they end.
    pub expiration: Timestamp,
    /// ARN of the session (`arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`).
    pub assumed_role_arn: String,
    /// Unique id of the role and session.
    pub assumed_role_id: String,
}

/// STS calls.
pub struct Sts {
    clients: Clients,
}

impl Sts {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// Who signs the calls.
    pub async fn caller_identity(&self) -> Result<CallerIdentity> {
        let sdk = self.clients.sdk();
        let answer = self
            .clients
            .call(
                &operations::sts::GET_CALLER_IDENTITY,
                sdk.sts().get_caller_identity().send(),
            )
            .await?;
        Ok(CallerIdentity {
            account_id: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
            user_id: answer.user_id.unwrap_or_default(),
        })
    }

    /// A session of a role.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for a length out of bounds, before any call; [`Kind::AccessDenied`] names
    /// role and caller.
    pub async fn assume_role(&self, request: &SessionRequest) -> Result<Session> {
        let op = &operations::sts::ASSUME_ROLE;
        let bad = |message: String| AwsError::of(op, Kind::Invalid, message);
        let seconds = match request.duration {
            Some(duration) => {
                if let Some(fault) = duration_fault(duration) {
                    return Err(bad(fault));
                }
                i32::try_from(duration.as_secs()).ok()
            }
            None => None,
        };
        let sdk = self.clients.sdk();
        let call = sdk
            .sts()
            .assume_role()
            .role_arn(&request.role_arn)
            .role_session_name(request.session_name.as_deref().unwrap_or(SESSION_NAME))
            .set_external_id(request.external_id.clone())
            .set_policy(request.policy.clone())
            .set_duration_seconds(seconds);
        let answer = self
            .clients
            .call(&operations::sts::ASSUME_ROLE, call.send())
            .await
            .map_err(|mut error| {
                if error.is_access_denied() {
                    let caller = &self.clients.caller().arn;
                    let from = if caller.is_empty() {
                        String::new()
                    } else {
                        format!(" from `{caller}`")
                    };
                    error.message = format!(
                        "cannot assume `{}`{from}; its trust policy must allow that principal: {}",
                        request.role_arn, error.message
                    );
                }
                error
            })?;
        let missing = || AwsError::of(op, Kind::Other, "the answer holds no credentials");
        let user = answer.assumed_role_user.as_ref();
        let credentials = answer.credentials.as_ref().ok_or_else(missing)?;
        Ok(Session {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: Secret::new(&credentials.secret_access_key),
            session_token: Secret::new(&credentials.session_token),
            expiration: time(Some(&credentials.expiration)).ok_or_else(missing)?,
            assumed_role_arn: user.map(|user| user.arn.clone()).unwrap_or_default(),
            assumed_role_id: user
                .map(|user| user.assumed_role_id.clone())
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fake;

    #[test]
    fn role_of_a_session() {
        let caller = |arn: &str| CallerIdentity {
            arn: arn.to_owned(),
            ..CallerIdentity::default()
        };
        assert_eq!(
            caller("arn:aws:sts::111122223333:assumed-role/Admin/me").principal_arn(),
            "arn:aws:iam::111122223333:role/Admin"
        );
        let user = "arn:aws:iam::111122223333:user/me";
        assert_eq!(caller(user).principal_arn(), user);
    }

    #[tokio::test]
    async fn lengths_are_checked_before_the_call() {
        let mut fake = Fake::default();
        let mut request = SessionRequest::new("arn:aws:iam::111122223333:role/x");
        request.duration = Some(Duration::from_secs(60));
        let error = fake
            .clients()
            .sts()
            .assume_role(&request)
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(fake.observer.calls().is_empty());
    }
}
