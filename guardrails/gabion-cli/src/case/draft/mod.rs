//! Writes cases from the resources of a real plan.
//!
//! What belongs here: which part of a resource a case keeps, what is hidden of it, and its text. Every case is read
//! back and run before it is kept: the first form that gives the verdict of the plan is the one. What does not: reading
//! plans and writing files (`command::fixture`).

mod cut;
mod hide;
mod lit;
mod text;

use std::collections::BTreeSet;
use std::path::Path as File;
use std::sync::Arc;

use gabion_engine::policy::Problem;
use gabion_model::{Change, Evaluation, Graph, Read, RuleInfo, Scope, Verdict};
use serde_json::Value as Json;

use super::expect::{Sort, describe};
use super::file::{self, Settings, Subject};
use super::run::Bench;
use cut::Keep;
use hide::Hide;

/// What cases are made from.
pub(crate) struct Material {
    /// The changes that were named.
    pub(crate) changes: Vec<Arc<Change>>,
    /// The whole plan.
    pub(crate) graph: Arc<Graph>,
    /// The settings of the pack, written into each case.
    pub(crate) settings: Json,
    /// Changes of the plan that say nothing of what is sensitive, the named ones first.
    pub(crate) unmarked: Vec<String>,
}

/// A case that was written.
#[derive(Debug)]
pub(crate) struct Drafted {
    /// Its name in the file.
    pub(crate) name: String,
    /// The rule that it asks.
    pub(crate) rule: String,
    /// What the rule says of the plan; where it only finds something in other resources than the named ones, a pass.
    pub(crate) verdict: Sort,
    /// Whether it finds something in other resources.
    pub(crate) elsewhere: bool,
    /// What the case gives instead, in lines; empty where it gives the same.
    pub(crate) differs: Vec<String>,
}

/// A case file as it grows.
pub(crate) struct Draft<'f> {
    file: &'f File,
    /// All of it.
    pub(crate) text: String,
    /// The cases that were added.
    pub(crate) added: Vec<Drafted>,
    hide: Hide,
}

/// One way to write a case.
#[derive(Clone, Copy)]
struct Form {
    keep: Keep,
    /// Also what surrounds the resource: the stage, its address, the whole configuration of its provider.
    frame: bool,
    /// Whether a name that the resource lacks is an error, as in a plan whose provider does not have it.
    strict: bool,
}

/// From the shortest to the fullest.
const FORMS: [Form; 8] = [
    Form::new(Keep::Read, false, false),
    Form::new(Keep::Read, true, false),
    Form::new(Keep::Read, false, true),
    Form::new(Keep::Telling, false, false),
    Form::new(Keep::Telling, true, false),
    Form::new(Keep::Set, true, false),
    Form::new(Keep::All, true, true),
    Form::new(Keep::All, true, false),
];

impl Form {
    const fn new(keep: Keep, frame: bool, strict: bool) -> Self {
        Self {
            keep,
            frame,
            strict,
        }
    }
}

/// What a case shows: the verdict, and where.
type Essence = (Sort, BTreeSet<(Option<String>, String)>);

impl<'f> Draft<'f> {
    /// Begins with the text of a file; empty for a new one.
    pub(crate) fn new(file: &'f File, text: String, material: &Material) -> Self {
        let text = if text.is_empty() {
            let hidden = if material.unmarked.is_empty() {
                "what was sensitive or looked like a secret is redacted."
            } else {
                "what looked like a secret is redacted. The plan does not mark all that is sensitive: read it before you commit it."
            };
            format!("# Written by `gabion fixture from-plan`; {hidden}\n")
        } else {
            text
        };
        Self {
            file,
            text,
            added: Vec::new(),
            hide: Hide::new(material.graph.changes.iter().map(Arc::as_ref)),
        }
    }

    /// What was hidden, a clause each.
    pub(crate) fn hidden(&self) -> Vec<String> {
        self.hide.told()
    }

    /// Whether a part of the text still holds what the plan marks sensitive.
    pub(crate) fn leaks(&self, text: &str) -> bool {
        self.hide.leaks(text)
    }

    /// Adds the case of a rule on one change.
    ///
    /// # Errors
    /// What is wrong with the file that it is added to.
    pub(crate) fn change(
        &mut self,
        bench: &mut Bench,
        rule: &RuleInfo,
        change: &Arc<Change>,
        material: &Material,
        minimal: bool,
    ) -> Result<(), Vec<Problem>> {
        let rules = bench.pack().info().rules.clone();
        let subject = Subject::Change(change.clone());
        let answer = bench.ask(&rule.code, &settings(material), &subject);
        let wanted = essence(&answer.evaluation, None);
        let address = change.address.clone().unwrap_or_default();
        let block = |hide: &mut Hide, name: &str, form: Form, reads: &[Read], strict: bool| {
            let case = text::Case {
                name,
                rule,
                rules: &rules,
                settings: &material.settings,
                strict,
                wanted: &wanted,
                form,
                reads,
            };
            case.change(change, hide)
        };
        let reads = &answer.evaluation.reads;
        self.settle(
            bench,
            rule,
            &address,
            &wanted,
            None,
            false,
            minimal,
            &|hide, name, form, strict| block(hide, name, form, reads, strict),
        )
    }

    /// Adds the case of a whole-plan rule on the changes that were named.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub(crate) fn plan(
        &mut self,
        bench: &mut Bench,
        rule: &RuleInfo,
        material: &Material,
        minimal: bool,
    ) -> Result<(), Vec<Problem>> {
        let rules = bench.pack().info().rules.clone();
        let subject = Subject::Plan(material.graph.clone());
        let answer = bench.ask(&rule.code, &settings(material), &subject);
        let named = material.addresses();
        let mut wanted = essence(&answer.evaluation, Some(&named));
        let elsewhere = wanted.0 == Sort::Violation && wanted.1.is_empty();
        if elsewhere {
            // What it finds is elsewhere in the plan: of these it says something else, which the case alone shows.
            wanted.0 = Sort::Pass;
        }
        let about = match named.as_slice() {
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
            [] => String::new(),
        };
        let reads = &answer.evaluation.reads;
        let block = |hide: &mut Hide, name: &str, form: Form, strict: bool| {
            let case = text::Case {
                name,
                rule,
                rules: &rules,
                settings: &material.settings,
                strict,
                wanted: &wanted,
                form,
                reads,
            };
            case.plan(&material.graph, &named, hide)
        };
        self.settle(
            bench,
            rule,
            &about,
            &wanted,
            Some(&named),
            elsewhere,
            minimal,
            &block,
        )
    }

    /// Keeps the first form of a case that gives the verdict of the plan; the fullest, where none does.
    #[expect(
        clippy::too_many_arguments,
        reason = "what both kinds of cases share, in one place"
    )]
    fn settle(
        &mut self,
        bench: &mut Bench,
        rule: &RuleInfo,
        about: &str,
        wanted: &Essence,
        named: Option<&[String]>,
        elsewhere: bool,
        minimal: bool,
        block: &dyn Fn(&mut Hide, &str, Form, bool) -> String,
    ) -> Result<(), Vec<Problem>> {
        let about = self.hide.text(&gabion_model::Path::root(), about);
        let (name, strict) = self.free_name(&format!("{} {} {about}", rule.code, says(wanted.0)));
        let mut differs = Vec::new();
        let mut text = String::new();
        for form in FORMS
            .iter()
            .filter(|form| minimal || form.keep != Keep::Read)
        {
            let block = block(&mut self.hide, &name, *form, strict);
            text = format!("{}\n{block}", self.text);
            let shown = self.file.display().to_string();
            let read = file::parse(text.clone(), self.file, &shown, bench.pack().info())?;
            let Some(case) = read.cases.iter().find(|case| case.name == name) else {
                continue;
            };
            let outcome = bench.run(case);
            let got = essence(&outcome.answer.evaluation, named);
            if got == *wanted && outcome.wrong.is_empty() {
                differs.clear();
                break;
            }
            differs = describe(&outcome.answer.evaluation);
            if got == *wanted {
                // It is the verdict, and the rule is at fault in another way: it keeps something between calls.
                differs = outcome.wrong.into_iter().flatten().collect();
            }
        }
        self.text = text;
        self.added.push(Drafted {
            name,
            rule: rule.code.clone(),
            verdict: wanted.0,
            elsewhere,
            differs,
        });
        Ok(())
    }

    /// A name that no case of the file has, and whether the file is strict where it says nothing else.
    fn free_name(&self, wanted: &str) -> (String, bool) {
        let source = gabion_engine::policy::Source::new("", self.text.clone());
        let Ok(body) = source.parse() else {
            return (wanted.to_owned(), false);
        };
        let taken: Vec<&str> = body
            .blocks()
            .filter_map(|block| Some(block.labels.first()?.as_str()))
            .collect();
        let strict = body
            .attributes()
            .any(|attribute| attribute.key.as_str() == "strict");
        let name = std::iter::once(wanted.to_owned())
            .chain((2..).map(|number| format!("{wanted} ({number})")))
            .find(|name| !taken.contains(&name.as_str()));
        (name.unwrap_or_else(|| wanted.to_owned()), strict)
    }
}

impl Material {
    fn addresses(&self) -> Vec<String> {
        let changes = self.changes.iter();
        changes
            .filter_map(|change| change.address.clone())
            .collect()
    }
}

/// Whether a whole-plan rule finds something in the changes that were named.
pub(crate) fn concerns(bench: &mut Bench, rule: &RuleInfo, material: &Material) -> bool {
    let subject = Subject::Plan(material.graph.clone());
    let answer = bench.ask(&rule.code, &settings(material), &subject);
    let found = essence(&answer.evaluation, Some(&material.addresses()));
    rule.scope == Scope::Plan && found.0 == Sort::Violation && !found.1.is_empty()
}

/// The verdict of a rule on a change.
pub(crate) fn verdict(
    bench: &mut Bench,
    rule: &RuleInfo,
    change: &Arc<Change>,
    material: &Material,
) -> Sort {
    let subject = Subject::Change(change.clone());
    Sort::of(
        &bench
            .ask(&rule.code, &settings(material), &subject)
            .evaluation
            .verdict,
    )
}

fn settings(material: &Material) -> Settings {
    Settings {
        json: material.settings.clone(),
        at: None,
    }
}

fn says(sort: Sort) -> &'static str {
    match sort {
        Sort::Pass => "passes",
        Sort::Violation => "refuses",
        Sort::Undetermined => "cannot tell of",
        Sort::NotApplicable => "has nothing to say of",
        Sort::Error => "fails on",
    }
}

fn essence(evaluation: &Evaluation, named: Option<&[String]>) -> Essence {
    let verdict = &evaluation.verdict;
    let places = match verdict {
        Verdict::Violation(findings) => findings
            .iter()
            .filter(|finding| {
                named.is_none_or(|named| {
                    let address = finding.address.as_ref();
                    address.is_some_and(|address| named.contains(address))
                })
            })
            .map(|finding| (finding.address.clone(), finding.path.to_string()))
            .collect(),
        Verdict::Undetermined(why) => why
            .blocked
            .iter()
            .filter(|one| {
                let address = one.address.as_ref();
                named.is_none_or(|named| address.is_none_or(|address| named.contains(address)))
            })
            .map(|one| (one.address.clone(), one.path.to_string()))
            .collect(),
        _ => BTreeSet::new(),
    };
    (Sort::of(verdict), places)
}
