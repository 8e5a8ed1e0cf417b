//! Finds what looks like a secret in text. Few false alarms come first: a rule refuses a plan on its word.
//!
//! The kinds and how they are told are a rule set that others keep (`rules`), and a few of our own (`own`). What it
//! cannot find: `docs/guides/secrets.md`.

mod own;
mod rules;
mod scan;

use std::borrow::Cow;
use std::ops::Range;

use crate::path::{Path, Step};

/// Something that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// One of [`kinds`].
    pub kind: String,
    /// The attribute path that holds it; never its text.
    pub path: Path,
}

/// A place in a text that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// One of [`kinds`].
    pub kind: &'static str,
    /// The bytes of the text that are the secret.
    pub range: Range<usize>,
}

/// Texts that are shorter hold no secret that could be told from a word.
const SHORTEST: usize = 8;

/// Bytes of base64 in one text that are looked into.
const MOST_DECODED: usize = 256 * 1024;

/// Every kind that there is, and what it is, in one sentence. The names stay.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    rules::RULES
        .iter()
        .map(|rule| (rule.kind, rule.description))
        .chain([own::URL_PASSWORD])
}

/// Whether a kind is a guess, which rests on a name and on entropy: a rule should warn of it, and not refuse.
pub fn is_guess(kind: &str) -> bool {
    scan::is_guess(kind)
}

/// What looks like a secret in a text, in its order, none inside of another. `name` is what the text stands under,
/// the name of an attribute or the key of a map: many tokens are told by it alone.
pub fn find(name: Option<&str>, text: &str) -> Vec<Hit> {
    let mut kept: Vec<Hit> = Vec::new();
    for hit in all(name, text) {
        let apart =
            |known: &Hit| hit.range.end <= known.range.start || known.range.end <= hit.range.start;
        if kept.iter().all(apart) {
            kept.push(hit);
        }
    }
    kept.sort_by_key(|hit| hit.range.start);
    kept
}

/// All that looks like a secret, the surest first, then the longest; one may stand inside of another.
fn all(name: Option<&str>, text: &str) -> Vec<Hit> {
    if text.len() < SHORTEST {
        return Vec::new();
    }
    let plain = scan::without_escapes(text);
    let mut hits = scan::scan(name, &plain);
    own::scan(text, &mut hits);
    hits.extend(scan::encoded(&plain));
    hits.sort_by_key(|hit| {
        (
            is_guess(hit.kind),
            std::cmp::Reverse(hit.range.len()),
            hit.range.start,
        )
    });
    hits
}

/// What is to be covered, in the text's order: hits that overlap as one, under the kind of the surest.
fn covered(name: Option<&str>, text: &str) -> Vec<Hit> {
    let mut parts: Vec<(usize, Hit)> = all(name, text).into_iter().enumerate().collect();
    parts.sort_by_key(|(_, hit)| hit.range.start);
    let mut merged: Vec<(usize, Hit)> = Vec::new();
    for (rank, hit) in parts {
        match merged.last_mut() {
            Some((best, last)) if hit.range.start < last.range.end => {
                last.range.end = last.range.end.max(hit.range.end);
                if rank < *best {
                    (*best, last.kind) = (rank, hit.kind);
                }
            }
            _ => merged.push((rank, hit)),
        }
    }
    merged.into_iter().map(|(_, hit)| hit).collect()
}

/// The kinds of secrets in a text, each once.
pub fn kinds_in(name: Option<&str>, text: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    for hit in find(name, text) {
        if !found.contains(&hit.kind) {
            found.push(hit.kind);
        }
    }
    found
}

/// The text with `[redacted: KIND]` in place of every secret that is found, and of all that overlaps it; for whatever
/// is shown or kept.
pub fn redact<'t>(name: Option<&str>, text: &'t str) -> Cow<'t, str> {
    let hits = covered(name, text);
    if hits.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for hit in hits {
        out.push_str(text.get(at..hit.range.start).unwrap_or_default());
        out.push_str(&format!("[redacted: {}]", hit.kind));
        at = hit.range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// [`redact`] in place; a text without a secret is left alone.
pub fn redact_in_place(name: Option<&str>, text: &mut String) {
    if let Cow::Owned(clean) = redact(name, text) {
        *text = clean;
    }
}

/// What a text at a path stands under: the last name of the path.
pub fn name_of(path: &Path) -> Option<&str> {
    path.steps().iter().rev().find_map(|step| match step {
        Step::Name(name) => Some(name.as_ref()),
        Step::Index(_) => None,
    })
}

#[cfg(test)]
mod tests;
