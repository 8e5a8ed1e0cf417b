//! A log group.

use std::time::Duration;

use super::Logs;
use crate::convert::includes;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::wait::{WaitOptions, retry_while};
use crate::{Created, Tags, operations};

/// How long a key policy that was just written takes to hold.
pub(super) const KEY_POLICY: WaitOptions = WaitOptions {
    first: Duration::from_secs(1),
    max: Duration::from_secs(5),
    limit: Duration::from_secs(60),
};

/// Whether CloudWatch Logs may not use the key (yet).
pub(super) fn key_not_usable(error: &AwsError) -> bool {
    error.code() == Some("InvalidParameterException")
        && error.message.to_lowercase().contains("kms key")
}

/// What to create.
#[derive(Clone, Debug, Default)]
pub struct CreateLogGroup {
    /// Name.
    pub name: String,
    /// ARN of the key that encrypts it.
    pub kms_key_arn: Option<String>,
    /// Tags, the creation tag among them.
    pub tags: Tags,
    /// Whether deleting it is refused.
    pub deletion_protection: bool,
}

/// A log group as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogGroup {
    /// Name.
    pub name: String,
    /// ARN, without `:*` at its end.
    pub arn: String,
    /// Days its events are kept; none means for ever.
    pub retention_in_days: Option<i32>,
    /// ARN of the key that encrypts it.
    pub kms_key_arn: Option<String>,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub class: Option<String>,
    /// Whether deleting it is refused; none where the endpoint does not say.
    pub deletion_protection: Option<bool>,
}

impl Logs {
    /// Creates a log group. A key policy that was just written needs a while to take hold: it tries
    /// again for a minute.
    ///
    /// CreateLogGroup takes no client token. Where a group of that name exists and holds every tag
    /// asked for, an earlier reply was lost, and it is taken (`adopted`): set key and retention then.
    ///
    /// # Errors
    /// [`Kind::AlreadyExists`] for a group that somebody else made.
    pub async fn create_log_group(&self, request: &CreateLogGroup) -> Result<Created> {
        let name = &request.name;
        let tags = (!request.tags.is_empty()).then(|| request.tags.clone().into_iter().collect());
        let call = self
            .clients
            .sdk()
            .logs()
            .create_log_group()
            .log_group_name(name)
            .set_kms_key_id(request.kms_key_arn.clone())
            .set_tags(tags)
            .set_deletion_protection_enabled(request.deletion_protection.then_some(true));
        let create = || async {
            let call = call.clone();
            self.clients
                .call(&operations::logs::CREATE_LOG_GROUP, call.send())
                .await
                .map(drop)
        };
        let what = format!("waiting for the key policy of log group `{name}`");
        let created = retry_while(&self.clients, &what, KEY_POLICY, key_not_usable, create).await;
        let Err(error) = created else {
            return Ok(Created { adopted: false });
        };
        if error.kind != Kind::AlreadyExists || request.tags.is_empty() {
            return Err(error);
        }
        let finder = Self::new(self.clients.unscoped());
        match finder.find_log_group(name).await? {
            Some(group) if includes(&finder.tags(&group.arn).await?, &request.tags) => {
                Ok(Created { adopted: true })
            }
            _ => Err(error),
        }
    }

    /// A log group by its exact name, if there is one.
    pub async fn find_log_group(&self, name: &str) -> Result<Option<LogGroup>> {
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .logs()
                .describe_log_groups()
                .log_group_name_prefix(name)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(&operations::logs::DESCRIBE_LOG_GROUPS, call.send())
                .await?;
            let found = page
                .log_groups
                .unwrap_or_default()
                .into_iter()
                .find(|group| group.log_group_name.as_deref() == Some(name));
            if let Some(group) = found {
                return Ok(Some(from_sdk(group)));
            }
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(None),
            }
        }
    }

    /// Deletes a log group with its events. One that is gone already is success.
    pub async fn delete_log_group(&self, name: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .logs()
            .delete_log_group()
            .log_group_name(name);
        self.clients
            .call(&operations::logs::DELETE_LOG_GROUP, call.send())
            .await
            .or_absent()
            .map(drop)
    }
}

fn from_sdk(group: aws_sdk_cloudwatchlogs::types::LogGroup) -> LogGroup {
    let arn = group.log_group_arn.or(group.arn).unwrap_or_default();
    LogGroup {
        name: group.log_group_name.unwrap_or_default(),
        arn: arn.strip_suffix(":*").unwrap_or(&arn).to_owned(),
        retention_in_days: group.retention_in_days,
        kms_key_arn: group.kms_key_id,
        class: group.log_group_class.map(|class| class.as_str().to_owned()),
        deletion_protection: group.deletion_protection_enabled,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatchlogs::Client;
    use aws_sdk_cloudwatchlogs::operation::describe_log_groups::DescribeLogGroupsOutput;
    use aws_sdk_cloudwatchlogs::types::LogGroup as SdkGroup;
    use aws_smithy_mocks::mock;

    use crate::testing::Fake;

    #[tokio::test]
    async fn a_longer_name_is_another_group() {
        let group = |name: &str| {
            let arn = format!("arn:aws:logs:eu-central-1:111122223333:log-group:{name}:*");
            SdkGroup::builder().log_group_name(name).arn(arn).build()
        };
        let list = mock!(Client::describe_log_groups).then_output(move || {
            DescribeLogGroupsOutput::builder()
                .log_groups(group("/a/b-long"))
                .log_groups(group("/a/b"))
                .build()
        });
        let clients = Fake::default().logs(&[&list]).clients();
        let found = clients
            .logs()
            .find_log_group("/a/b")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            found.arn,
            "arn:aws:logs:eu-central-1:111122223333:log-group:/a/b"
        );
        assert_eq!(clients.logs().find_log_group("/a").await.unwrap(), None);
    }
}
