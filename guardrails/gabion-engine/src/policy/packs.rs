//! Where packs come from: the engine, or a fake in tests.

use std::path::Path;
use std::sync::Arc;

use gabion_model::{PackInfo, Runner, SettingsProblem};
use semver::Version;

use crate::store::Digest;

/// Loads packs.
pub trait Packs: Send + Sync {
    /// The versions of the pack inside the binary. The last is the binary's own.
    fn baselines(&self) -> Vec<Inside>;

    /// A version of the pack inside the binary; with a pin, only if it has this digest.
    ///
    /// # Errors
    /// Why it cannot be used.
    fn baseline(
        &self,
        version: &Version,
        pin: Option<&Digest>,
    ) -> Result<Arc<dyn LoadedPack>, PackFault>;

    /// A component from a file; with a pin, only if it has this digest: nothing else may be compiled.
    ///
    /// # Errors
    /// Why it cannot be used.
    fn file(&self, path: &Path, pin: Option<&Digest>) -> Result<Arc<dyn LoadedPack>, PackFault>;
}

/// A version of the pack inside the binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The version.
    pub version: Version,
    /// Whether its bytes are the same in every binary, so that a lock can name its digest.
    pub released: bool,
}

/// A pack that can be asked.
pub trait LoadedPack: Send + Sync {
    /// What the pack says of itself.
    fn info(&self) -> &PackInfo;

    /// `sha256:...` of the component.
    fn digest(&self) -> &str;

    /// The version of `gabion:guardrail` that it was made for.
    fn wit(&self) -> &str;

    /// What it imports, sorted.
    fn imports(&self) -> &[String];

    /// A fresh session with these settings.
    ///
    /// # Errors
    /// What is wrong with the settings, or a sentence that says why no session can be made.
    fn session(&self, settings: &serde_json::Value) -> Result<Box<dyn Runner>, SessionFault>;
}

/// Why a pack cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub enum PackFault {
    /// It has another digest than the pin; nothing of it was compiled.
    Digest(String),
    /// Anything else, as a sentence.
    Failed(String),
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionFault {
    /// The pack does not take these settings.
    Settings(Vec<SettingsProblem>),
    /// Anything else, as a sentence.
    Failed(String),
}
