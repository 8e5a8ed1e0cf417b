//! Tags of buckets.

use aws_sdk_s3::types::{Tag, Tagging};

use super::{S3, configured};
use crate::Tags;
use crate::convert::build_error;
use crate::error::Result;
use crate::operations::{self, Operation};

pub(super) fn to_sdk(op: &'static Operation, tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| {
            Tag::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(build_error(op))
        })
        .collect()
}

impl S3 {
    /// All tags of a bucket; empty where it has none.
    pub async fn tags(&self, bucket: &str) -> Result<Tags> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_bucket_tagging()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::GET_BUCKET_TAGGING, call.send())
            .await;
        let tags = configured(result, &["NoSuchTagSet"])?.map(|answer| answer.tag_set);
        Ok(tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key, tag.value))
            .collect())
    }

    /// Replaces all tags, except those that AWS itself set (`aws:...`), which stay.
    pub async fn put_tags(&self, bucket: &str, tags: &Tags) -> Result<()> {
        let mut all = tags.clone();
        let present = self.tags(bucket).await?;
        all.extend(
            present
                .into_iter()
                .filter(|(key, _)| key.starts_with("aws:")),
        );
        if all.is_empty() {
            return self.delete_tags(bucket).await;
        }
        let op = &operations::s3::PUT_BUCKET_TAGGING;
        let tagging = Tagging::builder()
            .set_tag_set(Some(to_sdk(op, &all)?))
            .build()
            .map_err(build_error(op))?;
        let call = self
            .clients
            .sdk()
            .s3()
            .put_bucket_tagging()
            .bucket(bucket)
            .tagging(tagging)
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await.map(drop)
        };
        self.settled(bucket, put).await
    }

    async fn delete_tags(&self, bucket: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .s3()
            .delete_bucket_tagging()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        self.clients
            .call(&operations::s3::DELETE_BUCKET_TAGGING, call.send())
            .await
            .map(drop)
    }
}
