//! Values as a case file writes them.

use serde_json::Value as Json;

/// Longest list that stands in one line.
const LINE: usize = 70;

/// A value of a case file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lit {
    /// `null`, `true`, `12`, `unknown()`: as it is written.
    Raw(String),
    Text(String),
    List(Vec<Lit>),
    Object(Vec<(String, Lit)>),
    /// `sensitive(...)`, `jsonencode(...)`.
    Call(&'static str, Box<Lit>),
}

impl Lit {
    /// `unknown()`.
    pub(super) fn unknown() -> Self {
        Self::Raw("unknown()".to_owned())
    }

    /// The value of JSON.
    pub(super) fn of_json(json: &Json) -> Self {
        match json {
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::of_json).collect()),
            Json::Object(items) => Self::Object(
                items
                    .iter()
                    .map(|(name, item)| (name.clone(), Self::of_json(item)))
                    .collect(),
            ),
            other => Self::Raw(other.to_string()),
        }
    }

    /// The value as HCL; lines after the first begin with so many spaces.
    pub(super) fn hcl(&self, indent: usize) -> String {
        let (pad, end) = (" ".repeat(indent + 2), " ".repeat(indent));
        match self {
            Self::Raw(text) => text.clone(),
            Self::Text(text) => quote(text),
            Self::Call(name, inner) => format!("{name}({})", inner.hcl(indent)),
            Self::List(items) => {
                let short: Vec<String> = items.iter().map(|item| item.hcl(indent)).collect();
                let line = format!("[{}]", short.join(", "));
                let flat = short.iter().all(|item| !item.contains('\n'));
                if flat && (line.len() <= LINE || items.len() < 2) {
                    return line;
                }
                let lines: Vec<String> = items
                    .iter()
                    .map(|item| format!("{pad}{},\n", item.hcl(indent + 2)))
                    .collect();
                format!("[\n{}{end}]", lines.concat())
            }
            Self::Object(items) if items.is_empty() => "{}".to_owned(),
            Self::Object(items) => {
                let width = items
                    .iter()
                    .map(|(name, _)| key(name).chars().count())
                    .max();
                let lines: Vec<String> = items
                    .iter()
                    .map(|(name, item)| {
                        let name = key(name);
                        let width = width.unwrap_or_default();
                        format!("{pad}{name:width$} = {}\n", item.hcl(indent + 2))
                    })
                    .collect();
                format!("{{\n{}{end}}}", lines.concat())
            }
        }
    }
}

fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(name, "null" | "true" | "false" | "for");
    if plain { name.to_owned() } else { quote(name) }
}

/// A text in quotes, with nothing in it that HCL would read as a template.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if characters.peek() == Some(&'{') => {
                out.push(character);
                out.push(character);
            }
            other if other.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::value;
    use gabion_engine::policy::Source;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        for text in [
            "plain",
            "\"quoted\" \\ back",
            "${var.x} and %{ if x } and $$ and $",
            "two\nlines\tand\r\u{1}",
            "é \u{1f600}",
        ] {
            let json = serde_json::json!({ text: [text, { "a": 1.50, "b-c": null, "null": true }], "e": {}, "l": [] });
            let source = Source::new("x", format!("v = {}\n", Lit::of_json(&json).hcl(0)));
            let body = source.parse().unwrap();
            let attribute = body.attributes().next().unwrap();
            let node = value::read(&source, &attribute.value).unwrap();
            assert_eq!(node.value.to_json().unwrap(), json, "{text}");
        }
    }
}
