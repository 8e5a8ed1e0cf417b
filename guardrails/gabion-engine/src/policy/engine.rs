//! The engine as the place where packs come from.

use std::path::Path;
use std::sync::Arc;

use gabion_model::{PackInfo, Runner};

use super::packs::{LoadedPack, Packs, SessionFault};
use crate::{Engine, EngineError, Pack};

impl Packs for Engine {
    fn baseline(&self) -> Result<Arc<dyn LoadedPack>, String> {
        self.load_baseline()
            .map(shared)
            .map_err(|error| error.to_string())
    }

    fn file(&self, path: &Path) -> Result<Arc<dyn LoadedPack>, String> {
        self.load_file(path)
            .map(shared)
            .map_err(|error| error.to_string())
    }
}

fn shared(pack: Pack) -> Arc<dyn LoadedPack> {
    Arc::new(pack)
}

impl LoadedPack for Pack {
    fn info(&self) -> &PackInfo {
        Self::info(self)
    }

    fn digest(&self) -> &str {
        Self::digest(self)
    }

    fn session(&self, settings: &serde_json::Value) -> Result<Box<dyn Runner>, SessionFault> {
        match Self::session(self, settings) {
            Ok(session) => Ok(Box::new(session)),
            Err(EngineError::Settings { problems, .. }) => Err(SessionFault::Settings(problems)),
            Err(error) => Err(SessionFault::Failed(error.to_string())),
        }
    }
}
