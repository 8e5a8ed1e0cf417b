//! `gabion inspect`.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::command::engine;
use crate::exit::{Exit, Failure};
use crate::output;

/// Show what a pack offers and what it would run as.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Show what a pack offers and what it would run as.\n\nThe pack is loaded as `gabion check` loads it: a component that \
                  imports anything but the guardrail interfaces is refused, and the import is named.",
    after_help = "Examples:\n  gabion inspect ./acme.wasm"
)]
pub(crate) struct Inspect {
    /// The component
    #[arg(value_name = "PACK.wasm")]
    pack: PathBuf,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let pack = engine()?
            .load_file(&self.pack)
            .map_err(|error| Failure::failed(error.to_string()))?;
        let info = pack.info();
        let mut text = String::new();
        let size = std::fs::metadata(&self.pack).map_or(0, |facts| facts.len());
        let _ = writeln!(
            text,
            "{} {}\n{}\n{size} bytes, imports nothing but gabion:guardrail\n",
            info.name,
            info.version,
            pack.digest()
        );
        for rule in &info.rules {
            let types: Vec<&str> = rule
                .applies_to
                .iter()
                .map(|target| target.resource_type.as_str())
                .collect();
            let types = if types.is_empty() {
                "all".to_owned()
            } else {
                types.join(", ")
            };
            let _ = writeln!(
                text,
                "{}  {}  {} ({types})",
                rule.code,
                output::level(rule.level),
                rule.title
            );
        }
        let _ = writeln!(text, "\nsettings: {}", info.settings_schema);
        output::stdout(&text)?;
        Ok(Exit::Clean)
    }
}
