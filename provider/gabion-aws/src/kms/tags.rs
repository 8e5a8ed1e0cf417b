//! Tags of keys.

use aws_sdk_kms::types::Tag;

use super::Kms;
use crate::Tags;
use crate::convert::build_error;
use crate::error::Result;
use crate::operations::{self, Operation};

/// Our tags as the SDK's; none at all for an empty set.
pub(super) fn to_sdk(op: &'static Operation, tags: &Tags) -> Result<Option<Vec<Tag>>> {
    let mut out = Vec::with_capacity(tags.len());
    for (key, value) in tags {
        let tag = Tag::builder().tag_key(key).tag_value(value).build();
        out.push(tag.map_err(build_error(op))?);
    }
    Ok((!out.is_empty()).then_some(out))
}

impl Kms {
    /// All tags of a key.
    pub async fn tags(&self, key: &str) -> Result<Tags> {
        let mut tags = Tags::new();
        let mut marker = None;
        loop {
            let call = self
                .clients
                .sdk()
                .kms()
                .list_resource_tags()
                .key_id(key)
                .set_marker(marker.take());
            let page = self
                .clients
                .call(&operations::kms::LIST_RESOURCE_TAGS, call.send())
                .await?;
            tags.extend(
                page.tags
                    .unwrap_or_default()
                    .into_iter()
                    .map(|tag| (tag.tag_key, tag.tag_value)),
            );
            match page.next_marker.filter(|_| page.truncated) {
                Some(next) => marker = Some(next),
                None => return Ok(tags),
            }
        }
    }

    /// Adds or overwrites tags; the others stay. Nothing is called for an empty set.
    pub async fn tag(&self, key: &str, tags: &Tags) -> Result<()> {
        let op = &operations::kms::TAG_RESOURCE;
        let Some(tags) = to_sdk(op, tags)? else {
            return Ok(());
        };
        let call = self
            .clients
            .sdk()
            .kms()
            .tag_resource()
            .key_id(key)
            .set_tags(Some(tags));
        self.clients.call(op, call.send()).await.map(drop)
    }

    /// Removes tags by key. Nothing is called for an empty list.
    pub async fn untag(&self, key: &str, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .kms()
            .untag_resource()
            .key_id(key)
            .set_tag_keys(Some(keys.to_vec()));
        self.clients
            .call(&operations::kms::UNTAG_RESOURCE, call.send())
            .await
            .map(drop)
    }
}
