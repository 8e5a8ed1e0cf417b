//! What a check writes.

pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod sarif;
pub(crate) mod text;

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use gabion_engine::policy::{Disposition, Judgement, RuleInForce, Ruling};
use gabion_model::Level;

use crate::exit::{Exit, Failure};
use crate::source::Place;

/// The result of a check.
#[derive(Debug)]
pub(crate) struct Report<'p> {
    /// The plan's file as a shell takes it; `PLAN` where it came from the standard input.
    pub(crate) plan: String,
    /// The options of the policy as a shell takes them, each with a space after it: to ask once more in the same way.
    pub(crate) options: String,
    pub(crate) format_version: &'p str,
    pub(crate) terraform_version: Option<&'p str>,
    pub(crate) complete: bool,
    /// How many changes there are to judge.
    pub(crate) changes: usize,
    /// How many of them a rule speaks of.
    pub(crate) judged: usize,
    pub(crate) rules: Vec<RuleInForce>,
    pub(crate) judgement: Judgement,
    /// Where each ruling's resource or attribute stands, in the order of the rulings.
    pub(crate) places: Vec<Option<Place>>,
    /// Address and type of every change that a rule speaks of; empty where no output wants them.
    pub(crate) asked: Vec<(String, String)>,
    /// Whether what could not be decided counts.
    pub(crate) strict: bool,
    pub(crate) exit: Exit,
}

/// A ruling and where its resource or attribute stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'r> {
    pub(crate) ruling: &'r Ruling,
    pub(crate) place: Option<&'r Place>,
}

impl Report<'_> {
    /// Every ruling with its place.
    pub(crate) fn seen(&self) -> impl Iterator<Item = Seen<'_>> {
        self.judgement
            .rulings
            .iter()
            .enumerate()
            .map(|(position, ruling)| Seen {
                ruling,
                place: self.places.get(position).and_then(Option::as_ref),
            })
    }

    /// The report in a format.
    pub(crate) fn write(&self, format: Format) -> String {
        match format {
            Format::Text => text::write(self),
            Format::Json => json::write(self),
            Format::Sarif => sarif::write(self),
            Format::Junit => junit::write(self),
            Format::Github => github::write(self),
        }
    }

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
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML, for the test report of a pipeline.
    Junit,
    /// Annotations of GitHub Actions, among the lines of the log.
    Github,
}

impl Format {
    /// Whether it is lines of a log, which may follow other lines.
    fn is_log(self) -> bool {
        matches!(self, Self::Text | Self::Github)
    }
}

/// Checks that the targets do not write over each other.
///
/// # Errors
/// The two that do, and what to do.
pub(crate) fn check_targets(targets: &[Target]) -> Result<(), Failure> {
    for (position, target) in targets.iter().enumerate() {
        for other in targets.iter().skip(position + 1) {
            match (&target.file, &other.file) {
                (None, None)
                    if target.format == other.format
                        || !(target.format.is_log() && other.format.is_log()) =>
                {
                    return Err(Failure::failed(
                        "two outputs for the screen; send one of them to a file with `-o json=FILE`",
                    ));
                }
                (Some(file), Some(same)) if file == same => {
                    return Err(Failure::failed(format!(
                        "two outputs for the file `{}`; give each its own",
                        file.display()
                    )));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err(format!("`{text}` names no file after `=`")),
            Some((format, "-")) => (format, None),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = match format {
            "text" => Format::Text,
            "json" => Format::Json,
            "sarif" => Format::Sarif,
            "junit" => Format::Junit,
            "github" => Format::Github,
            other => {
                return Err(format!(
                    "`{other}` is no output; there are `text`, `json`, `sarif`, `junit` and `github`"
                ));
            }
        };
        Ok(Self { format, file })
    }
}

/// What the result of a command looks like that has these two forms alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For a reader.
    Text,
    /// For a program.
    Json,
}

/// How a command writes a result that has these two forms.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Told {
    /// How to write the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Form,
}

impl Told {
    /// Writes the text, or the object with the version of its schema.
    ///
    /// # Errors
    /// As [`stdout`].
    pub(crate) fn write(self, text: &str, object: serde_json::Value) -> Result<(), Failure> {
        match self.output {
            Form::Text => stdout(text),
            Form::Json => {
                let mut all = serde_json::Map::new();
                all.insert("schema_version".to_owned(), 1.into());
                if let serde_json::Value::Object(fields) = object {
                    all.extend(fields);
                }
                stdout(&format!("{:#}\n", serde_json::Value::Object(all)))
            }
        }
    }
}

/// A path as a word of a shell.
pub(crate) fn shell(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
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
/// How many of something: `1 day`, `2 days`.
pub(crate) fn count_of(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {word}{plural}", grouped(count as u64))
}
