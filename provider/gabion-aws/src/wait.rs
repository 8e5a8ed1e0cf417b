//! Waiting for a state, and trying again while AWS has not caught up.

use std::time::{Duration, Instant};

use crate::clients::Clients;
use crate::error::{AwsError, Kind, Result};

/// How to wait.
#[derive(Clone, Copy, Debug)]
pub struct WaitOptions {
    /// Pause after the first look; each next one is half as long again.
    pub first: Duration,
    /// Longest pause.
    pub max: Duration,
    /// When to give up. The clients' own deadline ends it earlier.
    pub limit: Duration,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            max: Duration::from_secs(5),
            limit: Duration::from_secs(120),
        }
    }
}

impl WaitOptions {
    /// The defaults with another limit.
    pub fn up_to(limit: Duration) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }
}

/// Looks until `poll` gives a value. `what` is named when it does not (`waiting for key ... to be enabled`).
///
/// # Errors
/// Those of `poll`, [`Kind::Timeout`] after the limit or the clients' deadline, [`Kind::Cancelled`]
/// on a stop signal.
pub async fn until<T, F, Fut>(
    clients: &Clients,
    what: &str,
    options: WaitOptions,
    mut poll: F,
) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let mut pauses = Pauses::new(options);
    loop {
        if let Some(value) = poll().await? {
            return Ok(value);
        }
        pauses.next(clients, what).await?;
    }
}

/// Repeats `action` while its error satisfies `again`: for policies and principals that AWS has not
/// spread yet. Gives the last error of `action` when the limit is reached.
///
/// # Errors
/// Those of `action`, and [`Kind::Cancelled`] on a stop signal.
pub async fn retry_while<T, P, F, Fut>(
    clients: &Clients,
    what: &str,
    options: WaitOptions,
    again: P,
    mut action: F,
) -> Result<T>
where
    P: Fn(&AwsError) -> bool,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let mut pauses = Pauses::new(options);
    loop {
        match action().await {
            Err(error) if again(&error) => {
                if let Err(end) = pauses.next(clients, what).await {
                    return Err(if end.kind == Kind::Timeout {
                        error
                    } else {
                        end
                    });
                }
            }
            other => return other,
        }
    }
}

/// Growing pauses up to a limit.
struct Pauses {
    options: WaitOptions,
    pause: Duration,
    begin: Instant,
}

impl Pauses {
    fn new(options: WaitOptions) -> Self {
        Self {
            options,
            pause: options.first,
            begin: Instant::now(),
        }
    }

    async fn next(&mut self, clients: &Clients, what: &str) -> Result<()> {
        let late = self.begin.elapsed() >= self.options.limit
            || clients
                .deadline()
                .is_some_and(|deadline| Instant::now() >= deadline);
        if clients.is_cancelled() {
            return Err(AwsError::without_call(Kind::Cancelled, what, ""));
        }
        if late {
            let message = format!("not so after {} s", self.begin.elapsed().as_secs());
            return Err(AwsError::without_call(Kind::Timeout, what, message));
        }
        clients.sleep(self.pause).await;
        self.pause = (self.pause * 3 / 2).min(self.options.max);
        if clients.is_cancelled() {
            return Err(AwsError::without_call(Kind::Cancelled, what, ""));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fake;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio_util::sync::CancellationToken;

    const QUICK: WaitOptions = WaitOptions {
        first: Duration::from_millis(1),
        max: Duration::from_millis(2),
        limit: Duration::from_millis(50),
    };

    #[tokio::test]
    async fn ends_with_a_value_a_limit_or_a_stop() {
        let clients = Fake::default().clients();
        let looks = AtomicU32::new(0);
        let third = || async { Ok((looks.fetch_add(1, Ordering::Relaxed) == 2).then_some(7)) };
        assert_eq!(until(&clients, "waiting", QUICK, third).await.unwrap(), 7);

        let never = || async { Ok(None::<()>) };
        let error = until(&clients, "waiting for rain", QUICK, never)
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind, error.operation.as_str()),
            (Kind::Timeout, "waiting for rain")
        );

        let stop = CancellationToken::new();
        stop.cancel();
        let stopped = clients.scoped(stop, None);
        let error = until(&stopped, "waiting", QUICK, never).await.unwrap_err();
        assert_eq!(error.kind, Kind::Cancelled);
    }

    #[tokio::test]
    async fn gives_the_last_error_of_the_action() {
        let clients = Fake::default().clients();
        let fails =
            || async { Err::<(), _>(AwsError::without_call(Kind::Conflict, "x", "not yet")) };
        let error = retry_while(&clients, "w", QUICK, |e| e.kind == Kind::Conflict, fails)
            .await
            .unwrap_err();
        assert_eq!(error.message, "not yet");
    }
}
