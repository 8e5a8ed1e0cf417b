//! Listings of a whole region that readers share for a moment, so that a refresh of a hundred objects costs the calls
//! of one.
//!
//! A listing is never older than [`LIFE`], and never from before a write of this process in that account and region:
//! who writes reads what he wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::error::Result;

/// How long a listing is shared, counted from before its first call.
const LIFE: Duration = Duration::from_secs(5);

/// How many writes of one account and region began or ended.
#[derive(Debug, Default)]
pub(crate) struct Writes(AtomicU64);

impl Writes {
    /// Notes that a write begins or ends: what was read before is not shared any more.
    pub(crate) fn note(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct Kept<T> {
    all: Arc<Vec<T>>,
    begun: Instant,
    writes: u64,
}

/// One listing, and who waits for it.
#[derive(Debug)]
pub(crate) struct Shared<T>(Mutex<Option<Kept<T>>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Shared<T> {
    /// The listing of a moment ago, or the one that `list` reads; whoever comes meanwhile waits for it. A listing that
    /// failed is not kept.
    ///
    /// # Errors
    /// Those of `list`.
    pub(crate) async fn get<F>(&self, writes: &Writes, list: F) -> Result<Arc<Vec<T>>>
    where
        F: Future<Output = Result<Vec<T>>>,
    {
        let mut slot = self.0.lock().await;
        let (begun, count) = (Instant::now(), writes.count());
        if let Some(kept) = slot
            .as_ref()
            .filter(|kept| kept.writes == count && kept.begun.elapsed() < LIFE)
        {
            return Ok(Arc::clone(&kept.all));
        }
        let all = Arc::new(Box::pin(list).await?);
        *slot = Some(Kept {
            all: Arc::clone(&all),
            begun,
            writes: count,
        });
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{AwsError, Kind};

    #[tokio::test]
    async fn read_once_until_something_is_written() {
        let (shared, writes) = (Shared::default(), Writes::default());
        let reads = AtomicU64::new(0);
        let read = || async { Ok(vec![reads.fetch_add(1, Ordering::SeqCst)]) };
        let (one, other) = futures::join!(shared.get(&writes, read()), shared.get(&writes, read()));
        assert_eq!((&*one.unwrap(), &*other.unwrap()), (&vec![0], &vec![0]));
        writes.note();
        assert_eq!(*shared.get(&writes, read()).await.unwrap(), [1]);
        // A write that begins while a listing is read: its reader came before, the next one reads again.
        let during = async {
            writes.note();
            Ok(vec![7])
        };
        writes.note();
        assert_eq!(*shared.get(&writes, during).await.unwrap(), [7]);
        assert_eq!(*shared.get(&writes, read()).await.unwrap(), [2]);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let (shared, writes) = (Shared::<u8>::default(), Writes::default());
        let fails = async { Err(AwsError::without_call(Kind::Other, "x", "")) };
        assert!(shared.get(&writes, fails).await.is_err());
        assert_eq!(
            *shared.get(&writes, async { Ok(vec![1]) }).await.unwrap(),
            [1]
        );
    }
}
