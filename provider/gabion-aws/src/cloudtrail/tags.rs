//! Tags of trails.

use aws_sdk_cloudtrail::types::Tag;

use super::CloudTrail;
use crate::Tags;
use crate::convert::build_error;
use crate::error::Result;
use crate::operations::{self, Operation};

pub(super) fn to_sdk(op: &'static Operation, tags: &Tags) -> Result<Option<Vec<Tag>>> {
    let mut out = Vec::with_capacity(tags.len());
    for (key, value) in tags {
        let tag = Tag::builder().key(key).value(value).build();
        out.push(tag.map_err(build_error(op))?);
    }
    Ok((!out.is_empty()).then_some(out))
}

impl CloudTrail {
    /// All tags of a trail, by its ARN.
    pub async fn tags(&self, arn: &str) -> Result<Tags> {
        let mut tags = Tags::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .cloudtrail()
                .list_tags()
                .resource_id_list(arn)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(&operations::cloudtrail::LIST_TAGS, call.send())
                .await?;
            for list in page.resource_tag_list.unwrap_or_default() {
                let list = list.tags_list.unwrap_or_default().into_iter();
                tags.extend(list.map(|tag| (tag.key, tag.value.unwrap_or_default())));
            }
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(tags),
            }
        }
    }

    /// Adds or overwrites tags; the others stay. Nothing is called for an empty set.
    pub async fn add_tags(&self, arn: &str, tags: &Tags) -> Result<()> {
        let op = &operations::cloudtrail::ADD_TAGS;
        let Some(tags) = to_sdk(op, tags)? else {
            return Ok(());
        };
        let call = self
            .clients
            .sdk()
            .cloudtrail()
            .add_tags()
            .resource_id(arn)
            .set_tags_list(Some(tags));
        self.clients.call(op, call.send()).await.map(drop)
    }

    /// Removes tags by key. Nothing is called for an empty list.
    pub async fn remove_tags(&self, arn: &str, keys: &[String]) -> Result<()> {
        let op = &operations::cloudtrail::REMOVE_TAGS;
        let named: Tags = keys
            .iter()
            .map(|key| (key.clone(), String::new()))
            .collect();
        let Some(mut tags) = to_sdk(op, &named)? else {
            return Ok(());
        };
        // Without a value the tag is removed whatever its value is.
        for tag in &mut tags {
            tag.value = None;
        }
        let call = self
            .clients
            .sdk()
            .cloudtrail()
            .remove_tags()
            .resource_id(arn)
            .set_tags_list(Some(tags));
        self.clients.call(op, call.send()).await.map(drop)
    }
}
