//! The public access block of a bucket.

use aws_sdk_s3::types::PublicAccessBlockConfiguration;

use super::{S3, configured};
use crate::error::Result;
use crate::operations;

/// The four switches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublicAccessBlock {
    /// New public ACLs are refused.
    pub block_public_acls: bool,
    /// Public ACLs that exist have no effect.
    pub ignore_public_acls: bool,
    /// Public bucket policies are refused.
    pub block_public_policy: bool,
    /// Buckets with public policies admit only AWS services and the account.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// Everything blocked.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };
}

impl S3 {
    /// The public access block, if the bucket has one.
    pub async fn public_access_block(&self, bucket: &str) -> Result<Option<PublicAccessBlock>> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_public_access_block()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::GET_PUBLIC_ACCESS_BLOCK, call.send())
            .await;
        let answer = configured(result, &["NoSuchPublicAccessBlockConfiguration"])?;
        Ok(answer
            .and_then(|answer| answer.public_access_block_configuration)
            .map(|block| PublicAccessBlock {
                block_public_acls: block.block_public_acls.unwrap_or_default(),
                ignore_public_acls: block.ignore_public_acls.unwrap_or_default(),
                block_public_policy: block.block_public_policy.unwrap_or_default(),
                restrict_public_buckets: block.restrict_public_buckets.unwrap_or_default(),
            }))
    }

    /// Sets the public access block.
    pub async fn put_public_access_block(
        &self,
        bucket: &str,
        block: &PublicAccessBlock,
    ) -> Result<()> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(block.block_public_acls)
            .ignore_public_acls(block.ignore_public_acls)
            .block_public_policy(block.block_public_policy)
            .restrict_public_buckets(block.restrict_public_buckets)
            .build();
        let call = self
            .clients
            .sdk()
            .s3()
            .put_public_access_block()
            .bucket(bucket)
            .public_access_block_configuration(block)
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients
                .call(&operations::s3::PUT_PUBLIC_ACCESS_BLOCK, call.send())
                .await
                .map(drop)
        };
        self.settled(bucket, put).await
    }
}
