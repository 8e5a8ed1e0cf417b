//! The rule set as tables, and its expressions, which are compiled when they are first needed.
//!
//! The data is `rules/gitleaks.toml`, see `rules/README.md`. What belongs here: what a rule says. What does not: how
//! texts are searched.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// One kind of secret.
pub(super) struct Rule {
    /// Its name.
    pub(super) kind: &'static str,
    /// What it is, for a reader.
    pub(super) description: &'static str,
    /// Lowercase texts one of which stands beside every such secret; none where it is always looked for.
    pub(super) keywords: &'static [&'static str],
    pub(super) regex: Lazy,
    /// The group of the expression that is the secret; 0 for the first that matched.
    pub(super) group: usize,
    /// Bits a character that it must exceed.
    pub(super) entropy: f64,
    pub(super) allowlists: &'static [Allowlist],
}

/// What is no secret though it looks like one.
pub(super) struct Allowlist {
    /// Whether all of its conditions must hold, not one of them.
    pub(super) all: bool,
    pub(super) target: Target,
    pub(super) regexes: Lazy,
    pub(super) words: Words,
}

/// What the expressions of an allowlist look at.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Secret,
    Match,
    Line,
}

/// An expression; an empty one matches nothing.
pub(super) struct Lazy {
    source: &'static str,
    made: OnceLock<Option<Regex>>,
}

impl Lazy {
    const fn new(source: &'static str) -> Self {
        Self {
            source,
            made: OnceLock::new(),
        }
    }

    /// Whether there is one.
    pub(super) fn is_given(&self) -> bool {
        !self.source.is_empty()
    }

    /// The expression. A test compiles them all: there is one wherever it is given.
    pub(super) fn get(&self) -> Option<&Regex> {
        self.made
            .get_or_init(|| {
                if self.source.is_empty() {
                    return None;
                }
                // Tokens are ASCII, and so are the classes of the rule set's own engine.
                RegexBuilder::new(self.source).unicode(false).build().ok()
            })
            .as_ref()
    }

    /// Whether it is in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.get()
            .is_some_and(|regex| regex.is_match(text.as_bytes()))
    }
}

/// Words that no secret has in it.
pub(super) struct Words {
    list: &'static [&'static str],
    made: OnceLock<Option<AhoCorasick>>,
}

impl Words {
    const fn new(list: &'static [&'static str]) -> Self {
        Self {
            list,
            made: OnceLock::new(),
        }
    }

    /// Whether there are any.
    pub(super) fn is_given(&self) -> bool {
        !self.list.is_empty()
    }

    /// Whether one of them is in a text, in capitals or not.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.made
            .get_or_init(|| {
                if self.list.is_empty() {
                    return None;
                }
                AhoCorasick::builder()
                    .ascii_case_insensitive(true)
                    .build(self.list)
                    .ok()
            })
            .as_ref()
            .is_some_and(|words| words.is_match(text))
    }
}

impl Allowlist {
    /// Whether it lets a find pass.
    pub(super) fn allows(&self, secret: &str, found: &str, line: &str) -> bool {
        let text = match self.target {
            Target::Secret => secret,
            Target::Match => found,
            Target::Line => line,
        };
        if self.all {
            let given = self.regexes.is_given() || self.words.is_given();
            given
                && (!self.regexes.is_given() || self.regexes.is_in(text))
                && (!self.words.is_given() || self.words.are_in(secret))
        } else {
            self.regexes.is_in(text) || self.words.are_in(secret)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_compiles() {
        let lists = RULES.iter().flat_map(|rule| rule.allowlists);
        let expressions = RULES
            .iter()
            .map(|rule| &rule.regex)
            .chain(lists.map(|list| &list.regexes))
            .chain([&EVERYWHERE.regexes]);
        for expression in expressions {
            assert!(
                expression.get().is_some() || !expression.is_given(),
                "{}",
                expression.source
            );
        }
        // All but those of files by name.
        assert_eq!(RULES.len(), 217);
    }
}
