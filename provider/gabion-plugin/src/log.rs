//! Logging as core reads it: one JSON object a line on standard error, in hclog's form.
//!
//! `TF_LOG`, `TF_LOG_PROVIDER` and `TF_LOG_PROVIDER_GABION` choose the level, the last named winning.
//! Libraries below us are held to warnings; `GABION_LOG` (`debug`, or `hyper=debug,aws=info`) raises them,
//! though never to where they would print requests: no log line holds a sensitive value.

mod filter;
mod hclog;

use std::io::Write as _;

use tracing_subscriber::layer::SubscriberExt as _;

pub use filter::Filter;
pub use hclog::HclogLayer;

/// Starts logging by the process environment, and turns a panic into one error line without its message.
/// A second call changes nothing.
pub fn init() {
    let filter = Filter::from_env(|name| std::env::var(name).ok());
    let layer = HclogLayer::new(filter, |line: &str| {
        // One write a line, so that lines of threads do not mix. A closed standard error is nobody's loss.
        drop(std::io::stderr().lock().write_all(line.as_bytes()));
    });
    if tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            // The message may quote a value: the place is enough to find the fault.
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            if tracing::enabled!(tracing::Level::ERROR) {
                tracing::error!(place, "an internal error: please report it with this line");
            } else {
                drop(writeln!(
                    std::io::stderr(),
                    "an internal error at {place}: please report it with this line"
                ));
            }
        }));
    }
}
