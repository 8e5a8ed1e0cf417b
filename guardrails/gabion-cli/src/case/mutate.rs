//! `--mutate`: attributes of cases changed, nulled and taken away. Where every case passes all the same, none of them
//! shows what the rule makes of that attribute.

use std::collections::BTreeMap;

use gabion_model::{Data, Path, Side};

use super::file::Subject;
use super::run::{Bench, Outcome};
use super::variant::Place;

/// By rule and attribute (indexes left out).
#[derive(Debug, Default)]
pub(crate) struct Mutated {
    attributes: BTreeMap<(String, String), Attribute>,
    pub(crate) tried: usize,
}

/// What became of the mutations of one attribute.
#[derive(Debug, Default)]
struct Attribute {
    noticed: bool,
    tried: usize,
}

/// The score of one rule.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Score {
    /// Attributes that decide a case.
    pub(crate) noticed: usize,
    /// Attributes that are read and decide no case.
    pub(crate) unnoticed: Vec<String>,
}

/// Mutates the case of an outcome. Only what the rule reads counts: what it does not read cannot matter to it.
pub(crate) fn mutate(bench: &mut Bench, outcome: &Outcome<'_>, mutated: &mut Mutated) {
    let case = outcome.case;
    if !outcome.answer.asked || !outcome.wrong.is_empty() {
        return;
    }
    for (place, data) in case.subject.values() {
        if !reads(outcome, &place) {
            continue;
        }
        for change in changes(&data) {
            let Some(subject) = case.subject.with(&place, change) else {
                continue;
            };
            let answer = bench.ask(&case.rule, &case.settings, &subject);
            let key = (case.rule.clone(), name(&case.subject, &place));
            let attribute = mutated.attributes.entry(key).or_default();
            attribute.tried += 1;
            attribute.noticed |= !case
                .expect
                .iter()
                .all(|expect| expect.holds(&answer.evaluation));
            mutated.tried += 1;
        }
    }
}

/// Whether the rule read the value at a place, or one that holds it.
fn reads(outcome: &Outcome<'_>, place: &Place) -> bool {
    outcome.answer.evaluation.reads.iter().any(|read| {
        read.side == place.side
            && !read.path.is_root()
            && place.path.steps().starts_with(read.path.steps())
    })
}

/// An attribute for the report: of a resource type in a whole plan.
fn name(subject: &Subject, place: &Place) -> String {
    let path = Path::without_indexes(&place.path);
    let side = if place.side == Side::Before {
        "before "
    } else {
        ""
    };
    match subject {
        Subject::Change(_) => format!("{side}{path}"),
        Subject::Plan(graph) => {
            let kind = graph
                .changes
                .get(place.change)
                .map_or("", |change| change.resource_type.as_str());
            format!("{side}{kind}.{path}")
        }
    }
}

/// What is put in the place of a value; `None` takes it away.
fn changes(data: &Data) -> Vec<Option<Data>> {
    let mut others = match data {
        Data::Boolean(value) => vec![Data::Boolean(!value)],
        Data::Number(text) => ["0", "1000000007", "-1"]
            .into_iter()
            .filter(|other| **other != **text)
            .map(|other| Data::Number(other.into()))
            .collect(),
        Data::Text(text) => vec![
            Data::Text(format!("{text}-changed").into()),
            Data::Text("".into()),
        ],
        Data::Sequence(_) => vec![Data::Sequence(Vec::new())],
        Data::Mapping(shape, _) => vec![Data::Mapping(*shape, Vec::new())],
        // Unknown and computed: what becomes of them when they are known is for other cases to show.
        Data::Null | Data::Unknown | Data::Computed => return Vec::new(),
    };
    others.push(Data::Null);
    others.into_iter().map(Some).chain([None]).collect()
}

impl Mutated {
    /// By rule.
    pub(crate) fn scores(&self) -> BTreeMap<&str, Score> {
        let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
        for ((rule, name), attribute) in self
            .attributes
            .iter()
            .filter(|(_, attribute)| attribute.tried > 0)
        {
            let score = scores.entry(rule).or_default();
            if attribute.noticed {
                score.noticed += 1;
            } else {
                score.unnoticed.push(name.clone());
            }
        }
        scores
    }

    /// Attributes that decide a case, and all that were mutated.
    pub(crate) fn count(&self) -> (usize, usize) {
        (
            self.attributes
                .values()
                .filter(|attribute| attribute.noticed)
                .count(),
            self.attributes.len(),
        )
    }
}
