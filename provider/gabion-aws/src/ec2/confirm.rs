//! Creates whose second call would make a second object: after a reply that was lost, the object is looked
//! for before another one is made. The SDK's own retries must be off in the call.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_ec2::config::Builder;

use super::Ec2;
use crate::error::{Kind, Result};

/// Pauses before each look for an object whose creation was not confirmed.
const LOOKS: [Duration; 3] = [
    Duration::from_millis(300),
    Duration::from_millis(1200),
    Duration::from_secs(2),
];

/// For `config_override`: no retries.
pub(super) fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

impl Ec2 {
    /// Runs `create` until it is known whether it happened; `look` finds what a lost reply made. It gets
    /// clients that ignore a stop: what was made belongs into the state.
    pub(super) async fn confirmed<T, C, CF, L, LF>(&self, create: C, look: L) -> Result<T>
    where
        C: Fn() -> CF,
        CF: Future<Output = Result<T>>,
        L: Fn(Self) -> LF,
        LF: Future<Output = Result<Option<T>>>,
    {
        let mut left = self.clients.settings().max_retries.unwrap_or(5);
        let mut pause = Duration::from_millis(500);
        loop {
            let error = match Box::pin(create()).await {
                Ok(made) => return Ok(made),
                Err(error) => error,
            };
            if error.may_have_happened() {
                for wait in LOOKS {
                    tokio::time::sleep(wait).await;
                    if let Some(found) = Box::pin(look(Self::new(self.clients.unscoped()))).await? {
                        tracing::info!("took the object whose creation was not confirmed");
                        return Ok(found);
                    }
                }
            }
            let again = matches!(
                error.kind,
                Kind::Throttled | Kind::Timeout | Kind::Dispatch | Kind::Other
            ) && error.retryable;
            if !again || left == 0 {
                return Err(error);
            }
            left -= 1;
            self.clients.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(20));
        }
    }
}
