//! What an answer rests on: what a rule read, how it binds, and what was weighed. For `gabion explain`.
//!
//! What belongs here: facts, each with the reason for it. What does not: how they are written out, and any decision;
//! the rulings are those of [`Guard::judge`] and [`Guard::judge_plan`].

use std::sync::Arc;

use gabion_model::{
    Change, Graph, Level, Operation, Path, Read, Scope, Side, Stage, Unreadable, Verdict,
};

use super::binding::{Binding, BlockSeen};
use super::file::{OnUnknown, Ratchet};
use super::guard::{Guard, PackEntry, RuleEntry, key};
use super::judge::Age;
use super::merge::word;
use super::ruling::Ruling;
use super::text;
use super::waiver::{self, Term};

/// Everything that one rule's answer about one change, or about a plan, rests on.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// `DT08`.
    pub code: String,
    /// `key-without-rotation`.
    pub name: String,
    /// `a key without rotation`.
    pub title: String,
    /// The pack's name.
    pub pack: String,
    /// Its version.
    pub pack_version: String,
    /// What it looks at.
    pub scope: Scope,
    /// The resource's type; `plan` for a whole plan.
    pub resource_type: String,
    /// Its address, where known.
    pub address: Option<String>,
    /// Its own id, where it has one.
    pub identity: Option<String>,
    /// What happens to it.
    pub operation: Operation,
    /// The level in force.
    pub level: Level,
    /// Where that is set: `default`, or `gabion.hcl:3:6`.
    pub level_from: String,
    /// What an undetermined answer does: `defer`, `warn` or `deny`.
    pub on_unknown: &'static str,
    /// Whether old violations are refused, too: `changes` or `all`.
    pub ratchet: &'static str,
    /// The blocks of the policy that speak of the rule, the floors' first.
    pub blocks: Vec<Weighed>,
    /// What the rule answered; `None` where it is off, and was not asked.
    pub verdict: Option<Verdict>,
    /// What it answers of the prior state alone, where that counts.
    pub before: Option<Verdict>,
    /// What it read, in order.
    pub reads: Vec<ReadValue>,
    /// How many reads of other resources are left out.
    pub reads_of_others: usize,
    /// What the policy made of it.
    pub rulings: Vec<Ruling>,
    /// The waivers, exceptions and entries of the baseline that were weighed.
    pub weighed: Vec<Weighed>,
    /// At which step it is decided again, a clause.
    pub again: &'static str,
    /// Whom to ask, from the policy file.
    pub contact: Option<String>,
}

/// A block of the policy, a waiver, an exception or an entry of the baseline, and whether it applies.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Weighed {
    /// `rule`, `waiver`, `exception` or `baseline`.
    pub kind: &'static str,
    /// Its name, or the attribute that it is for.
    pub name: String,
    /// Where it stands, where that is a line of a file.
    pub at: Option<String>,
    /// Whether it applies.
    pub applies: bool,
    /// Why, a clause.
    pub why: String,
}

/// A value that a rule read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ReadValue {
    /// Of which resource, for whole-plan rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of which side.
    pub side: Side,
    /// Which attribute; empty for the whole side.
    pub path: String,
    /// What stood there, redacted; `None` where there is nothing to show.
    pub value: Option<String>,
    /// Why it could not be read.
    pub unreadable: Option<Unreadable>,
}

impl Guard {
    /// What the answers about a change rest on: of every rule that judges its type, or of one.
    pub fn explain(&self, change: &Arc<Change>, code: Option<&str>) -> Vec<Explanation> {
        let judgement = self.judge(change);
        let mut found = Vec::new();
        for entry in &self.rules {
            let info = &entry.rule.info;
            let judges = info.scope == Scope::Change && entry.judges_plan_of([key(change)].iter());
            let (true, Some(pack)) = (judges, self.packs.get(entry.rule.pack)) else {
                continue;
            };
            if code.is_some_and(|code| code != info.code) {
                continue;
            }
            let binding = self.binding(entry, Some(change));
            let mut explanation = self.frame(entry, pack, &binding, change);
            if binding.level != Level::Off {
                let answers = answers(entry, pack, change);
                explanation.verdict = Some(answers.0);
                explanation.before = answers.1;
                explanation.reads = answers.2;
            }
            explanation.rulings = (judgement.rulings.iter())
                .filter(|ruling| ruling.code == info.code)
                .cloned()
                .collect();
            explanation.weighed = self.weigh(entry, change, &explanation.rulings);
            explanation.again = again(&explanation, change.stage);
            found.push(explanation);
        }
        found
    }

    /// What the answers of whole-plan rules rest on: of all rules or of one, about one resource or about all.
    pub fn explain_plan(
        &self,
        graph: &Arc<Graph>,
        code: Option<&str>,
        address: Option<&str>,
    ) -> Vec<Explanation> {
        let judgement = self.judge_plan(graph);
        let by_address = super::plan::subjects_of(graph);
        let subject = |address: &str| by_address.get(address).map(|change| (*change).clone());
        let change = address
            .and_then(subject)
            .unwrap_or_else(|| Arc::new(super::plan::whole(graph)));
        let mut found = Vec::new();
        for entry in &self.rules {
            let info = &entry.rule.info;
            let judges = info.scope == Scope::Plan
                && entry.judges_plan_of(graph.changes.iter().map(|change| key(change)));
            let (true, Some(pack)) = (judges, self.packs.get(entry.rule.pack)) else {
                continue;
            };
            if code.is_some_and(|code| code != info.code) {
                continue;
            }
            let about = |of: Option<&str>| address.is_none() || of.is_none() || of == address;
            let binding = self.binding(entry, Some(&change));
            let mut explanation = self.frame(entry, pack, &binding, &change);
            if binding.level != Level::Off {
                let reads = match pack.lease() {
                    Ok(mut session) => {
                        let evaluation = session.check_plan(&info.code, graph);
                        pack.give_back(session);
                        explanation.verdict = Some(evaluation.verdict);
                        evaluation.reads
                    }
                    Err(message) => {
                        explanation.verdict = Some(Verdict::Error(message));
                        Vec::new()
                    }
                };
                for read in &reads {
                    // What could not be read may decide about any resource.
                    if about(read.address.as_deref()) || read.unreadable.is_some() {
                        let of = read.address.as_deref().and_then(subject);
                        explanation.reads.push(value(of.as_deref(), read));
                    } else {
                        explanation.reads_of_others += 1;
                    }
                }
            }
            explanation.rulings = (judgement.rulings.iter())
                .filter(|ruling| ruling.code == info.code && about(ruling.address.as_deref()))
                .cloned()
                .collect();
            explanation.weighed = self.weigh(entry, &change, &explanation.rulings);
            explanation.again = again(&explanation, change.stage);
            found.push(explanation);
        }
        found
    }

    /// An explanation with everything but the answer.
    fn frame(
        &self,
        entry: &RuleEntry,
        pack: &PackEntry,
        binding: &Binding,
        change: &Change,
    ) -> Explanation {
        let info = &entry.rule.info;
        Explanation {
            code: info.code.clone(),
            name: info.name.clone(),
            title: info.title.clone(),
            pack: pack.name.clone(),
            pack_version: pack.version.clone(),
            scope: info.scope,
            resource_type: change.resource_type.clone(),
            address: change.address.clone(),
            identity: change.identity().map(|text| text::clean(&text)),
            operation: change.operation,
            level: binding.level,
            level_from: binding.from.clone(),
            on_unknown: match binding.on_unknown {
                OnUnknown::Defer => "defer",
                OnUnknown::Warn => "warn",
                OnUnknown::Deny => "deny",
            },
            ratchet: match binding.ratchet {
                Ratchet::Changes => "changes",
                Ratchet::All => "all",
            },
            blocks: (entry.rule.blocks(&self.scene, Some(change)).iter())
                .map(|block| block_of(&info.code, block))
                .collect(),
            verdict: None,
            before: None,
            reads: Vec::new(),
            reads_of_others: 0,
            rulings: Vec::new(),
            weighed: Vec::new(),
            again: "",
            contact: self.contact.clone(),
        }
    }

    /// Every waiver, exception and baseline that speaks of the rule and the object, or nearly does.
    fn weigh(&self, entry: &RuleEntry, change: &Change, rulings: &[Ruling]) -> Vec<Weighed> {
        let mut weighed = self.weigh_waivers(&entry.rule.info.code, change, rulings);
        let bad = rulings.iter().any(|ruling| ruling.undetermined.is_empty());
        for (attribute, exception) in waiver::exceptions(change) {
            let at = |ruling: &Ruling| starts_with(&ruling.path, &attribute);
            let met = rulings.iter().any(at);
            let applies = rulings.iter().any(|ruling| {
                at(ruling) && ruling.accepted.is_some() && ruling.waived_by.is_none()
            });
            let ends = exception.expires;
            let why = if applies {
                format!("it holds until {ends}: {}", text::clean(&exception.reason))
            } else if !met && bad {
                "nothing was found at that attribute".to_owned()
            } else if !met {
                "there is nothing that it would have to accept".to_owned()
            } else if !entry.rule.exceptions {
                let code = &entry.rule.info.code;
                format!("the policy file accepts no exception for {code}")
            } else if waiver::term(ends, self.now(), change.stage) == Term::Expired {
                format!("it ended at {ends}")
            } else {
                "a waiver holds already".to_owned()
            };
            weighed.push(Weighed {
                kind: "exception",
                name: text::clean(&attribute),
                at: None,
                applies,
                why,
            });
        }
        weighed.extend(self.weigh_baseline(&entry.rule.info.code, change, rulings));
        weighed
    }

    fn weigh_waivers(&self, code: &str, change: &Change, rulings: &[Ruling]) -> Vec<Weighed> {
        let mut weighed = Vec::new();
        let mut waivers: Vec<_> = self.waivers.values().flatten().collect();
        waivers.sort_by(|left, right| left.name.at.cmp(&right.name.at));
        for waiver in waivers {
            let other = waiver.rule.value != code;
            let mismatch = waiver::why_not(waiver, change);
            // Of those for other rules only the ones for this very object are near enough to be asked about.
            if other && mismatch.is_some() {
                continue;
            }
            let ends = waiver.expires.value;
            let name = &waiver.name.value;
            let applies =
                !other && (rulings.iter()).any(|ruling| ruling.waived_by.as_ref() == Some(name));
            let why = match mismatch {
                _ if applies => format!("it holds until {ends}: {}", text::clean(&waiver.reason)),
                _ if other => format!("it is for {}", waiver.rule.value),
                Some(why) => why,
                None if waiver::term(ends, self.now(), change.stage) == Term::Expired => {
                    format!("it ended at {ends}")
                }
                None if rulings.is_empty() => {
                    "there is nothing that it would have to accept".to_owned()
                }
                None if rulings.iter().any(|ruling| ruling.accepted.is_some()) => {
                    "another one holds that ends later".to_owned()
                }
                None => format!(
                    "it matches until {ends}, and this refuses nothing that it would have to accept"
                ),
            };
            weighed.push(Weighed {
                kind: "waiver",
                name: name.clone(),
                at: Some(waiver.name.at.to_string()),
                applies,
                why,
            });
        }
        weighed
    }

    fn weigh_baseline(&self, code: &str, change: &Change, rulings: &[Ruling]) -> Vec<Weighed> {
        let Some(known) = &self.known else {
            return Vec::new();
        };
        let entry = |name: String, applies: bool, why: &str| Weighed {
            kind: "baseline",
            name,
            at: None,
            applies,
            why: why.to_owned(),
        };
        let id = change.identity().map(|id| text::clean(&id));
        let mut weighed = Vec::new();
        let mut others = 0;
        for known in known.of_rule(code) {
            if known.resource_type != change.resource_type || Some(&known.id) != id.as_ref() {
                others += 1;
                continue;
            }
            let name = if known.path.is_empty() {
                "the resource as a whole".to_owned()
            } else {
                known.path.clone()
            };
            let at = |ruling: &&Ruling| {
                let path = ruling.path.without_indexes();
                (path.is_root() && known.path.is_empty()) || path.to_string() == known.path
            };
            let same = |ruling: &Ruling| {
                let observed = ruling.observed_digest.map(|digest| digest.to_string());
                observed.as_ref() == Some(&known.observed)
            };
            // Of several at that attribute the one that the entry speaks of.
            let there = || rulings.iter().filter(at);
            let met = there()
                .find(|ruling| ruling.old && same(ruling))
                .or_else(|| there().find(|ruling| same(ruling)))
                .or_else(|| there().next());
            let (applies, why) = match (met, Age::of(change)) {
                (Some(ruling), _) if ruling.old && same(ruling) => (true, "the violation is known"),
                (Some(ruling), Age::Old | Age::Compare) if !same(ruling) => (
                    false,
                    "something else was observed at that attribute when the entry was written",
                ),
                (Some(_), Age::New) => (
                    false,
                    "the object is made anew, and what is made anew is never old",
                ),
                (Some(_), _) => (
                    false,
                    "there is more wrong at that attribute than the entry holds",
                ),
                (None, _) => (false, "nothing was found at that attribute"),
            };
            weighed.push(entry(name, applies, why));
        }
        if weighed.is_empty() && !rulings.is_empty() {
            let why = if change.before.is_null() {
                "the object is yet to be created, and so has no entry".to_owned()
            } else {
                format!("it has no entry of {code} for this object, and {others} for others")
            };
            weighed.push(entry("the whole file".to_owned(), false, &why));
        }
        weighed
    }
}

/// What a rule answers of a change, and of its prior state alone where that decides what is old; and what it read.
fn answers(
    entry: &RuleEntry,
    pack: &PackEntry,
    change: &Arc<Change>,
) -> (Verdict, Option<Verdict>, Vec<ReadValue>) {
    let code = &entry.rule.info.code;
    let mut session = match pack.lease() {
        Ok(session) => session,
        Err(message) => return (Verdict::Error(message), None, Vec::new()),
    };
    let evaluation = session.check(code, change);
    let before = matches!(Age::of(change), Age::Compare | Age::Leaving)
        .then(|| session.verdict(code, &Arc::new(change.prior_alone())));
    pack.give_back(session);
    let reads = (evaluation.reads.iter())
        .map(|read| value(Some(change), read))
        .collect();
    (evaluation.verdict, before, reads)
}

/// A read with what stood there, redacted.
fn value(change: Option<&Change>, read: &Read) -> ReadValue {
    let path = if read.path.is_root() {
        String::new()
    } else {
        read.path.to_string()
    };
    let tree = change.and_then(|change| match read.side {
        Side::Before => Some(&change.before),
        Side::After => Some(&change.after),
        Side::ProviderConfiguration => Some(&change.provider_configuration),
        Side::Settings | Side::Configuration => None,
    });
    let value = match (read.side, tree) {
        (Side::Configuration, _) => change
            .and_then(|change| change.configured(&read.path))
            .map(|set| if set { "set" } else { "not set" }.to_owned()),
        (_, Some(tree)) if !read.path.is_root() => Some(match tree.lookup(&read.path) {
            Some(id) => text::quiet(tree, id),
            // Below what is unknown, or beside the schema: `unreadable` says which.
            None if read.unreadable.is_some() => return read_without_value(read, path),
            None => "null".to_owned(),
        }),
        _ => None,
    };
    ReadValue {
        address: read.address.clone(),
        side: read.side,
        path,
        value,
        unreadable: read.unreadable,
    }
}

fn read_without_value(read: &Read, path: String) -> ReadValue {
    ReadValue {
        address: read.address.clone(),
        side: read.side,
        path,
        value: None,
        unreadable: read.unreadable,
    }
}

/// A block of the policy with what it says and why it counts or does not.
fn block_of(code: &str, seen: &BlockSeen<'_>) -> Weighed {
    let block = seen.block;
    let mut says = Vec::new();
    if let Some(level) = &block.level {
        says.push(format!("level {}", word(level.value)));
    }
    if let Some(on_unknown) = &block.on_unknown {
        says.push(match on_unknown.value {
            OnUnknown::Defer => "on_unknown defer".to_owned(),
            OnUnknown::Warn => "on_unknown warn".to_owned(),
            OnUnknown::Deny => "on_unknown deny".to_owned(),
        });
    }
    if let Some(scope) = &block.scope {
        says.push(match scope.value {
            Ratchet::Changes => "scope changes".to_owned(),
            Ratchet::All => "scope all".to_owned(),
        });
    }
    let mut why = if says.is_empty() {
        "it says nothing".to_owned()
    } else {
        format!("it says {}", says.join(", "))
    };
    for condition in &seen.conditions {
        let wanted: Vec<String> = (condition.patterns.iter())
            .map(|pattern| format!("`{pattern}`"))
            .collect();
        let is = match (&condition.value, condition.holds()) {
            (None, _) | (_, None) => "which is not known here".to_owned(),
            (Some(value), Some(true)) => format!("and it is `{value}`"),
            (Some(value), Some(false)) => format!("and it is `{value}`: not so"),
        };
        why.push_str(&format!(
            "; where the {} is {}, {is}",
            condition.name,
            wanted.join(" or ")
        ));
    }
    if let Some(shadow) = seen.shadowed {
        why.push_str(&format!("; {shadow}"));
    }
    Weighed {
        kind: "rule",
        name: code.to_owned(),
        at: Some(block.code.at.to_string()),
        applies: seen.applies,
        why,
    }
}

fn starts_with(path: &Path, attribute: &str) -> bool {
    matches!(path.steps().first(), Some(gabion_model::Step::Name(name)) if name.as_ref() == attribute)
}

/// When the rule is asked again, a clause.
fn again(explanation: &Explanation, stage: Stage) -> &'static str {
    let sensitive = matches!(&explanation.verdict, Some(Verdict::Undetermined(why))
        if why.blocked.iter().any(|blocked| blocked.why == Unreadable::Sensitive));
    match &explanation.verdict {
        None => "never: the rule is off",
        Some(_) if explanation.scope == Scope::Plan => {
            "never: a rule on whole plans is asked about saved plans, and has no apply"
        }
        Some(Verdict::Undetermined(_)) => {
            text::when_decided(stage, sensitive, explanation.operation)
        }
        Some(_) => {
            "where the provider is guarded: inside the plan, and at apply before the change is made"
        }
    }
}
