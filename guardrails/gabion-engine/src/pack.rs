//! A pack: a component that was compiled, checked and asked what it offers.

use std::sync::{Arc, Mutex};

use gabion_model::PackInfo;
use serde_json::Value;
use wasmtime::component::Component;

use crate::abi::state::State;
use crate::abi::v1;
use crate::describe;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::session::{Live, Session};
use crate::{settings, trap};

/// A guardrail pack, ready to be used. Cheap to clone.
#[derive(Clone)]
pub struct Pack(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) guest: v1::GuardrailPre<State>,
    pub(crate) info: PackInfo,
    /// The instance that described the pack, for the first session: starting one costs more than most calls.
    pub(crate) first: Mutex<Option<Live>>,
    digest: String,
    origin: String,
    wit: String,
    imports: Vec<String>,
}

impl std::fmt::Debug for Pack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pack")
            .field("name", &self.0.info.name)
            .field("version", &self.0.info.version)
            .field("digest", &self.0.digest)
            .finish_non_exhaustive()
    }
}

impl Pack {
    pub(crate) fn new(
        engine: &Engine,
        component: Component,
        digest: String,
        origin: &str,
    ) -> Result<Self, EngineError> {
        let (wit, imports) = spoken(engine, &component);
        let misfit = |error: wasmtime::Error| EngineError::Malformed {
            origin: origin.to_owned(),
            reason: format!(
                "it does not fit `gabion:guardrail` {}: {error:#}",
                v1::VERSION
            ),
        };
        let guest = engine
            .0
            .linker
            .instantiate_pre(&component)
            .map_err(misfit)?;
        let guest = v1::GuardrailPre::new(guest).map_err(misfit)?;
        let (info, first) = described(engine, &guest, origin)?;
        Ok(Self(Arc::new(Inner {
            engine: engine.clone(),
            guest,
            info,
            first: Mutex::new(Some(first)),
            digest,
            origin: origin.to_owned(),
            wit,
            imports,
        })))
    }

    /// What the pack says of itself; its rules are sorted by code.
    pub fn info(&self) -> &PackInfo {
        &self.0.info
    }

    /// The digest of the component, `sha256:` and hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Where it came from, as messages call it.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The version of `gabion:guardrail` that it was made for, `1.0.0`.
    pub fn wit(&self) -> &str {
        &self.0.wit
    }

    /// What it imports, sorted: `gabion:guardrail/values@1.0.0`.
    pub fn imports(&self) -> &[String] {
        &self.0.imports
    }

    /// Starts the pack with these settings.
    ///
    /// # Errors
    /// [`EngineError::Settings`] with all that is wrong with them, or [`EngineError::Configure`].
    pub fn session(&self, settings: &Value) -> Result<Session, EngineError> {
        let problems = settings::problems(settings, &self.0.info.settings_schema);
        if !problems.is_empty() {
            return Err(EngineError::Settings {
                pack: self.0.info.name.clone(),
                problems,
            });
        }
        Session::new(self.clone(), settings.to_string())
    }
}

/// The version of the contract that it exports, and its imports.
fn spoken(engine: &Engine, component: &Component) -> (String, Vec<String>) {
    let kind = component.component_type();
    let wit = kind
        .exports(&engine.0.wasmtime)
        .find_map(|(name, _)| {
            let rest = name.strip_prefix(v1::PACKAGE)?.strip_prefix('/')?;
            let (interface, version) = rest.split_once('@')?;
            (interface == v1::EXPORT).then(|| version.to_owned())
        })
        .unwrap_or_else(|| v1::VERSION.to_string());
    let mut imports: Vec<String> = kind
        .imports(&engine.0.wasmtime)
        .map(|(name, _)| name.to_owned())
        .collect();
    imports.sort();
    (wit, imports)
}

fn described(
    engine: &Engine,
    guest: &v1::GuardrailPre<State>,
    origin: &str,
) -> Result<(PackInfo, Live), EngineError> {
    let failed = |reason: String| EngineError::Describe {
        origin: origin.to_owned(),
        reason,
    };
    let budgets = engine.budgets().for_describe();
    let mut live = Live::start(engine, guest, &budgets).map_err(failed)?;
    let pack = live
        .call(engine, &budgets, |guest, store| {
            guest.gabion_guardrail_rules().call_describe(store)
        })
        .map_err(|error| failed(format!("it {}", trap::reason(&error, live.state()))))?;
    let info = v1::pack(pack);
    let problems = describe::problems(&info);
    if problems.is_empty() {
        Ok((info, live))
    } else {
        Err(EngineError::Described {
            origin: origin.to_owned(),
            problems,
        })
    }
}
