//! The clock of the sandbox: a thread that moves the engine's epoch while guests run, and sleeps while none does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the epoch moves: a guest is stopped at most this much late.
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// So many ticks without a call, and the thread sleeps: a call in a loop pays no wake-up.
const IDLE_TICKS: u32 = 20;

/// So many threads count apart from each other: one count for all would be fetched from the other processor with
/// every call.
const COUNTS: usize = 16;

/// The calls of some threads, on a line of memory of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Count {
    /// Grows with every call.
    calls: AtomicU64,
    /// How many calls run now.
    running: AtomicU64,
}

#[derive(Debug, Default)]
struct Shared {
    counts: [Count; COUNTS],
    asleep: AtomicBool,
    stop: AtomicBool,
}

/// Ends its thread when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// While it lives, the clock ticks.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a AtomicU64);

thread_local! {
    /// Where this thread counts.
    static PLACE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % COUNTS
    };
}

impl Shared {
    fn own(&self) -> &Count {
        let [first, ..] = &self.counts;
        self.counts.get(PLACE.with(|place| *place)).unwrap_or(first)
    }

    fn calls(&self) -> u64 {
        let calls = (self.counts.iter()).map(|count| count.calls.load(Ordering::SeqCst));
        calls.fold(0, u64::wrapping_add)
    }

    fn is_running(&self) -> bool {
        (self.counts.iter()).any(|count| count.running.load(Ordering::SeqCst) > 0)
    }
}

impl Ticker {
    /// Starts the clock of an engine.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(engine: wasmtime::Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let seen = shared.clone();
        let thread = thread::Builder::new()
            .name("gabion-clock".to_owned())
            .stack_size(128 << 10)
            .spawn(move || tick(&seen, &engine))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Marks that a guest runs.
    pub(crate) fn run(&self) -> Running<'_> {
        let count = self.shared.own();
        count.running.fetch_add(1, Ordering::SeqCst);
        count.calls.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst)
            && self.shared.asleep.swap(false, Ordering::SeqCst)
            && let Some(thread) = &self.thread
        {
            thread.thread().unpark();
        }
        Running(&count.running)
    }
}

/// How many ticks a span has, at least one, and one more as the first may be over already.
pub(crate) fn ticks(span: Duration) -> u64 {
    u64::try_from(span.as_millis() / TICK.as_millis())
        .unwrap_or(u64::MAX / 2)
        .min(u64::MAX / 2)
        + 2
}

fn tick(shared: &Shared, engine: &wasmtime::Engine) {
    let mut idle = 0;
    let mut seen = u64::MAX;
    while !shared.stop.load(Ordering::SeqCst) {
        let calls = shared.calls();
        let busy = shared.is_running() || calls != seen;
        seen = calls;
        idle = if busy { 0 } else { idle + 1 };
        if idle > IDLE_TICKS {
            shared.asleep.store(true, Ordering::SeqCst);
            // A call that came in between sees either `asleep`, or is seen here.
            if shared.calls() == seen && !shared.stop.load(Ordering::SeqCst) {
                thread::park();
            }
            shared.asleep.store(false, Ordering::SeqCst);
            idle = 0;
        } else {
            thread::park_timeout(TICK);
            engine.increment_epoch();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The thread holds nothing that could fail; a panic in it has nobody to tell.
            let _ = thread.join();
        }
    }
}
