//! Whole-plan rules against the graph of a plan.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gabion_model::{Change, Finding, Graph, Level, Mode, Operation, Scope, Stage, Tree, Verdict};

use super::guard::{Guard, key};
use super::judge::{Age, Case, Old, observed};
use super::known::Used;
use super::ruling::Judgement;

impl Guard {
    /// Asks every whole-plan rule about a plan. What the prior states alone yield as well is old.
    pub fn judge_plan(&self, graph: &Arc<Graph>) -> Judgement {
        let mut judgement = Judgement::default();
        let mut prior: Option<Arc<Graph>> = None;
        let mut subjects = None;
        let whole = whole(graph);
        for entry in self
            .rules
            .iter()
            .filter(|entry| entry.rule.info.scope == Scope::Plan)
        {
            let Some(pack) = self.packs.get(entry.rule.pack) else {
                continue;
            };
            let code = entry.rule.info.code.as_str();
            let types = graph.changes.iter();
            if !entry.judges_plan_of(types.map(|change| key(change))) {
                continue;
            }
            let loosest = self.binding(entry, None);
            if loosest.level == Level::Off {
                continue;
            }
            let ask = |graph: &Arc<Graph>| match pack.lease() {
                Ok(mut session) => {
                    let verdict = session.verdict_on_plan(code, graph);
                    pack.give_back(session);
                    verdict
                }
                Err(message) => Verdict::Error(message),
            };
            match ask(graph) {
                Verdict::Pass | Verdict::NotApplicable => {}
                Verdict::Violation(findings) => {
                    let prior = prior.get_or_insert_with(|| Arc::new(prior_graph(graph)));
                    let subjects = subjects.get_or_insert_with(|| subjects_of(graph));
                    let subject = |finding: &Finding| {
                        let address = finding.address.as_deref();
                        address
                            .and_then(|address| subjects.get(address).copied())
                            .map_or(&whole, Arc::as_ref)
                    };
                    let mut old = match ask(prior) {
                        Verdict::Violation(findings) => Old::new(&findings, |finding| {
                            observed(finding, &subject(finding).before)
                        }),
                        _ => Old::default(),
                    };
                    let mut used = Used::default();
                    for finding in findings {
                        let change = subject(&finding);
                        let binding = self.binding(entry, Some(change));
                        if binding.level == Level::Off {
                            continue;
                        }
                        let case = Case {
                            guard: self,
                            entry,
                            pack,
                            binding: &binding,
                            change,
                            age: Age::of(change),
                        };
                        let observed = observed(&finding, case.planned());
                        let was = old.take(&finding, &observed);
                        let standing = case.standing(&finding, &observed, was, &mut used);
                        case.finding(finding, observed, standing, &mut judgement);
                    }
                }
                Verdict::Undetermined(why) => {
                    let case = Case {
                        guard: self,
                        entry,
                        pack,
                        binding: &loosest,
                        change: &whole,
                        age: Age::New,
                    };
                    case.undetermined(why, None, &mut judgement);
                }
                Verdict::Error(message) => {
                    let case = Case {
                        guard: self,
                        entry,
                        pack,
                        binding: &loosest,
                        change: &whole,
                        age: Age::New,
                    };
                    case.error(message, &mut judgement);
                }
            }
        }
        judgement
    }
}

/// The changes by address; of a deposed object and the current one of the same address, the first.
pub(super) fn subjects_of(graph: &Graph) -> HashMap<&str, &Arc<Change>> {
    let mut found = HashMap::new();
    for change in &graph.changes {
        if let Some(address) = &change.address {
            found.entry(address.as_str()).or_insert(change);
        }
    }
    found
}

/// A change that stands for a plan as a whole.
pub(super) fn whole(graph: &Graph) -> Change {
    Change {
        resource_type: "plan".to_owned(),
        mode: Mode::Managed,
        provider: String::new(),
        provider_version: None,
        operation: Operation::Create,
        stage: graph
            .changes
            .first()
            .map_or(Stage::Check, |change| change.stage),
        before: Arc::new(Tree::null()),
        after: Arc::new(Tree::null()),
        config: None,
        provider_configuration: Arc::new(Tree::null()),
        address: None,
        module_address: None,
    }
}

/// The plan as if nothing happened: what exists stays as it is, and nothing new comes.
fn prior_graph(graph: &Graph) -> Graph {
    let mut prior = Graph {
        changes: Vec::new(),
        references: BTreeMap::new(),
        complete: graph.complete,
    };
    for (position, change) in graph.changes.iter().enumerate() {
        if change.before.is_null() {
            continue;
        }
        if let Some(references) = graph.references.get(&position) {
            prior
                .references
                .insert(prior.changes.len(), references.clone());
        }
        prior.changes.push(Arc::new(change.prior_alone()));
    }
    prior
}
