//! `--fuzz-unknown`: every value of a case made unknown in turn. With less known, a rule may say that it cannot
//! decide, and nothing else than before.

use gabion_model::{Data, Side, Unreadable, Verdict};

use super::expect::{Sort, describe};
use super::file::Case;
use super::run::{Bench, Outcome};
use super::variant::Place;

/// What the fuzzing of all cases found.
#[derive(Debug, Default)]
pub(crate) struct Fuzzed<'c> {
    pub(crate) tried: usize,
    pub(crate) wrong: Vec<Wrong<'c>>,
}

/// One value whose absence misleads a rule.
#[derive(Debug)]
pub(crate) struct Wrong<'c> {
    pub(crate) case: &'c Case,
    pub(crate) place: String,
    pub(crate) what: String,
}

/// Fuzzes the case of an outcome. A case whose rule fails as it is has nothing to compare with.
pub(crate) fn fuzz<'c>(bench: &mut Bench, outcome: &Outcome<'c>, fuzzed: &mut Fuzzed<'c>) {
    let case = outcome.case;
    let base = &outcome.answer.evaluation;
    if !outcome.answer.asked || matches!(base.verdict, Verdict::Error(_)) {
        return;
    }
    let values = case.subject.values();
    let known = values
        .iter()
        .filter(|(_, data)| !matches!(data, Data::Unknown | Data::Computed));
    let mut places: Vec<Place> = known.map(|(place, _)| place.clone()).collect();
    // What the rule asked for and the case leaves out is null; it might be unknown as well.
    for read in &base.reads {
        let place = Place {
            change: 0,
            side: read.side,
            path: read.path.clone(),
        };
        if read.side == Side::After
            && !read.path.is_root()
            && !places.contains(&place)
            && !values.iter().any(|(known, _)| *known == place)
        {
            places.push(place);
        }
    }
    for place in places {
        let Some(subject) = case.subject.with(&place, Some(Data::Unknown)) else {
            continue;
        };
        fuzzed.tried += 1;
        let answer = bench.ask(&case.rule, &case.settings, &subject);
        if let Some(what) = misled(&base.verdict, &answer.evaluation) {
            fuzzed.wrong.push(Wrong {
                case,
                place: place.shown(&case.subject),
                what,
            });
        }
    }
}

/// What is wrong with an answer where less is known than in the case itself.
fn misled(base: &Verdict, answer: &gabion_model::Evaluation) -> Option<String> {
    let said = describe(answer).join("; ");
    match (base, &answer.verdict) {
        (_, Verdict::Error(why)) => Some(format!("the rule fails: {why}")),
        (_, Verdict::Undetermined(_)) => None,
        (_, Verdict::Pass | Verdict::NotApplicable)
            if answer
                .reads
                .iter()
                .any(|read| read.unreadable == Some(Unreadable::Unknown)) =>
        {
            Some(format!(
                "the rule read what is not known, and the answer is {said}"
            ))
        }
        (Verdict::Violation(known), Verdict::Violation(found)) => {
            let new = found.iter().find(|finding| {
                !known.iter().any(|other| {
                    (&other.address, &other.path, &other.message)
                        == (&finding.address, &finding.path, &finding.message)
                })
            })?;
            Some(format!(
                "a finding that is not there when it is known: {}",
                new.message
            ))
        }
        (base, now) if Sort::of(base) == Sort::of(now) => None,
        (base, _) => Some(format!(
            "{} when it is known, {said} when it is not",
            Sort::of(base).word()
        )),
    }
}
