//! What belongs to one instance on the host's side: handles, trace, budgets, log.

use gabion_model::Trace;
use wasmtime::ResourceLimiter;

use crate::abi::handles::{Entry, Handles};
use crate::abi::v1::{cut, plain};
use crate::budget::{Budgets, mebibytes};

/// The host's side of one instance.
#[derive(Debug)]
pub(crate) struct State {
    /// What the guest holds.
    pub(crate) handles: Handles,
    /// What the rule read in this call.
    pub(crate) trace: Trace,
    /// What the rule wrote in this call.
    pub(crate) log: Log,
    /// The budgets of this call.
    pub(crate) budgets: Budgets,
    /// What the host's own work for this call may still cost, in bytes.
    credit: usize,
    /// Bytes of all memories of the instance: a component may have many.
    memory: usize,
    /// Entries of all its tables.
    tables: usize,
}

/// Why the host stops a guest. The text goes on "the rule was stopped: ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("it held more than {0} values at once")]
    Handles(usize),
    #[error("it asked for more than {} of memory", mebibytes(*.0))]
    Memory(usize),
    #[error("it asked for a table of more than {0} entries")]
    Table(usize),
    #[error("it made the host hold more than {} for it", mebibytes(*.0))]
    Work(usize),
    #[error("it asked for a value more than {0} steps deep")]
    Depth(u32),
    #[error("it asked for a name of more than {0} bytes")]
    Name(usize),
    #[error("it used a value that it kept from an earlier call")]
    Stale,
    #[error("it asked whether something is configured that is no attribute path: {0}")]
    Path(String),
}

/// No attribute is nested so deeply; a guest that goes deeper only costs memory.
pub(crate) const DEEPEST: u32 = 256;
/// No attribute or key has a name so long.
pub(crate) const LONGEST: usize = 16 * 1024;

impl State {
    pub(crate) fn new(budgets: Budgets) -> Self {
        let credit = budgets.work;
        Self {
            handles: Handles::default(),
            trace: Trace::new(),
            log: Log::default(),
            budgets,
            credit,
            memory: 0,
            tables: 0,
        }
    }

    /// Begins a call with these budgets.
    pub(crate) fn begin(&mut self, budgets: Budgets) {
        self.trace.clear();
        self.log.clear();
        self.credit = budgets.work;
        self.budgets = budgets;
    }

    /// Charges what the host does or keeps for the guest.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Stop> {
        match self.credit.checked_sub(bytes) {
            Some(left) => {
                self.credit = left;
                Ok(())
            }
            None => Err(Stop::Work(self.budgets.work)),
        }
    }

    /// Bytes of all memories of the instance.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// A new handle.
    pub(crate) fn insert(&mut self, entry: Entry) -> Result<u32, Stop> {
        // What a handle and a noted read cost.
        self.charge(128)?;
        let most = self.budgets.handles;
        self.handles.insert(entry, most).ok_or(Stop::Handles(most))
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let all = self.memory.saturating_add(desired.saturating_sub(current));
        if all > self.budgets.memory {
            // An error instead of a refusal: a guest that goes on without memory only dies later, and less clearly.
            return Err(Stop::Memory(self.budgets.memory).into());
        }
        self.memory = all;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // JavaScript and Python engines have some ten thousand functions.
        const MOST: usize = 1_000_000;
        let all = self.tables.saturating_add(desired.saturating_sub(current));
        if all > MOST {
            return Err(Stop::Table(MOST).into());
        }
        self.tables = all;
        Ok(true)
    }

    // A Python engine is linked from some fifty modules, which share one memory and one table.
    fn instances(&self) -> usize {
        1000
    }

    fn tables(&self) -> usize {
        1000
    }

    fn memories(&self) -> usize {
        100
    }
}

/// How much a message of a rule matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// For finding a fault in a rule.
    Debug,
    /// Of interest.
    Info,
    /// Something is odd.
    Warn,
}

/// One message that a rule wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub severity: Severity,
    /// What it says; cut where it was long, and without control characters.
    pub message: String,
}

/// The messages of one call.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Vec<LogLine>,
    dropped: usize,
}

impl Log {
    const LINES: usize = 100;
    const BYTES: usize = 4000;

    pub(crate) fn write(&mut self, severity: Severity, message: &str) {
        if self.lines.len() >= Self::LINES {
            self.dropped += 1;
            return;
        }
        let mut text = plain(cut(message, Self::BYTES));
        if message.len() > Self::BYTES {
            text.push('…');
        }
        self.lines.push(LogLine {
            severity,
            message: text,
        });
    }

    /// What a panic hook wrote last, for the reason of a trap.
    pub(crate) fn last_words(&self) -> Option<&str> {
        let last = self
            .lines
            .last()
            .filter(|line| line.severity == Severity::Warn)?;
        last.message
            .contains("panick")
            .then(|| cut(last.message.trim(), 300))
    }

    /// The messages, and one about those left out.
    pub(crate) fn take(&mut self) -> Vec<LogLine> {
        let mut lines = std::mem::take(&mut self.lines);
        if self.dropped > 0 {
            lines.push(LogLine {
                severity: Severity::Warn,
                message: format!("{} more messages were left out", self.dropped),
            });
            self.dropped = 0;
        }
        lines
    }

    fn clear(&mut self) {
        self.lines.clear();
        self.dropped = 0;
    }
}
