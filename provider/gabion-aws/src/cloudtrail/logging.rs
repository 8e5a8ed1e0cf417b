//! Whether a trail writes.

use jiff::Timestamp;

use super::CloudTrail;
use crate::convert::time;
use crate::error::Result;
use crate::operations;

/// What a trail is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailStatus {
    /// Whether it writes.
    pub logging: bool,
    /// What went wrong with the last delivery, if anything.
    pub latest_delivery_error: Option<String>,
    /// When the last delivery was.
    pub latest_delivery: Option<Timestamp>,
}

impl CloudTrail {
    /// What a trail is doing.
    pub async fn status(&self, name: &str) -> Result<TrailStatus> {
        let call = self
            .clients
            .sdk()
            .cloudtrail()
            .get_trail_status()
            .name(name);
        let answer = self
            .clients
            .call(&operations::cloudtrail::GET_TRAIL_STATUS, call.send())
            .await?;
        Ok(TrailStatus {
            logging: answer.is_logging.unwrap_or_default(),
            latest_delivery: time(answer.latest_delivery_time()),
            latest_delivery_error: answer.latest_delivery_error.filter(|text| !text.is_empty()),
        })
    }

    /// Starts writing. A trail that writes already is success.
    pub async fn start_logging(&self, name: &str) -> Result<()> {
        let call = self.clients.sdk().cloudtrail().start_logging().name(name);
        self.clients
            .call(&operations::cloudtrail::START_LOGGING, call.send())
            .await
            .map(drop)
    }

    /// Stops writing.
    pub async fn stop_logging(&self, name: &str) -> Result<()> {
        let call = self.clients.sdk().cloudtrail().stop_logging().name(name);
        self.clients
            .call(&operations::cloudtrail::STOP_LOGGING, call.send())
            .await
            .map(drop)
    }
}
