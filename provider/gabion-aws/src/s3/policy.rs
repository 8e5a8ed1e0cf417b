//! Bucket policies.

use super::{S3, configured};
use crate::error::Result;
use crate::operations;

impl S3 {
    /// The bucket policy (JSON), if there is one.
    pub async fn policy(&self, bucket: &str) -> Result<Option<String>> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_bucket_policy()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::GET_BUCKET_POLICY, call.send())
            .await;
        let answer = configured(result, &["NoSuchBucketPolicy"])?;
        Ok(answer.and_then(|answer| answer.policy))
    }

    /// Replaces the bucket policy. S3's own check against locking oneself out stays on; where IAM
    /// has not yet spread a principal of the policy, it tries again for a minute.
    pub async fn put_policy(&self, bucket: &str, policy: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .s3()
            .put_bucket_policy()
            .bucket(bucket)
            .policy(policy)
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients
                .call(&operations::s3::PUT_BUCKET_POLICY, call.send())
                .await
                .map(drop)
        };
        self.settled(bucket, put).await
    }

    /// Removes the bucket policy. None at all is success.
    pub async fn delete_policy(&self, bucket: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .s3()
            .delete_bucket_policy()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::DELETE_BUCKET_POLICY, call.send())
            .await;
        configured(result, &["NoSuchBucketPolicy"]).map(drop)
    }
}
