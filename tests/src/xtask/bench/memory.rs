//! The memory of the providers that a Terraform process starts, which no wait status tells apart from Terraform's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A thread that looks at a process group.
#[derive(Debug)]
pub(super) struct Watch {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Watch {
    /// Looks at the group of that process every few milliseconds. The system keeps each process's high-water mark
    /// itself, so only what a process took in its last moments can be missed.
    pub(super) fn start(group: u32) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            let mut peak = 0;
            while !seen.load(Ordering::SeqCst) {
                peak = peak.max(largest(group));
                std::thread::sleep(Duration::from_millis(20));
            }
            peak
        });
        Self {
            ended,
            thread: Some(thread),
        }
    }

    /// The largest high-water mark of a provider, in bytes.
    pub(super) fn stop(mut self) -> f64 {
        self.ended.store(true, Ordering::SeqCst);
        let peak = self.thread.take().and_then(|thread| thread.join().ok());
        #[expect(
            clippy::cast_precision_loss,
            reason = "bytes of a process, shown in megabytes"
        )]
        let bytes = peak.unwrap_or(0) as f64;
        bytes
    }
}

fn largest(group: u32) -> u64 {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return 0;
    };
    processes
        .flatten()
        .filter_map(|entry| {
            entry.file_name().to_str()?.parse::<u32>().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            if !is_provider(&stat, group) {
                return None;
            }
            high_water(&std::fs::read_to_string(entry.path().join("status")).ok()?)
        })
        .max()
        .unwrap_or(0)
}

/// Whether a line of `/proc/N/stat`, `pid (name) state parent group ...`, is a provider's of that group.
fn is_provider(stat: &str, group: u32) -> bool {
    let Some((start, rest)) = stat.rsplit_once(") ") else {
        return false;
    };
    // The system keeps 15 bytes of a name.
    let provider = start
        .split_once('(')
        .is_some_and(|(_, name)| name.starts_with("terraform-provi"));
    provider && rest.split(' ').nth(2) == Some(group.to_string().as_str())
}

/// `VmHWM` of `/proc/N/status`, in bytes.
fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_told_by_name_and_group() {
        let line = "12 (terraform-provi) S 7 5 5 0 -1";
        assert!(is_provider(line, 5));
        assert!(!is_provider(line, 7));
        assert!(!is_provider("12 (terraform) S 7 5 5 0 -1", 5));
        assert_eq!(high_water("Name:\tx\nVmHWM:\t  2048 kB\n"), Some(2 << 20));
        assert_eq!(high_water("Name:\tx\n"), None);
    }
}
