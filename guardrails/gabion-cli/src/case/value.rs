//! Values in a case file: literals, and the functions that say what a literal cannot.

use gabion_engine::policy::{Location, Problem, Source, did_you_mean};
use hcl_edit::expr::{Expression, FuncCall, Object, ObjectKey};
use hcl_edit::template::Element;
use hcl_edit::{Ident, Span};

/// Something and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) at: Location,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    /// `unknown()`.
    Unknown,
    /// `computed()`.
    Computed,
    Boolean(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(Spanned<String>, Node)>),
    /// `tomap({...})`: an object whose names are the reader's own.
    Map(Vec<(Spanned<String>, Node)>),
    /// `sensitive(...)`.
    Sensitive(Box<Node>),
}

/// A value and where it is written.
pub(crate) type Node = Spanned<Value>;

/// The functions that a case file has.
const FUNCTIONS: [&str; 5] = ["unknown", "computed", "sensitive", "jsonencode", "tomap"];

impl Value {
    /// What it is, for a sentence.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown => "an unknown value",
            Self::Computed => "a computed value",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) | Self::Map(_) => "an object",
            Self::Sensitive(_) => "a sensitive value",
        }
    }

    /// The value as JSON; `None` where a part of it has none: it is unknown, computed or sensitive.
    pub(crate) fn to_json(&self) -> Option<serde_json::Value> {
        use serde_json::Value as Json;
        Some(match self {
            Self::Null => Json::Null,
            Self::Boolean(value) => Json::Bool(*value),
            Self::Number(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
            }
            Self::Text(text) => Json::String(text.clone()),
            Self::List(items) => Json::Array(
                items
                    .iter()
                    .map(|item| item.value.to_json())
                    .collect::<Option<_>>()?,
            ),
            Self::Object(items) | Self::Map(items) => Json::Object(
                items
                    .iter()
                    .map(|(name, item)| Some((name.value.clone(), item.value.to_json()?)))
                    .collect::<Option<_>>()?,
            ),
            Self::Unknown | Self::Computed | Self::Sensitive(_) => return None,
        })
    }

    /// What `jsonencode` makes of it: unknown where a part is, sensitive where a part is.
    fn encoded(self) -> Self {
        let (unknown, sensitive) = self.marks();
        let text = if unknown {
            Self::Unknown
        } else {
            let open = self.opened().to_json().unwrap_or_default();
            Self::Text(open.to_string())
        };
        if sensitive {
            let nowhere = Location {
                file: "".into(),
                line: 0,
                column: 0,
            };
            Self::Sensitive(Box::new(Spanned {
                value: text,
                at: nowhere,
            }))
        } else {
            text
        }
    }

    /// Whether a part of it is not known, and whether a part is sensitive.
    fn marks(&self) -> (bool, bool) {
        let of = |nodes: &mut dyn Iterator<Item = &Node>| {
            nodes
                .map(|node| node.value.marks())
                .fold((false, false), |(unknown, sensitive), more| {
                    (unknown || more.0, sensitive || more.1)
                })
        };
        match self {
            Self::Unknown | Self::Computed => (true, false),
            Self::Sensitive(inner) => (inner.value.marks().0, true),
            Self::List(items) => of(&mut items.iter()),
            Self::Object(items) | Self::Map(items) => of(&mut items.iter().map(|(_, item)| item)),
            _ => (false, false),
        }
    }

    /// The value without marks of sensitivity.
    fn opened(self) -> Self {
        let each = |items: Vec<(Spanned<String>, Node)>| {
            items
                .into_iter()
                .map(|(name, item)| {
                    (
                        name,
                        Spanned {
                            value: item.value.opened(),
                            at: item.at,
                        },
                    )
                })
                .collect()
        };
        match self {
            Self::Sensitive(inner) => inner.value.opened(),
            Self::List(items) => Self::List(
                items
                    .into_iter()
                    .map(|item| Spanned {
                        value: item.value.opened(),
                        at: item.at,
                    })
                    .collect(),
            ),
            Self::Object(items) => Self::Object(each(items)),
            Self::Map(items) => Self::Map(each(items)),
            other => other,
        }
    }
}

/// Reads the value that an expression is.
///
/// # Errors
/// Where it is none: a variable, a template, a function that a case file does not have.
pub(crate) fn read(source: &Source, expression: &Expression) -> Result<Node, Problem> {
    let at = source.at(expression);
    let texts = |elements: &mut dyn Iterator<Item = &Element>| -> Option<String> {
        elements
            .map(|element| element.as_literal().map(|text| text.as_str()))
            .collect()
    };
    let value = match expression {
        Expression::Null(_) => Value::Null,
        Expression::Bool(value) => Value::Boolean(*value.value()),
        Expression::Number(number) => {
            Value::Number(digits(source, number, &number.value().to_string()))
        }
        Expression::String(text) => Value::Text(text.value().clone()),
        Expression::StringTemplate(template) => match texts(&mut template.iter()) {
            Some(text) => Value::Text(text),
            None => return Err(no_value(source, expression, &at)),
        },
        Expression::HeredocTemplate(heredoc) => match texts(&mut heredoc.template.iter()) {
            Some(text) => Value::Text(text),
            None => return Err(no_value(source, expression, &at)),
        },
        Expression::Array(items) => Value::List(
            items
                .iter()
                .map(|item| read(source, item))
                .collect::<Result<_, _>>()?,
        ),
        Expression::Object(found) => Value::Object(object(source, found)?),
        Expression::Parenthesis(inner) => return read(source, inner.inner()),
        Expression::UnaryOp(operation) => match read(source, &operation.expr)?.value {
            Value::Number(text) => Value::Number(format!("-{text}")),
            _ => return Err(no_value(source, expression, &at)),
        },
        Expression::FuncCall(call) => function(source, call, &at)?,
        _ => return Err(no_value(source, expression, &at)),
    };
    Ok(Spanned { value, at })
}

/// A number as the file writes it: nothing is lost on the way through a floating one.
fn digits(source: &Source, item: &impl Span, rounded: &str) -> String {
    let written = source.excerpt(item);
    let written = written.trim();
    if serde_json::from_str::<serde_json::Number>(written).is_ok() {
        written.to_owned()
    } else {
        rounded.to_owned()
    }
}

fn no_value(source: &Source, expression: &Expression, at: &Location) -> Problem {
    Problem::at(
        at,
        format!(
            "`{}` is no value; a case file has no variables, operators or templates, write the value itself (`$${{` for `${{` in a text)",
            source.excerpt(expression)
        ),
    )
}

fn function(source: &Source, call: &FuncCall, at: &Location) -> Result<Value, Problem> {
    let name = call.name.name.as_str();
    if call.name.is_namespaced() || !FUNCTIONS.contains(&name) {
        let hint = did_you_mean(name, FUNCTIONS);
        let hint = if hint.is_empty() {
            let all: Vec<String> = FUNCTIONS
                .iter()
                .map(|name| format!("`{name}(...)`"))
                .collect();
            format!("; a case file has {}", all.join(", "))
        } else {
            hint
        };
        return Err(Problem::at(at, format!("unknown function `{name}`{hint}")));
    }
    let wanted = usize::from(!matches!(name, "unknown" | "computed"));
    if call.args.len() != wanted {
        let wanted = if wanted == 0 {
            "no argument"
        } else {
            "one argument"
        };
        return Err(Problem::at(
            at,
            format!("`{name}` takes {wanted}, not {}", call.args.len()),
        ));
    }
    let Some(argument) = call.args.get(0) else {
        return Ok(if name == "unknown" {
            Value::Unknown
        } else {
            Value::Computed
        });
    };
    let node = read(source, argument)?;
    Ok(match name {
        "sensitive" => Value::Sensitive(Box::new(node)),
        "jsonencode" => node.value.encoded(),
        _ => match node.value {
            Value::Object(items) | Value::Map(items) => Value::Map(items),
            other => {
                return Err(Problem::at(
                    &node.at,
                    format!("`tomap` takes an object `{{ ... }}`, not {}", other.kind()),
                ));
            }
        },
    })
}

fn object(source: &Source, object: &Object) -> Result<Vec<(Spanned<String>, Node)>, Problem> {
    let mut items: Vec<(Spanned<String>, Node)> = Vec::new();
    for (key, value) in object {
        let key = match key {
            ObjectKey::Ident(name) => Spanned {
                value: Ident::as_str(name).to_owned(),
                at: source.at(name),
            },
            ObjectKey::Expression(expression) => {
                let node = read(source, expression)?;
                match node.value {
                    Value::Text(value) => Spanned { value, at: node.at },
                    other => {
                        let what = format!("a name of an object is a text, not {}", other.kind());
                        return Err(Problem::at(&node.at, what));
                    }
                }
            }
        };
        if items.iter().any(|(known, _)| known.value == key.value) {
            return Err(Problem::at(
                &key.at,
                format!("`{}` is given twice", key.value),
            ));
        }
        items.push((key, read(source, value.expr())?));
    }
    Ok(items)
}
