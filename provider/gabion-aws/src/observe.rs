//! A hook that sees every API call: tests use it to prove what a step called.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::Kind;
use crate::operations::Access;

/// One API call as an observer sees it. Parameters and answers are never part of it.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// Service, as in the operations table (`kms`).
    pub service: &'static str,
    /// Operation (`CreateKey`).
    pub operation: &'static str,
    /// Read or write.
    pub access: Access,
    /// Account whose credentials signed it; empty while the caller is not yet known.
    pub account_id: String,
    /// Region it went to.
    pub region: String,
    /// How long it took, retries included. Zero when it was refused before it was sent.
    pub duration: Duration,
    /// Error kind and modelled code, if it failed.
    pub error: Option<(Kind, Option<String>)>,
}

/// Sees every call when it ends. Must not block.
pub trait Observer: Send + Sync {
    /// Called once for each call, retries folded into one.
    fn record(&self, call: &CallRecord);
}

/// An observer that keeps every record, for tests.
#[derive(Debug, Default)]
pub struct RecordingObserver {
    calls: Mutex<Vec<CallRecord>>,
}

impl RecordingObserver {
    /// The calls so far, in the order in which they ended.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Observer for RecordingObserver {
    fn record(&self, call: &CallRecord) {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(call.clone());
    }
}
