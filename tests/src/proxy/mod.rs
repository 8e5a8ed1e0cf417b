//! A reverse proxy between the provider and an emulator: it injects faults, answers what the
//! emulator cannot (the modelled fake), and records every call.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use gabion_tests::{Emulator, Fault, Kind, Proxy};
//! let proxy = Proxy::start(Emulator::start(Kind::Moto)?)?;
//! let lost = proxy.on("kms:CreateKey").fault(Fault::LoseReply);
//! // ... terraform apply against `proxy.endpoint()` ...
//! assert_eq!(lost.hits(), 1);
//! assert_eq!(proxy.count("kms:CreateKey"), 1, "no second key");
//! # Ok(())
//! # }
//! ```

mod fault;
mod message;
mod operation;
mod permission;
mod serve;
mod upstream;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;

pub use hyper::StatusCode;

pub use fault::{Fault, RuleBuilder, RuleHandle};
pub use message::{Reply, Request};
pub use operation::{Operation, Protocol};
pub use permission::action;
pub use upstream::Upstream;

use crate::emulator::Emulator;
use crate::fake::Fake;

/// A call that reached the proxy.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who asked: an access key, or `KEY in a role` for a session that KEY asked for.
    pub caller: String,
    /// What was asked.
    pub operation: Operation,
    /// The path and query of the request.
    pub uri: String,
    /// The body of the request.
    pub body: String,
    /// The status of the answer; 0 when none arrived.
    pub status: u16,
    /// The body of the answer; empty when none arrived.
    pub answer: String,
}

/// What the listener and the test share.
#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    fake: Option<Fake>,
    rules: Mutex<Vec<Arc<fault::Rule>>>,
    calls: Mutex<Vec<Call>>,
    permissions: Mutex<permission::Permissions>,
}

/// The proxy; it owns its emulator, and dropping it ends both.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accept: tokio::task::JoinHandle<()>,
    emulator: Emulator,
}

impl Proxy {
    /// A proxy with the modelled fake of the emulator's kind behind it.
    ///
    /// # Errors
    /// When no loopback port is free.
    pub fn start(emulator: Emulator) -> Result<Self> {
        let fake = Fake::new(emulator.kind());
        Self::build(emulator, Some(fake))
    }

    /// A proxy that changes nothing until a rule says so: for what the emulator really does.
    ///
    /// # Errors
    /// When no loopback port is free.
    pub fn plain(emulator: Emulator) -> Result<Self> {
        Self::build(emulator, None)
    }

    fn build(emulator: Emulator, fake: Option<Fake>) -> Result<Self> {
        let shared = Arc::new(Shared {
            upstream: Upstream::new(emulator.address()),
            fake,
            rules: Mutex::default(),
            calls: Mutex::default(),
            permissions: Mutex::default(),
        });
        let runtime = runtime()?;
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind((
                std::net::Ipv4Addr::LOCALHOST,
                0,
            )))
            .context("cannot listen on the loopback interface")?;
        let address = listener.local_addr()?;
        let accept = runtime.spawn(serve::accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            accept,
            emulator,
        })
    }

    /// The value for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The emulator behind it.
    #[must_use]
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// The modelled fake, to tell it what to answer.
    #[must_use]
    pub fn fake(&self) -> Option<&Fake> {
        self.shared.fake.as_ref()
    }

    /// Begins a rule for the calls that `pattern` names: `kms:CreateKey`, `s3:Put*`, `*`.
    pub fn on(&self, pattern: &str) -> RuleBuilder<'_> {
        RuleBuilder {
            proxy: self,
            pattern: pattern.to_owned(),
            skip: 0,
            times: 1,
            every: 1,
            writes: false,
            except: String::new(),
            rate: None,
        }
    }

    /// From now on the caller (an access key, or `KEY in a role` for the sessions that KEY asks for) may do these IAM actions and nothing else.
    /// Callers that are not named may do everything.
    pub fn permit(&self, caller: &str, actions: BTreeSet<String>) {
        lock(&self.shared.permissions).permit(caller, actions);
    }

    /// The IAM actions that the calls of `caller` so far needed, refused ones included.
    #[must_use]
    pub fn needed(&self, caller: &str) -> BTreeSet<String> {
        lock(&self.shared.permissions).needed(caller)
    }

    /// Ends every rule; what is held is released.
    pub fn clear(&self) {
        for rule in lock(&self.shared.rules).drain(..) {
            rule.released.send_replace(true);
        }
    }

    /// Every call so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// How many calls so far `pattern` names.
    #[must_use]
    pub fn count(&self, pattern: &str) -> usize {
        lock(&self.shared.calls)
            .iter()
            .filter(|call| call.operation.matches(pattern))
            .count()
    }

    /// The calls so far that change something: not Get, Head, List, Describe, AssumeRole.
    #[must_use]
    pub fn writes(&self) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| !call.operation.is_read());
        calls
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        lock(&self.shared.calls).clear();
    }

    fn add(&self, rule: Arc<fault::Rule>) {
        lock(&self.shared.rules).push(rule);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.clear();
        self.accept.abort();
    }
}

/// A panic in one test thread must not hide the calls from the next assertion.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtime of all proxies of this process.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("proxy")
                .enable_all()
                .build()
        })
        .as_ref()
        .map_err(|error| anyhow::anyhow!("cannot start the proxy's threads: {error}"))
}
