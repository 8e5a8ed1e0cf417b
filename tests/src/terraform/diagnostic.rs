//! What Terraform tells the user, read from its JSON lines.

use serde_json::Value;

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    /// Its first line.
    pub summary: String,
    /// The rest, as one line of single spaces.
    pub detail: String,
    /// The address of the resource, where it has one.
    pub address: String,
    /// The file, where it has one.
    pub file: String,
    /// The first line there, counted from 1; 0 without one.
    pub line: u64,
    /// The source line that it shows.
    pub code: String,
}

impl Diagnostic {
    pub(super) fn of(line: &Value) -> Option<Self> {
        let found = line.get("diagnostic")?;
        let text = |pointer: &str| {
            found
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Some(Self {
            severity: text("/severity"),
            summary: text("/summary"),
            detail: flat(&text("/detail")),
            address: text("/address"),
            file: text("/range/filename"),
            line: found
                .pointer("/range/start/line")
                .and_then(Value::as_u64)
                .unwrap_or(0),
            code: text("/snippet/code").trim().to_owned(),
        })
    }
}

/// Text as one line of single spaces, without the bars of a diagnostic's frame.
pub(super) fn flat(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || matches!(c, '│' | '╷' | '╵'))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_line_breaks_do_not_matter() {
        assert_eq!(flat("╷\n│ Error: a\n│   b\n╵"), "Error: a b");
    }

    #[test]
    fn a_diagnostic_is_read_with_its_place() {
        let line = serde_json::json!({"diagnostic": {
            "severity": "error", "summary": "S", "detail": "a\n  b", "address": "x.y",
            "range": {"filename": "main.tf", "start": {"line": 7}},
            "snippet": {"code": "  enable_key_rotation = false"},
        }});
        let found = Diagnostic::of(&line).unwrap();
        assert_eq!((found.line, found.detail.as_str()), (7, "a b"));
        assert_eq!(found.code, "enable_key_rotation = false");
    }
}
