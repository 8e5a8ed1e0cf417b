//! What a rule does to the calls that it matches.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hyper::StatusCode;
use tokio::sync::watch;

use super::operation::Operation;

/// A fault of the network or of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The throttling error, as the service spells it.
    Throttle,
    /// A server error without a modelled code: 500 or 503.
    Status(StatusCode),
    /// An error with this status, code and message, as the service spells it.
    Error(StatusCode, String, String),
    /// The session's credentials have expired.
    ExpiredToken,
    /// The caller lacks the permission.
    AccessDenied,
    /// The connection is reset before the request reaches the service.
    Reset,
    /// The service acts, and half of its answer arrives.
    Truncate,
    /// The service acts, and its answer is not what the protocol says (status 200).
    Garble,
    /// The service acts, and the connection is reset instead of an answer.
    LoseReply,
    /// The request waits this long before it is sent on.
    Delay(Duration),
    /// The request waits until it is released, and is then sent on.
    Hold,
    /// The service acts, and its answer waits until it is released.
    HoldReply,
}

/// How many calls a second are let through, after a burst.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    burst: f64,
    left: Mutex<(f64, Instant)>,
}

impl Rate {
    /// Whether one more call is let through; counts it if so.
    fn has_room(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, at) = *left;
        let now = Instant::now();
        let tokens =
            (tokens + now.duration_since(at).as_secs_f64() * self.per_second).min(self.burst);
        let room = tokens >= 1.0;
        *left = (if room { tokens - 1.0 } else { tokens }, now);
        room
    }
}

/// A rule as the proxy keeps it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: String,
    pub(super) skip: usize,
    pub(super) times: usize,
    pub(super) every: usize,
    pub(super) writes: bool,
    pub(super) except: String,
    pub(super) rate: Option<Rate>,
    pub(super) fault: Fault,
    seen: AtomicUsize,
    struck: AtomicUsize,
    abandoned: AtomicBool,
    pub(super) released: watch::Sender<bool>,
}

impl Rule {
    /// Whether what it holds is to be dropped, not sent on.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Whether this call is struck; counts it if so.
    pub(super) fn strikes(&self, operation: &Operation) -> bool {
        if !operation.matches(&self.pattern)
            || (self.writes && operation.is_read())
            || operation.name == self.except
        {
            return false;
        }
        if self.rate.as_ref().is_some_and(Rate::has_room) {
            return false;
        }
        let seen = self.seen.fetch_add(1, Ordering::SeqCst);
        let strikes = seen >= self.skip
            && seen - self.skip < self.times
            && (seen - self.skip).is_multiple_of(self.every);
        if strikes {
            self.struck.fetch_add(1, Ordering::SeqCst);
        }
        strikes
    }
}

/// A rule under construction: `proxy.on("kms:CreateKey").nth(2).fault(Fault::LoseReply)`.
#[derive(Debug)]
#[must_use = "a rule does nothing until `fault` is called"]
pub struct RuleBuilder<'a> {
    pub(super) proxy: &'a super::Proxy,
    pub(super) pattern: String,
    pub(super) skip: usize,
    pub(super) times: usize,
    pub(super) every: usize,
    pub(super) writes: bool,
    pub(super) except: String,
    pub(super) rate: Option<(f64, f64)>,
}

impl RuleBuilder<'_> {
    /// Strikes from the n-th matching call on, counted from 1.
    pub fn nth(mut self, n: usize) -> Self {
        self.skip = n.saturating_sub(1);
        self
    }

    /// Strikes this many calls; without it, one.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Strikes every call from there on.
    pub fn always(mut self) -> Self {
        self.times = usize::MAX;
        self
    }

    /// Strikes every n-th call, without end: the n-th, the 2n-th, and so on.
    pub fn every(mut self, n: usize) -> Self {
        self.every = n.max(1);
        self.skip = self.every - 1;
        self.times = usize::MAX;
        self
    }

    /// Strikes only calls that change something.
    pub fn writes(mut self) -> Self {
        self.writes = true;
        self
    }

    /// Leaves out the calls of this name: `CreateTags`.
    pub fn except(mut self, name: &str) -> Self {
        self.except = name.to_owned();
        self
    }

    /// Strikes what comes faster than this many calls a second, after a burst of so many at once.
    pub fn above(mut self, per_second: f64, burst: f64) -> Self {
        self.rate = Some((per_second, burst));
        self.times = usize::MAX;
        self
    }

    /// Puts the rule in force.
    #[must_use = "the handle tells whether the fault was met, and releases what is held"]
    pub fn fault(self, fault: Fault) -> RuleHandle {
        let rule = Arc::new(Rule {
            pattern: self.pattern,
            skip: self.skip,
            times: self.times,
            every: self.every,
            writes: self.writes,
            except: self.except,
            rate: self.rate.map(|(per_second, burst)| Rate {
                per_second,
                burst,
                left: Mutex::new((burst, Instant::now())),
            }),
            fault,
            seen: AtomicUsize::new(0),
            struck: AtomicUsize::new(0),
            abandoned: AtomicBool::new(false),
            released: watch::Sender::new(false),
        });
        self.proxy.add(Arc::clone(&rule));
        RuleHandle { rule }
    }
}

/// What a test holds of a rule in force.
#[derive(Clone, Debug)]
pub struct RuleHandle {
    rule: Arc<Rule>,
}

impl RuleHandle {
    /// How many calls it has struck.
    #[must_use]
    pub fn hits(&self) -> usize {
        self.rule.struck.load(Ordering::SeqCst)
    }

    /// Waits until it has struck a call.
    ///
    /// # Errors
    /// When that does not happen within `limit`.
    pub fn wait(&self, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        while self.hits() == 0 {
            if Instant::now() > end {
                bail!("no call of `{}` within {limit:?}", self.rule.pattern);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Drops the calls that it holds, as when their caller was killed: those that did not reach the service never do.
    pub fn abandon(&self) {
        self.rule.abandoned.store(true, Ordering::SeqCst);
        self.release();
    }

    /// Lets go of the calls that it holds, and of those that it would hold.
    pub fn release(&self) {
        self.rule.released.send_replace(true);
    }
}
