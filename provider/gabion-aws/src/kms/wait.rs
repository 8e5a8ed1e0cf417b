//! Waiting for a key to become what was asked for: KMS spreads changes over seconds.

use super::{Key, Kms};
use crate::error::{Absent, Result};
use crate::wait::{WaitOptions, until};

impl Kms {
    /// Waits until the key is in one of these states.
    pub async fn wait_for_state(&self, key: &str, states: &[&str]) -> Result<Key> {
        let what = format!("waiting for key `{key}` to be {}", states.join(" or "));
        until(&self.clients, &what, WaitOptions::default(), || async {
            let found = self.find_key(key).await?;
            Ok(found.filter(|found| states.contains(&found.state.as_str())))
        })
        .await
    }

    /// Waits until the key's policy is the wanted one, by the caller's own comparison.
    pub async fn wait_for_policy(&self, key: &str, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let what = format!("waiting for the policy of key `{key}`");
        let wanted = &wanted;
        until(
            &self.clients,
            &what,
            WaitOptions::default(),
            || async move {
                let policy = self.get_key_policy(key).await.or_absent()?;
                Ok(policy.is_some_and(|policy| wanted(&policy)).then_some(()))
            },
        )
        .await
    }

    /// Waits until rotation is on or off.
    pub async fn wait_for_rotation(&self, key: &str, enabled: bool) -> Result<()> {
        let what = format!("waiting for the rotation of key `{key}`");
        until(&self.clients, &what, WaitOptions::default(), || async {
            let rotation = self.rotation_status(key).await.or_absent()?;
            Ok(rotation
                .is_some_and(|rotation| rotation.enabled == enabled)
                .then_some(()))
        })
        .await
    }
}
