//! Server access logging.

use aws_sdk_s3::types::{BucketLoggingStatus, LoggingEnabled};

use super::S3;
use crate::convert::build_error;
use crate::error::Result;
use crate::operations;

/// Where access logs go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logging {
    /// Bucket that receives them; same region and account.
    pub target_bucket: String,
    /// Prefix of their names.
    pub target_prefix: String,
}

impl S3 {
    /// Where access logs go, if anywhere.
    pub async fn logging(&self, bucket: &str) -> Result<Option<Logging>> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_bucket_logging()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let answer = self
            .clients
            .call(&operations::s3::GET_BUCKET_LOGGING, call.send())
            .await?;
        Ok(answer.logging_enabled.map(|logging| Logging {
            target_bucket: logging.target_bucket,
            target_prefix: logging.target_prefix,
        }))
    }

    /// Turns access logging on, or off with `None`.
    pub async fn put_logging(&self, bucket: &str, logging: Option<&Logging>) -> Result<()> {
        let op = &operations::s3::PUT_BUCKET_LOGGING;
        let enabled = logging
            .map(|logging| {
                LoggingEnabled::builder()
                    .target_bucket(&logging.target_bucket)
                    .target_prefix(&logging.target_prefix)
                    .build()
                    .map_err(build_error(op))
            })
            .transpose()?;
        let status = BucketLoggingStatus::builder()
            .set_logging_enabled(enabled)
            .build();
        let call = self
            .clients
            .sdk()
            .s3()
            .put_bucket_logging()
            .bucket(bucket)
            .bucket_logging_status(status)
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await.map(drop)
        };
        self.settled(bucket, put).await
    }
}
