//! JSON, as small as a guest wants it: settings are read with it, fixes written.

use std::fmt;

/// How deep values may nest.
const DEPTH: u32 = 64;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number as written.
    Number(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// A map, in the order written.
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Reads JSON text.
    ///
    /// # Errors
    /// A sentence that says at which byte it stops being JSON.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.space();
        if reader.at < text.len() {
            Err(reader.bad())
        } else {
            Ok(value)
        }
    }

    /// The value at a name of a map; null elsewhere.
    pub fn get(&self, name: &str) -> &Self {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(key, _)| key == name)
                .map_or(&Self::Null, |(_, value)| value),
            _ => &Self::Null,
        }
    }

    /// The boolean, where it is one.
    pub fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The whole number, where it is one.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list; none elsewhere.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(true) => out.push_str("true"),
            Self::Boolean(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => quote(text, out),
            Self::List(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (index, (name, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    quote(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(value.to_string())
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 0x20 => {
                out.push_str("\\u00");
                for shift in [4, 0] {
                    out.push(char::from_digit((c as u32 >> shift) & 0xf, 16).unwrap_or('0'));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn bad(&self) -> String {
        ["not JSON at byte ", &self.at.to_string()].concat()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, String> {
        if !self.rest().starts_with(word) {
            return Err(self.bad());
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: u32) -> Result<Json, String> {
        if depth > DEPTH {
            return Err("JSON nested too deeply".to_owned());
        }
        self.space();
        match self.peek() {
            Some(b'n') => self.word("null", Json::Null),
            Some(b't') => self.word("true", Json::Boolean(true)),
            Some(b'f') => self.word("false", Json::Boolean(false)),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => {
                let digits = self.rest().bytes().take_while(|byte| {
                    matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                });
                let end = self.at + digits.count();
                let number = self.text.get(self.at..end).unwrap_or_default().to_owned();
                self.at = end;
                Ok(Json::Number(number))
            }
            Some(b'[') => {
                self.at += 1;
                let mut elements = Vec::new();
                self.space();
                if self.eat(b']') {
                    return Ok(Json::List(elements));
                }
                loop {
                    elements.push(self.value(depth + 1)?);
                    self.space();
                    if self.eat(b']') {
                        return Ok(Json::List(elements));
                    }
                    if !self.eat(b',') {
                        return Err(self.bad());
                    }
                }
            }
            Some(b'{') => {
                self.at += 1;
                let mut entries = Vec::new();
                self.space();
                if self.eat(b'}') {
                    return Ok(Json::Map(entries));
                }
                loop {
                    self.space();
                    let name = self.string()?;
                    self.space();
                    if !self.eat(b':') {
                        return Err(self.bad());
                    }
                    entries.push((name, self.value(depth + 1)?));
                    self.space();
                    if self.eat(b'}') {
                        return Ok(Json::Map(entries));
                    }
                    if !self.eat(b',') {
                        return Err(self.bad());
                    }
                }
            }
            _ => Err(self.bad()),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        if !self.eat(b'"') {
            return Err(self.bad());
        }
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return Err(self.bad());
            };
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(out),
                '\\' => {
                    let Some(escape) = self.peek() else {
                        return Err(self.bad());
                    };
                    self.at += 1;
                    out.push(match escape {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'u' => self.unicode()?,
                        b'"' | b'\\' | b'/' => char::from(escape),
                        _ => return Err(self.bad()),
                    });
                }
                c => out.push(c),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, String> {
        let first = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            self.word("\\u", Json::Null)?;
            let second = self.hex()?;
            0x10000
                + ((first - 0xd800) << 10)
                + second.checked_sub(0xdc00).ok_or_else(|| self.bad())?
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.bad())
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .ok_or_else(|| self.bad())?;
        let code = u32::from_str_radix(digits, 16).map_err(|_| self.bad())?;
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "null",
            "[1,-2.5e3,true,false]",
            r#"{"a":{"b":["x\ny\"\\"]},"c":""}"#,
            r#""\u0001é𝄞""#,
        ] {
            assert_eq!(Json::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Json::parse(r#" "\ud834\udd1e\u00e9" "#).unwrap(),
            Json::from("𝄞é")
        );
    }

    #[test]
    fn says_where_it_is_wrong() {
        for text in [
            "",
            "{",
            "[1,]",
            "tru",
            r#"{"a" 1}"#,
            "1 2",
            r#""\ud834""#,
            r#""\x""#,
        ] {
            assert!(Json::parse(text).unwrap_err().contains("byte"), "{text}");
        }
        assert!(Json::parse(&"[".repeat(100)).is_err());
    }

    #[test]
    fn what_is_not_there_is_null() {
        let settings = Json::parse(r#"{"regions":["eu-central-1"],"days":30,"on":true}"#).unwrap();
        assert_eq!(
            settings.get("regions").elements()[0].text(),
            Some("eu-central-1")
        );
        assert_eq!(settings.get("days").integer(), Some(30));
        assert_eq!(settings.get("on").boolean(), Some(true));
        assert_eq!(settings.get("none").get("deeper"), &Json::Null);
    }
}
