//! Versioning.

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

use super::S3;
use crate::error::{AwsError, Kind, Result};
use crate::operations;

/// Versioning of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versioning {
    /// Never turned on. Cannot be set back to.
    #[default]
    Off,
    /// On.
    Enabled,
    /// Turned off again; old versions stay.
    Suspended,
}

impl Versioning {
    /// As AWS writes it; `Disabled` for a bucket where it was never on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "Disabled",
            Self::Enabled => "Enabled",
            Self::Suspended => "Suspended",
        }
    }
}

impl S3 {
    /// Versioning as it stands.
    pub async fn versioning(&self, bucket: &str) -> Result<Versioning> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_bucket_versioning()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let answer = self
            .clients
            .call(&operations::s3::GET_BUCKET_VERSIONING, call.send())
            .await?;
        Ok(match answer.status {
            Some(BucketVersioningStatus::Enabled) => Versioning::Enabled,
            Some(BucketVersioningStatus::Suspended) => Versioning::Suspended,
            _ => Versioning::Off,
        })
    }

    /// Turns versioning on, or suspends it.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for [`Versioning::Off`], which S3 does not go back to.
    pub async fn put_versioning(&self, bucket: &str, versioning: Versioning) -> Result<()> {
        let op = &operations::s3::PUT_BUCKET_VERSIONING;
        let status = match versioning {
            Versioning::Enabled => BucketVersioningStatus::Enabled,
            Versioning::Suspended => BucketVersioningStatus::Suspended,
            Versioning::Off => {
                let text = "versioning can be suspended, but never be unset again";
                return Err(AwsError::of(op, Kind::Invalid, text));
            }
        };
        let call = self
            .clients
            .sdk()
            .s3()
            .put_bucket_versioning()
            .bucket(bucket)
            .versioning_configuration(VersioningConfiguration::builder().status(status).build())
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await.map(drop)
        };
        self.settled(bucket, put).await
    }
}
