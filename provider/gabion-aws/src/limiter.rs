//! Request rates: one bucket of tokens per service, account, region and access, shared by all
//! resources, so that a plan of a thousand keys does not run into the account's API quotas.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::operations::{Access, Operation};

/// Requests per second, and how many may go at once after a pause.
#[derive(Clone, Copy, Debug)]
struct Rate {
    per_second: f64,
    burst: f64,
}

/// Below the documented default quotas of each service, which other tools share.
fn rate(op: &Operation) -> Rate {
    let (per_second, burst) = match (op.service, op.access, op.name) {
        ("cloudtrail", _, "LookupEvents") => (2.0, 2.0),
        ("cloudtrail", Access::Read, _) => (8.0, 10.0),
        ("cloudtrail", Access::Write, _) => (2.0, 6.0),
        ("iam", Access::Read, _) => (15.0, 30.0),
        ("iam", Access::Write, _) => (8.0, 20.0),
        ("ec2", Access::Read, _) => (20.0, 100.0),
        ("ec2", Access::Write, _) => (10.0, 50.0),
        ("kms", Access::Read, _) => (200.0, 400.0),
        ("kms", Access::Write, _) => (8.0, 20.0),
        ("logs", Access::Read, _) => (8.0, 20.0),
        ("logs", Access::Write, _) => (5.0, 10.0),
        ("network-firewall", Access::Read, _) => (8.0, 30.0),
        ("network-firewall", Access::Write, _) => (4.0, 15.0),
        ("organizations", _, _) => (5.0, 10.0),
        ("route53resolver", _, _) => (5.0, 20.0),
        ("s3", Access::Read, _) => (200.0, 400.0),
        ("s3", Access::Write, _) => (50.0, 100.0),
        _ => (50.0, 100.0),
    };
    Rate { per_second, burst }
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    service: &'static str,
    /// LookupEvents has a quota of its own.
    name: &'static str,
    access: Access,
    account: String,
    region: String,
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

/// All buckets of a process's provider.
#[derive(Default)]
pub(crate) struct Limiter {
    buckets: Mutex<HashMap<Key, Bucket>>,
}

impl Limiter {
    /// Takes a token, and says how long to wait before it may be used. Tokens are handed out ahead
    /// of time, so waiters go in the order in which they came.
    pub(crate) fn reserve(&self, op: &Operation, account: &str, region: &str) -> Duration {
        let rate = rate(op);
        let key = Key {
            service: op.service,
            name: if op.name == "LookupEvents" {
                op.name
            } else {
                ""
            },
            access: op.access,
            account: account.to_owned(),
            region: region.to_owned(),
        };
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key).or_insert(Bucket {
            tokens: rate.burst,
            at: now,
        });
        let elapsed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * rate.per_second).min(rate.burst) - 1.0;
        bucket.at = now;
        if bucket.tokens >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-bucket.tokens / rate.per_second)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations;

    #[tokio::test]
    async fn a_burst_is_free_then_requests_queue() {
        let limiter = Limiter::default();
        let op = &operations::cloudtrail::LOOKUP_EVENTS;
        assert_eq!(limiter.reserve(op, "1", "r"), Duration::ZERO);
        assert_eq!(limiter.reserve(op, "1", "r"), Duration::ZERO);
        let third = limiter.reserve(op, "1", "r");
        let fourth = limiter.reserve(op, "1", "r");
        assert!(third > Duration::from_millis(300) && fourth > third);
        // Another account, and other operations, have buckets of their own.
        assert_eq!(limiter.reserve(op, "2", "r"), Duration::ZERO);
        assert_eq!(
            limiter.reserve(&operations::cloudtrail::GET_TRAIL, "1", "r"),
            Duration::ZERO
        );
    }
}
