//! Tags of roles.

use aws_sdk_iam::types::Tag;

use super::Iam;
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

/// The SDK's tags as ours.
pub(super) fn from_sdk(tags: Option<Vec<Tag>>) -> Tags {
    tags.unwrap_or_default()
        .into_iter()
        .map(|tag| (tag.key, tag.value))
        .collect()
}

impl Iam {
    /// Adds or overwrites tags of a role; the others stay. Nothing is called for an empty set.
    pub async fn tag_role(&self, name: &str, tags: &Tags) -> Result<()> {
        let op = &operations::iam::TAG_ROLE;
        let Some(tags) = to_sdk(op, tags)? else {
            return Ok(());
        };
        let call = self
            .clients
            .sdk()
            .iam()
            .tag_role()
            .role_name(name)
            .set_tags(Some(tags));
        self.clients.call(op, call.send()).await.map(drop)
    }

    /// Removes tags of a role by key. Nothing is called for an empty list.
    pub async fn untag_role(&self, name: &str, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .iam()
            .untag_role()
            .role_name(name)
            .set_tag_keys(Some(keys.to_vec()));
        self.clients
            .call(&operations::iam::UNTAG_ROLE, call.send())
            .await
            .map(drop)
    }
}
