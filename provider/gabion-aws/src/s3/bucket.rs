//! Creating and deleting buckets.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership};

use super::tags::to_sdk;
use super::{BucketPresence, S3};
use crate::convert::includes;
use crate::error::{Absent, Result};
use crate::wait::{WaitOptions, until};
use crate::{Created, Tags, operations};

/// The region that takes no location constraint.
const NO_CONSTRAINT: &str = "us-east-1";

/// What to create, in the clients' region.
#[derive(Clone, Debug, Default)]
pub struct CreateBucket {
    /// Name.
    pub name: String,
    /// Tags, the creation tag among them. They go with the create call.
    pub tags: Tags,
    /// Whether Object Lock is possible. Cannot be turned off later.
    pub object_lock: bool,
    /// Object ownership; `BucketOwnerEnforced` when unset, as AWS does.
    pub ownership: Option<String>,
}

impl S3 {
    /// Creates a bucket and waits until S3 shows it, or until the stop signal or the deadline: it is made
    /// then, and belongs into the state.
    ///
    /// CreateBucket takes no client token. Where the account owns a bucket of that name which holds
    /// every tag asked for, an earlier reply was lost, and it is taken (`adopted`). In us-east-1 S3
    /// answers success for a bucket that one owns already: look first.
    ///
    /// # Errors
    /// [`crate::Kind::AlreadyExists`], with the code `BucketAlreadyOwnedByYou` or `BucketAlreadyExists`.
    pub async fn create_bucket(&self, request: &CreateBucket) -> Result<Created> {
        let bucket = &request.name;
        let mut place = CreateBucketConfiguration::builder();
        if self.clients.region() != NO_CONSTRAINT {
            place =
                place.location_constraint(BucketLocationConstraint::from(self.clients.region()));
        }
        let tags = to_sdk(&operations::s3::CREATE_BUCKET, &request.tags)?;
        let place = place.set_tags((!tags.is_empty()).then_some(tags)).build();
        let needed = place.location_constraint.is_some() || place.tags.is_some();
        let call = self
            .clients
            .sdk()
            .s3()
            .create_bucket()
            .bucket(bucket)
            .set_create_bucket_configuration(needed.then_some(place))
            .set_object_lock_enabled_for_bucket(request.object_lock.then_some(true))
            .set_object_ownership(request.ownership.as_deref().map(ObjectOwnership::from));
        let create = || async {
            let call = call.clone();
            self.clients
                .call(&operations::s3::CREATE_BUCKET, call.send())
                .await
                .map(drop)
        };
        let adopted = match self.settled(bucket, create).await {
            Ok(()) => false,
            Err(error) if error.code() == Some("BucketAlreadyOwnedByYou") => {
                let finder = Self::new(self.clients.unscoped());
                match finder.tags(bucket).await {
                    Ok(tags) if !request.tags.is_empty() && includes(&tags, &request.tags) => true,
                    _ => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        let what = format!("waiting for bucket `{bucket}` to exist");
        let shown = until(&self.clients, &what, WaitOptions::default(), || async {
            let found = self.look_up(bucket).await?;
            Ok((found != BucketPresence::Absent).then_some(()))
        })
        .await;
        match shown {
            Err(error) if !self.clients.is_over() => Err(error),
            _ => Ok(Created { adopted }),
        }
    }

    /// Deletes an empty bucket. One that is gone already is success.
    ///
    /// # Errors
    /// [`crate::Kind::InvalidState`] while it holds objects or versions.
    pub async fn delete_bucket(&self, bucket: &str) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .s3()
            .delete_bucket()
            .bucket(bucket)
            .expected_bucket_owner(self.owner());
        let delete = || async {
            let call = call.clone();
            self.clients
                .call(&operations::s3::DELETE_BUCKET, call.send())
                .await
                .map(drop)
        };
        self.settled(bucket, delete).await.or_absent().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::Client;
    use aws_sdk_s3::error::ErrorMetadata;
    use aws_sdk_s3::operation::create_bucket::{CreateBucketError, CreateBucketOutput};
    use aws_sdk_s3::operation::get_bucket_location::GetBucketLocationOutput;
    use aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingOutput;
    use aws_sdk_s3::types::Tag;
    use aws_smithy_mocks::mock;

    use super::*;
    use crate::error::Kind;
    use crate::testing::Fake;

    fn request() -> CreateBucket {
        CreateBucket {
            name: "b".to_owned(),
            tags: Tags::from([("creation".to_owned(), "creating".to_owned())]),
            object_lock: true,
            ownership: None,
        }
    }

    async fn create_owned_with(value: &'static str) -> Result<Created> {
        let owned = mock!(Client::create_bucket).then_error(|| {
            CreateBucketError::generic(
                ErrorMetadata::builder()
                    .code("BucketAlreadyOwnedByYou")
                    .build(),
            )
        });
        let tags = mock!(Client::get_bucket_tagging).then_output(move || {
            let tag = Tag::builder().key("creation").value(value).build().unwrap();
            GetBucketTaggingOutput::builder()
                .tag_set(tag)
                .build()
                .unwrap()
        });
        let exists = mock!(Client::get_bucket_location)
            .then_output(|| GetBucketLocationOutput::builder().build());
        let clients = Fake::default().s3(&[&owned, &tags, &exists]).clients();
        clients.s3().create_bucket(&request()).await
    }

    #[tokio::test]
    async fn a_lost_reply_is_taken_and_a_finished_bucket_is_not() {
        assert!(create_owned_with("creating").await.unwrap().adopted);
        let error = create_owned_with("created").await.unwrap_err();
        assert_eq!(error.kind, Kind::AlreadyExists);
        assert_eq!(error.code(), Some("BucketAlreadyOwnedByYou"));
    }

    #[tokio::test]
    async fn a_bucket_that_was_made_before_the_stop_is_told() {
        let stop = tokio_util::sync::CancellationToken::new();
        let signal = stop.clone();
        let create = mock!(Client::create_bucket).then_output(move || {
            signal.cancel();
            CreateBucketOutput::builder().build()
        });
        let clients = Fake::default().s3(&[&create]).clients();
        let stopped = clients.scoped(stop, None);
        let made = stopped.s3().create_bucket(&request()).await.unwrap();
        assert!(!made.adopted);
        let error = stopped.s3().create_bucket(&request()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Cancelled);
    }

    #[tokio::test]
    async fn tags_and_region_go_with_the_call() {
        let create = mock!(Client::create_bucket)
            .match_requests(|request| {
                let place = request.create_bucket_configuration().unwrap();
                place.tags().len() == 1
                    && place.location_constraint().unwrap().as_str() == "eu-central-1"
                    && request.object_lock_enabled_for_bucket() == Some(true)
            })
            .then_output(|| CreateBucketOutput::builder().build());
        let exists = mock!(Client::get_bucket_location)
            .then_output(|| GetBucketLocationOutput::builder().build());
        let mut fake = Fake::default().s3(&[&create, &exists]);
        let clients = fake.clients();
        assert!(
            !clients
                .s3()
                .create_bucket(&request())
                .await
                .unwrap()
                .adopted
        );
        let error = clients
            .read_only()
            .s3()
            .create_bucket(&request())
            .await
            .unwrap_err();
        assert_eq!(error.kind, Kind::ReadOnly);
        assert_eq!(create.num_calls(), 1);
        assert_eq!(fake.observer.calls().len(), 3);
    }
}
