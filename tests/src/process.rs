//! Child processes that never outlive the process that started them.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal};

type Job = (Command, mpsc::SyncSender<io::Result<Child>>);

/// Starts `command` in a process group of its own.
///
/// On Linux the kernel sends it SIGTERM when this process dies. That signal is tied to the
/// *thread* that starts a child, and test threads end early, so one thread that lives as long as
/// the process starts them all.
///
/// # Errors
/// When the program cannot be started; the text names it.
pub fn spawn(command: Command) -> Result<Guard> {
    let program = command.get_program().to_string_lossy().into_owned();
    let (answer, child) = mpsc::sync_channel(1);
    spawner()
        .send((command, answer))
        .map_err(|_| anyhow::anyhow!("the thread that starts processes has ended"))?;
    let child = child
        .recv()
        .context("the thread that starts processes has ended")?
        .with_context(|| format!("cannot start `{program}`"))?;
    Ok(Guard { child, program })
}

fn spawner() -> &'static mpsc::Sender<Job> {
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    SPAWNER.get_or_init(|| {
        let (jobs, todo) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            for (mut command, answer) in todo {
                // Nobody to answer means that the caller gave up: nothing to do.
                let _ = answer.send(isolated(&mut command).spawn());
            }
        });
        jobs
    })
}

fn isolated(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
    #[cfg(target_os = "linux")]
    #[expect(
        unsafe_code,
        reason = "no safe way to ask for a death signal before exec"
    )]
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; this is one prctl,
    // and it allocates nothing.
    unsafe {
        command.pre_exec(|| {
            rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
            Ok(())
        });
    }
    command
}

/// A running child. Dropping it ends the child's whole process group: SIGTERM, then SIGKILL.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    program: String,
}

impl Guard {
    /// The process id of the child, which is also the id of its process group.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Takes the pipe of the child's standard output, if there is one.
    pub fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Takes the pipe of the child's standard error, if there is one.
    pub fn stderr(&mut self) -> Option<std::process::ChildStderr> {
        self.child.stderr.take()
    }

    /// Takes the pipe of the child's standard input, if there is one.
    pub fn stdin(&mut self) -> Option<std::process::ChildStdin> {
        self.child.stdin.take()
    }

    /// Sends a signal to the child's whole process group, as a terminal does for Ctrl-C.
    ///
    /// # Errors
    /// When the group no longer exists.
    pub fn signal_group(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().context("the child has no pid")?;
        rustix::process::kill_process_group(pid, signal)
            .with_context(|| format!("cannot signal `{}`", self.program))
    }

    /// Sends a signal to the child alone.
    ///
    /// # Errors
    /// When the child no longer exists.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().context("the child has no pid")?;
        rustix::process::kill_process(pid, signal)
            .with_context(|| format!("cannot signal `{}`", self.program))
    }

    /// The exit status, if the child has ended.
    ///
    /// # Errors
    /// When the state of the child cannot be read.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for the child to end, at most `limit`; `None` when it still runs.
    ///
    /// # Errors
    /// When the state of the child cannot be read.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= end {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the process group now.
    pub fn stop(&mut self) {
        // A child that has been waited for has no pid to signal: it may be somebody else's now.
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let _ = self.signal_group(Signal::TERM);
        if matches!(self.wait(Duration::from_secs(3)), Ok(None)) {
            let _ = self.signal_group(Signal::KILL);
            let _ = self.child.wait();
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop();
    }
}
