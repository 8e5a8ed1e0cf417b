//! What a check writes.

pub(crate) mod json;
pub(crate) mod text;

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use gabion_engine::policy::{Disposition, Judgement, RuleInForce};
use gabion_model::Level;

use crate::exit::{Exit, Failure};

/// The result of a check.
#[derive(Debug)]
pub(crate) struct Report<'p> {
    pub(crate) format_version: &'p str,
    pub(crate) terraform_version: Option<&'p str>,
    pub(crate) complete: bool,
    /// How many changes there are to judge.
    pub(crate) changes: usize,
    /// How many of them a rule speaks of.
    pub(crate) judged: usize,
    pub(crate) rules: Vec<RuleInForce>,
    pub(crate) judgement: Judgement,
    pub(crate) exit: Exit,
}

impl Report<'_> {
    /// How many rulings have this disposition.
    pub(crate) fn count(&self, disposition: Disposition) -> usize {
        self.judgement
            .rulings
            .iter()
            .filter(|ruling| ruling.disposition == disposition)
            .count()
    }

    /// How many rules are not off.
    pub(crate) fn rules_in_force(&self) -> usize {
        self.rules
            .iter()
            .filter(|rule| rule.level != Level::Off)
            .count()
    }

    /// Whether anything could not be decided, `on_unknown = "warn"` included.
    pub(crate) fn undecided(&self) -> bool {
        self.judgement.rulings.iter().any(|ruling| {
            ruling.disposition == Disposition::Note
                || (ruling.disposition == Disposition::Warn && !ruling.undetermined.is_empty())
        })
    }

    /// Name, version and digest of every pack, each once.
    pub(crate) fn packs(&self) -> Vec<(&str, &str, &str)> {
        let mut packs: Vec<_> = self
            .rules
            .iter()
            .map(|rule| {
                (
                    rule.pack.as_str(),
                    rule.pack_version.as_str(),
                    rule.pack_digest.as_str(),
                )
            })
            .collect();
        packs.sort_unstable();
        packs.dedup();
        packs
    }
}

/// A format, and the file it goes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) format: Format,
    /// `None` for the standard output.
    pub(crate) file: Option<PathBuf>,
}

/// What a result looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For a reader.
    Text,
    /// For a program.
    Json,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err(format!("`{text}` names no file after `=`")),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = match format {
            "text" => Format::Text,
            "json" => Format::Json,
            other => {
                return Err(format!(
                    "`{other}` is no output; there are `text` and `json`"
                ));
            }
        };
        Ok(Self { format, file })
    }
}

/// A level as the policy file writes it.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::Advisory => "advisory",
        Level::Mandatory => "mandatory",
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

/// Writes to the standard output. A reader that went away (`| head`) is no error.
pub(crate) fn stdout(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write the result: {error}")))
        }
        _ => Ok(()),
    }
}
