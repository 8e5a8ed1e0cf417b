//! Whether a bucket exists, and whose it is.
//!
//! HeadBucket is not used: its answers have no body, so absence would rest on the HTTP status alone.

use super::S3;
use crate::error::{Kind, Result};
use crate::operations;

/// What stands under a bucket name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketPresence {
    /// Nothing.
    Absent,
    /// A bucket of this account.
    Owned {
        /// Where it is; it may be another region than the clients'.
        region: String,
    },
    /// A bucket of another account.
    OwnedByAnother {
        /// False where the caller may not list its own buckets, so that it could also be a bucket of
        /// this account that the caller may not see.
        certain: bool,
    },
}

impl S3 {
    /// Looks a bucket name up.
    pub async fn look_up(&self, bucket: &str) -> Result<BucketPresence> {
        let call = self
            .clients
            .sdk()
            .s3()
            .get_bucket_location()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let result = self
            .clients
            .call(&operations::s3::GET_BUCKET_LOCATION, call.send())
            .await;
        let error = match result {
            Ok(answer) => {
                let constraint = answer.location_constraint;
                let region = region_of(constraint.as_ref().map_or("", |place| place.as_str()));
                return Ok(BucketPresence::Owned { region });
            }
            Err(error) => error,
        };
        if error.code() == Some("NoSuchBucket") {
            return Ok(BucketPresence::Absent);
        }
        // Denied, or a bucket of another region: our own list tells whether it is ours.
        let elsewhere = matches!(
            error.code(),
            Some(
                "PermanentRedirect"
                    | "AuthorizationHeaderMalformed"
                    | "IllegalLocationConstraintException"
            )
        );
        if !elsewhere && error.kind != Kind::AccessDenied {
            return Err(error);
        }
        match self.find_in_own_list(bucket).await {
            // Ours, in this region, and denied: the caller lacks the right to read it.
            Ok(Some(region)) if !elsewhere && region == self.clients.region() => Err(error),
            Ok(Some(region)) => Ok(BucketPresence::Owned { region }),
            Ok(None) => Ok(BucketPresence::OwnedByAnother { certain: true }),
            Err(list) if list.kind == Kind::AccessDenied => {
                Ok(BucketPresence::OwnedByAnother { certain: false })
            }
            Err(list) => Err(list),
        }
    }

    /// The region of a bucket in the account's own list of buckets.
    async fn find_in_own_list(&self, bucket: &str) -> Result<Option<String>> {
        let mut token = None;
        loop {
            let call = self
                .clients
                .sdk()
                .s3()
                .list_buckets()
                .prefix(bucket)
                .max_buckets(100)
                .set_continuation_token(token.take());
            let page = self
                .clients
                .call(&operations::s3::LIST_BUCKETS, call.send())
                .await?;
            let found = page
                .buckets
                .unwrap_or_default()
                .into_iter()
                .find(|found| found.name.as_deref() == Some(bucket));
            if let Some(found) = found {
                return Ok(Some(found.bucket_region.unwrap_or_default()));
            }
            match page.continuation_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(None),
            }
        }
    }
}

/// The region of a location constraint: S3's oldest two have names of their own.
fn region_of(constraint: &str) -> String {
    match constraint {
        "" => "us-east-1",
        "EU" => "eu-west-1",
        region => region,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::Client;
    use aws_sdk_s3::error::ErrorMetadata;
    use aws_sdk_s3::operation::get_bucket_location::{
        GetBucketLocationError, GetBucketLocationOutput,
    };
    use aws_sdk_s3::operation::list_buckets::{ListBucketsError, ListBucketsOutput};
    use aws_sdk_s3::types::Bucket;
    use aws_smithy_mocks::{Rule, mock};

    use super::*;
    use crate::testing::Fake;

    fn location_fails(code: &'static str) -> Rule {
        mock!(Client::get_bucket_location)
            .match_requests(|request| request.expected_bucket_owner() == Some("111122223333"))
            .then_error(move || {
                GetBucketLocationError::generic(ErrorMetadata::builder().code(code).build())
            })
    }

    async fn look(rules: &[&Rule]) -> Result<BucketPresence> {
        Fake::default().s3(rules).clients().s3().look_up("b").await
    }

    #[tokio::test]
    async fn told_apart() {
        let here = mock!(Client::get_bucket_location)
            .then_output(|| GetBucketLocationOutput::builder().build());
        let region = "us-east-1".to_owned();
        assert_eq!(
            look(&[&here]).await.unwrap(),
            BucketPresence::Owned { region }
        );
        assert_eq!(
            look(&[&location_fails("NoSuchBucket")]).await.unwrap(),
            BucketPresence::Absent
        );

        let other = mock!(Client::list_buckets).then_output(|| {
            ListBucketsOutput::builder()
                .buckets(Bucket::builder().name("b-other").build())
                .build()
        });
        let denied = location_fails("AccessDenied");
        assert_eq!(
            look(&[&denied, &other]).await.unwrap(),
            BucketPresence::OwnedByAnother { certain: true }
        );
        let blind = mock!(Client::list_buckets).then_error(|| {
            ListBucketsError::generic(ErrorMetadata::builder().code("AccessDenied").build())
        });
        let denied = location_fails("AccessDenied");
        assert_eq!(
            look(&[&denied, &blind]).await.unwrap(),
            BucketPresence::OwnedByAnother { certain: false }
        );
        let mine = mock!(Client::list_buckets).then_output(|| {
            let bucket = Bucket::builder()
                .name("b")
                .bucket_region("us-west-2")
                .build();
            ListBucketsOutput::builder().buckets(bucket).build()
        });
        let region = "us-west-2".to_owned();
        assert_eq!(
            look(&[&location_fails("PermanentRedirect"), &mine])
                .await
                .unwrap(),
            BucketPresence::Owned { region }
        );
    }

    #[tokio::test]
    async fn a_bare_404_is_not_absence() {
        let page = mock!(Client::get_bucket_location).then_http_response(|| {
            aws_smithy_runtime_api::client::orchestrator::HttpResponse::new(
                404.try_into().unwrap(),
                aws_smithy_types::body::SdkBody::from(
                    "<!doctype html><title>404 Not Found</title>",
                ),
            )
        });
        let error = look(&[&page]).await.unwrap_err();
        assert_eq!(error.kind, Kind::Other, "{error:?}");
        assert!(
            error.to_string().contains("check any endpoint override"),
            "{error}"
        );
    }
}
