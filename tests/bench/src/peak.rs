//! The largest resident memory of one whole process: this process starts no other, so what the system counted for
//! its children is that child's.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};
use nix::sys::resource::{UsageWho, getrusage};

/// What one process took.
#[derive(Debug)]
pub(crate) struct Peak {
    pub(crate) seconds: f64,
    pub(crate) bytes: i64,
}

/// Runs a program to its end; how it ends is the caller's business.
pub(crate) fn measure(program: &str, arguments: &[&str]) -> Result<Peak> {
    let begin = Instant::now();
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{program}`"))?;
    let seconds = begin.elapsed().as_secs_f64();
    // Linux counts in KiB.
    let bytes = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() * 1024;
    Ok(Peak { seconds, bytes })
}
