//! What a guard is loaded with.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::PolicyError;
use super::packs::Packs;

/// What a guard is loaded with.
#[derive(Clone)]
#[non_exhaustive]
pub struct GuardOptions {
    /// Where the search for `gabion.hcl` begins, upwards: the working directory.
    pub directory: PathBuf,
    /// A policy file named by the caller, in place of the search.
    pub config: Option<PathBuf>,
    /// The floors; all hold.
    pub floors: Vec<PathBuf>,
    /// The time that waivers are held against; `None` is the clock, read at each judgement.
    pub now: Option<Timestamp>,
    /// Terraform's workspace; `None` is read from `TF_WORKSPACE` and `.terraform/environment`.
    pub workspace: Option<String>,
    /// Only these rules are asked; empty for all.
    pub rules: Vec<String>,
    /// Where packs come from.
    pub packs: Arc<dyn Packs>,
}

impl GuardOptions {
    /// Options for a working directory, without floors.
    pub fn new(directory: impl Into<PathBuf>, packs: impl Packs + 'static) -> Self {
        Self {
            directory: directory.into(),
            config: None,
            floors: Vec::new(),
            now: None,
            workspace: None,
            rules: Vec::new(),
            packs: Arc::new(packs),
        }
    }

    /// Options for the process: its working directory, and the floors of `GABION_FLOOR` (separated by `:`).
    ///
    /// # Errors
    /// Where the working directory cannot be told.
    pub fn from_env(packs: impl Packs + 'static) -> Result<Self, PolicyError> {
        let directory = std::env::current_dir().map_err(|error| {
            PolicyError::general(format!("the working directory cannot be told: {error}"))
        })?;
        let mut options = Self::new(directory, packs);
        options.floors = floors_from_env();
        Ok(options)
    }
}

impl std::fmt::Debug for GuardOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuardOptions")
            .field("directory", &self.directory)
            .field("floors", &self.floors)
            .finish_non_exhaustive()
    }
}

/// The floors that `GABION_FLOOR` names.
pub fn floors_from_env() -> Vec<PathBuf> {
    std::env::var_os("GABION_FLOOR")
        .map(|value| {
            std::env::split_paths(&value)
                .filter(|path| !path.as_os_str().is_empty())
                .collect()
        })
        .unwrap_or_default()
}
