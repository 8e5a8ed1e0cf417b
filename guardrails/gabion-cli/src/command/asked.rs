//! What commands that name a pack or a resource share, `bench` and `impact` above all: packs asked directly, without a
//! policy, about the changes of saved plans.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gabion_engine::policy::did_you_mean;
use gabion_engine::{Engine, Pack};
use gabion_model::{Change, Graph, Operation, RuleInfo};

use crate::exit::Failure;
use crate::input::{self, Input};
use crate::plan::{Names, Plan, PlanError, Planned};

/// The pack of a file, or of the binary by its name `baseline`.
pub(crate) fn pack(engine: &Engine, name: &Path) -> Result<Pack, Failure> {
    let failed = |error: gabion_engine::EngineError| Failure::failed(error.to_string());
    if name == Path::new("baseline") {
        return engine.load_baseline().map_err(failed);
    }
    if !name.exists() {
        return Err(Failure::nothing(format!(
            "there is no pack `{}`; `baseline` is the one inside the binary, `gabion build` makes one",
            name.display()
        )));
    }
    engine.load_file(name).map_err(failed)
}

/// Names that a hint has at most.
const NEAR: usize = 5;

/// That the plan has no such address, with the instances that it has, the nearest, those of the same name or type, or
/// a few of all.
pub(crate) fn no_such_address(address: &str, plan: &Plan<'_>, shown: &str) -> Failure {
    let known: Vec<_> = plan.changes.iter().map(Planned::shown).collect();
    let all = || known.iter().map(AsRef::as_ref);
    let instance = |known: &&str| {
        let rest = known.strip_prefix(address);
        rest.is_some_and(|rest| rest.starts_with('['))
    };
    let last = |text: &str| {
        let mut parts = text.rsplit('.');
        let name = parts.next().unwrap_or_default().to_owned();
        (name, parts.next().unwrap_or_default().to_owned())
    };
    let (name, kind) = last(address);
    let alike = |known: &&str| {
        let (other, of) = last(known);
        known.contains(address) || other == name || of == kind
    };
    let mut some: Vec<&str> = all().filter(instance).collect();
    if some.is_empty() {
        let hint = did_you_mean(address, all());
        if !hint.is_empty() {
            return Failure::nothing(format!("{shown} has no resource `{address}`{hint}"));
        }
        some = all().filter(alike).collect();
    }
    if some.is_empty() {
        some = all().collect();
    }
    some.dedup();
    let more = match some.len().saturating_sub(NEAR) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    some.truncate(NEAR);
    let hint = if some.is_empty() {
        String::new()
    } else {
        format!("; it has `{}`{more}", some.join("`, `"))
    };
    Failure::nothing(format!("{shown} has no resource `{address}`{hint}"))
}

/// The settings that a caller gives: JSON text, or a file that holds it.
pub(crate) fn settings(given: Option<&str>) -> Result<serde_json::Value, Failure> {
    let Some(given) = given else {
        return Ok(serde_json::json!({}));
    };
    let text = if given.trim_start().starts_with('{') {
        given.to_owned()
    } else {
        std::fs::read_to_string(given).map_err(|error| {
            Failure::failed(format!("cannot read the settings `{given}`: {error}"))
        })?
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::failed(format!(
            "the settings `{given}` are no JSON: {error}; give an object or a file that holds one"
        ))
    })
}

/// A plan with all that rules are asked about.
pub(crate) struct Subjects {
    /// The file.
    pub(crate) path: PathBuf,
    /// What changes.
    pub(crate) changes: Vec<Arc<Change>>,
    /// The whole.
    pub(crate) graph: Arc<Graph>,
}

impl Subjects {
    /// Reads a plan: JSON, or as Terraform saved it.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let input = Input::read(path, &input::Options::default())?;
        let unreadable = |error: PlanError| input.unreadable(&error);
        let mut plan = input.plan()?;
        plan.written = input::written(path);
        let mut names = Names::default();
        let mut changes = Vec::new();
        for planned in plan
            .changes
            .iter()
            .filter(|planned| planned.operation != Operation::NoOp)
        {
            changes.push(Arc::new(
                plan.change(planned, &mut names).map_err(unreadable)?,
            ));
        }
        let graph = Arc::new(plan.graph().map_err(unreadable)?);
        Ok(Self {
            path: path.to_owned(),
            changes,
            graph,
        })
    }
}

/// Whether a rule speaks of a change.
pub(crate) fn applies(rule: &RuleInfo, change: &Change) -> bool {
    let name = change.mode.target(&change.resource_type);
    rule.applies_to.is_empty()
        || rule
            .applies_to
            .iter()
            .any(|target| target.resource_type == name)
}
