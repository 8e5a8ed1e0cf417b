//! Waiting made visible: long steps are told in the log while they run, and in one warning at the end.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use gabion_framework::prelude::*;

/// What takes this long is told at the end.
const LONG: Duration = Duration::from_secs(30);

/// The steps of one operation.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    took: Mutex<Vec<(String, Duration)>>,
}

impl Progress {
    /// Does a step. `what` is in the present participle: "creating the account `x`".
    pub(crate) async fn step<T>(
        &self,
        what: impl Into<String>,
        doing: impl Future<Output = T>,
    ) -> T {
        let what = what.into();
        tracing::info!(step = what, "begins");
        let begin = Instant::now();
        let out = doing.await;
        let took = begin.elapsed();
        tracing::info!(
            step = what,
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "ends"
        );
        self.note(what, took);
        out
    }

    fn note(&self, what: String, took: Duration) {
        self.took
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((what, took));
    }

    /// Adds a warning that says what took long, where something did. `title` names the resource.
    pub(crate) fn tell(&self, title: &str, diags: &mut Diagnostics) {
        let took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        let long: Vec<String> = took
            .iter()
            .filter(|(_, time)| *time >= LONG)
            .map(|(what, time)| format!("{what} ({})", text(*time)))
            .collect();
        if !long.is_empty() {
            diags.warning("What took long", format!("{title}: {}.", long.join("; ")));
        }
    }
}

/// `2 min 5 s`.
fn text(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_took_long_is_told() {
        let progress = Progress::default();
        assert_eq!(progress.step("adding", async { 1 + 1 }).await, 2);
        let mut diags = Diagnostics::new();
        progress.tell("`gabion_account` `dev`", &mut diags);
        assert!(diags.is_empty());
        progress.note(
            "creating the account `dev`".to_owned(),
            Duration::from_secs(125),
        );
        progress.tell("`gabion_account` `dev`", &mut diags);
        let told: Vec<&str> = diags.iter().map(|diag| diag.detail.as_str()).collect();
        assert_eq!(
            told,
            ["`gabion_account` `dev`: creating the account `dev` (2 min 5 s)."]
        );
    }
}
