//! Small conversions between SDK values and ours.

use aws_smithy_types::DateTime;
use aws_smithy_types::error::operation::BuildError;
use jiff::Timestamp;

use crate::Tags;
use crate::error::{AwsError, Kind};
use crate::operations::Operation;

/// An SDK time as a timestamp; times beyond jiff's range are dropped.
pub(crate) fn time(at: Option<&DateTime>) -> Option<Timestamp> {
    let at = at?;
    let nanos = i32::try_from(at.subsec_nanos()).ok()?;
    Timestamp::new(at.secs(), nanos).ok()
}

/// A timestamp as an SDK time.
pub(crate) fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}

/// A request that the SDK would not build: an argument is missing.
pub(crate) fn build_error(op: &'static Operation) -> impl Fn(BuildError) -> AwsError {
    move |error| AwsError::of(op, Kind::Invalid, error.to_string())
}

/// Whether `have` holds every tag of `want`, with its value.
pub(crate) fn includes(have: &Tags, want: &Tags) -> bool {
    want.iter().all(|(key, value)| have.get(key) == Some(value))
}
