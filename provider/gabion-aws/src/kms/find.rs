//! Finding keys by their tags: KMS cannot, so every key is looked at.

use futures::{StreamExt, TryStreamExt, stream};

use super::Kms;
use crate::Tags;
use crate::convert::includes;
use crate::error::{Kind, Result};
use crate::operations;

/// How many keys are looked at at once.
const AT_ONCE: usize = 16;

/// A key and its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedKey {
    /// Key id.
    pub key_id: String,
    /// Key ARN.
    pub key_arn: String,
    /// All its tags.
    pub tags: Tags,
}

impl Kms {
    /// The keys that carry all the given tags. One call for each key of the account and region: for
    /// adopting a create that was cut off, not for every plan. Keys that are gone meanwhile, or whose
    /// tags the caller may not read (such as those AWS manages), are left out.
    pub async fn find_keys_by_tags(&self, wanted: &Tags) -> Result<Vec<TaggedKey>> {
        let mut found: Vec<TaggedKey> = stream::iter(self.list_keys().await?)
            .map(|(key_id, key_arn)| async move {
                match self.tags(&key_id).await {
                    Ok(tags) if includes(&tags, wanted) => Ok(Some(TaggedKey {
                        key_id,
                        key_arn,
                        tags,
                    })),
                    Ok(_) => Ok(None),
                    Err(error) if matches!(error.kind, Kind::NotFound | Kind::AccessDenied) => {
                        Ok(None)
                    }
                    Err(error) => Err(error),
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|key| async move { Ok(key) })
            .try_collect()
            .await?;
        found.sort_by(|a, b| a.key_id.cmp(&b.key_id));
        Ok(found)
    }

    /// Ids and ARNs of all keys.
    async fn list_keys(&self) -> Result<Vec<(String, String)>> {
        let mut keys = Vec::new();
        let mut marker = None;
        loop {
            let call = self
                .clients
                .sdk()
                .kms()
                .list_keys()
                .limit(1000)
                .set_marker(marker.take());
            let page = self
                .clients
                .call(&operations::kms::LIST_KEYS, call.send())
                .await?;
            keys.extend(
                page.keys
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|key| Some((key.key_id?, key.key_arn.unwrap_or_default()))),
            );
            match page.next_marker.filter(|_| page.truncated) {
                Some(next) => marker = Some(next),
                None => return Ok(keys),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::Client;
    use aws_sdk_kms::error::ErrorMetadata;
    use aws_sdk_kms::operation::list_keys::ListKeysOutput;
    use aws_sdk_kms::operation::list_resource_tags::{
        ListResourceTagsError, ListResourceTagsOutput,
    };
    use aws_sdk_kms::types::{KeyListEntry, Tag};
    use aws_smithy_mocks::mock;

    use super::*;
    use crate::testing::Fake;

    #[tokio::test]
    async fn pages_and_forbidden_keys() {
        let entry = |id: &str| {
            KeyListEntry::builder()
                .key_id(id)
                .key_arn(format!("arn:{id}"))
                .build()
        };
        let (one, two, three) = (entry("one"), entry("two"), entry("three"));
        let first = mock!(Client::list_keys)
            .match_requests(|request| request.marker().is_none())
            .then_output(move || {
                ListKeysOutput::builder()
                    .keys(one.clone())
                    .keys(two.clone())
                    .truncated(true)
                    .next_marker("m")
                    .build()
            });
        let second = mock!(Client::list_keys)
            .match_requests(|request| request.marker() == Some("m"))
            .then_output(move || ListKeysOutput::builder().keys(three.clone()).build());
        let forbidden = mock!(Client::list_resource_tags)
            .match_requests(|request| request.key_id() == Some("two"))
            .then_error(|| {
                ListResourceTagsError::generic(
                    ErrorMetadata::builder()
                        .code("AccessDeniedException")
                        .build(),
                )
            });
        let tagged = mock!(Client::list_resource_tags)
            .match_requests(|request| request.key_id() == Some("three"))
            .then_output(|| {
                let tag =
                    |k: &str, v: &str| Tag::builder().tag_key(k).tag_value(v).build().unwrap();
                ListResourceTagsOutput::builder()
                    .tags(tag("a", "1"))
                    .tags(tag("b", "2"))
                    .build()
            });
        let bare = mock!(Client::list_resource_tags)
            .match_requests(|request| request.key_id() == Some("one"))
            .then_output(|| ListResourceTagsOutput::builder().build());
        let clients = Fake::default()
            .kms(&[&first, &second, &forbidden, &tagged, &bare])
            .clients();
        let wanted = Tags::from([("a".to_owned(), "1".to_owned())]);
        let found = clients.kms().find_keys_by_tags(&wanted).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key_id, "three");
        assert_eq!(found[0].tags.len(), 2);
    }
}
