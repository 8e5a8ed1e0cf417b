//! hclog's JSON lines.

use std::fmt;

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::Filter;

/// core reads lines of up to 64 KiB, and splits what is longer in the middle of its JSON.
const MAX_TEXT: usize = 8 * 1024;

/// Writes each event as one line to `W`.
pub struct HclogLayer<W> {
    filter: Filter,
    write: W,
}

impl<W: Fn(&str)> HclogLayer<W> {
    /// A layer that hands each whole line, its end included, to `write`.
    pub fn new(filter: Filter, write: W) -> Self {
        Self { filter, write }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.filter.level(metadata.target())
    }
}

impl<W> fmt::Debug for HclogLayer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HclogLayer")
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}

impl<S: Subscriber, W: Fn(&str) + 'static> Layer<S> for HclogLayer<W> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.max())
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if !self.wants(metadata) {
            return;
        }
        let mut fields = Fields(Map::new());
        fields.put("@level", level(*metadata.level()).into());
        fields.put("@message", "".into());
        fields.put(
            "@module",
            format!("gabion.{}", metadata.target().replace("::", ".")).into(),
        );
        fields.put(
            "@timestamp",
            format!("{:.6}", jiff::Timestamp::now()).into(),
        );
        event.record(&mut fields);
        let mut line = Json::Object(fields.0).to_string();
        line.push('\n');
        (self.write)(&line);
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO => "info",
        Level::WARN => "warn",
        Level::ERROR => "error",
    }
}

struct Fields(Map<String, Json>);

impl Fields {
    fn put(&mut self, name: &str, value: Json) {
        self.0.insert(name.to_owned(), value);
    }

    fn text(&mut self, name: &str, mut text: String) {
        if text.len() > MAX_TEXT {
            let end = (0..=MAX_TEXT)
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        self.put(name, text.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = if field.name() == "message" {
            "@message"
        } else {
            field.name()
        };
        self.text(name, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let name = if field.name() == "message" {
            "@message"
        } else {
            field.name()
        };
        self.text(name, value.to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn a_line_is_what_core_reads() {
        let lines = Arc::new(Mutex::new(String::new()));
        let sink = lines.clone();
        let filter = Filter::from_env(|name| (name == "TF_LOG").then(|| "trace".to_owned()));
        let layer = HclogLayer::new(filter, move |line: &str| {
            sink.lock().unwrap().push_str(line)
        });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(attempts = 3, bucket = "logs", "made the {}", "sink");
            tracing::trace!(target: "aws_smithy_runtime", "secret");
            tracing::trace!("{}", "ä".repeat(10_000));
        });
        let lines = lines.lock().unwrap();
        let lines: Vec<Json> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["@level"], "info");
        assert_eq!(lines[0]["@message"], "made the sink");
        assert_eq!(lines[0]["@module"], "gabion.gabion_plugin.log.hclog.tests");
        assert_eq!(lines[0]["attempts"].to_string(), "3");
        assert_eq!(lines[0]["bucket"], "logs");
        let time = lines[0]["@timestamp"].as_str().unwrap();
        assert_eq!(time.len(), "2026-01-02T03:04:05.000000Z".len(), "{time}");
        assert!(lines[1]["@message"].as_str().unwrap().len() < 9_000);
    }
}
