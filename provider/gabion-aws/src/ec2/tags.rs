//! Tags of networks and their parts.

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};

use super::Ec2;
use crate::error::Result;
use crate::{Tags, operations};

fn to_sdk(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// Tags that go with a create call.
pub(super) fn specification(kind: ResourceType, tags: &Tags) -> Option<Vec<TagSpecification>> {
    (!tags.is_empty()).then(|| {
        vec![
            TagSpecification::builder()
                .resource_type(kind)
                .set_tags(Some(to_sdk(tags)))
                .build(),
        ]
    })
}

impl Ec2 {
    /// Adds or overwrites tags of several objects; others stay. Nothing is called for empty lists.
    pub async fn tag(&self, ids: &[String], tags: &Tags) -> Result<()> {
        if tags.is_empty() || ids.is_empty() {
            return Ok(());
        }
        let call = self
            .clients
            .sdk()
            .ec2()
            .create_tags()
            .set_resources(Some(ids.to_vec()))
            .set_tags(Some(to_sdk(tags)));
        self.clients
            .call(&operations::ec2::CREATE_TAGS, call.send())
            .await
            .map(drop)
    }

    /// Removes tags of several objects by key. Nothing is called for empty lists.
    pub async fn untag(&self, ids: &[String], keys: &[String]) -> Result<()> {
        if keys.is_empty() || ids.is_empty() {
            return Ok(());
        }
        let tags = keys.iter().map(|key| Tag::builder().key(key).build());
        let call = self
            .clients
            .sdk()
            .ec2()
            .delete_tags()
            .set_resources(Some(ids.to_vec()))
            .set_tags(Some(tags.collect()));
        self.clients
            .call(&operations::ec2::DELETE_TAGS, call.send())
            .await
            .map(drop)
    }
}
