//! The one crate that names the AWS SDK: clients, finders, waiters, error kinds.
//!
//! Everything public here is plain Rust: no SDK type leaks, so that the provider
//! neither rebuilds with an SDK release nor depends on its shapes.
//!
//! * [`ClientPool`] hands out [`Clients`] by account and region.
//! * [`Clients`] gives a service (`clients.kms()`), whose methods take and give plain structs.
//! * [`operations::OPERATIONS`] lists every API call this crate can make.
//! * [`AwsError`] says what happened by the modelled error code, never by HTTP status.
//!
//! Creates and lost replies: none of CreateKey, CreateBucket, CreateAlias, CreateTrail and
//! CreateLogGroup takes a client token. What each does instead stands at its method, and as
//! [`operations::Repeat`] in the table.

pub mod accessanalyzer;
pub mod account;
pub mod cloudtrail;
pub mod config;
pub mod ec2;
pub mod error;
pub mod iam;
pub mod kms;
pub mod logs;
pub mod networkfirewall;
pub mod observe;
pub mod operations;
pub mod organizations;
pub mod pool;
pub mod route53resolver;
pub mod s3;
pub mod s3control;
pub mod secret;
pub mod sts;
pub mod wait;

mod call;
mod clients;
mod convert;
mod credentials;
mod limiter;
mod shared;
#[cfg(test)]
mod testing;

pub use clients::Clients;
pub use config::{AssumeRole, ProviderSettings, partition_of};
pub use error::{Absent, AwsError, Kind, Result};
pub use observe::{CallRecord, Observer, RecordingObserver};
pub use organizations::{Organization, OrganizationLookup};
pub use pool::ClientPool;
pub use secret::Secret;
pub use sts::{CallerIdentity, Session, SessionRequest};
pub use wait::WaitOptions;

/// Tags of a resource: key to value.
pub type Tags = std::collections::BTreeMap<String, String>;

/// What a create that can be repeated did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// True when the object was there already with every tag asked for: a create whose reply was
    /// lost, or one that was cut off earlier.
    pub adopted: bool,
}
