//! The result as annotations of GitHub Actions: workflow commands among the lines of the log.

use std::collections::BTreeMap;
use std::fmt::Write;

use gabion_engine::policy::Disposition;

use super::{Report, Seen, text};

/// GitHub itself shows ten of a kind in a step; the others are lines of the log, and these are enough.
const SHOWN: usize = 50;

/// All annotations, and the summary as a line of the log.
pub(crate) fn write(report: &Report<'_>) -> String {
    let mut out = String::new();
    let kinds = [
        (
            "error",
            [Disposition::Error, Disposition::Refuse].as_slice(),
        ),
        ("warning", [Disposition::Warn].as_slice()),
    ];
    for (command, dispositions) in kinds {
        let chosen: Vec<Seen<'_>> = report
            .seen()
            .filter(|seen| dispositions.contains(&seen.ruling.disposition))
            .collect();
        for seen in chosen.iter().take(SHOWN) {
            let title = format!("{} {}", seen.ruling.code, seen.ruling.name);
            annotation(&mut out, command, *seen, &title, &seen.ruling.detail());
        }
        if chosen.len() > SHOWN {
            let more = chosen.len() - SHOWN;
            let _ = writeln!(
                out,
                "::{command} title=gabion::{more} more of these; -o json=FILE lists them all"
            );
        }
    }
    // What refuses nothing takes one notice a rule.
    for (disposition, what) in [
        (Disposition::Debt, "old, not refused"),
        (Disposition::Note, "not decided"),
    ] {
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
        for ((code, name), seen) in rules {
            let Some(first) = seen.first() else { continue };
            let more = match seen.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            let message = format!("{}{more}: {}", first.ruling.subject(), first.ruling.message);
            annotation(
                &mut out,
                "notice",
                *first,
                &format!("{code} {name}, {what}"),
                &message,
            );
        }
    }
    out.push_str(&text::summary(report));
    out
}

fn annotation(out: &mut String, command: &str, seen: Seen<'_>, title: &str, message: &str) {
    let place = seen
        .place
        .and_then(|place| place.editable())
        .and_then(|place| {
            let file = property(place.portable.as_deref()?);
            Some(format!(
                "file={file},line={},endLine={},",
                place.line, place.end_line
            ))
        });
    let _ = writeln!(
        out,
        "::{command} {}title={}::{}",
        place.unwrap_or_default(),
        property(title),
        data(message)
    );
}

/// A message: what would end the line, and the sign of an escape.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property: what would end it as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("50%\r\n::error::x, y"), "50%25%0D%0A::error::x, y");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
