//! `gabion man`.

use std::path::{Path, PathBuf};

use clap::CommandFactory;

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::output;

/// Write the manual pages
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gabion man | man -l -\n  gabion man --to ~/.local/share/man/man1"
)]
pub(crate) struct Man {
    /// Write one page for each command into this folder, in place of the first one to the screen
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let mut command = Args::command();
        command.build();
        match self.to {
            None => output::stdout(&page(command)?)?,
            Some(folder) => {
                let failed = |path: &Path, error: std::io::Error| {
                    Failure::failed(format!("cannot write `{}`: {error}", path.display()))
                };
                std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
                let mut names = Vec::new();
                for (name, page) in pages(command, "")? {
                    let path = folder.join(format!("{name}.1"));
                    std::fs::write(&path, page).map_err(|error| failed(&path, error))?;
                    names.push(name);
                }
                output::stdout(&format!(
                    "wrote {} pages into {}\n",
                    names.len(),
                    folder.display()
                ))?;
            }
        }
        Ok(Exit::Clean)
    }
}

fn page(command: clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::failed(format!("cannot make the page: {error}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// The page of a command, and those of the commands below it: `gabion-cache-warm`.
fn pages(command: clap::Command, above: &str) -> Result<Vec<(String, String)>, Failure> {
    let name = if above.is_empty() {
        command.get_name().to_owned()
    } else {
        format!("{above}-{}", command.get_name())
    };
    let below: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let mut all = vec![(name.clone(), page(command.display_name(name.clone()))?)];
    for command in below {
        all.extend(pages(command, &name)?);
    }
    Ok(all)
}
