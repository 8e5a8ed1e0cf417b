//! The modelled fake: what AWS does and an emulator does not, as far as the provider relies on
//! it. It stands in front of the emulator, in the tests and in `cargo xtask emulator` only.
//!
//! What it covers is the last column of `tests/emulator-gaps.md`. A test that passes thanks to
//! the fake proves the provider's side of a call, never AWS's.

mod cloudtrail;
mod kms;
mod logs;
mod s3;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use serde_json::Value;

use crate::emulator::Kind;
use crate::proxy::{Reply, Request, Upstream};

/// The fake in front of one emulator.
#[derive(Debug)]
pub struct Fake {
    kind: Kind,
    state: Mutex<State>,
}

/// What the emulator would forget, by the object it belongs to.
#[derive(Debug, Default)]
struct State {
    /// KMS: key id to rotation period, in days.
    rotation_period: BTreeMap<String, i64>,
    /// KMS: keys that a test says were used (`GetKeyLastUsage`), as epoch seconds.
    last_used: BTreeMap<String, i64>,
    /// S3: bucket to the XML of its logging status.
    logging: BTreeMap<String, String>,
    /// S3: bucket to its `TransitionDefaultMinimumObjectSize`.
    minimum_size: BTreeMap<String, String>,
    /// CloudTrail: trail name to its log group settings.
    trail_logs: BTreeMap<String, Value>,
    /// CloudWatch Logs: group to its key, and null once it was taken away.
    group_key: BTreeMap<String, Value>,
    /// CloudWatch Logs: group to its deletion protection.
    group_protection: BTreeMap<String, bool>,
}

impl Fake {
    /// The fake for one kind of emulator.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            state: Mutex::default(),
        }
    }

    /// The answer to a request that the emulator gets wrong, or `None`: send it on.
    ///
    /// # Errors
    /// When the emulator, asked on the way, does not answer.
    pub async fn answer(&self, request: &Request, upstream: &Upstream) -> Result<Option<Reply>> {
        match request.operation.service.as_str() {
            "kms" => self.kms(request, upstream).await,
            "s3" => self.s3(request, upstream).await,
            "cloudtrail" => self.cloudtrail(request, upstream).await,
            "logs" => self.logs(request, upstream).await,
            _ => Ok(None),
        }
    }

    fn is_moto(&self) -> bool {
        self.kind == Kind::Moto
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
