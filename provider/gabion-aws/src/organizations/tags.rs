//! Tags of accounts, units and policies.

use aws_sdk_organizations::types::Tag;

use super::Organizations;
use crate::Tags;
use crate::convert::build_error;
use crate::error::Result;
use crate::operations::{self, Operation};

/// Our tags as the SDK's; none at all for an empty set.
pub(super) fn to_sdk(op: &'static Operation, tags: &Tags) -> Result<Option<Vec<Tag>>> {
    let mut out = Vec::with_capacity(tags.len());
    for (key, value) in tags {
        let tag = Tag::builder().key(key).value(value).build();
        out.push(tag.map_err(build_error(op))?);
    }
    Ok((!out.is_empty()).then_some(out))
}

impl Organizations {
    /// All tags of an account, unit, root or policy, by its id.
    pub async fn tags(&self, id: &str) -> Result<Tags> {
        let mut tags = Tags::new();
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .organizations()
                .list_tags_for_resource()
                .resource_id(id)
                .set_next_token(token.take());
            let page = self
                .clients
                .call(
                    &operations::organizations::LIST_TAGS_FOR_RESOURCE,
                    call.send(),
                )
                .await?;
            tags.extend(
                page.tags
                    .unwrap_or_default()
                    .into_iter()
                    .map(|tag| (tag.key, tag.value)),
            );
            match page.next_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(tags),
            }
        }
    }

    /// Adds or overwrites tags; the others stay. Nothing is called for an empty set.
    pub async fn tag(&self, id: &str, tags: &Tags) -> Result<()> {
        let op = &operations::organizations::TAG_RESOURCE;
        let Some(tags) = to_sdk(op, tags)? else {
            return Ok(());
        };
        let call = self
            .clients
            .sdk()
            .organizations()
            .tag_resource()
            .resource_id(id)
            .set_tags(Some(tags));
        let tag = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await.map(drop)
        };
        self.settled(tag).await
    }

    /// Takes tags away. Nothing is called for no keys.
    pub async fn untag(&self, id: &str, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .organizations()
            .untag_resource()
            .resource_id(id)
            .set_tag_keys(Some(keys.to_vec()));
        let untag = || async {
            let call = call.clone();
            self.clients
                .call(&operations::organizations::UNTAG_RESOURCE, call.send())
                .await
                .map(drop)
        };
        self.settled(untag).await
    }
}
