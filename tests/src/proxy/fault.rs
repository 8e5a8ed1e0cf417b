//! What a rule does to the calls that it matches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// A rule as the proxy keeps it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: String,
    pub(super) skip: usize,
    pub(super) times: usize,
    pub(super) fault: Fault,
    seen: AtomicUsize,
    struck: AtomicUsize,
    pub(super) released: watch::Sender<bool>,
}

impl Rule {
    /// Whether this call is struck; counts it if so.
    pub(super) fn strikes(&self, operation: &Operation) -> bool {
        if !operation.matches(&self.pattern) {
            return false;
        }
        let seen = self.seen.fetch_add(1, Ordering::SeqCst);
        let strikes = seen >= self.skip && seen - self.skip < self.times;
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

    /// Puts the rule in force.
    #[must_use = "the handle tells whether the fault was met, and releases what is held"]
    pub fn fault(self, fault: Fault) -> RuleHandle {
        let rule = Arc::new(Rule {
            pattern: self.pattern,
            skip: self.skip,
            times: self.times,
            fault,
            seen: AtomicUsize::new(0),
            struck: AtomicUsize::new(0),
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

    /// Lets go of the calls that it holds, and of those that it would hold.
    pub fn release(&self) {
        self.rule.released.send_replace(true);
    }
}
