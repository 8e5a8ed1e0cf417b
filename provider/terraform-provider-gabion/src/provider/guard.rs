//! Loads the guardrails when the provider is configured.

use std::path::PathBuf;
use std::sync::Arc;

use gabion_engine::policy::{Guard, GuardOptions, PolicyError};
use gabion_engine::{Engine, EngineOptions};
use gabion_framework::prelude::*;

/// Packs and policy: `gabion.hcl` from `directory` (or the working directory) upwards, and the floors of
/// `GABION_FLOOR`.
///
/// # Errors
/// Everything that is wrong with them, with file, line and column.
pub(super) async fn load(directory: Option<PathBuf>) -> Result<Arc<Guard>, Diagnostics> {
    // Compiling a component takes long.
    let loaded = tokio::task::spawn_blocking(move || load_now(directory)).await;
    loaded.unwrap_or_else(|_| {
        Err(Diagnostics::from_error(
            "The guardrails could not be loaded",
            "Loading them ended in an internal error. Please report it.",
        ))
    })
}

fn load_now(directory: Option<PathBuf>) -> Result<Arc<Guard>, Diagnostics> {
    let engine = Engine::new(EngineOptions::default()).map_err(|error| {
        Diagnostics::from_error("The guardrails could not be loaded", format!("{error}."))
    })?;
    let mut options = GuardOptions::from_env(engine).map_err(faults)?;
    if let Some(directory) = directory {
        options.directory = directory;
    }
    let guard = Guard::load(options).map_err(faults)?;
    for warning in guard.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(Arc::new(guard))
}

fn faults(error: PolicyError) -> Diagnostics {
    error
        .problems
        .iter()
        .map(|problem| Diagnostic {
            severity: Severity::Error,
            summary: "The guardrail policy cannot be used".to_owned(),
            detail: format!("{problem}."),
            path: None,
        })
        .collect()
}
