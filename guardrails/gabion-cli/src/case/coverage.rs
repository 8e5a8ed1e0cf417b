//! Which rules and verdicts no case reaches, and which attributes a rule reads that no case gives.

use std::collections::{BTreeMap, BTreeSet};

use gabion_model::{PackInfo, Path, Side, Tree};

use super::expect::Sort;
use super::file::Subject;
use super::run::Outcome;

/// The verdicts that cases should show of every rule.
pub(crate) const WANTED: [Sort; 3] = [Sort::Pass, Sort::Violation, Sort::Undetermined];

/// What the cases reached.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    rules: BTreeMap<String, Rule>,
}

/// What the cases show of one rule.
#[derive(Debug, Default)]
pub(crate) struct Rule {
    pub(crate) reached: BTreeSet<Sort>,
    /// How many cases ask it.
    pub(crate) cases: usize,
    read: BTreeSet<String>,
    given: BTreeSet<String>,
}

impl Coverage {
    /// Nothing reached of the rules of a pack.
    pub(crate) fn new(info: &PackInfo) -> Self {
        Self {
            rules: info
                .rules
                .iter()
                .map(|rule| (rule.code.clone(), Rule::default()))
                .collect(),
        }
    }

    /// A rule gave a verdict.
    pub(crate) fn reached(&mut self, rule: &str, sort: Sort) {
        self.rules
            .entry(rule.to_owned())
            .or_default()
            .reached
            .insert(sort);
    }

    /// A case was run. One that failed reaches nothing, as nobody has looked at what it shows.
    pub(crate) fn add(&mut self, outcome: &Outcome<'_>) {
        let rule = self.rules.entry(outcome.case.rule.clone()).or_default();
        rule.cases += 1;
        if outcome.wrong.is_empty() {
            rule.reached
                .insert(Sort::of(&outcome.answer.evaluation.verdict));
        }
        for read in &outcome.answer.evaluation.reads {
            if matches!(read.side, Side::After | Side::Before) && !read.path.is_root() {
                rule.read.insert(read.path.without_indexes().to_string());
            }
        }
        let mut give = |tree: &Tree| {
            for (path, _) in super::tree::below(tree) {
                rule.given.insert(path.without_indexes().to_string());
            }
        };
        match &outcome.case.subject {
            Subject::Change(change) => {
                give(&change.before);
                give(&change.after);
            }
            Subject::Plan(graph) => {
                for change in &graph.changes {
                    give(&change.before);
                    give(&change.after);
                }
            }
        }
    }

    /// By code.
    pub(crate) fn rules(&self) -> &BTreeMap<String, Rule> {
        &self.rules
    }

    /// How many of the wanted verdicts were reached, and how many there are.
    pub(crate) fn count(&self) -> (usize, usize) {
        let reached = self
            .rules
            .values()
            .map(|rule| WANTED.len() - rule.missing().len())
            .sum();
        (reached, self.rules.len() * WANTED.len())
    }

    /// The part that was reached, in percent; all of nothing.
    pub(crate) fn percent(&self) -> f64 {
        let (reached, all) = self.count();
        if all == 0 {
            100.0
        } else {
            100.0 * reached as f64 / all as f64
        }
    }
}

impl Rule {
    /// The wanted verdicts that no case shows.
    pub(crate) fn missing(&self) -> Vec<Sort> {
        WANTED
            .iter()
            .copied()
            .filter(|sort| !self.reached.contains(sort))
            .collect()
    }

    /// What the rule reads and no case gives: a slip of the pen in the rule looks like this, as a case answers null
    /// for what it does not give.
    pub(crate) fn never_given(&self) -> Vec<&str> {
        let above = |path: &str| {
            Path::parse(path).is_ok_and(|path| {
                (1..path.steps().len()).any(|length| {
                    let above = Path::new(path.steps().iter().take(length).cloned().collect());
                    !self.given.contains(&above.to_string())
                })
            })
        };
        self.read
            .iter()
            .filter(|path| !self.given.contains(*path) && !above(path))
            .map(String::as_str)
            .collect()
    }
}
