//! A pack as a runner without a sandbox: for tests and comparisons.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use gabion_model as model;

use super::native::{self, SharedTrace};
use crate::json::Json;
use crate::metadata::{Level, RuleEntry, Scope};
use crate::outcome::{Outcome, Stop, Verdict};
use crate::pack::{Pack, SettingsProblem};

/// A pack whose rules run natively. A rule that panics takes the caller with it: only the sandbox holds it.
#[derive(Debug)]
pub struct NativePack {
    pack: &'static Pack,
    info: model::PackInfo,
    settings: String,
}

impl NativePack {
    /// A pack with its settings.
    ///
    /// # Errors
    /// What is wrong with the settings. The JSON Schema is not looked at: the host does that.
    pub fn new(
        pack: &'static Pack,
        settings: &serde_json::Value,
    ) -> Result<Self, Vec<SettingsProblem>> {
        let settings = settings.to_string();
        pack.configure(&settings)?;
        let mut rules: Vec<_> = pack.rules.iter().map(rule).collect();
        rules.sort_by(|left, right| left.code.cmp(&right.code));
        let info = model::PackInfo {
            name: pack.name.to_owned(),
            version: pack.version.to_owned(),
            settings_schema: pack.settings_schema.to_owned(),
            rules,
        };
        Ok(Self {
            pack,
            info,
            settings,
        })
    }

    /// Settings are those of the thread, and another pack may have run on it since.
    fn prepare(&self) -> SharedTrace {
        if let Ok(settings) = Json::parse(&self.settings) {
            crate::settings::share(Rc::new(settings));
        }
        Rc::new(RefCell::new(model::Trace::new()))
    }
}

impl model::Runner for NativePack {
    fn info(&self) -> &model::PackInfo {
        &self.info
    }

    fn check(&mut self, rule: &str, change: &Arc<model::Change>) -> model::Evaluation {
        let trace = self.prepare();
        let view = crate::Change(native::Change::new(change, &trace));
        let outcome = self.pack.check(rule, &view);
        let trace = trace.borrow();
        let raw = raw(outcome, |path| change.observed(path));
        model::Evaluation {
            verdict: model::Verdict::settle(raw, &trace),
            reads: trace.reads(),
        }
    }

    fn check_plan(&mut self, rule: &str, graph: &Arc<model::Graph>) -> model::Evaluation {
        let trace = self.prepare();
        let view = crate::Graph(native::Graph::new(graph, &trace));
        let outcome = self.pack.check_plan(rule, &view);
        let trace = trace.borrow();
        let raw = raw(outcome, |_| None);
        model::Evaluation {
            verdict: model::Verdict::settle(raw, &trace),
            reads: trace.reads(),
        }
    }
}

fn raw(
    outcome: Outcome,
    observed: impl Fn(&model::Path) -> Option<String>,
) -> Result<model::RawVerdict, String> {
    match outcome {
        Ok(Verdict::NotApplicable) => Ok(model::RawVerdict::NotApplicable),
        Ok(Verdict::Pass) => Ok(model::RawVerdict::Pass),
        Ok(Verdict::Violation(findings)) => {
            let findings: Result<Vec<_>, String> = findings
                .into_iter()
                .map(|one| finding(one, &observed))
                .collect();
            Ok(model::RawVerdict::Violation(findings?))
        }
        Ok(Verdict::Undetermined(text)) | Err(Stop::Undetermined(text)) => {
            Ok(model::RawVerdict::Undetermined(text))
        }
        Err(Stop::Failed(reason)) => Err(reason),
    }
}

fn finding(
    finding: crate::Finding,
    observed: impl Fn(&model::Path) -> Option<String>,
) -> Result<model::Finding, String> {
    let path = model::Path::parse(&finding.path)?;
    let patch = |patch: crate::Patch| {
        Ok(model::Patch {
            path: model::Path::parse(&patch.path)?,
            value: patch.value.to_string(),
        })
    };
    let fix: Result<Vec<_>, String> = finding.fix.into_iter().map(patch).collect();
    Ok(model::Finding {
        address: finding.address,
        observed: finding.observed.or_else(|| observed(&path)),
        path,
        message: finding.message,
        fix: fix?,
    })
}

fn rule(entry: &RuleEntry) -> model::RuleInfo {
    let of = &entry.metadata;
    let target = |target: &crate::Target| model::AppliesTo {
        resource_type: target.resource_type.to_owned(),
        provider: target.provider.to_owned(),
        versions: target.versions.to_owned(),
    };
    let control = |control: &crate::Control| model::Control {
        framework: control.framework.to_owned(),
        id: control.id.to_owned(),
        confirmed: control.confirmed,
    };
    model::RuleInfo {
        code: of.code.to_owned(),
        name: of.name.to_owned(),
        title: of.title.to_owned(),
        page: entry.page(),
        level: match of.level {
            Level::Off => model::Level::Off,
            Level::Advisory => model::Level::Advisory,
            Level::Mandatory => model::Level::Mandatory,
        },
        scope: match of.scope {
            Scope::Change => model::Scope::Change,
            Scope::Plan => model::Scope::Plan,
        },
        applies_to: of.targets.iter().map(target).collect(),
        controls: of.controls.iter().map(control).collect(),
        since: of.since.to_owned(),
    }
}
