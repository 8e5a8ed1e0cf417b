//! Where packs come from: the engine, or a fake in tests.

use std::path::Path;
use std::sync::Arc;

use gabion_model::{PackInfo, Runner, SettingsProblem};

/// Loads packs.
pub trait Packs: Send + Sync {
    /// The pack inside the binary.
    ///
    /// # Errors
    /// A sentence that says why it cannot be used.
    fn baseline(&self) -> Result<Arc<dyn LoadedPack>, String>;

    /// A component from a file.
    ///
    /// # Errors
    /// A sentence that says why it cannot be used.
    fn file(&self, path: &Path) -> Result<Arc<dyn LoadedPack>, String>;
}

/// A pack that can be asked.
pub trait LoadedPack: Send + Sync {
    /// What the pack says of itself.
    fn info(&self) -> &PackInfo;

    /// `sha256:...` of the component.
    fn digest(&self) -> &str;

    /// A fresh session with these settings.
    ///
    /// # Errors
    /// What is wrong with the settings, or a sentence that says why no session can be made.
    fn session(&self, settings: &serde_json::Value) -> Result<Box<dyn Runner>, SessionFault>;
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionFault {
    /// The pack does not take these settings.
    Settings(Vec<SettingsProblem>),
    /// Anything else, as a sentence.
    Failed(String),
}
