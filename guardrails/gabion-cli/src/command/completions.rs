//! `gabion completions`.

use clap::CommandFactory;

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::output;

/// Write a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gabion completions bash > ~/.local/share/bash-completion/completions/gabion\n  \
                        gabion completions zsh > \"${fpath[1]}/_gabion\"\n  \
                        gabion completions fish > ~/.config/fish/completions/gabion.fish"
)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Args::command(), "gabion", &mut script);
        output::stdout(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Clean)
    }
}
