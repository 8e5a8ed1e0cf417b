//! One file a command.

pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod inspect;

use std::path::PathBuf;

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

impl Policy {
    /// Loads the guard; only these rules, if any are named.
    pub(crate) fn load(&self, rules: &[String]) -> Result<Guard, Failure> {
        let mut options = GuardOptions::from_env(engine()?)?;
        options.config.clone_from(&self.config);
        options.floors.extend(self.floor.iter().cloned());
        options.rules = rules.to_vec();
        Ok(Guard::load(options)?)
    }
}

/// An engine with the user's cache.
pub(crate) fn engine() -> Result<Engine, Failure> {
    Engine::new(EngineOptions::default()).map_err(|error| Failure::failed(error.to_string()))
}
