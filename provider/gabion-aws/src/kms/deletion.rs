//! Scheduled deletion.

use jiff::Timestamp;

use super::Kms;
use crate::convert::time;
use crate::error::{Kind, Result};
use crate::operations;

impl Kms {
    /// Schedules the deletion in so many days (7 to 30). A key that is pending deletion already is
    /// success. Gives the date, where the service says.
    pub async fn schedule_deletion(&self, key: &str, days: i32) -> Result<Option<Timestamp>> {
        let call = self
            .clients
            .sdk()
            .kms()
            .schedule_key_deletion()
            .key_id(key)
            .pending_window_in_days(days);
        let result = self
            .clients
            .call(&operations::kms::SCHEDULE_KEY_DELETION, call.send())
            .await;
        match result {
            Ok(answer) => Ok(time(answer.deletion_date())),
            Err(error) if error.kind == Kind::InvalidState => {
                let finder = Self::new(self.clients.unscoped());
                match finder.find_key(key).await? {
                    Some(found) if found.is_pending_deletion() => Ok(found.deletion_date),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Cancels a scheduled deletion. The key is disabled afterwards.
    pub async fn cancel_deletion(&self, key: &str) -> Result<()> {
        let call = self.clients.sdk().kms().cancel_key_deletion().key_id(key);
        self.clients
            .call(&operations::kms::CANCEL_KEY_DELETION, call.send())
            .await
            .map(drop)
    }
}
