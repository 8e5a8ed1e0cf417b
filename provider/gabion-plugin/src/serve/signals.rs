//! What ends the server besides `Shutdown`, and what must not.

use std::time::Duration;

use super::incoming::Open;
use super::{DRAIN_AFTER_SHUTDOWN, DRAIN_AFTER_SIGNAL, End, ServeOptions};

/// Swallows SIGINT: a terminal sends it to the whole process group, and core asks for a stop itself. A
/// provider that ended there would lose what it was making. SIGTERM ends in an orderly way.
#[cfg(unix)]
pub(super) fn watch(end: &End, options: &ServeOptions) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (end, stop, debug) = (end.clone(), options.stop.clone(), options.debug);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {
                    if debug {
                        end.begin(Duration::ZERO);
                    } else {
                        tracing::debug!("an interrupt was left to terraform, which asks for a stop itself");
                    }
                }
                _ = terminate.recv() => {
                    tracing::info!("told to end: running calls are stopped");
                    stop.cancel();
                    end.begin(DRAIN_AFTER_SIGNAL);
                }
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn watch(end: &End, options: &ServeOptions) -> std::io::Result<()> {
    let (end, debug) = (end.clone(), options.debug);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if debug {
                end.begin(Duration::ZERO);
            }
        }
    });
    Ok(())
}

/// Ends the server when the process that started it is gone and no connection is open: a killed core
/// cannot say `Shutdown`, and the server would stay for ever.
#[cfg(unix)]
pub(super) fn watch_parent(end: &End, open: Open) {
    let end = end.clone();
    let parent = rustix::process::getppid();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            if open.count() == 0 && rustix::process::getppid() != parent {
                end.begin(DRAIN_AFTER_SHUTDOWN);
                return;
            }
        }
    });
}

#[cfg(not(unix))]
pub(super) fn watch_parent(_end: &End, _open: Open) {}
