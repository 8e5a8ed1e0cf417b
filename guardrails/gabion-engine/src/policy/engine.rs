//! The engine as the place where packs come from.

use std::path::Path;
use std::sync::Arc;

use gabion_model::{PackInfo, Runner};
use semver::Version;

use super::packs::{Inside, LoadedPack, PackFault, Packs, SessionFault};
use crate::store::Digest;
use crate::{Engine, EngineError, Pack};

impl Packs for Engine {
    fn baselines(&self) -> Vec<Inside> {
        Self::baselines(self)
            .into_iter()
            .filter_map(|(version, released)| {
                Some(Inside {
                    version: Version::parse(version).ok()?,
                    released,
                })
            })
            .collect()
    }

    fn baseline(
        &self,
        version: &Version,
        pin: Option<&Digest>,
    ) -> Result<Arc<dyn LoadedPack>, PackFault> {
        let pin = pin.map(ToString::to_string);
        match self.load_baseline_version(&version.to_string(), pin.as_deref()) {
            Ok(Some(pack)) => Ok(Arc::new(pack)),
            Ok(None) => Err(PackFault::Failed(format!(
                "version {version} of the baseline is not in this gabion"
            ))),
            Err(error) => Err(fault(error)),
        }
    }

    fn file(&self, path: &Path, pin: Option<&Digest>) -> Result<Arc<dyn LoadedPack>, PackFault> {
        let pin = pin.map(ToString::to_string);
        match self.load_file_pinned(path, pin.as_deref()) {
            Ok(pack) => Ok(Arc::new(pack)),
            Err(error) => Err(fault(error)),
        }
    }
}

fn fault(error: EngineError) -> PackFault {
    match error {
        EngineError::Digest { found, .. } => PackFault::Digest(found),
        error => PackFault::Failed(error.to_string()),
    }
}

impl LoadedPack for Pack {
    fn info(&self) -> &PackInfo {
        Self::info(self)
    }

    fn digest(&self) -> &str {
        Self::digest(self)
    }

    fn wit(&self) -> &str {
        Self::wit(self)
    }

    fn imports(&self) -> &[String] {
        Self::imports(self)
    }

    fn session(&self, settings: &serde_json::Value) -> Result<Box<dyn Runner>, SessionFault> {
        match Self::session(self, settings) {
            Ok(session) => Ok(Box::new(session)),
            Err(EngineError::Settings { problems, .. }) => Err(SessionFault::Settings(problems)),
            Err(error) => Err(SessionFault::Failed(error.to_string())),
        }
    }
}
