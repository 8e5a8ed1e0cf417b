//! The attributes and blocks of a block, taken one by one; what nobody took is a slip of the pen.

use gabion_engine::policy::{Location, Problem, Source, did_you_mean};
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body, Structure};

use super::value::{self, Node, Spanned, Value};

/// What a block, or a whole file, holds.
#[derive(Debug)]
pub(super) struct Fields<'s> {
    source: &'s Source,
    /// For sentences: `case "a bucket"`.
    what: String,
    at: Location,
    attributes: Vec<(Spanned<String>, &'s Expression)>,
    blocks: Vec<&'s Block>,
    known: Vec<&'static str>,
    known_blocks: Vec<&'static str>,
}

impl<'s> Fields<'s> {
    pub(super) fn new(source: &'s Source, what: String, at: Location, body: &'s Body) -> Self {
        let mut fields = Self {
            source,
            what,
            at,
            attributes: Vec::new(),
            blocks: Vec::new(),
            known: Vec::new(),
            known_blocks: Vec::new(),
        };
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => fields.attributes.push((
                    Spanned {
                        value: attribute.key.as_str().to_owned(),
                        at: source.at(&attribute.key),
                    },
                    &attribute.value,
                )),
                Structure::Block(block) => fields.blocks.push(block),
            }
        }
        fields
    }

    /// Where the block begins.
    pub(super) fn at(&self) -> &Location {
        &self.at
    }

    /// What the block is, for a sentence.
    pub(super) fn what(&self) -> &str {
        &self.what
    }

    /// The value of an attribute, `None` where it is absent or no value.
    pub(super) fn value(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Node> {
        self.known.push(name);
        let position = self
            .attributes
            .iter()
            .position(|(key, _)| key.value == name)?;
        let (_, expression) = self.attributes.remove(position);
        match value::read(self.source, expression) {
            Ok(node) => Some(node),
            Err(problem) => {
                problems.push(problem);
                None
            }
        }
    }

    /// A text.
    pub(super) fn text(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Spanned<String>> {
        let node = self.value(name, problems)?;
        match node.value {
            Value::Text(value) => Some(Spanned { value, at: node.at }),
            other => {
                problems.push(wrong(name, &node.at, "a text in quotes", &other));
                None
            }
        }
    }

    /// A text that must be there and not be blank.
    pub(super) fn required(
        &mut self,
        name: &'static str,
        why: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Spanned<String>> {
        if !self.attributes.iter().any(|(key, _)| key.value == name) {
            self.known.push(name);
            problems.push(Problem::at(
                &self.at,
                format!("{} needs `{name}`: {why}", self.what),
            ));
            return None;
        }
        let text = self.text(name, problems)?;
        if text.value.trim().is_empty() {
            problems.push(Problem::at(&text.at, format!("`{name}` is empty: {why}")));
            return None;
        }
        Some(text)
    }

    /// A word of a few.
    pub(super) fn word<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&'static str, T)],
        problems: &mut Vec<Problem>,
    ) -> Option<Spanned<T>> {
        let text = self.text(name, problems)?;
        let found = one_of(name, &text, words, problems)?;
        Some(Spanned {
            value: found,
            at: text.at,
        })
    }

    /// A boolean.
    pub(super) fn boolean(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<bool> {
        let node = self.value(name, problems)?;
        match node.value {
            Value::Boolean(value) => Some(value),
            other => {
                problems.push(wrong(name, &node.at, "`true` or `false`", &other));
                None
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Vec<Spanned<String>>> {
        let node = self.value(name, problems)?;
        Some(texts(name, node, problems))
    }

    /// An object, or null.
    pub(super) fn object(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Node> {
        let node = self.value(name, problems)?;
        match node.value {
            Value::Object(_) | Value::Map(_) | Value::Null => Some(node),
            other => {
                problems.push(wrong(name, &node.at, "an object `{ ... }`", &other));
                None
            }
        }
    }

    /// All blocks of a name.
    pub(super) fn blocks(&mut self, name: &'static str) -> Vec<&'s Block> {
        self.known_blocks.push(name);
        let (found, left) = self
            .blocks
            .drain(..)
            .partition(|block| block.ident.as_str() == name);
        self.blocks = left;
        found
    }

    /// Complains of everything that nobody took.
    pub(super) fn finish(self, problems: &mut Vec<Problem>) {
        for (name, _) in &self.attributes {
            let text = if self.known_blocks.contains(&name.value.as_str()) {
                format!(
                    "`{0}` in {1} is a block: write `{0} {{ ... }}`",
                    name.value, self.what
                )
            } else {
                let hint = hint(&name.value, &self.known);
                format!("unknown attribute `{}` in {}{hint}", name.value, self.what)
            };
            problems.push(Problem::at(&name.at, text));
        }
        for block in &self.blocks {
            let name = block.ident.as_str();
            let text = if self.known.contains(&name) {
                format!(
                    "`{name}` in {} is an attribute: write `{name} = ...`",
                    self.what
                )
            } else {
                format!(
                    "unknown block `{name}` in {}{}",
                    self.what,
                    hint(name, &self.known_blocks)
                )
            };
            problems.push(Problem::at(&self.source.at(&block.ident), text));
        }
    }
}

/// The value of a word, or a problem that names the words there are.
pub(super) fn one_of<T: Copy>(
    name: &str,
    text: &Spanned<String>,
    words: &[(&'static str, T)],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let found = words
        .iter()
        .find(|(word, _)| *word == text.value)
        .map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
        let hint = hint(&text.value, &known);
        problems.push(Problem::at(
            &text.at,
            format!("`{}` is no {name}{hint}", text.value),
        ));
    }
    found
}

/// A list of texts, or a problem.
pub(super) fn texts(name: &str, node: Node, problems: &mut Vec<Problem>) -> Vec<Spanned<String>> {
    let items = match node.value {
        Value::List(items) => items,
        value => vec![Spanned { value, at: node.at }],
    };
    let mut found = Vec::new();
    for item in items {
        match item.value {
            Value::Text(value) => found.push(Spanned { value, at: item.at }),
            other => problems.push(wrong(
                name,
                &item.at,
                "a text in quotes or a list of them",
                &other,
            )),
        }
    }
    found
}

/// The nearest known name, else all of them.
pub(super) fn hint(written: &str, known: &[&str]) -> String {
    let near = did_you_mean(written, known.iter().copied());
    if !near.is_empty() || known.is_empty() {
        return near;
    }
    format!("; known are `{}`", known.join("`, `"))
}

pub(super) fn wrong(name: &str, at: &Location, wanted: &str, found: &Value) -> Problem {
    Problem::at(
        at,
        format!("`{name}` must be {wanted}, not {}", found.kind()),
    )
}
