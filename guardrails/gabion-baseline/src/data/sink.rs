//! What a log sink holds besides its main bucket.

use gabion_guardrail::prelude::*;

/// Whether it has the second bucket, for access logs.
pub(super) fn has_second_bucket(sink: &Value) -> Result<bool, Stop> {
    Ok(sink.get("access_logging").boolean()? != Some(false))
}
