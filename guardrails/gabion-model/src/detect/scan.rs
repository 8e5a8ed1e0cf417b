//! Searches a text for secrets by the rule set.
//!
//! A text without any of the rules' keywords costs one pass over it; nothing is compiled for it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;

use super::rules::{EVERYWHERE, RULES, Rule};
use super::{Hit, MOST_DECODED};

/// Rules as bits.
type Set = [u64; RULES.len().div_ceil(64)];

/// The keywords of all rules, and which rules each belongs to.
struct Keywords {
    automaton: AhoCorasick,
    rules: Vec<Vec<usize>>,
    always: Set,
}

static KEYWORDS: LazyLock<Option<Keywords>> = LazyLock::new(|| {
    let mut words: Vec<&str> = Vec::new();
    let mut rules: Vec<Vec<usize>> = Vec::new();
    let mut always = Set::default();
    for (number, rule) in RULES.iter().enumerate() {
        if rule.keywords.is_empty() {
            add(&mut always, number);
        }
        for keyword in rule.keywords {
            match words.iter().position(|known| known == keyword) {
                Some(position) => rules.get_mut(position)?.push(number),
                None => {
                    words.push(keyword);
                    rules.push(vec![number]);
                }
            }
        }
    }
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .ok()?;
    Some(Keywords {
        automaton,
        rules,
        always,
    })
});

fn add(set: &mut Set, number: usize) {
    if let Some(bits) = set.get_mut(number / 64) {
        *bits |= 1 << (number % 64);
    }
}

fn has(set: &Set, number: usize) -> bool {
    set.get(number / 64)
        .is_some_and(|bits| bits & (1 << (number % 64)) != 0)
}

/// The rules that have a keyword in one of these texts.
fn candidates(texts: &[&str]) -> Set {
    let Some(keywords) = &*KEYWORDS else {
        return Set::default();
    };
    let mut set = keywords.always;
    for text in texts {
        for found in keywords.automaton.find_overlapping_iter(text) {
            let rules = keywords.rules.get(found.pattern().as_usize());
            rules
                .into_iter()
                .flatten()
                .for_each(|number| add(&mut set, *number));
        }
    }
    set
}

/// The text with the line breaks and tabs that JSON writes as `\n`, `\r` and `\t` as such, at the same places: their
/// letter would be a part of the word after it. JSON inside of JSON has more backslashes.
pub(super) fn without_escapes(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out: Option<Vec<u8>> = None;
    let mut from = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (*byte, from) {
            (b'\\', None) => from = Some(at),
            (b'\\', Some(_)) => {}
            (letter @ (b'n' | b'r' | b't'), Some(start)) => {
                let plain = out.get_or_insert_with(|| bytes.to_vec());
                if let Some(escape) = plain.get_mut(start..=at) {
                    escape.fill(b' ');
                }
                if let Some(last) = plain.get_mut(at).filter(|_| letter != b't') {
                    *last = b'\n';
                }
                from = None;
            }
            _ => from = None,
        }
    }
    // Only ASCII was exchanged for ASCII.
    out.and_then(|plain| String::from_utf8(plain).ok())
        .map_or(Cow::Borrowed(text), Cow::Owned)
}

/// What the rules find in a text that stands under a name.
pub(super) fn scan(name: Option<&str>, text: &str) -> Vec<Hit> {
    let set = candidates(&[text, name.unwrap_or_default()]);
    if set == Set::default() {
        return Vec::new();
    }
    // A token is often known by what stands before it alone, as in `DATADOG_API_KEY = "..."`.
    let (whole, start) = match name {
        Some(name) => (format!("{name} = \"{text}\"\n"), name.len() + 4),
        None => (String::new(), 0),
    };
    let haystack = if name.is_some() { &whole } else { text };
    let inside = start..start + text.len();
    let mut hits = Vec::new();
    for (_, rule) in RULES
        .iter()
        .enumerate()
        .filter(|(number, _)| has(&set, *number))
    {
        for range in matches(rule, haystack) {
            if inside.start <= range.start && range.end <= inside.end && !range.is_empty() {
                hits.push(Hit {
                    kind: rule.kind,
                    range: range.start - start..range.end - start,
                });
            }
        }
    }
    hits
}

/// Where a rule finds its secrets.
fn matches(rule: &Rule, text: &str) -> Vec<Range<usize>> {
    let Some(regex) = rule.regex.get() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for groups in regex.captures_iter(text.as_bytes()) {
        let Some(all) = groups.get(0) else {
            continue;
        };
        let secret = if rule.group > 0 {
            groups.get(rule.group)
        } else {
            groups
                .iter()
                .skip(1)
                .flatten()
                .find(|group| !group.is_empty())
        };
        let range = whole_characters(text, secret.unwrap_or(all).range());
        let secret = text.get(range.clone()).unwrap_or_default();
        if rule.entropy > 0.0 && entropy(secret) <= rule.entropy {
            continue;
        }
        let all = text
            .get(whole_characters(text, all.range()))
            .unwrap_or_default();
        let line = line(text, &range);
        let allowed = std::iter::once(&EVERYWHERE)
            .chain(rule.allowlists)
            .any(|list| list.allows(secret, all.trim_matches('\n'), line));
        let names_one = is_guess(rule.kind) && in_an_arn(text, &range);
        if !allowed && !names_one {
            found.push(range);
        }
    }
    found
}

/// Whether a kind rests on a name and on entropy alone.
pub(super) fn is_guess(kind: &str) -> bool {
    kind.starts_with("generic")
}

/// Whether the word around a range is an Amazon resource name: `arn:...:secret:prod-payments-x7Kq2Z` names a secret
/// and is none.
fn in_an_arn(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).unwrap_or_default();
    let start = before
        .rfind(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ','))
        .map_or(0, |at| at + 1);
    before
        .get(start..)
        .is_some_and(|word| word.starts_with("arn:"))
}

/// The lines that a range is in.
fn line<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    let start = text
        .get(..range.start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let end = text
        .get(range.end..)
        .and_then(|after| after.find('\n'))
        .map_or(text.len(), |at| range.end + at);
    text.get(start..end).unwrap_or(text)
}

/// A range that cuts no character in two: expressions look at bytes.
fn whole_characters(text: &str, range: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)
}

/// Shannon's entropy of a text in bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

/// Secrets inside of base64, as of `user_data_base64`: the whole run of it is what is found.
pub(super) fn encoded(text: &str) -> Vec<Hit> {
    /// Shorter runs hold no token.
    const SHORTEST: usize = 32;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut hits = Vec::new();
    let (mut at, mut left) = (0, MOST_DECODED);
    for run in text.as_bytes().split(|byte| !is_base64(byte)) {
        let range = at..at + run.len();
        at = range.end + 1;
        if run.len() < SHORTEST || run.len() > left {
            continue;
        }
        left -= run.len();
        let Ok(bytes) = LENIENT.decode(run) else {
            continue;
        };
        let Ok(plain) = String::from_utf8(bytes) else {
            continue;
        };
        if plain.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            continue;
        }
        let mut found = scan(None, &plain);
        super::own::scan(&plain, &mut found);
        hits.extend(found.into_iter().map(|hit| Hit {
            kind: hit.kind,
            range: range.clone(),
        }));
    }
    hits
}

/// Without padding: a run ends before it.
const LENIENT: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
