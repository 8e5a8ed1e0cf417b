//! The result for a reader.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::fmt::Write;

use gabion_engine::policy::Disposition;
use gabion_model::Operation;

use super::{Report, Seen, count_of, grouped};

/// Resources that are shown one by one; a reader mends those first, and JSON has all.
const SHOWN: usize = 50;
/// Addresses that are named where many share a line.
const NAMED: usize = 3;

/// The whole report as text.
pub(crate) fn write(report: &Report<'_>) -> String {
    let mut text = String::new();
    resources(report, &mut text);
    together(
        report,
        Disposition::Debt,
        "Old violations, not refused:",
        &mut text,
    );
    together(report, Disposition::Note, "Not decided:", &mut text);
    for notice in &report.judgement.notices {
        let _ = writeln!(text, "Note: {notice}\n");
    }
    text.push_str(&summary(report));
    text
}

/// Everything that is said of single resources, grouped by resource in the plan's order, refused ones first.
fn resources(report: &Report<'_>, text: &mut String) {
    let mut order: Vec<(String, Vec<Seen<'_>>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for seen in report.seen() {
        let ruling = seen.ruling;
        if matches!(ruling.disposition, Disposition::Debt | Disposition::Note) {
            continue;
        }
        let subject = ruling.subject();
        match places.entry(subject.clone()) {
            Entry::Occupied(place) => {
                if let Some((_, rulings)) = order.get_mut(*place.get()) {
                    rulings.push(seen);
                }
            }
            Entry::Vacant(place) => {
                place.insert(order.len());
                order.push((subject, vec![seen]));
            }
        }
    }
    let weight = |rulings: &[Seen<'_>]| {
        rulings
            .iter()
            .map(|seen| rank(seen.ruling.disposition))
            .min()
    };
    order.sort_by_key(|(_, rulings)| weight(rulings));
    let mut explained = BTreeSet::new();
    for (subject, rulings) in order.iter().take(SHOWN) {
        let operation = rulings
            .first()
            .map_or("", |seen| verb(seen.ruling.operation));
        let _ = writeln!(text, "{subject} ({operation})");
        for Seen { ruling, place } in rulings {
            let _ = writeln!(
                text,
                "  {}: {} {}",
                word(ruling.disposition),
                ruling.code,
                ruling.name
            );
            if let Some(place) = place {
                let _ = writeln!(text, "    {place}:");
            }
            if explained.insert((ruling.code.as_str(), ruling.disposition)) {
                for line in ruling.detail().lines() {
                    let _ = writeln!(text, "    {line}");
                }
                let _ = writeln!(
                    text,
                    "    Explain: gabion explain --plan {} {}{}",
                    report.plan,
                    report.options,
                    ruling.id()
                );
            } else {
                let place = if ruling.path.is_root() {
                    String::new()
                } else {
                    format!("{}: ", ruling.path)
                };
                let observed = ruling
                    .observed
                    .as_ref()
                    .map_or_else(String::new, |observed| format!(" (observed: {observed})"));
                let _ = writeln!(
                    text,
                    "    {place}{}{observed} [{}]",
                    ruling.message,
                    ruling.id()
                );
                for line in ruling.accepted.iter().chain(&ruling.notes) {
                    let _ = writeln!(text, "    {line}");
                }
            }
        }
        text.push('\n');
    }
    if order.len() > SHOWN {
        let _ = writeln!(
            text,
            "... and {}; `-o json` lists them all.\n",
            count_of(order.len() - SHOWN, "more resource")
        );
    }
}

/// What is said of many resources at once: one line a rule.
fn together(report: &Report<'_>, disposition: Disposition, title: &str, text: &mut String) {
    let mut rules: BTreeMap<(&str, &str), Vec<Seen<'_>>> = BTreeMap::new();
    for seen in report
        .seen()
        .filter(|seen| seen.ruling.disposition == disposition)
    {
        rules
            .entry((&seen.ruling.code, &seen.ruling.name))
            .or_default()
            .push(seen);
    }
    if rules.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}");
    for ((code, name), rulings) in rules {
        let mut subjects: Vec<String> = rulings.iter().map(named).collect();
        subjects.sort();
        subjects.dedup();
        let first = subjects
            .iter()
            .take(NAMED)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        let more = if subjects.len() > NAMED {
            format!(" and {} more", subjects.len() - NAMED)
        } else {
            String::new()
        };
        let _ = writeln!(text, "  {code} {name}: {first}{more}");
        if let Some(Seen { ruling, .. }) = rulings.first() {
            let _ = writeln!(text, "    {}", ruling.message);
            for note in &ruling.notes {
                let _ = writeln!(text, "    {note}");
            }
        }
    }
    text.push('\n');
}

/// A resource and its place, where many share a line.
fn named(seen: &Seen<'_>) -> String {
    let subject = seen.ruling.subject();
    match seen.place {
        Some(place) => format!("{subject} ({})", place.short()),
        None => subject,
    }
}

/// The last line: how much there is of everything.
pub(super) fn summary(report: &Report<'_>) -> String {
    let counts = [
        (report.count(Disposition::Refuse), "refused", "refused"),
        (
            report.count(Disposition::Error),
            "failed rule",
            "failed rules",
        ),
        (report.count(Disposition::Warn), "warning", "warnings"),
        (report.count(Disposition::Debt), "old", "old"),
        (
            report.count(Disposition::Note),
            "not decided",
            "not decided",
        ),
        (report.count(Disposition::Accepted), "accepted", "accepted"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    let counts = if counts.is_empty() {
        "Clean".to_owned()
    } else {
        counts.join(", ")
    };
    let packs: Vec<String> = report
        .packs()
        .iter()
        .map(|(name, version, _)| format!("{name} {version}"))
        .collect();
    let rules = count_of(report.rules_in_force(), "rule");
    let packs = packs.join(", ");
    match (report.judged, report.changes) {
        (_, 0) => format!("{counts}. The plan changes nothing; {rules} of {packs} in force.\n"),
        (0, changes) => format!(
            "{counts}. {} that no rule speaks of; {rules} of {packs} in force.\n",
            count_of(changes, "change")
        ),
        (judged, changes) => format!(
            "{counts}. {} of {} judged by {rules} of {packs}.\n",
            grouped(judged as u64),
            count_of(changes, "change")
        ),
    }
}

/// What weighs most comes first.
fn rank(disposition: Disposition) -> u8 {
    match disposition {
        Disposition::Error => 0,
        Disposition::Refuse => 1,
        Disposition::Warn => 2,
        Disposition::Accepted => 3,
        Disposition::Note => 4,
        Disposition::Debt => 5,
    }
}

fn word(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Error => "FAILED",
        Disposition::Refuse => "REFUSED",
        Disposition::Warn => "warning",
        Disposition::Accepted => "accepted",
        Disposition::Note => "not decided",
        Disposition::Debt => "old",
    }
}

/// The operation as a reader says it.
pub(crate) fn verb(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Replace => "replace",
        Operation::Delete => "delete",
        Operation::NoOp => "no change",
        Operation::Read => "read",
        Operation::Open => "open",
        Operation::Import => "import",
        Operation::Move => "move",
        Operation::Forget => "forget",
    }
}
