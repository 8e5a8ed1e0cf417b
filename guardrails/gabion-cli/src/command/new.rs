//! `gabion new`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use gabion_componentize::Language;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::Told;
use crate::scaffold;

/// Start a pack of guardrails.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Start a pack of guardrails.\n\nWrites a folder with one rule, its cases, a README and a workflow for CI. It builds \
                  and passes as it is. The SDK and the contract lie in `vendor/`: no registry is needed for them.",
    after_help = "Examples:\n  gabion new acme --lang rust\n  gabion new platform-team --lang python --path guardrails\n  gabion new acme --lang rust -o json"
)]
pub(crate) struct New {
    /// The pack's name: lower-case letters, digits and `-`
    #[arg(value_name = "NAME")]
    name: String,
    /// The language of its rules
    #[arg(long, value_name = "LANGUAGE")]
    lang: Lang,
    /// Where to write it; by default a folder of the pack's name
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    #[command(flatten)]
    told: Told,
}

/// A language, as the command line names it.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Lang {
    /// Smallest and fastest: a component of tens of kilobytes
    Rust,
    /// Needs Node.js to build; the component carries its engine, 12 MB
    #[value(name = "javascript", alias = "js")]
    JavaScript,
    /// Needs Python to build; the component carries its interpreter, 18 MB
    #[value(alias = "py")]
    Python,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Rust => Self::Rust,
            Lang::JavaScript => Self::JavaScript,
            Lang::Python => Self::Python,
        }
    }
}

impl New {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        scaffold::check_name(&self.name).map_err(Failure::failed)?;
        let folder = self.path.unwrap_or_else(|| PathBuf::from(&self.name));
        let shown = folder.display().to_string();
        refuse_used(&folder)?;
        let files = scaffold::files(&self.name, self.lang.into());
        for file in &files {
            write(&folder.join(&file.path), &file.text)?;
        }
        let rule = scaffold::first_code(&self.name);
        let own: Vec<&str> = files
            .iter()
            .map(|file| file.path.as_str())
            .filter(|path| !path.starts_with("vendor/"))
            .collect();
        let mut text = format!("{} in {shown}, with the rule {rule}\n", self.name,);
        for path in &own {
            let _ = writeln!(text, "  {path}");
        }
        let _ = writeln!(text, "  vendor/ (the SDK and the contract)");
        let _ = writeln!(text, "\nnext:\n  cd {shown}\n  gabion build\n  gabion test");
        self.told.write(
            &text,
            json!({
                "name": self.name,
                "path": shown,
                "language": Language::from(self.lang).to_string().to_lowercase(),
                "rule": rule,
                "files": own,
            }),
        )?;
        Ok(Exit::Clean)
    }
}

/// Nothing that is there is written over.
fn refuse_used(folder: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Failure::failed(format!(
                "the folder `{shown}` is not empty: name another with `--path`"
            ))),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Err(Failure::failed(
            format!("`{shown}` is a file: name a folder with `--path`"),
        )),
        Err(error) => Err(Failure::failed(format!(
            "cannot look into the folder `{shown}`: {error}"
        ))),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| Failure::failed(format!("cannot write `{}`: {error}", path.display())))
}
