//! Automatic rotation.

use jiff::Timestamp;

use super::Kms;
use crate::convert::time;
use crate::error::Result;
use crate::operations;

/// Automatic rotation as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Whether it is on.
    pub enabled: bool,
    /// Days between rotations, where the service says.
    pub period_in_days: Option<i32>,
    /// When the next one is due.
    pub next: Option<Timestamp>,
}

impl Kms {
    /// Automatic rotation of a key.
    pub async fn rotation_status(&self, key: &str) -> Result<Rotation> {
        let call = self
            .clients
            .sdk()
            .kms()
            .get_key_rotation_status()
            .key_id(key);
        let answer = self
            .clients
            .call(&operations::kms::GET_KEY_ROTATION_STATUS, call.send())
            .await?;
        Ok(Rotation {
            enabled: answer.key_rotation_enabled,
            period_in_days: answer.rotation_period_in_days,
            next: time(answer.next_rotation_date()),
        })
    }

    /// Turns rotation on, or changes its period (90 to 2560 days).
    pub async fn enable_rotation(&self, key: &str, period_in_days: i32) -> Result<()> {
        let call = self
            .clients
            .sdk()
            .kms()
            .enable_key_rotation()
            .key_id(key)
            .rotation_period_in_days(period_in_days);
        self.clients
            .call(&operations::kms::ENABLE_KEY_ROTATION, call.send())
            .await
            .map(drop)
    }

    /// Turns rotation off.
    pub async fn disable_rotation(&self, key: &str) -> Result<()> {
        let call = self.clients.sdk().kms().disable_key_rotation().key_id(key);
        self.clients
            .call(&operations::kms::DISABLE_KEY_ROTATION, call.send())
            .await
            .map(drop)
    }
}
