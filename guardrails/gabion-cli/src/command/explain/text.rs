//! What was explained, for a reader.

use std::fmt::Write as _;

use gabion_engine::policy::{Disposition, ReadValue, Ruling, Weighed, because, reason};
use gabion_model::{Scope, Side, Unreadable, Verdict};

use super::finding::Explained;
use crate::output;
use crate::output::text::verb;

/// Reads that are shown; JSON has all.
const READS: usize = 100;

/// All of it; rules that have nothing to say of the resource in a line each, unless `in_full`.
pub(super) fn write(found: &[Explained], in_full: bool) -> String {
    let mut text = String::new();
    let quiet = |one: &&Explained| !in_full && one.about.rulings.is_empty();
    for one in found.iter().filter(|one| !quiet(one)) {
        if !text.is_empty() {
            text.push('\n');
        }
        explanation(one, &mut text);
    }
    let rest: Vec<&Explained> = found.iter().filter(quiet).collect();
    if let Some(first) = rest.first() {
        if text.is_empty() {
            let _ = writeln!(text, "{}", subject(first));
        }
        let _ = writeln!(text, "\nNothing is found by:");
        for one in &rest {
            let about = &one.about;
            let read: Vec<&str> = (about.reads.iter())
                .map(|read| read.path.as_str())
                .filter(|path| !path.is_empty())
                .collect();
            let how = match &about.verdict {
                None => format!("off ({})", about.level_from),
                Some(Verdict::NotApplicable) => "does not apply".to_owned(),
                Some(_) if read.is_empty() => "passes".to_owned(),
                Some(_) => format!("passes, having read {}", read.join(", ")),
            };
            let _ = writeln!(text, "  {} {}: {how}", about.code, about.name);
        }
    }
    text
}

/// The resource, and where it stands.
fn subject(Explained { about, place }: &Explained) -> String {
    if about.address.is_none() && about.scope == Scope::Plan {
        return "the whole plan".to_owned();
    }
    let name = match (&about.address, &about.identity) {
        (Some(address), _) => address.clone(),
        (None, Some(identity)) => format!("{} {identity}", about.resource_type),
        (None, None) => about.resource_type.clone(),
    };
    let place = place
        .as_ref()
        .map_or_else(String::new, |place| format!(", {place}"));
    format!("{name} ({}){place}", verb(about.operation))
}

fn explanation(one: &Explained, text: &mut String) {
    let about = &one.about;
    let _ = writeln!(text, "{} {}: {}", about.code, about.name, about.title);
    let _ = writeln!(text, "{}", subject(one));
    let _ = writeln!(text, "Pack {} {}", about.pack, about.pack_version);
    let _ = writeln!(text, "\nVerdict: {}", verdict(about.verdict.as_ref()));
    if let Some(before) = &about.before {
        let _ = writeln!(
            text,
            "  of the state before, alone: {}",
            verdict(Some(before))
        );
    }
    for ruling in &about.rulings {
        finding(ruling, text);
    }
    let _ = writeln!(
        text,
        "\nLevel: {} ({})",
        output::level(about.level),
        about.level_from
    );
    if matches!(about.verdict, Some(Verdict::Undetermined(_))) {
        let _ = writeln!(text, "  on_unknown is {}", about.on_unknown);
    }
    if about.ratchet == "all" {
        let _ = writeln!(text, "  scope is all: old violations are refused, too");
    }
    for block in &about.blocks {
        weighed(block, text);
    }
    reads(one, text);
    let _ = writeln!(text, "\nWaivers, exceptions, baseline:");
    if about.weighed.is_empty() {
        let _ = writeln!(text, "  none speaks of it");
    }
    for one in &about.weighed {
        weighed(one, text);
    }
    let _ = writeln!(text, "\nDecided again: {}", about.again);
    if let Some(contact) = &about.contact {
        let _ = writeln!(text, "Contact: {contact}");
    }
    let _ = writeln!(text, "The rule's page: gabion explain {}", about.code);
}

fn verdict(verdict: Option<&Verdict>) -> String {
    match verdict {
        None => "none: the rule is off, and was not asked".to_owned(),
        Some(Verdict::NotApplicable) => "the rule does not apply".to_owned(),
        Some(Verdict::Pass) => "pass".to_owned(),
        Some(Verdict::Violation(_)) => "violation".to_owned(),
        Some(Verdict::Undetermined(why)) => format!(
            "undetermined: {}",
            because(&why.blocked, why.reason.as_deref())
        ),
        Some(Verdict::Error(reason)) => format!("error: {reason}"),
    }
}

fn finding(ruling: &Ruling, text: &mut String) {
    let outcome = match ruling.disposition {
        Disposition::Accepted => "accepted",
        Disposition::Debt => "old, not refused",
        Disposition::Note => "not decided",
        Disposition::Warn => "a warning",
        Disposition::Refuse => "REFUSED",
        Disposition::Error => "REFUSED: the rule failed",
    };
    let place = if ruling.path.is_root() && ruling.address.is_none() {
        "the plan as a whole".to_owned()
    } else if ruling.path.is_root() {
        "the resource as a whole".to_owned()
    } else {
        ruling.path.to_string()
    };
    let of = ruling
        .address
        .as_ref()
        .map_or_else(String::new, |address| format!(" of {address}"));
    let _ = writeln!(text, "  {} {outcome}: {place}{of}", ruling.id());
    let _ = writeln!(text, "    {}", ruling.message);
    if let Some(observed) = &ruling.observed {
        let _ = writeln!(text, "    Observed: {observed}");
    }
    if let Some(accepted) = &ruling.accepted {
        let _ = writeln!(text, "    Accepted by {accepted}.");
    }
    for note in &ruling.notes {
        let _ = writeln!(text, "    {note}");
    }
    let fix = ruling.fix_lines();
    if !fix.is_empty() {
        let _ = writeln!(text, "    Fix:");
        for line in fix {
            let _ = writeln!(text, "        {line}");
        }
    }
}

fn weighed(one: &Weighed, text: &mut String) {
    let name = match one.kind {
        "rule" => "a rule block".to_owned(),
        kind => format!("{kind} `{}`", one.name),
    };
    let at = one
        .at
        .as_ref()
        .map_or_else(String::new, |at| format!(" ({at})"));
    let does = if one.applies {
        "applies"
    } else {
        "does not apply"
    };
    let _ = writeln!(text, "  {name}{at} {does}: {}", one.why);
}

fn reads(Explained { about, .. }: &Explained, text: &mut String) {
    if about.verdict.is_none() {
        return;
    }
    let _ = writeln!(text, "\nRead, in this order:");
    if about.reads.is_empty() {
        let _ = writeln!(text, "  nothing");
    }
    for read in about.reads.iter().take(READS) {
        let _ = writeln!(text, "  {}", read_line(read));
    }
    if about.reads.len() > READS {
        let more = about.reads.len() - READS;
        let _ = writeln!(text, "  and {more} more; `-o json` has all");
    }
    if about.reads_of_others > 0 {
        let others = output::count_of(about.reads_of_others, "value");
        let _ = writeln!(text, "  and {others} of other resources");
    }
}

fn read_line(read: &ReadValue) -> String {
    let side = match read.side {
        Side::After => "",
        Side::Before => "before: ",
        Side::ProviderConfiguration => "provider configuration: ",
        Side::Settings => "settings: ",
        Side::Configuration => "whether it is configured: ",
    };
    let name = if read.path.is_empty() {
        match read.side {
            Side::After => "the planned resource as a whole",
            Side::Before => "the resource as a whole",
            _ => "all of it",
        }
    } else {
        &read.path
    };
    let of = read
        .address
        .as_ref()
        .map_or_else(String::new, |address| format!(" of {address}"));
    let what = match (read.unreadable, &read.value) {
        // What the rule was told, not what stands there.
        (
            Some(
                why @ (Unreadable::Unknown
                | Unreadable::Computed
                | Unreadable::Sensitive
                | Unreadable::NoSchema
                | Unreadable::NoSuchPath),
            ),
            _,
        ) => {
            format!(": {}", reason(why))
        }
        (Some(why), Some(value)) => format!(" = {value} ({})", reason(why)),
        (Some(why), None) => format!(": {}", reason(why)),
        (None, Some(value)) if value.starts_with('(') => {
            format!(": {}", value.trim_matches(['(', ')']))
        }
        (None, Some(value)) => format!(" = {value}"),
        (None, None) => String::new(),
    };
    format!("{side}{name}{of}{what}")
}
