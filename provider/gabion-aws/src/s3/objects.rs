//! Whether a bucket is empty, and emptying it.

use aws_sdk_s3::types::{Delete, Error as DeleteError, ObjectIdentifier};

use super::S3;
use crate::convert::build_error;
use crate::error::{AwsError, Kind, Result, clean};
use crate::operations::{self, s3::DELETE_OBJECTS};

impl S3 {
    /// Whether the bucket holds no version and no delete marker.
    pub async fn is_empty(&self, bucket: &str) -> Result<bool> {
        Ok(self.versions(bucket, 1).await?.is_empty())
    }

    /// Deletes every version and delete marker. `bypass_governance` also deletes versions under
    /// GOVERNANCE retention (the caller needs `s3:BypassGovernanceRetention`). Gives their number.
    ///
    /// # Errors
    /// [`Kind::InvalidState`] for a version that Object Lock protects, named in the message.
    pub async fn delete_all_versions(&self, bucket: &str, bypass_governance: bool) -> Result<u64> {
        let mut deleted = 0u64;
        loop {
            let batch = self.versions(bucket, 1000).await?;
            if batch.is_empty() {
                return Ok(deleted);
            }
            let size = u64::try_from(batch.len()).unwrap_or(u64::MAX);
            let delete = Delete::builder()
                .set_objects(Some(batch))
                .quiet(true)
                .build()
                .map_err(build_error(&DELETE_OBJECTS))?;
            let call = self
                .clients
                .sdk()
                .s3()
                .delete_objects()
                .bucket(bucket)
                .delete(delete)
                .set_bypass_governance_retention(bypass_governance.then_some(true))
                .expected_bucket_owner(self.owner());
            let answer = self
                .clients
                .call(&operations::s3::DELETE_OBJECTS, call.send())
                .await?;
            // Whatever could not be deleted would be listed again for ever.
            if let Some(fault) = answer.errors().first() {
                return Err(not_deleted(bucket, fault, answer.errors().len()));
            }
            deleted = deleted.saturating_add(size);
        }
    }

    /// The first versions and delete markers.
    async fn versions(&self, bucket: &str, most: i32) -> Result<Vec<ObjectIdentifier>> {
        let call = self
            .clients
            .sdk()
            .s3()
            .list_object_versions()
            .bucket(bucket)
            .max_keys(most)
            .expected_bucket_owner(self.owner());
        let page = self
            .clients
            .call(&operations::s3::LIST_OBJECT_VERSIONS, call.send())
            .await?;
        let versions = page
            .versions
            .unwrap_or_default()
            .into_iter()
            .map(|version| (version.key, version.version_id));
        let markers = page
            .delete_markers
            .unwrap_or_default()
            .into_iter()
            .map(|marker| (marker.key, marker.version_id));
        versions
            .chain(markers)
            .map(|(key, version)| {
                ObjectIdentifier::builder()
                    .set_key(key)
                    .set_version_id(version)
                    .build()
                    .map_err(build_error(&DELETE_OBJECTS))
            })
            .collect()
    }
}

fn not_deleted(bucket: &str, fault: &DeleteError, count: usize) -> AwsError {
    let code = fault.code().unwrap_or_default();
    let text = clean(fault.message().unwrap_or_default());
    // S3 tells a protected version only by AccessDenied and a sentence.
    let locked = text.to_lowercase().contains("object lock") || text.contains("WORM");
    let kind = match code {
        _ if locked => Kind::InvalidState,
        "AccessDenied" => Kind::AccessDenied,
        _ => Kind::Other,
    };
    let key = fault.key().unwrap_or_default();
    let version = fault.version_id().unwrap_or("null");
    let message = format!(
        "{count} of a batch could not be deleted from bucket `{bucket}`, among them `{key}` (version `{version}`): {text}"
    );
    AwsError::of(&DELETE_OBJECTS, kind, message).with_code(code)
}
