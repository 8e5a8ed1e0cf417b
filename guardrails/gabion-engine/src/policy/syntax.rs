//! HCL with places: literal values and the fields of a block, each knowing where it stands.

use std::sync::Arc;

use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::Element;
use hcl_edit::{Ident, Span};

use super::error::{Location, Problem, did_you_mean};

/// The text of an HCL file, and the places in it.
#[derive(Debug)]
pub struct Source {
    name: Arc<str>,
    text: String,
}

/// Something and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) at: Location,
}

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(Spanned<String>, Node)>),
}

/// A literal and where it is written.
pub(super) type Node = Spanned<Literal>;

impl Literal {
    /// What it is, for a sentence.
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The literal as JSON.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Boolean(value) => Json::Bool(*value),
            Self::Number(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
            }
            Self::Text(text) => Json::String(text.clone()),
            Self::List(items) => {
                Json::Array(items.iter().map(|item| item.value.to_json()).collect())
            }
            Self::Object(items) => Json::Object(
                items
                    .iter()
                    .map(|(name, item)| (name.value.clone(), item.value.to_json()))
                    .collect(),
            ),
        }
    }

    /// The literal as a reader wrote it, for quoting.
    fn quoted(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.to_json().to_string(),
        }
    }
}

impl Source {
    /// The text of a file that readers know by this name; a byte order mark is left out.
    pub fn new(name: &str, text: String) -> Self {
        let text = text
            .strip_prefix('\u{feff}')
            .map(str::to_owned)
            .unwrap_or(text);
        Self {
            name: name.into(),
            text,
        }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The place of a byte.
    pub fn locate(&self, offset: usize) -> Location {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Location {
            file: self.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }

    /// Where an item begins.
    pub fn at(&self, item: &impl Span) -> Location {
        self.locate(item.span().map_or(0, |span| span.start))
    }

    /// The text of an item as written, one line of it.
    pub fn excerpt(&self, item: &impl Span) -> String {
        let text = item
            .span()
            .and_then(|span| self.text.get(span))
            .unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        match line.char_indices().nth(60) {
            Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
            None => line.to_owned(),
        }
    }

    /// The whole file as blocks and attributes.
    ///
    /// # Errors
    /// Where it is no HCL.
    pub fn parse(&self) -> Result<Body, Problem> {
        hcl_edit::parser::parse_body(&self.text).map_err(|error| {
            let offset = error.location().offset();
            let location = self.locate(offset);
            let line = error.line().trim_end().trim_start();
            let message = error.message().replace('\n', "; ");
            Problem::at(
                &location,
                format!("cannot be read as HCL at `{line}`: {message}"),
            )
        })
    }

    /// The literal that an expression is.
    pub(super) fn literal(&self, expression: &Expression) -> Result<Node, Problem> {
        let at = self.at(expression);
        let value = match expression {
            Expression::Null(_) => Literal::Null,
            Expression::Bool(value) => Literal::Boolean(*value.value()),
            Expression::Number(number) => Literal::Number(number.value().to_string()),
            Expression::String(text) => Literal::Text(text.value().clone()),
            Expression::HeredocTemplate(heredoc)
                if heredoc.template.iter().all(Element::is_literal) =>
            {
                Literal::Text(
                    heredoc
                        .template
                        .iter()
                        .filter_map(Element::as_literal)
                        .map(|text| text.as_str())
                        .collect(),
                )
            }
            Expression::Array(items) => Literal::List(
                items
                    .iter()
                    .map(|item| self.literal(item))
                    .collect::<Result<_, _>>()?,
            ),
            Expression::Object(object) => Literal::Object(self.object(object)?),
            Expression::UnaryOp(operation) => match self.literal(&operation.expr)?.value {
                Literal::Number(text) => Literal::Number(format!("-{text}")),
                _ => return Err(self.no_literal(expression, &at)),
            },
            Expression::Parenthesis(inner) => return self.literal(inner.inner()),
            _ => return Err(self.no_literal(expression, &at)),
        };
        Ok(Spanned { value, at })
    }

    fn no_literal(&self, expression: &Expression, at: &Location) -> Problem {
        let text = self.excerpt(expression);
        Problem::at(
            at,
            format!(
                "`{text}` is not a literal value; a policy file has no variables, functions or templates, write the value itself"
            ),
        )
    }

    fn object(&self, object: &Object) -> Result<Vec<(Spanned<String>, Node)>, Problem> {
        object
            .iter()
            .map(|(key, value)| {
                let key = match key {
                    ObjectKey::Ident(name) => Spanned {
                        value: Ident::as_str(name).to_owned(),
                        at: self.at(name),
                    },
                    ObjectKey::Expression(expression) => {
                        let node = self.literal(expression)?;
                        match node.value {
                            Literal::Text(value) => Spanned { value, at: node.at },
                            other => {
                                let what = format!(
                                    "`{}` is no name for a field; write a text",
                                    other.quoted()
                                );
                                return Err(Problem::at(&node.at, what));
                            }
                        }
                    }
                };
                Ok((key, self.literal(value.expr())?))
            })
            .collect()
    }
}

/// The fields of a block or an object, taken one by one; [`Fields::finish`] complains of those nobody took.
#[derive(Debug)]
pub(super) struct Fields {
    what: String,
    at: Location,
    items: Vec<(Spanned<String>, Node)>,
    known: Vec<&'static str>,
}

impl Fields {
    /// The attributes of a block; a block inside it is a problem.
    pub(super) fn of_block(
        source: &Source,
        what: String,
        at: Location,
        body: &Body,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut items = Vec::new();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => match source.literal(&attribute.value) {
                    Ok(node) => {
                        let name = Spanned {
                            value: attribute.key.as_str().to_owned(),
                            at: source.at(&attribute.key),
                        };
                        items.push((name, node));
                    }
                    Err(problem) => problems.push(problem),
                },
                Structure::Block(block) => {
                    let name = block.ident.as_str();
                    problems.push(Problem::at(
                        &source.at(&block.ident),
                        format!("unknown block `{name}` in {what}; if it is a field, write `{name} = {{ ... }}`"),
                    ));
                }
            }
        }
        Self {
            what,
            at,
            items,
            known: Vec::new(),
        }
    }

    /// The fields of an object.
    pub(super) fn of_object(what: String, node: Node, problems: &mut Vec<Problem>) -> Self {
        let at = node.at.clone();
        let items = match node.value {
            Literal::Object(items) => items,
            other => {
                problems.push(wrong(&what, &at, "an object `{ ... }`", &other));
                Vec::new()
            }
        };
        Self {
            what,
            at,
            items,
            known: Vec::new(),
        }
    }

    /// The value of a field, `None` where it is absent.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Node> {
        self.known.push(name);
        let position = self.items.iter().position(|(key, _)| key.value == name)?;
        Some(self.items.remove(position).1)
    }

    /// A text.
    pub(super) fn text(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Spanned<String>> {
        let node = self.take(name)?;
        match node.value {
            Literal::Text(value) => Some(Spanned { value, at: node.at }),
            other => {
                problems.push(wrong(
                    &format!("`{name}`"),
                    &node.at,
                    "a text in quotes",
                    &other,
                ));
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
        let absent = !self.items.iter().any(|(key, _)| key.value == name);
        if absent {
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

    /// A boolean.
    pub(super) fn boolean(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<bool> {
        let node = self.take(name)?;
        match node.value {
            Literal::Boolean(value) => Some(value),
            other => {
                problems.push(wrong(
                    &format!("`{name}`"),
                    &node.at,
                    "`true` or `false`",
                    &other,
                ));
                None
            }
        }
    }

    /// A whole number, 0 or more.
    pub(super) fn whole(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Spanned<u32>> {
        let node = self.take(name)?;
        let value = match &node.value {
            Literal::Number(text) => text.parse().ok(),
            _ => None,
        };
        if value.is_none() {
            problems.push(wrong(
                &format!("`{name}`"),
                &node.at,
                "a whole number, 0 or more",
                &node.value,
            ));
        }
        value.map(|value| Spanned { value, at: node.at })
    }

    /// One text or a list of texts.
    pub(super) fn texts(
        &mut self,
        name: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Vec<Spanned<String>>> {
        let node = self.take(name)?;
        Some(texts(name, node, problems))
    }

    /// Complains of every field that nobody took.
    pub(super) fn finish(self, problems: &mut Vec<Problem>) {
        for (name, _) in &self.items {
            let hint = did_you_mean(&name.value, self.known.iter().copied());
            let known = if hint.is_empty() {
                format!("; it has `{}`", self.known.join("`, `"))
            } else {
                hint
            };
            problems.push(Problem::at(
                &name.at,
                format!("unknown attribute `{}` in {}{known}", name.value, self.what),
            ));
        }
    }
}

/// One text or a list of texts.
pub(super) fn texts(name: &str, node: Node, problems: &mut Vec<Problem>) -> Vec<Spanned<String>> {
    let items = match node.value {
        Literal::List(items) => items,
        value => vec![Spanned { value, at: node.at }],
    };
    let mut found = Vec::new();
    for item in items {
        match item.value {
            Literal::Text(value) => found.push(Spanned { value, at: item.at }),
            other => problems.push(wrong(
                &format!("`{name}`"),
                &item.at,
                "a text in quotes or a list of them",
                &other,
            )),
        }
    }
    found
}

fn wrong(what: &str, at: &Location, wanted: &str, found: &Literal) -> Problem {
    Problem::at(
        at,
        format!(
            "{what} must be {wanted}, not {} (`{}`)",
            found.kind(),
            found.quoted()
        ),
    )
}
