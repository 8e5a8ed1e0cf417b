//! Tags of log groups.

use super::Logs;
use crate::Tags;
use crate::error::Result;
use crate::operations;

impl Logs {
    /// All tags of a log group, by its ARN (without `:*`).
    pub async fn tags(&self, arn: &str) -> Result<Tags> {
        let call = self
            .clients
            .sdk()
            .logs()
            .list_tags_for_resource()
            .resource_arn(arn);
        let answer = self
            .clients
            .call(&operations::logs::LIST_TAGS_FOR_RESOURCE, call.send())
            .await?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    }

    /// Adds or overwrites tags; the others stay. Nothing is called for an empty set.
    pub async fn tag(&self, arn: &str, tags: &Tags) -> Result<()> {
        if tags.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .logs()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(tags.clone().into_iter().collect()));
        self.clients
            .call(&operations::logs::TAG_RESOURCE, call.send())
            .await
            .map(drop)
    }

    /// Removes tags by key. Nothing is called for an empty list.
    pub async fn untag(&self, arn: &str, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .logs()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(keys.to_vec()));
        self.clients
            .call(&operations::logs::UNTAG_RESOURCE, call.send())
            .await
            .map(drop)
    }
}
