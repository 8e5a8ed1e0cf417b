//! One file a command.

pub(crate) mod asked;
pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fixture;
pub(crate) mod impact;
pub(crate) mod inspect;
pub(crate) mod lock;
pub(crate) mod man;
pub(crate) mod new;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod sign;
pub(crate) mod test;
pub(crate) mod verify;
pub(crate) mod waiver;

use std::path::{Path, PathBuf};

use gabion_engine::policy::{Guard, GuardOptions};
use gabion_engine::{Engine, EngineOptions};

use crate::exit::Failure;

/// Which policy holds: shared by every command that loads one.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Policy {
    /// The policy file, in place of the gabion.hcl found from the working directory upwards
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A policy file that nearer ones cannot loosen; repeatable, and those of GABION_FLOOR hold as well
    #[arg(long, value_name = "FILE")]
    floor: Vec<PathBuf>,
}

/// What alone is asked, of all that the policy has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alone<'a> {
    /// Codes of rules.
    pub(crate) rules: &'a [String],
    /// Names of packs, and files of packs that the policy does not have.
    pub(crate) packs: &'a [String],
    /// Whether the baseline of known violations is left out: to write it anew.
    pub(crate) without_baseline: bool,
}

impl Policy {
    /// Which files hold, with nothing read yet.
    pub(crate) fn options(&self, engine: Engine) -> Result<GuardOptions, Failure> {
        let mut options = GuardOptions::from_env(engine)?;
        options.config.clone_from(&self.config);
        options.floors.extend(self.floor.iter().cloned());
        Ok(options)
    }

    /// The options as a shell takes them, each with a space after it.
    pub(crate) fn as_written(&self) -> String {
        let config = self.config.iter().map(|file| ("--config", file));
        let floors = self.floor.iter().map(|file| ("--floor", file));
        config
            .chain(floors)
            .map(|(name, file)| format!("{name} {} ", crate::output::shell(file)))
            .collect()
    }

    /// Loads the guard; only these rules, if any are named.
    pub(crate) fn load(&self, rules: &[String]) -> Result<Guard, Failure> {
        self.load_alone(Alone {
            rules,
            ..Alone::default()
        })
    }

    /// Loads the guard for these rules and packs alone; where none are named, for all.
    pub(crate) fn load_alone(&self, alone: Alone<'_>) -> Result<Guard, Failure> {
        let mut options = self.options(engine()?)?;
        options.rules = alone.rules.to_vec();
        options.without_baseline = alone.without_baseline;
        for pack in alone.packs {
            let path = Path::new(pack);
            if pack.contains(['/', '.']) || path.is_file() {
                if !path.exists() {
                    return Err(Failure::nothing(format!("there is no pack `{pack}`")));
                }
                options.extra_packs.push(path.to_path_buf());
            } else {
                options.only_packs.push(pack.clone());
            }
        }
        Ok(Guard::load(options)?)
    }
}

/// An engine with the user's cache.
pub(crate) fn engine() -> Result<Engine, Failure> {
    Engine::new(EngineOptions::default()).map_err(|error| Failure::failed(error.to_string()))
}
