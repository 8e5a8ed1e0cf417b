//! Buckets and their settings. Every call names the expected owner, so that a bucket which changed
//! hands is never read or written by mistake.

mod bucket;
mod encryption;
mod lifecycle;
mod logging;
mod look_up;
mod object_lock;
mod objects;
mod ownership;
mod policy;
mod public_access;
mod tags;
mod versioning;

use std::time::Duration;

use crate::clients::Clients;
use crate::error::{AwsError, Result};
use crate::wait::{WaitOptions, retry_while};

pub use bucket::CreateBucket;
pub use encryption::Encryption;
pub use lifecycle::{LifecycleRule, Transition};
pub use logging::Logging;
pub use look_up::BucketPresence;
pub use object_lock::ObjectLock;
pub use public_access::PublicAccessBlock;
pub use versioning::Versioning;

/// S3 calls of one account and region.
#[derive(Clone, Debug)]
pub struct S3 {
    clients: Clients,
}

impl S3 {
    pub(crate) fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// The account that must own the bucket.
    fn owner(&self) -> &str {
        self.clients.account_id()
    }

    /// Repeats a change while S3 is busy with another one of the same bucket, or IAM has not yet
    /// spread a principal of a policy.
    async fn settled<T, F, Fut>(&self, bucket: &str, action: F) -> Result<T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let options = WaitOptions {
            first: Duration::from_secs(1),
            max: Duration::from_secs(5),
            limit: Duration::from_secs(60),
        };
        let what = format!("waiting for bucket `{bucket}`");
        retry_while(&self.clients, &what, options, is_settling, action).await
    }
}

fn is_settling(error: &AwsError) -> bool {
    match error.code() {
        Some("OperationAborted") => true,
        Some("MalformedPolicy") => error.message.to_lowercase().contains("principal"),
        _ => false,
    }
}

/// Turns one "not configured" code into `None`; a missing bucket stays an error.
fn configured<T>(result: Result<T>, absent: &[&str]) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code().is_some_and(|code| absent.contains(&code)) => Ok(None),
        Err(error) => Err(error),
    }
}
