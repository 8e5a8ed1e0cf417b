//! A pull reader of JSON that borrows from the text, skips what nobody asks for, and knows its place.
//!
//! A plan file is large and most of it is never looked at: values are skipped by their brackets, and only the changes that a rule may judge are read into trees.

use std::borrow::Cow;
use std::fmt;

use super::skim::{self, Endless};

/// Deepest nesting that is followed.
const DEEPEST: usize = 256;

/// What is wrong with the text, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte, counted from 0.
    pub offset: usize,
    /// What.
    pub what: What,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The text ends in the middle.
    Truncated,
    /// Something else stands there than should; the text says what should.
    Expected(&'static str),
    /// Nested deeper than any plan.
    TooDeep,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset;
        match self.what {
            What::Truncated => write!(
                f,
                "it ends in the middle, at byte {offset}: it is truncated"
            ),
            What::Expected(what) => write!(f, "it is not JSON at byte {offset}: expected {what}"),
            What::TooDeep => write!(
                f,
                "it is nested deeper than {DEEPEST} levels at byte {offset}"
            ),
        }
    }
}

/// A reader of one text.
#[derive(Clone, Debug)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Where the text stands in the whole, for messages.
    base: usize,
    depth: usize,
}

/// The next value, or where one begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Null,
    Boolean(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    /// A list begins: call [`Scan::item`] until it says false.
    List,
    /// An object begins: call [`Scan::key`] until it gives none.
    Object,
}

/// A part of the text and where it stands in the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice<'a> {
    text: &'a str,
    base: usize,
}

impl<'a> Slice<'a> {
    /// The part of a plan that is not there: null.
    pub(super) const NULL: Slice<'static> = Slice {
        text: "null",
        base: 0,
    };

    /// A reader of the part.
    pub(super) fn scan(self) -> Scan<'a> {
        Scan {
            text: self.text,
            at: 0,
            base: self.base,
            depth: 0,
        }
    }

    /// Whether its text holds this, in a name or anywhere else.
    pub(super) fn contains(self, text: &str) -> bool {
        memchr::memmem::find(self.text.as_bytes(), text.as_bytes()).is_some()
    }

    /// Whether it is true.
    pub(super) fn is_true(self) -> bool {
        self.text == "true"
    }

    /// Whether it is an object.
    pub(super) fn is_object(self) -> bool {
        self.text.starts_with('{')
    }

    /// Whether it, as marks beside an object, says nothing of the object as a whole.
    pub(super) fn marks_parts(self) -> bool {
        self.is_object() || self.is_null() || self.text == "false"
    }

    /// The value at a name of an object; the last one, where it stands there twice.
    ///
    /// # Errors
    /// Where the object is no JSON.
    pub(super) fn field(self, name: &str) -> Result<Option<Self>, Fault> {
        let mut found = None;
        self.each(|key, value| {
            if key == name {
                found = Some(value);
            }
        })?;
        Ok(found)
    }

    /// The same; the first one, as [`Json::get`] gives it.
    ///
    /// # Errors
    /// Where the object is no JSON.
    pub(super) fn first_field(self, name: &str) -> Result<Option<Self>, Fault> {
        let mut found = None;
        self.each(|key, value| {
            if key == name {
                found.get_or_insert(value);
            }
        })?;
        Ok(found)
    }

    /// Every name and value of an object; nothing of anything else.
    fn each(self, mut field: impl FnMut(&str, Self)) -> Result<(), Fault> {
        if !self.is_object() {
            return Ok(());
        }
        let mut scan = self.scan();
        scan.token()?;
        let mut first = true;
        while let Some(key) = scan.key(&mut first)? {
            let value = scan.skip()?;
            field(&key, value);
        }
        Ok(())
    }

    /// Whether it is null.
    pub(super) fn is_null(self) -> bool {
        self.text == "null"
    }
}

impl<'a> Scan<'a> {
    /// A reader of a whole text.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            base: 0,
            depth: 0,
        }
    }

    /// A reader that stands at a byte of a whole text, so deep inside of it.
    pub(super) fn within(text: &'a str, at: usize, depth: usize) -> Self {
        Self {
            text,
            at,
            base: 0,
            depth,
        }
    }

    /// The byte at which it stands, counted from the beginning of its text.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    fn fault<T>(&self, what: What) -> Result<T, Fault> {
        let what = if self.at >= self.text.len() {
            What::Truncated
        } else {
            what
        };
        Err(Fault {
            offset: self.base + self.at,
            what,
        })
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no space.
    pub(super) fn peek(&mut self) -> Result<u8, Fault> {
        let rest = self.rest();
        // Terraform writes no spaces between values.
        if let Some(byte) = rest.first().copied().filter(|byte| *byte > b' ') {
            return Ok(byte);
        }
        match rest
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
        {
            Some(spaces) => {
                self.at += spaces;
                rest.get(spaces)
                    .copied()
                    .map_or_else(|| self.fault(What::Truncated), Ok)
            }
            None => {
                self.at = self.text.len();
                self.fault(What::Truncated)
            }
        }
    }

    /// Complains of anything but spaces up to the end.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Err(_) => Ok(()),
            Ok(_) => self.fault(What::Expected("the end")),
        }
    }

    /// The next value; of a list or object, only its beginning.
    pub(super) fn token(&mut self) -> Result<Token<'a>, Fault> {
        match self.peek()? {
            b'"' => self.text().map(Token::Text),
            b'{' => self.open().map(|()| Token::Object),
            b'[' => self.open().map(|()| Token::List),
            b't' => self.word("true").map(|()| Token::Boolean(true)),
            b'f' => self.word("false").map(|()| Token::Boolean(false)),
            b'n' => self.word("null").map(|()| Token::Null),
            _ => self.number().map(Token::Number),
        }
    }

    fn open(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fault(What::TooDeep);
        }
        self.at += 1;
        Ok(())
    }

    /// The next key of the object that was begun, `None` at its end. `first` starts as true and is kept by the caller.
    pub(super) fn key(&mut self, first: &mut bool) -> Result<Option<Cow<'a, str>>, Fault> {
        if !self.more(first, b'}')? {
            return Ok(None);
        }
        if self.peek()? != b'"' {
            return self.fault(What::Expected("a name in quotes"));
        }
        let key = self.text()?;
        if self.peek()? != b':' {
            return self.fault(What::Expected("`:`"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Whether the list that was begun has another item. `first` starts as true and is kept by the caller.
    pub(super) fn item(&mut self, first: &mut bool) -> Result<bool, Fault> {
        self.more(first, b']')
    }

    fn more(&mut self, first: &mut bool, end: u8) -> Result<bool, Fault> {
        let byte = self.peek()?;
        if byte == end {
            self.at += 1;
            self.depth = self.depth.saturating_sub(1);
            return Ok(false);
        }
        if !std::mem::take(first) {
            if byte != b',' {
                return self.fault(What::Expected(if end == b'}' {
                    "`,` or `}`"
                } else {
                    "`,` or `]`"
                }));
            }
            self.at += 1;
        }
        Ok(true)
    }

    fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        if self.rest().starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        if word.as_bytes().starts_with(self.rest()) {
            self.at = self.text.len();
        }
        self.fault(What::Expected("a value"))
    }

    fn number(&mut self) -> Result<&'a str, Fault> {
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let text = self.text.get(self.at..self.at + length).unwrap_or_default();
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.starts_with(|c: char| c.is_ascii_digit())
            || !digits.ends_with(|c: char| c.is_ascii_digit())
        {
            return self.fault(What::Expected("a value"));
        }
        self.at += length;
        Ok(text)
    }

    /// The text at the quote: borrowed unless it holds an escape.
    fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at + 1;
        let (end, plain) = self.closing()?;
        let inner = self.text.get(start..end).unwrap_or_default();
        self.at = end + 1;
        if plain {
            return Ok(Cow::Borrowed(inner));
        }
        let quoted = self.text.get(start - 1..=end).unwrap_or_default();
        match serde_json::from_str::<String>(quoted) {
            Ok(text) => Ok(Cow::Owned(text)),
            Err(_) => Err(Fault {
                offset: self.base + start,
                what: What::Expected("a text without broken escapes"),
            }),
        }
    }

    /// Where the text that begins here ends, and whether it has no escape.
    fn closing(&mut self) -> Result<(usize, bool), Fault> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        let mut plain = true;
        // Most names and many values are short: two words tell sooner than a search that is made for long texts.
        for _ in 0..2 {
            let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) else {
                break;
            };
            match skim::quote_or_escape(*word) {
                Some(found) if bytes.get(at + found) == Some(&b'"') => {
                    return Ok((at + found, plain));
                }
                Some(_) => break,
                None => at += 8,
            }
        }
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                Some(found) if rest.get(found) == Some(&b'"') => return Ok((at + found, plain)),
                Some(found) => {
                    plain = false;
                    at += found + 2;
                }
                None => {
                    self.at = self.text.len();
                    return self.fault(What::Truncated);
                }
            }
        }
    }

    /// Skips the next value, whatever it is, and gives its text. Of a list or object only brackets and quotes are
    /// looked at: what else is wrong in it is found when it is read.
    pub(super) fn skip(&mut self) -> Result<Slice<'a>, Fault> {
        self.peek()?;
        let start = self.at;
        match self.peek()? {
            b'"' => self.at = self.closing()?.0 + 1,
            b'{' | b'[' => {
                let room = DEEPEST.saturating_sub(self.depth);
                match skim::end(self.text.as_bytes(), start, room) {
                    Ok(end) => self.at = end,
                    Err(Endless::Truncated) => {
                        self.at = self.text.len();
                        return self.fault(What::Truncated);
                    }
                    Err(Endless::TooDeep(at)) => {
                        self.at = at;
                        return self.fault(What::TooDeep);
                    }
                }
            }
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => {
                self.number()?;
            }
        }
        Ok(Slice {
            text: self.text.get(start..self.at).unwrap_or_default(),
            base: self.base + start,
        })
    }

    /// The next value where it is a text, else skips it.
    pub(super) fn text_or_skip(&mut self) -> Result<Option<Cow<'a, str>>, Fault> {
        if self.peek()? == b'"' {
            self.text().map(Some)
        } else {
            self.skip().map(|_| None)
        }
    }

    /// The next value where it is a boolean, else skips it.
    pub(super) fn boolean_or_skip(&mut self) -> Result<Option<bool>, Fault> {
        match self.skip()?.text {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Ok(None),
        }
    }
}

/// A small JSON value that borrows from the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Boolean(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads the next value whole.
    pub(super) fn read(scan: &mut Scan<'a>) -> Result<Self, Fault> {
        Ok(match scan.token()? {
            Token::Null => Self::Null,
            Token::Boolean(value) => Self::Boolean(value),
            Token::Number(text) => Self::Number(text),
            Token::Text(text) => Self::Text(text),
            Token::List => {
                let (mut items, mut first) = (Vec::new(), true);
                while scan.item(&mut first)? {
                    items.push(Self::read(scan)?);
                }
                Self::List(items)
            }
            Token::Object => {
                let (mut items, mut first) = (Vec::new(), true);
                while let Some(key) = scan.key(&mut first)? {
                    items.push((key, Self::read(scan)?));
                }
                Self::Object(items)
            }
        })
    }

    /// Reads an object as far as [`super::tree`] needs it for one name: that field alone, or all of it where it may be
    /// an expression. An object without fields stands for nothing at all.
    pub(super) fn read_only(object: Slice<'a>, name: &str) -> Result<Self, Fault> {
        if !object.is_object() {
            return if object.is_null() {
                Ok(Self::Object(Vec::new()))
            } else {
                Self::read(&mut object.scan())
            };
        }
        let (mut other, mut found) = (false, None);
        object.each(|key, value| {
            other |= !matches!(key, "constant_value" | "references");
            if key == name {
                found.get_or_insert(value);
            }
        })?;
        if !other {
            return Self::read(&mut object.scan());
        }
        // The other fields, of which one tells that the object is no expression.
        let blank = (Cow::Borrowed(""), Self::Null);
        Ok(match found {
            Some(found) => Self::Object(vec![
                (Cow::Owned(name.to_owned()), Self::read(&mut found.scan())?),
                blank,
            ]),
            None => Self::Object(vec![blank]),
        })
    }

    /// The value at a name of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(items) => items
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Json<'_>, Fault> {
        let mut scan = Scan::new(text);
        let value = Json::read(&mut scan)?;
        scan.end()?;
        Ok(value)
    }

    #[test]
    fn reads_and_skips_the_same() {
        let text = r#" {"a": [1, -2.5e3, "x\"\u00e9", true, false, null, {}], "b{": "}]"} "#;
        let value = read(text).unwrap();
        assert_eq!(
            value
                .get("a")
                .map(|list| matches!(list, Json::List(items) if items.len() == 7)),
            Some(true)
        );
        assert_eq!(value.get("b{").and_then(Json::as_text), Some("}]"));
        let mut scan = Scan::new(text);
        assert_eq!(scan.skip().unwrap().text, text.trim());
        scan.end().unwrap();
    }

    #[test]
    fn every_cut_is_told_as_one() {
        let text = r#"{"a": [1, "x\"y", true], "b": {"c": null}}"#;
        for end in 0..text.len() {
            let cut = text.get(..end).unwrap();
            for fault in [read(cut).unwrap_err(), Scan::new(cut).skip().unwrap_err()] {
                assert_eq!(fault.what, What::Truncated, "{cut}");
                assert_eq!(fault.offset, end, "{cut}");
            }
        }
    }

    #[test]
    fn what_is_no_json_is_told() {
        for (text, offset) in [
            ("{a: 1}", 1),
            ("[1 2]", 3),
            ("{\"a\" 1}", 5),
            ("[tru]", 1),
            ("[1]x", 3),
            ("[-]", 1),
            ("]", 0),
        ] {
            let fault = read(text).unwrap_err();
            assert_eq!(fault.offset, offset, "{text}: {fault}");
            assert!(matches!(fault.what, What::Expected(_)), "{text}");
        }
        assert_eq!(read(&"[".repeat(600)).unwrap_err().what, What::TooDeep);
        assert_eq!(
            Scan::new(&"[".repeat(600)).skip().unwrap_err().what,
            What::TooDeep
        );
        assert!(read("\"\\u12\"").is_err());
    }
}

#[cfg(test)]
mod against_serde {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn same(ours: &Json<'_>, theirs: &Value) -> bool {
        match (ours, theirs) {
            (Json::Null, Value::Null) => true,
            (Json::Boolean(left), Value::Bool(right)) => left == right,
            (Json::Number(left), Value::Number(right)) => *left == right.to_string(),
            (Json::Text(left), Value::String(right)) => left == right,
            (Json::List(left), Value::Array(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| same(left, right))
            }
            (Json::Object(left), Value::Object(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| left.0 == *right.0 && same(&left.1, right.1))
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn reads_what_serde_writes(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let mut scan = Scan::new(&text);
            prop_assert!(same(&Json::read(&mut scan).unwrap(), &value));
            prop_assert!(scan.end().is_ok());
            prop_assert_eq!(Scan::new(&text).skip().unwrap().text, &text);
        }

        #[test]
        fn no_text_makes_it_fail_otherwise(text in "[\\[\\]{}\",:0-9a-z\\\\ -]{0,40}") {
            let _ = Json::read(&mut Scan::new(&text));
            let _ = Scan::new(&text).skip();
        }
    }
}
