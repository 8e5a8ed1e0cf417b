//! Object ownership.

use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};

use super::{S3, configured};
use crate::convert::build_error;
use crate::error::Result;
use crate::operations;

impl S3 {
    /// Object ownership (`BucketOwnerEnforced`, ...), if set.
    pub async fn ownership(&self, bucket: &str) -> Result<Option<String>> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_bucket_ownership_controls()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::GET_BUCKET_OWNERSHIP_CONTROLS, call.send())
            .await;
        let answer = configured(result, &["OwnershipControlsNotFoundError"])?;
        Ok(answer
            .and_then(|answer| answer.ownership_controls)
            .and_then(|controls| controls.rules.into_iter().next())
            .map(|rule| rule.object_ownership.as_str().to_owned()))
    }

    /// Sets object ownership.
    pub async fn put_ownership(&self, bucket: &str, ownership: &str) -> Result<()> {
        let op = &operations::s3::PUT_BUCKET_OWNERSHIP_CONTROLS;
        let rule = OwnershipControlsRule::builder()
            .object_ownership(ObjectOwnership::from(ownership))
            .build()
            .map_err(build_error(op))?;
        let controls = OwnershipControls::builder()
            .rules(rule)
            .build()
            .map_err(build_error(op))?;
        let call = self
            .clients
            .sdk()
            .s3()
            .put_bucket_ownership_controls()
            .bucket(bucket)
            .ownership_controls(controls)
            .expected_bucket_owner(self.owner());
        let put = || async {
            let call = call.clone();
            self.clients.call(op, call.send()).await.map(drop)
        };
        self.settled(bucket, put).await
    }
}
