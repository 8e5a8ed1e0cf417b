//! One change against all rules: the ratchet, waivers, exceptions, and what undetermined means at this step.

use std::collections::HashMap;
use std::sync::Arc;

use gabion_model::{
    Change, Finding, Level, Operation, Path, Runner, Scope, Stage, Tree, Undecided, Undetermined,
    Unreadable, Verdict, detect,
};

use super::binding::Binding;
use super::file::{OnUnknown, Ratchet};
use super::guard::{Guard, PackEntry, RuleEntry};
use super::known::{self, Used};
use super::merge::word;
use super::ruling::{Disposition, Judgement, Ruling};
use super::text;
use super::waiver::{self, Term};

/// What the state before says about old and new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// There is no before: everything is new.
    New,
    /// What the prior state alone yields as well is old.
    Compare,
    /// Nothing changes: everything is old.
    Old,
    /// The object goes away: what the prior state yields is gone with it.
    Leaving,
}

impl Age {
    pub(super) fn of(change: &Change) -> Self {
        let has_before = !change.before.is_null();
        match change.operation {
            Operation::NoOp => Self::Old,
            Operation::Delete | Operation::Forget => Self::Leaving,
            Operation::Update | Operation::Import | Operation::Move if has_before => Self::Compare,
            _ => Self::New,
        }
    }
}

/// Whether a finding is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    New,
    /// The object had it before.
    Old,
    /// The baseline has it: never refused.
    Known,
}

/// The findings of the prior state, each to be matched once.
#[derive(Debug, Default)]
pub(super) struct Old(HashMap<(Option<String>, Path, String), usize>);

impl Old {
    pub(super) fn new(findings: &[Finding], observed: impl Fn(&Finding) -> String) -> Self {
        let mut old = Self::default();
        for finding in findings {
            *old.0
                .entry((
                    finding.address.clone(),
                    finding.path.without_indexes(),
                    observed(finding),
                ))
                .or_default() += 1;
        }
        old
    }

    /// Takes one equal finding out, if there is one.
    pub(super) fn take(&mut self, finding: &Finding, observed: &str) -> bool {
        let key = (
            finding.address.clone(),
            finding.path.without_indexes(),
            observed.to_owned(),
        );
        self.0.get_mut(&key).is_some_and(|count| {
            let some = *count > 0;
            *count = count.saturating_sub(1);
            some
        })
    }
}

/// Sessions in use, given back at the end.
struct Leases<'a> {
    guard: &'a Guard,
    held: Vec<(usize, Box<dyn Runner>)>,
}

impl<'a> Leases<'a> {
    fn pack(&mut self, position: usize) -> Result<&mut Box<dyn Runner>, String> {
        let at = match self.held.iter().position(|(held, _)| *held == position) {
            Some(at) => at,
            None => {
                let pack = self.guard.packs.get(position).ok_or("the pack is gone")?;
                self.held.push((position, pack.lease()?));
                self.held.len() - 1
            }
        };
        self.held
            .get_mut(at)
            .map(|(_, session)| session)
            .ok_or_else(|| "the pack is gone".to_owned())
    }

    fn check(&mut self, pack: usize, code: &str, change: &Arc<Change>) -> Verdict {
        match self.pack(pack) {
            Ok(session) => session.verdict(code, change),
            Err(message) => Verdict::Error(message),
        }
    }
}

impl Drop for Leases<'_> {
    fn drop(&mut self) {
        for (position, session) in self.held.drain(..) {
            if let Some(pack) = self.guard.packs.get(position) {
                pack.give_back(session);
            }
        }
    }
}

/// Asks about one change after the other, with the same sessions: see [`Guard::judging`].
pub struct Judging<'a>(Leases<'a>);

impl std::fmt::Debug for Judging<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judging").finish_non_exhaustive()
    }
}

impl Judging<'_> {
    /// Asks every rule that applies about a change.
    pub fn judge(&mut self, change: &Arc<Change>) -> Judgement {
        self.0.guard.judge_with(change, &mut self.0)
    }
}

impl Guard {
    /// For many changes on one thread: taking sessions and giving them back is done once.
    pub fn judging(&self) -> Judging<'_> {
        Judging(Leases {
            guard: self,
            held: Vec::new(),
        })
    }

    /// Asks every rule that applies about a change.
    pub fn judge(&self, change: &Arc<Change>) -> Judgement {
        self.judging().judge(change)
    }

    fn judge_with(&self, change: &Arc<Change>, leases: &mut Leases<'_>) -> Judgement {
        let mut judgement = Judgement::default();
        let mut prior: Option<Arc<Change>> = None;
        for (entry, binding) in self.applicable(change) {
            let Some(pack) = self.packs.get(entry.rule.pack) else {
                continue;
            };
            self.notice_version(entry, pack, change, &mut judgement);
            let code = entry.rule.info.code.as_str();
            let verdict = leases.check(entry.rule.pack, code, change);
            if matches!(verdict, Verdict::Pass | Verdict::NotApplicable) {
                continue;
            }
            let age = Age::of(change);
            let before = match (age, &verdict) {
                // With a baseline its entries alone are old, whatever the prior state yields.
                (Age::Compare, Verdict::Violation(_)) if self.known.is_some() => None,
                (Age::Compare | Age::Leaving, Verdict::Violation(_) | Verdict::Undetermined(_)) => {
                    let prior = prior.get_or_insert_with(|| Arc::new(change.prior_alone()));
                    Some(leases.check(entry.rule.pack, code, prior))
                }
                _ => None,
            };
            let case = Case {
                guard: self,
                entry,
                pack,
                binding: &binding,
                change,
                age,
            };
            match verdict {
                Verdict::Violation(findings) => case.violation(findings, before, &mut judgement),
                Verdict::Undetermined(why) => {
                    case.undetermined(why, before.as_ref(), &mut judgement)
                }
                Verdict::Error(message) => case.error(message, &mut judgement),
                Verdict::Pass | Verdict::NotApplicable => {}
            }
        }
        judgement
    }

    fn notice_version(
        &self,
        entry: &RuleEntry,
        pack: &PackEntry,
        change: &Change,
        judgement: &mut Judgement,
    ) {
        let Some((provider, version)) = entry.untested(change) else {
            return;
        };
        if self.say_once(&format!("version {provider} {version}")) {
            judgement.notices.push(format!(
                "pack {} {} was tested with {provider} {}, and this is {version}: a rule may read what is not there any more; \
                 look for a newer version of the pack",
                pack.name,
                pack.version,
                entry.versions(change)
            ));
        }
    }
}

/// One rule and one change.
pub(super) struct Case<'a> {
    pub(super) guard: &'a Guard,
    pub(super) entry: &'a RuleEntry,
    pub(super) pack: &'a PackEntry,
    pub(super) binding: &'a Binding,
    pub(super) change: &'a Change,
    pub(super) age: Age,
}

/// What a waiver or an exception makes of a finding.
enum Grant {
    None,
    Holds {
        by: String,
        /// The name, if it is a waiver.
        waiver: Option<String>,
        notice: Option<String>,
    },
    /// It held once; a change of the resource is refused until it is extended or the setting mended.
    Expired(String),
    /// It is stated in the resource, and the policy file accepts none for this rule.
    NotAccepted(String),
}

impl Case<'_> {
    fn violation(
        &self,
        findings: Vec<Finding>,
        before: Option<Verdict>,
        judgement: &mut Judgement,
    ) {
        let mut old = match (self.age, before) {
            (Age::Compare, Some(Verdict::Violation(prior))) => {
                Old::new(&prior, |finding| observed(finding, &self.change.before))
            }
            // What leaves is told by its path: there is no planned value to compare with.
            (Age::Leaving, Some(Verdict::Violation(prior))) => Old::new(&prior, |_| String::new()),
            _ => Old::default(),
        };
        let mut used = Used::default();
        for finding in findings {
            let observed = observed(&finding, self.planned());
            let is_old = match self.age {
                Age::New => false,
                Age::Old => true,
                Age::Compare => old.take(&finding, &observed),
                Age::Leaving => old.take(&finding, ""),
            };
            let standing = self.standing(&finding, &observed, is_old, &mut used);
            self.finding(finding, observed, standing, judgement);
        }
    }

    /// What a finding is that the prior state alone yields as well, or does not.
    pub(super) fn standing(
        &self,
        finding: &Finding,
        observed: &str,
        was: bool,
        used: &mut Used,
    ) -> Standing {
        let standing = if was { Standing::Old } else { Standing::New };
        let known = match (self.age, &self.guard.known) {
            (Age::Old | Age::Compare, Some(known)) => known,
            _ => return standing,
        };
        let code = &self.entry.rule.info.code;
        let listed = known::entry(code, self.change, &finding.path, observed)
            .is_some_and(|entry| known.take(entry, used));
        match self.age {
            _ if listed => Standing::Known,
            // Where nothing changes there is nothing to refuse, listed or not.
            Age::Old => standing,
            _ => Standing::New,
        }
    }

    /// Settles one finding.
    pub(super) fn finding(
        &self,
        finding: Finding,
        observed: String,
        standing: Standing,
        judgement: &mut Judgement,
    ) {
        if standing != Standing::New && self.age == Age::Leaving {
            return;
        }
        let mut ruling = self.ruling(finding.path.clone(), finding.message);
        ruling.old = standing != Standing::New;
        ruling.observed_digest = Some(known::digest(&finding.path, &observed));
        let observed = detect::redact(detect::name_of(&finding.path), &observed);
        ruling.observed =
            Some(text::shown(&text::clean(&observed))).filter(|observed| !observed.is_empty());
        ruling.fix = finding.fix;
        let counts_as_new = match standing {
            Standing::New => true,
            Standing::Old => self.binding.ratchet == Ratchet::All,
            Standing::Known => false,
        };
        let weight = self.weight();
        let grant = match self.grant(&finding.path) {
            Grant::NotAccepted(note) => {
                ruling.notes.push(note);
                Grant::None
            }
            grant => grant,
        };
        if let Some(untold) = self.binding.open() {
            ruling.notes.push(format!(
                "Whether the rule is {} or {} here depends on the {untold}, which is not known.",
                word(self.binding.least),
                word(self.binding.level)
            ));
        }
        ruling.disposition = match grant {
            Grant::Holds { by, waiver, notice } => {
                ruling.accepted = Some(by);
                ruling.waived_by = waiver;
                judgement.notices.extend(notice);
                Disposition::Accepted
            }
            Grant::Expired(note) => {
                ruling.notes.push(note);
                let hindered =
                    self.age == Age::Compare && !waiver::only_turns_protection_off(self.change);
                if counts_as_new || hindered {
                    weight
                } else {
                    Disposition::Warn
                }
            }
            Grant::None | Grant::NotAccepted(_) if counts_as_new => weight,
            Grant::None | Grant::NotAccepted(_) => Disposition::Debt,
        };
        if ruling.refuses() {
            self.ask(&mut ruling);
        }
        judgement.rulings.push(ruling);
    }

    /// What a new violation does.
    fn weight(&self) -> Disposition {
        let level = self.binding.level;
        match (self.binding.open(), level) {
            (Some(_), Level::Mandatory) if self.change.stage != Stage::Apply => {
                match self.binding.on_unknown {
                    OnUnknown::Defer => Disposition::Note,
                    OnUnknown::Warn => Disposition::Warn,
                    OnUnknown::Deny => Disposition::Refuse,
                }
            }
            (_, Level::Mandatory) => Disposition::Refuse,
            _ => Disposition::Warn,
        }
    }

    pub(super) fn undetermined(
        &self,
        why: Undecided,
        before: Option<&Verdict>,
        judgement: &mut Judgement,
    ) {
        if self.leaves() {
            return;
        }
        let reason = why.reason.as_deref().map(text::clean);
        let blocked = why.blocked;
        let sensitive = blocked
            .iter()
            .any(|blocked| blocked.why == Unreadable::Sensitive);
        let is_old = match (self.age, before) {
            (Age::Old, _) => true,
            (Age::Compare, Some(Verdict::Undetermined(prior))) => {
                // Where the rule has a reason of its own, nothing tells whether it is the same as before.
                !blocked.is_empty()
                    && same_blocks(&blocked, &prior.blocked)
                    && self.unchanged(&blocked)
            }
            _ => false,
        };
        let path = blocked
            .first()
            .map_or_else(Path::root, |blocked| blocked.path.clone());
        let message = self.why_undetermined(&blocked, reason.as_deref(), sensitive);
        let mut ruling = self.ruling(path.clone(), message);
        ruling.undetermined = blocked;
        ruling.reason = reason;
        let mandatory = self.binding.level == Level::Mandatory;
        let final_answer = sensitive || self.change.stage == Stage::Apply;
        let counts_as_new = !is_old || self.binding.ratchet == Ratchet::All;
        ruling.disposition = match (final_answer, self.binding.on_unknown) {
            _ if !counts_as_new => Disposition::Note,
            (true, _) | (false, OnUnknown::Deny) if mandatory => self.weight(),
            (true, _) | (false, OnUnknown::Deny | OnUnknown::Warn) => Disposition::Warn,
            (false, OnUnknown::Defer) => Disposition::Note,
        };
        if ruling.refuses() {
            match self.grant(&path) {
                Grant::Holds { by, waiver, notice } => {
                    ruling.accepted = Some(by);
                    ruling.waived_by = waiver;
                    ruling.disposition = Disposition::Accepted;
                    judgement.notices.extend(notice);
                }
                Grant::Expired(note) | Grant::NotAccepted(note) => {
                    ruling.notes.push(note);
                    self.ask(&mut ruling);
                }
                Grant::None => self.ask(&mut ruling),
            }
        }
        judgement.rulings.push(ruling);
    }

    /// Whether what cannot be read is at least the same as before: a secret that changes may hold something new.
    fn unchanged(&self, blocked: &[Undetermined]) -> bool {
        let (before, after) = (&self.change.before, &self.change.after);
        blocked.iter().all(|blocked| {
            match (before.lookup(&blocked.path), after.lookup(&blocked.path)) {
                (Some(old), Some(new)) => before.same(old, after, new),
                (None, None) => true,
                _ => false,
            }
        })
    }

    fn why_undetermined(
        &self,
        blocked: &[Undetermined],
        reason: Option<&str>,
        sensitive: bool,
    ) -> String {
        let because = text::because(blocked, reason);
        let then = if self.entry.rule.info.scope == Scope::Plan && !sensitive {
            "a rule on whole plans has no apply to decide it at"
        } else {
            text::when_decided(self.change.stage, sensitive, self.change.operation)
        };
        format!(
            "whether this is {} cannot be told: {because}; {then}",
            self.entry.rule.info.title
        )
    }

    pub(super) fn error(&self, message: String, judgement: &mut Judgement) {
        let mut ruling = self.ruling(Path::root(), message);
        // Where nothing changes there is nothing to refuse, unless the rule counts what is old; it is loud all the same.
        ruling.disposition = if self.age == Age::Old && self.binding.ratchet == Ratchet::Changes {
            Disposition::Warn
        } else {
            Disposition::Error
        };
        judgement.rulings.push(ruling);
    }

    fn leaves(&self) -> bool {
        self.age == Age::Leaving
    }

    /// What is to be; of what leaves, what was.
    pub(super) fn planned(&self) -> &Tree {
        if self.leaves() {
            &self.change.before
        } else {
            &self.change.after
        }
    }

    fn ruling(&self, path: Path, message: String) -> Ruling {
        let info = &self.entry.rule.info;
        Ruling {
            pack: self.pack.name.clone(),
            pack_version: self.pack.version.clone(),
            code: info.code.clone(),
            name: info.name.clone(),
            title: info.title.clone(),
            level: self.binding.level,
            level_from: self.binding.from.clone(),
            disposition: Disposition::Note,
            operation: self.change.operation,
            stage: self.change.stage,
            path,
            observed: None,
            observed_digest: None,
            message: text::clean(&message),
            fix: Vec::new(),
            undetermined: Vec::new(),
            reason: None,
            accepted: None,
            waived_by: None,
            old: false,
            notes: Vec::new(),
            resource_type: self.change.resource_type.clone(),
            identity: self.change.identity().map(|text| text::clean(&text)),
            address: self.change.address.clone(),
            module_address: self.change.module_address.clone(),
            contact: None,
            waiver: None,
        }
    }

    /// The waiver or exception that speaks of the path; one that holds before one that does not.
    fn grant(&self, path: &Path) -> Grant {
        let info = &self.entry.rule.info;
        let now = self.guard.now();
        let stage = self.change.stage;
        let waiver = self
            .guard
            .waivers
            .get(&info.code)
            .into_iter()
            .flatten()
            .filter(|waiver| waiver.covers(&info.code, self.change))
            .max_by_key(|waiver| waiver.expires.value);
        let stated = waiver::exception(self.change, path);
        let mut expired = match &stated {
            // A team that filled in the block must read why it did not help.
            Some(_) if !self.entry.rule.exceptions => Grant::NotAccepted(format!(
                "The exception for `{}` in the resource does not count: the policy file accepts none for {}.",
                path.steps().first().map(step_text).unwrap_or_default(),
                info.code
            )),
            _ => Grant::None,
        };
        let exception = stated.filter(|_| self.entry.rule.exceptions);
        if let Some(waiver) = waiver {
            self.guard.waiver_used(waiver);
            let name = format!("waiver `{}` ({})", waiver.name.value, waiver.name.at);
            let extra: String = [("ticket", &waiver.ticket), ("approver", &waiver.approver)]
                .iter()
                .filter_map(|(what, value)| value.as_ref().map(|value| format!(", {what} {value}")))
                .collect();
            let ends = waiver.expires.value;
            match waiver::term(ends, now, stage) {
                Term::Expired => {
                    expired =
                        Grant::Expired(format!("The {name} ended at {ends} and holds no more."))
                }
                term => {
                    let by = format!("{name} until {ends}: {}{extra}", waiver.reason);
                    return Grant::Holds {
                        by,
                        waiver: Some(waiver.name.value.clone()),
                        notice: self.ends_soon(term, &name, ends),
                    };
                }
            }
        }
        if let Some(exception) = exception {
            let name = format!(
                "the exception for `{}`",
                path.steps().first().map(step_text).unwrap_or_default()
            );
            let ends = exception.expires;
            match waiver::term(ends, now, stage) {
                Term::Expired => {
                    expired = Grant::Expired(format!(
                        "{} ended at {ends} and holds no more.",
                        capital(&name)
                    ))
                }
                term => {
                    let by = format!("{name} until {ends}: {}", exception.reason);
                    return Grant::Holds {
                        by,
                        waiver: None,
                        notice: self.ends_soon(term, &name, ends),
                    };
                }
            }
        }
        expired
    }

    fn ends_soon(&self, term: Term, name: &str, ends: jiff::Timestamp) -> Option<String> {
        let what = match &self.change.address {
            Some(address) => address.clone(),
            None => format!(
                "{} {}",
                self.change.resource_type,
                self.change.identity().unwrap_or_default()
            ),
        };
        let text = format!(
            "{name} ends soon, at {ends}; {} would then be refused for {}",
            what.trim_end(),
            self.entry.rule.info.code
        );
        (term == Term::EndsSoon
            && self
                .guard
                .say_once(&format!("{} {name} {what}", self.entry.rule.info.code)))
        .then_some(text)
    }

    /// Whom to ask and how.
    fn ask(&self, ruling: &mut Ruling) {
        ruling.contact = self.guard.contact.clone();
        let code = &ruling.code;
        if let Some(floor) = &self.entry.rule.no_waiver {
            ruling.waiver = Some(format!(
                "A waiver of {code} can only stand in the floor {floor}: ask its owners."
            ));
            return;
        }
        let days = self.guard.max_days.unwrap_or(90).min(90);
        let hours = i64::from(days) * 24;
        let ends = self
            .guard
            .now()
            .saturating_add(jiff::SignedDuration::from_hours(hours))
            .unwrap_or(jiff::Timestamp::MAX);
        let day = ends.strftime("%Y-%m-%dT00:00:00Z");
        let place = waiver::suggest_where(self.change)
            .unwrap_or_else(|| "{ ATTRIBUTE = \"VALUE\" }".to_owned());
        ruling.waiver = Some(format!(
            "To ask for a waiver, propose this for gabion.hcl:\n    waiver \"{}\" {{\n      rule     = \"{code}\"\n      \
             resource = \"{}\"\n      where    = {place}\n      reason   = \"\"\n      ticket   = \"\"\n      approver = \"\"\n      \
             expires  = \"{day}\"\n    }}",
            slug(code, ruling.identity.as_deref()),
            ruling.resource_type,
        ));
    }
}

/// What was observed: as the rule says, else the value at the path.
pub(super) fn observed(finding: &Finding, tree: &Tree) -> String {
    match (&finding.observed, tree.lookup(&finding.path)) {
        (Some(observed), _) => observed.clone(),
        (None, _) if finding.path.is_root() => String::new(),
        (None, Some(id)) => text::observed(tree, id),
        (None, None) => "not set".to_owned(),
    }
}

/// Whether two lists of blocked reads are the same, indexes left aside.
fn same_blocks(left: &[Undetermined], right: &[Undetermined]) -> bool {
    let keys = |list: &[Undetermined]| {
        let mut keys: Vec<(Path, Unreadable)> = list
            .iter()
            .map(|blocked| (blocked.path.without_indexes(), blocked.why))
            .collect();
        keys.sort();
        keys
    };
    keys(left) == keys(right)
}

fn step_text(step: &gabion_model::Step) -> String {
    match step {
        gabion_model::Step::Name(name) => name.to_string(),
        gabion_model::Step::Index(index) => index.to_string(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + chars.as_str())
        .unwrap_or_default()
}

/// A name for a waiver, from the rule and the last part of the object's id.
fn slug(code: &str, identity: Option<&str>) -> String {
    let tail = identity
        .map(|id| id.rsplit(['/', ':']).next().unwrap_or(id))
        .unwrap_or_default();
    let tail: String = tail
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(40)
        .collect();
    format!("{}-{}", code.to_lowercase(), tail.trim_matches('-'))
        .trim_end_matches('-')
        .to_owned()
}
