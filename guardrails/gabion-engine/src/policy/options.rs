//! What a guard is loaded with.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::PolicyError;
use super::packs::Packs;
use crate::store::{Store, StoreError};

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
    /// Only the rules of these packs are asked, and of `extra_packs`; empty for all.
    pub only_packs: Vec<String>,
    /// Components that the caller names in addition to those of the policy, asked with no settings.
    pub extra_packs: Vec<PathBuf>,
    /// Read no baseline of known violations: to write one anew.
    pub without_baseline: bool,
    /// The region where a provider block leaves it out, as the providers on AWS take it from the environment.
    /// Counts in plan and apply only: a saved plan may come from another place.
    pub region: Option<String>,
    /// Where packs come from.
    pub packs: Arc<dyn Packs>,
    /// Where the packs of registries are; asked only where one is wanted.
    pub store: Result<Store, StoreError>,
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
            only_packs: Vec::new(),
            extra_packs: Vec::new(),
            without_baseline: false,
            region: None,
            packs: Arc::new(packs),
            store: Store::open(),
        }
    }

    /// Options for the process: its working directory, and the floors of `GABION_FLOOR` (separated by `:`).
    ///
    /// # Errors
    /// Where the working directory cannot be told, or `GABION_FLOOR` is set and names nothing.
    pub fn from_env(packs: impl Packs + 'static) -> Result<Self, PolicyError> {
        let directory = std::env::current_dir().map_err(|error| {
            PolicyError::general(format!("the working directory cannot be told: {error}"))
        })?;
        let mut options = Self::new(directory, packs);
        options.region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|region| !region.is_empty());
        options.floors = floors(std::env::var_os("GABION_FLOOR").as_deref())?;
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

/// The floors that the value of `GABION_FLOOR` names. A variable that a pipeline forgot to fill must not lift the
/// platform's policy in silence.
fn floors(value: Option<&std::ffi::OsStr>) -> Result<Vec<PathBuf>, PolicyError> {
    let floors: Vec<PathBuf> = value
        .map(|value| std::env::split_paths(value).collect())
        .unwrap_or_default();
    if floors.iter().any(|floor| floor.as_os_str().is_empty()) {
        return Err(PolicyError::general(format!(
            "GABION_FLOOR is `{}`, which names no file in one place: give the path of the floor, or unset it",
            value.unwrap_or_default().to_string_lossy()
        )));
    }
    Ok(floors)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn an_empty_floor_variable_is_an_error() {
        assert_eq!(floors(None).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(floors(Some(OsStr::new("a.hcl:b.hcl"))).unwrap().len(), 2);
        for value in ["", "a.hcl:", ":a.hcl"] {
            let error = floors(Some(OsStr::new(value))).unwrap_err().to_string();
            assert!(
                error.contains(&format!("GABION_FLOOR is `{value}`")),
                "{error}"
            );
        }
    }
}
