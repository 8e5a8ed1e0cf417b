//! A role.

use std::time::Duration;

use jiff::Timestamp;

use super::Iam;
use super::document::decode;
use super::tags::{from_sdk, to_sdk};
use crate::convert::{includes, time};
use crate::error::{Absent, AwsError, Kind, Result};
use crate::wait::{self, WaitOptions};
use crate::{Created, Tags, operations};

/// How long IAM takes to spread a new principal or policy.
const PROPAGATION: WaitOptions = WaitOptions {
    first: Duration::from_secs(1),
    max: Duration::from_secs(5),
    limit: Duration::from_secs(60),
};

/// Whether a policy was refused for a principal that IAM does not know (yet).
fn unknown_principal(error: &AwsError) -> bool {
    error.code() == Some("MalformedPolicyDocument")
        && error.message.to_lowercase().contains("principal")
}

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateRole {
    /// Name.
    pub name: String,
    /// Path, with slashes at both ends.
    pub path: String,
    /// Description.
    pub description: String,
    /// Trust policy (JSON).
    pub trust: String,
    /// ARN of the permissions boundary.
    pub permissions_boundary: Option<String>,
    /// Longest session, in seconds.
    pub max_session_duration: i32,
    /// Tags, the creation tag among them.
    pub tags: Tags,
}

/// When a role was last used, by IAM's own record of 400 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUsed {
    /// When.
    pub at: Timestamp,
    /// In which region.
    pub region: Option<String>,
}

/// A role as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Unique id (`AROA...`).
    pub unique_id: String,
    /// Path.
    pub path: String,
    /// Description.
    pub description: String,
    /// Trust policy (JSON).
    pub trust: String,
    /// ARN of the permissions boundary.
    pub permissions_boundary: Option<String>,
    /// Longest session, in seconds; none where the endpoint does not say.
    pub max_session_duration: Option<i32>,
    /// All its tags.
    pub tags: Tags,
    /// When it was last used; none where it never was, or the endpoint does not say.
    pub last_used: Option<LastUsed>,
}

impl From<aws_sdk_iam::types::Role> for Role {
    fn from(role: aws_sdk_iam::types::Role) -> Self {
        Self {
            name: role.role_name,
            arn: role.arn,
            unique_id: role.role_id,
            path: role.path,
            description: role.description.unwrap_or_default(),
            trust: decode(&role.assume_role_policy_document.unwrap_or_default()),
            permissions_boundary: role
                .permissions_boundary
                .and_then(|boundary| boundary.permissions_boundary_arn)
                .filter(|arn| !arn.is_empty()),
            max_session_duration: role.max_session_duration,
            tags: from_sdk(role.tags),
            last_used: role.role_last_used.and_then(|used| {
                Some(LastUsed {
                    at: time(used.last_used_date.as_ref())?,
                    region: used.region,
                })
            }),
        }
    }
}

impl Iam {
    /// A role by its name, if there is one.
    pub async fn find_role(&self, name: &str) -> Result<Option<Role>> {
        let call = self.clients.sdk().iam().get_role().role_name(name);
        let answer = self
            .clients
            .call(&operations::iam::GET_ROLE, call.send())
            .await
            .or_absent()?;
        Ok(answer.and_then(|answer| answer.role).map(Role::from))
    }

    /// Creates a role. Where IAM has not yet spread a principal of the trust policy, it tries again
    /// for a minute. Gives the role once it can be read.
    ///
    /// CreateRole takes no client token. Where a role of that name exists and holds every tag asked
    /// for, an earlier reply was lost, and it is taken (`adopted`): compare everything else then.
    ///
    /// # Errors
    /// [`Kind::AlreadyExists`] for a role that somebody else made.
    pub async fn create_role(&self, request: &CreateRole) -> Result<(Role, Created)> {
        let op = &operations::iam::CREATE_ROLE;
        let call = self
            .clients
            .sdk()
            .iam()
            .create_role()
            .role_name(&request.name)
            .path(&request.path)
            .set_description((!request.description.is_empty()).then(|| request.description.clone()))
            .assume_role_policy_document(&request.trust)
            .set_permissions_boundary(request.permissions_boundary.clone())
            .max_session_duration(request.max_session_duration)
            .set_tags(to_sdk(op, &request.tags)?);
        let create = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await.map(drop)
        };
        let what = format!("waiting for the principals of role `{}`", request.name);
        let created =
            wait::retry_while(&self.clients, &what, PROPAGATION, unknown_principal, create).await;
        // What was made belongs into the state, even after a stop.
        let finder = Self::new(self.clients.unscoped());
        match created {
            Ok(()) => Ok((
                finder.wait_for_role(&request.name).await?,
                Created { adopted: false },
            )),
            Err(error) if error.kind == Kind::AlreadyExists || error.may_have_happened() => {
                match finder.find_role(&request.name).await? {
                    Some(role)
                        if !request.tags.is_empty() && includes(&role.tags, &request.tags) =>
                    {
                        Ok((role, Created { adopted: true }))
                    }
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// IAM shows a new role after seconds.
    async fn wait_for_role(&self, name: &str) -> Result<Role> {
        let what = format!("waiting for role `{name}` to be found");
        wait::until(&self.clients, &what, WaitOptions::default(), || {
            self.find_role(name)
        })
        .await
    }

    /// Sets description and longest session.
    pub async fn update_role(&self, name: &str, description: &str, seconds: i32) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .iam()
            .update_role()
            .role_name(name)
            .description(description)
            .max_session_duration(seconds);
        self.clients
            .call(&operations::iam::UPDATE_ROLE, call.send())
            .await
            .map(drop)
    }

    /// Replaces the trust policy; where IAM has not yet spread a principal of it, it tries again for a
    /// minute.
    pub async fn update_trust(&self, name: &str, trust: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .iam()
            .update_assume_role_policy()
            .role_name(name)
            .policy_document(trust);
        let put = || async {
            let call = call.clone();
            self.clients
                .call(&operations::iam::UPDATE_ASSUME_ROLE_POLICY, call.send())
                .await
                .map(drop)
        };
        let what = format!("waiting for the principals of role `{name}`");
        wait::retry_while(&self.clients, &what, PROPAGATION, unknown_principal, put).await
    }

    /// Sets the permissions boundary; a policy that was just made needs a while to be found.
    pub async fn put_boundary(&self, name: &str, policy_arn: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .iam()
            .put_role_permissions_boundary()
            .role_name(name)
            .permissions_boundary(policy_arn);
        self.clients
            .call(&operations::iam::PUT_ROLE_PERMISSIONS_BOUNDARY, call.send())
            .await
            .map(drop)
    }

    /// Deletes a role that has no policies and is in no instance profile. One that is gone already is
    /// success.
    pub async fn delete_role(&self, name: &str) -> Result<()> {
        let call = self.clients.sdk().iam().delete_role().role_name(name);
        self.clients
            .call(&operations::iam::DELETE_ROLE, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_iam::Client;
    use aws_sdk_iam::error::ErrorMetadata;
    use aws_sdk_iam::operation::create_role::CreateRoleError;
    use aws_sdk_iam::operation::get_role::GetRoleOutput;
    use aws_sdk_iam::primitives::DateTime;
    use aws_sdk_iam::types::{Role as SdkRole, Tag};
    use aws_smithy_mocks::mock;

    use super::*;
    use crate::testing::Fake;

    fn existing(value: &str) -> SdkRole {
        SdkRole::builder()
            .path("/")
            .role_name("app")
            .role_id("AROAEXAMPLE")
            .arn("arn:aws:iam::111122223333:role/app")
            .create_date(DateTime::from_secs(0))
            .assume_role_policy_document("%7B%7D")
            .tags(Tag::builder().key("t").value(value).build().unwrap())
            .build()
            .unwrap()
    }

    async fn create(live: &'static str) -> Result<(Role, Created)> {
        let exists = mock!(Client::create_role).then_error(|| {
            CreateRoleError::generic(ErrorMetadata::builder().code("EntityAlreadyExists").build())
        });
        let get = mock!(Client::get_role)
            .then_output(move || GetRoleOutput::builder().role(existing(live)).build());
        let clients = Fake::default().iam(&[&exists, &get]).clients();
        let request = CreateRole {
            name: "app".to_owned(),
            tags: Tags::from([("t".to_owned(), "creating".to_owned())]),
            ..CreateRole::default()
        };
        clients.iam().create_role(&request).await
    }

    #[tokio::test]
    async fn a_lost_reply_is_told_from_somebody_elses_role() {
        let (role, created) = create("creating").await.unwrap();
        assert!(created.adopted);
        assert_eq!(
            (role.unique_id.as_str(), role.trust.as_str()),
            ("AROAEXAMPLE", "{}")
        );
        let error = create("created").await.unwrap_err();
        assert_eq!(error.kind, Kind::AlreadyExists);
    }
}
