//! What one call of a guest may cost.

use std::time::Duration;

/// The budgets of one call. A call for a whole plan has them once more for every thousand changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budgets {
    /// Instructions, counted by the sandbox: the same on every machine. Default 1,000,000,000, about a second.
    pub fuel: u64,
    /// Time on the clock. Default 10 seconds; it is there for a machine that stands still.
    pub wall: Duration,
    /// Bytes of the guest's memory. Default 256 MiB.
    pub memory: usize,
    /// Bytes of what the host makes for the guest: handles, noted reads, parsed documents. Default 256 MiB.
    pub work: usize,
    /// Bytes that the guest hands over at once: findings, messages, names. Default 1 MiB.
    pub output: usize,
    /// Findings of one verdict. Default 1,000.
    pub findings: usize,
    /// Values held at once. Default 200,000.
    pub handles: usize,
    /// Bytes of the stack: how deeply a guest can recurse. Default 512 KiB; one figure for the whole engine.
    pub stack: usize,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            fuel: 1_000_000_000,
            wall: Duration::from_secs(10),
            memory: 256 << 20,
            work: 256 << 20,
            output: 1 << 20,
            findings: 1000,
            handles: 200_000,
            stack: 512 << 10,
        }
    }
}

impl Budgets {
    /// The budgets of a call about so many changes. The guest's memory does not grow with them.
    pub(crate) fn for_plan(&self, changes: usize) -> Self {
        let times = 1 + changes / 1000;
        Self {
            fuel: self.fuel.saturating_mul(times as u64),
            wall: self
                .wall
                .saturating_mul(u32::try_from(times).unwrap_or(u32::MAX)),
            work: self.work.saturating_mul(times),
            output: self.output.saturating_mul(times),
            findings: self.findings.saturating_mul(times),
            handles: self.handles.saturating_mul(times),
            ..self.clone()
        }
    }

    /// The budgets for asking a pack what it offers: pages of a hundred rules are long.
    pub(crate) fn for_describe(&self) -> Self {
        Self {
            output: self.output.saturating_mul(16),
            ..self.clone()
        }
    }
}

/// So many bytes for a reader.
pub(crate) fn mebibytes(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

/// A number with commas for a reader.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(grouped(1_000_000_000), "1,000,000,000");
        assert_eq!(grouped(7), "7");
        assert_eq!(mebibytes(256 << 20), "256 MiB");
        assert_eq!(mebibytes(1 << 16), "64 KiB");
    }

    #[test]
    fn a_plan_of_many_changes_may_cost_more() {
        let budgets = Budgets::default().for_plan(10_000);
        assert_eq!(budgets.fuel, 11_000_000_000);
        assert_eq!(budgets.memory, Budgets::default().memory);
    }
}
