//! Asks the rules of a pack, and compares what they answer with what a case expects.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use gabion_engine::policy::{Problem, reason};
use gabion_engine::{EngineError, LogLine, Pack, Session, Severity};
use gabion_model::{Evaluation, Read, RuleInfo, Runner, Scope, Side, Verdict, detect};

use super::expect::describe;
use super::file::{Case, Settings, Subject};

/// Reads that are shown where a case fails; JSON has all.
const SHOWN: usize = 20;

/// A pack and its running instances, by settings.
pub(crate) struct Bench {
    pack: Pack,
    sessions: HashMap<String, Session>,
}

/// What a rule answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) evaluation: Evaluation,
    pub(crate) log: Vec<LogLine>,
    /// False where the rule does not judge the type: the host answers, as in a plan.
    pub(crate) asked: bool,
}

/// A case and how it went.
#[derive(Debug)]
pub(crate) struct Outcome<'c> {
    pub(crate) case: &'c Case,
    pub(crate) answer: Answer,
    /// What is wrong, each as lines; empty where the case passed.
    pub(crate) wrong: Vec<Vec<String>>,
    pub(crate) time: Duration,
}

impl Bench {
    pub(crate) fn new(pack: Pack) -> Self {
        Self {
            pack,
            sessions: HashMap::new(),
        }
    }

    pub(crate) fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Starts the pack with settings, and says at their place what is wrong with them.
    pub(crate) fn settle(
        &mut self,
        settings: &Settings,
        place: &gabion_engine::policy::Location,
    ) -> Result<(), Problem> {
        self.session(settings)
            .map(|_| ())
            .map_err(|error| Problem::at(settings.at.as_ref().unwrap_or(place), error.to_string()))
    }

    fn session(&mut self, settings: &Settings) -> Result<&mut Session, EngineError> {
        let key = settings.json.to_string();
        if !self.sessions.contains_key(&key) {
            let session = self.pack.session(&settings.json)?;
            self.sessions.insert(key.clone(), session);
        }
        self.sessions
            .get_mut(&key)
            .ok_or_else(|| EngineError::Start("no session".to_owned()))
    }

    /// The rule of a code. Cases are read against the pack, so there is one.
    pub(crate) fn rule(&self, code: &str) -> Option<&RuleInfo> {
        self.pack.info().rules.iter().find(|rule| rule.code == code)
    }

    /// Asks a rule on an instance that was used before.
    pub(crate) fn ask(&mut self, rule: &str, settings: &Settings, subject: &Subject) -> Answer {
        if !self.rule(rule).is_some_and(|rule| judges(rule, subject)) {
            return not_asked();
        }
        let answer = match self.session(settings) {
            Ok(session) => ask(session, rule, subject),
            Err(error) => failed(&error),
        };
        if matches!(answer.evaluation.verdict, Verdict::Error(_)) {
            // A session stops asking a rule that fails again and again; here every case is a beginning.
            self.sessions.remove(&settings.json.to_string());
        }
        answer
    }

    /// Runs one case: on a fresh instance, on the same again, and on the one that all cases share.
    pub(crate) fn run<'c>(&mut self, case: &'c Case) -> Outcome<'c> {
        let start = Instant::now();
        let mut wrong = Vec::new();
        let answer = if self
            .rule(&case.rule)
            .is_some_and(|rule| judges(rule, &case.subject))
        {
            let answer = match self.pack.session(&case.settings.json) {
                Err(error) => failed(&error),
                Ok(mut fresh) => {
                    let answer = ask(&mut fresh, &case.rule, &case.subject);
                    let again = ask(&mut fresh, &case.rule, &case.subject);
                    wrong.extend(impure("when it is asked twice", &answer, &again));
                    answer
                }
            };
            let shared = self.ask(&case.rule, &case.settings, &case.subject);
            if wrong.is_empty() {
                wrong.extend(impure("after other cases", &answer, &shared));
            }
            answer
        } else {
            not_asked()
        };
        if let Some(mismatch) = self.mismatch(case, &answer) {
            wrong.insert(0, mismatch);
        }
        Outcome {
            case,
            answer,
            wrong,
            time: start.elapsed(),
        }
    }

    /// What is expected, what came, and what the rule looked at.
    fn mismatch(&self, case: &Case, answer: &Answer) -> Option<Vec<String>> {
        let missed: Vec<_> = case
            .expect
            .iter()
            .filter(|expect| !expect.holds(&answer.evaluation))
            .collect();
        if missed.is_empty() {
            return None;
        }
        let mut lines: Vec<String> = missed
            .iter()
            .map(|expect| format!("expected:  {expect}"))
            .collect();
        lines.extend(labelled("got:       ", describe(&answer.evaluation)));
        if !answer.asked
            && let (Some(rule), Subject::Change(change)) = (self.rule(&case.rule), &case.subject)
        {
            let types: Vec<&str> = rule
                .applies_to
                .iter()
                .map(|target| target.resource_type.as_str())
                .collect();
            lines.push(format!(
                "why:       `{}` is not asked about `{}`; it judges `{}`",
                rule.code,
                change.mode.target(&change.resource_type).into_owned(),
                types.join("`, `")
            ));
        }
        lines.extend(labelled("read:      ", read(answer, &case.subject)));
        lines.extend(labelled("not read:  ", unread(answer)));
        let log = answer
            .log
            .iter()
            .map(|line| format!("{}: {}", severity(line.severity), line.message));
        lines.extend(labelled("log:       ", log.collect()));
        Some(lines)
    }
}

/// A message of a rule.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Debug => "debug",
        Severity::Info => "info",
        Severity::Warn => "warn",
    }
}

/// Lines under one label.
fn labelled(label: &str, lines: Vec<String>) -> Vec<String> {
    let blank = " ".repeat(label.len());
    let mut label = label;
    let mut out = Vec::new();
    for line in lines.iter().flat_map(|text| text.lines()) {
        out.push(format!("{label}{line}"));
        label = &blank;
    }
    out
}

/// What the rule read, with the values.
fn read(answer: &Answer, subject: &Subject) -> Vec<String> {
    let known: Vec<&Read> = answer
        .evaluation
        .reads
        .iter()
        .filter(|read| read.unreadable.is_none())
        .collect();
    let mut lines: Vec<String> = known
        .iter()
        .take(SHOWN)
        .map(|read| shown(read, subject))
        .collect();
    if known.len() > SHOWN {
        lines.push(format!("and {} more", known.len() - SHOWN));
    }
    lines
}

fn unread(answer: &Answer) -> Vec<String> {
    let reads = answer.evaluation.reads.iter();
    reads
        .filter_map(|read| Some(format!("{}: {}", place(read), reason(read.unreadable?))))
        .take(SHOWN)
        .collect()
}

/// Which value a read is of, for a reader: the planned side is what is meant where nothing else is said.
fn place(read: &Read) -> String {
    let side = match read.side {
        Side::After => "",
        Side::Before => "before ",
        Side::ProviderConfiguration => "provider configuration ",
        Side::Settings => "settings ",
        Side::Configuration => "configuration ",
    };
    if read.path.is_root() {
        let side = if side.is_empty() { "after " } else { side };
        return format!("{side}as a whole");
    }
    format!("{side}`{}`", read.path)
}

fn shown(read: &Read, subject: &Subject) -> String {
    let place = place(read);
    let Subject::Change(change) = subject else {
        return place;
    };
    let tree = match read.side {
        Side::After => &change.after,
        Side::Before => &change.before,
        Side::ProviderConfiguration => &change.provider_configuration,
        Side::Settings | Side::Configuration => return place,
    };
    let mut value = match tree.lookup(&read.path) {
        Some(id) => tree.to_display_json(id).to_string(),
        None => "null".to_owned(),
    };
    detect::redact_in_place(detect::name_of(&read.path), &mut value);
    if read.path.is_root() {
        return place;
    }
    match value.char_indices().nth(100) {
        Some((end, _)) => format!("{place} = {}…", value.get(..end).unwrap_or_default()),
        None => format!("{place} = {value}"),
    }
}

/// Whether a rule judges a subject, as the guard in a plan decides it.
pub(crate) fn judges(rule: &RuleInfo, subject: &Subject) -> bool {
    match (rule.scope, subject) {
        (Scope::Plan, Subject::Plan(_)) => true,
        (Scope::Change, Subject::Change(change)) => {
            let key = change.mode.target(&change.resource_type);
            rule.applies_to.is_empty()
                || rule
                    .applies_to
                    .iter()
                    .any(|target| target.resource_type == key)
        }
        _ => false,
    }
}

fn ask(session: &mut Session, rule: &str, subject: &Subject) -> Answer {
    let evaluation = match subject {
        Subject::Change(change) => session.check(rule, change),
        Subject::Plan(graph) => session.check_plan(rule, graph),
    };
    Answer {
        evaluation,
        log: session.take_log(),
        asked: true,
    }
}

fn not_asked() -> Answer {
    let evaluation = Evaluation {
        verdict: Verdict::NotApplicable,
        reads: Vec::new(),
    };
    Answer {
        evaluation,
        log: Vec::new(),
        asked: false,
    }
}

fn failed(error: &EngineError) -> Answer {
    let evaluation = Evaluation {
        verdict: Verdict::Error(error.to_string()),
        reads: Vec::new(),
    };
    Answer {
        evaluation,
        log: Vec::new(),
        asked: true,
    }
}

/// What tells that an answer depends on what was asked before.
fn impure(when: &str, fresh: &Answer, used: &Answer) -> Option<Vec<String>> {
    let (left, right) = (&fresh.evaluation, &used.evaluation);
    let same_failure = matches!(
        (&left.verdict, &right.verdict),
        (Verdict::Error(_), Verdict::Error(_))
    );
    if left == right || same_failure {
        return None;
    }
    let mut lines = vec![format!(
        "not pure:  the answer changes {when}; a rule must not keep anything from one call to the next"
    )];
    if left.verdict == right.verdict {
        let places = |answer: &Answer| {
            answer
                .evaluation
                .reads
                .iter()
                .map(place)
                .collect::<Vec<_>>()
                .join(", ")
        };
        lines.extend(labelled(
            "fresh:     ",
            vec![format!("reads {}", places(fresh))],
        ));
        lines.extend(labelled(
            "used:      ",
            vec![format!("reads {}", places(used))],
        ));
    } else {
        lines.extend(labelled("fresh:     ", describe(left)));
        lines.extend(labelled("used:      ", describe(right)));
    }
    Some(lines)
}
