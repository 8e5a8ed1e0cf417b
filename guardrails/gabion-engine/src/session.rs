//! A pack at work: one instance, used again for every call, and thrown away when one goes wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use gabion_model::{
    Change, Evaluation, Graph, PackInfo, RawVerdict, Runner, SettingsProblem, Verdict, detect,
};
use wasmtime::Store;
use wasmtime::component::Resource;

use crate::abi::handles::{Entry, MOST_LEAKED};
use crate::abi::state::{LogLine, Severity, State};
use crate::abi::v1;
use crate::budget::{Budgets, mebibytes};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::pack::Pack;
use crate::ticker::ticks;
use crate::trap;

/// A rule that was stopped so often is not run again: a loop must not cost its budget for every resource.
const ENOUGH: u32 = 3;

/// What the last call took of its budgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Instructions, as the sandbox counts them: the same on every machine.
    pub fuel: u64,
    /// Bytes of the instance's memory after the call; it never shrinks.
    pub memory: usize,
}

/// A pack with its settings. Send it where it is needed; it runs one rule at a time.
pub struct Session {
    pack: Pack,
    settings: String,
    live: Option<Live>,
    /// How often a rule was stopped or crashed, by code.
    failures: BTreeMap<String, u32>,
    log: Vec<LogLine>,
    cost: Cost,
}

/// A running instance.
pub(crate) struct Live {
    store: Store<State>,
    guest: v1::Guardrail,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("pack", &self.pack)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// A fresh instance, or why there is none: a whole clause.
    pub(crate) fn start(
        engine: &Engine,
        guest: &v1::GuardrailPre<State>,
        budgets: &Budgets,
    ) -> Result<Self, String> {
        let mut store = Store::new(&engine.0.wasmtime, State::new(budgets.clone()));
        store.limiter(|state| state);
        let started = prepare(&mut store, budgets).and_then(|()| {
            let _running = engine.0.ticker.run();
            guest.instantiate(&mut store)
        });
        match started {
            Ok(guest) => Ok(Self { store, guest }),
            Err(error) => Err(format!("it {}", trap::reason(&error, store.data()))),
        }
    }

    /// One call within these budgets.
    pub(crate) fn call<T>(
        &mut self,
        engine: &Engine,
        budgets: &Budgets,
        call: impl FnOnce(&v1::Guardrail, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<T> {
        prepare(&mut self.store, budgets)?;
        let _running = engine.0.ticker.run();
        call(&self.guest, &mut self.store)
    }

    pub(crate) fn state(&self) -> &State {
        self.store.data()
    }

    fn cost(&self, own: &Budgets, subject: &Subject<'_>) -> Cost {
        let given = match subject {
            Subject::Change(_) => own.fuel,
            Subject::Plan(graph) => own.for_plan(graph.changes.len()).fuel,
        };
        Cost {
            fuel: given.saturating_sub(self.store.get_fuel().unwrap_or(given)),
            memory: self.state().memory(),
        }
    }
}

fn prepare(store: &mut Store<State>, budgets: &Budgets) -> wasmtime::Result<()> {
    store.data_mut().begin(budgets.clone());
    store.set_fuel(budgets.fuel)?;
    store.set_epoch_deadline(ticks(budgets.wall));
    store.set_hostcall_fuel(budgets.output);
    // Our own count stops a call first; this one also counts what earlier calls left.
    store.set_max_component_handles(budgets.handles.saturating_add(2 * MOST_LEAKED));
    Ok(())
}

/// What a rule is asked about.
enum Subject<'a> {
    Change(&'a Arc<Change>),
    Plan(&'a Arc<Graph>),
}

impl Session {
    pub(crate) fn new(pack: Pack, settings: String) -> Result<Self, EngineError> {
        let mut session = Self {
            pack,
            settings,
            live: None,
            failures: BTreeMap::new(),
            log: Vec::new(),
            cost: Cost::default(),
        };
        session.start()?;
        Ok(session)
    }

    /// The messages that the rule of the last call wrote, at most a hundred.
    pub fn take_log(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.log)
    }

    /// What the last call took; nothing where the rule was not run.
    pub fn last_cost(&self) -> Cost {
        self.cost
    }

    /// Throws the instance away; the next call gets a fresh one. For tests of purity.
    pub fn refresh(&mut self) {
        self.live = None;
    }

    fn start(&mut self) -> Result<(), EngineError> {
        let inner = &self.pack.0;
        let budgets = inner.engine.budgets();
        let failed = |reason: String| EngineError::Configure {
            pack: inner.info.name.clone(),
            reason,
        };
        let first = inner.first.lock().map_or(None, |mut first| first.take());
        let mut live = match first {
            Some(live) => live,
            None => Live::start(&inner.engine, &inner.guest, budgets).map_err(failed)?,
        };
        let answer = live
            .call(&inner.engine, budgets, |guest, store| {
                guest
                    .gabion_guardrail_rules()
                    .call_configure(store, &self.settings)
            })
            .map_err(|error| failed(format!("it {}", trap::reason(&error, live.state()))))?;
        live.store.data_mut().handles.end(0);
        if let Err(problems) = answer {
            return Err(EngineError::Settings {
                pack: inner.info.name.clone(),
                problems: problems
                    .into_iter()
                    .map(|problem| SettingsProblem {
                        path: v1::plain(&problem.path),
                        message: v1::plain(&problem.message),
                    })
                    .collect(),
            });
        }
        self.live = Some(live);
        Ok(())
    }

    fn evaluate(&mut self, rule: &str, subject: &Subject<'_>, reads: bool) -> Evaluation {
        self.cost = Cost::default();
        let error = |reason: String| Evaluation {
            verdict: Verdict::Error(reason),
            reads: Vec::new(),
        };
        let Some(known) = self
            .pack
            .0
            .info
            .rules
            .iter()
            .find(|known| known.code == rule)
        else {
            return error(format!("the pack has no rule `{rule}`"));
        };
        let wanted = match subject {
            Subject::Change(_) => gabion_model::Scope::Change,
            Subject::Plan(_) => gabion_model::Scope::Plan,
        };
        if known.scope != wanted {
            return Evaluation {
                verdict: Verdict::NotApplicable,
                reads: Vec::new(),
            };
        }
        if self
            .failures
            .get(rule)
            .is_some_and(|times| *times >= ENOUGH)
        {
            return error(format!(
                "the rule was stopped or crashed {ENOUGH} times in this run and is not run again; see its first failure"
            ));
        }
        if self.live.is_none()
            && let Err(problem) = self.start()
        {
            return error(problem.to_string());
        }
        let Some(live) = &mut self.live else {
            return error("the pack does not start".to_owned());
        };
        let engine = &self.pack.0.engine;
        let (evaluation, whole) = ask(live, engine, rule, subject, reads);
        self.cost = live.cost(engine.budgets(), subject);
        self.log = live.store.data_mut().log.take();
        for line in &mut self.log {
            detect::redact_in_place(None, &mut line.message);
        }
        show(&self.log, &self.pack.0.info.name, rule);
        if !whole {
            self.live = None;
            *self.failures.entry(rule.to_owned()).or_default() += 1;
        } else if live.state().handles.worn_out() {
            self.live = None;
        }
        evaluation
    }
}

/// Asks one rule; also whether the instance is whole afterwards. What was read is spelled out only where `reads` says.
fn ask(
    live: &mut Live,
    engine: &Engine,
    rule: &str,
    subject: &Subject<'_>,
    reads: bool,
) -> (Evaluation, bool) {
    let own = engine.budgets();
    let scaled;
    let budgets = match subject {
        Subject::Change(_) => own,
        Subject::Plan(graph) => {
            scaled = own.for_plan(graph.changes.len());
            &scaled
        }
    };
    let entry = match subject {
        Subject::Change(change) => Entry::Change((*change).clone(), None),
        Subject::Plan(graph) => Entry::Plan((*graph).clone()),
    };
    let answer = live.call(engine, budgets, |guest, store| {
        if let Subject::Plan(graph) = subject {
            store.data_mut().trace.of_plan((*graph).clone());
        }
        let number = store.data_mut().insert(entry)?;
        let guest = guest.gabion_guardrail_rules();
        match subject {
            Subject::Change(_) => guest.call_check(store, rule, Resource::new_borrow(number)),
            Subject::Plan(_) => guest.call_check_plan(store, rule, Resource::new_borrow(number)),
        }
    });
    let whole = answer.is_ok();
    let raw = match answer {
        Ok(answer) => v1::verdict(answer, budgets.findings)
            .and_then(|raw| observed(raw, subject, budgets.work)),
        Err(error) => Err(format!("the rule {}", trap::reason(&error, live.state()))),
    };
    // A rule may repeat a value that it read.
    let raw = raw
        .map(|mut raw| {
            raw.redact();
            raw
        })
        .map_err(|mut reason| {
            detect::redact_in_place(None, &mut reason);
            reason
        });
    let state = live.store.data_mut();
    let evaluation = Evaluation {
        verdict: Verdict::settle(raw, &state.trace),
        reads: if reads {
            state.trace.reads()
        } else {
            Vec::new()
        },
    };
    state.handles.end(1);
    state.trace.clear();
    (evaluation, whole)
}

/// Adds what stands at the path of a finding, where the rule does not say it. A finding on the resource as a whole
/// has none: the whole resource would make every old violation new with any change of a tag.
///
/// # Errors
/// When all of them together are more than `most` bytes, a sentence about the rule.
fn observed(mut raw: RawVerdict, subject: &Subject<'_>, most: usize) -> Result<RawVerdict, String> {
    let RawVerdict::Violation(findings) = &mut raw else {
        return Ok(raw);
    };
    let mut left = most;
    for finding in findings
        .iter_mut()
        .filter(|finding| finding.observed.is_none() && !finding.path.is_root())
    {
        finding.observed = match subject {
            Subject::Change(change) => change.observed(&finding.path),
            Subject::Plan(graph) => graph
                .changes
                .iter()
                .find(|change| finding.address.is_some() && change.address == finding.address)
                .and_then(|change| change.observed(&finding.path)),
        };
        let size = finding.observed.as_ref().map_or(0, String::len);
        left = left.checked_sub(size).ok_or_else(|| {
            format!(
                "the rule was stopped: its findings point at more than {} of values",
                mebibytes(most)
            )
        })?;
    }
    Ok(raw)
}

fn show(lines: &[LogLine], pack: &str, rule: &str) {
    for line in lines {
        let message = &line.message;
        match line.severity {
            Severity::Debug => tracing::debug!(target: "gabion::rule", pack, rule, "{message}"),
            Severity::Info => tracing::info!(target: "gabion::rule", pack, rule, "{message}"),
            Severity::Warn => tracing::warn!(target: "gabion::rule", pack, rule, "{message}"),
        }
    }
}

impl Runner for Session {
    fn info(&self) -> &PackInfo {
        &self.pack.0.info
    }

    fn check(&mut self, rule: &str, change: &Arc<Change>) -> Evaluation {
        self.evaluate(rule, &Subject::Change(change), true)
    }

    fn verdict(&mut self, rule: &str, change: &Arc<Change>) -> Verdict {
        self.evaluate(rule, &Subject::Change(change), false).verdict
    }

    fn check_plan(&mut self, rule: &str, graph: &Arc<Graph>) -> Evaluation {
        self.evaluate(rule, &Subject::Plan(graph), true)
    }

    fn verdict_on_plan(&mut self, rule: &str, graph: &Arc<Graph>) -> Verdict {
        self.evaluate(rule, &Subject::Plan(graph), false).verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gabion_model::{Finding, Mode, Operation, Path, Shape, Stage, Tree};

    fn subject(text: &str) -> Arc<Change> {
        let tree = |value: &serde_json::Value| Arc::new(Tree::from_json(value, Shape::Object));
        Arc::new(Change {
            resource_type: "aws_s3_bucket".into(),
            mode: Mode::Managed,
            provider: String::new(),
            provider_version: None,
            operation: Operation::Update,
            stage: Stage::Plan,
            before: Arc::new(Tree::null()),
            after: tree(&serde_json::json!({ "bucket": text })),
            config: None,
            provider_configuration: Arc::new(Tree::null()),
            address: None,
            module_address: None,
        })
    }

    fn findings(paths: &[&str]) -> RawVerdict {
        let finding = |path: &&str| Finding {
            address: None,
            path: Path::parse(path).unwrap(),
            observed: None,
            message: "bad".into(),
            fix: Vec::new(),
        };
        RawVerdict::Violation(paths.iter().map(finding).collect())
    }

    #[test]
    fn a_finding_on_the_whole_resource_observes_nothing() {
        let change = subject("logs");
        let raw = observed(findings(&["", "bucket"]), &Subject::Change(&change), 100).unwrap();
        let RawVerdict::Violation(found) = raw else {
            panic!("{raw:?}")
        };
        assert_eq!(found[0].observed, None);
        assert_eq!(found[1].observed.as_deref(), Some("logs"));
    }

    #[test]
    fn many_findings_at_one_long_text_are_refused() {
        let change = subject(&"x".repeat(60));
        let error = observed(
            findings(&["bucket", "bucket"]),
            &Subject::Change(&change),
            100,
        )
        .unwrap_err();
        assert_eq!(
            error,
            "the rule was stopped: its findings point at more than 100 bytes of values"
        );
    }
}
