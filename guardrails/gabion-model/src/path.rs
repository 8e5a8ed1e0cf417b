//! Attribute paths, as a reader of a plan writes them: `rule[0].apply_server_side_encryption_by_default`.

use std::fmt;
use std::sync::Arc;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// An element of a list, a set or a repeated block, counted from 0.
    Index(u32),
    /// An attribute of an object, a block, or a key of a map.
    Name(Arc<str>),
}

/// Where a value stands below the root of its resource. The empty path is the resource itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// The path of the root.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// A path from its steps.
    pub fn new(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// The steps from the root downwards.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// This path and one step more.
    #[must_use]
    pub fn child(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The path with every index left out: two paths that differ only in indexes compare equal so.
    #[must_use]
    pub fn without_indexes(&self) -> Self {
        Self(
            self.0
                .iter()
                .filter(|step| matches!(step, Step::Name(_)))
                .cloned()
                .collect(),
        )
    }

    /// Reads `a.b[0]["a key"].c`.
    ///
    /// # Errors
    /// A sentence that quotes the text and says at which byte it stops being a path.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad =
            |at: usize, why: &str| format!("`{text}` is not an attribute path: {why} at byte {at}");
        let mut steps = Vec::new();
        let mut rest = text;
        let mut first = true;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            if let Some(inner) = rest.strip_prefix("[\"") {
                let mut key = String::new();
                let mut chars = inner.char_indices();
                let end = loop {
                    match chars.next() {
                        Some((_, '\\')) => match chars.next() {
                            Some((_, c)) => key.push(c),
                            None => return Err(bad(at, "an unfinished escape")),
                        },
                        Some((i, '"')) => break i,
                        Some((_, c)) => key.push(c),
                        None => return Err(bad(at, "an unfinished key")),
                    }
                };
                rest = inner.get(end + 1..).unwrap_or_default();
                rest = rest
                    .strip_prefix(']')
                    .ok_or_else(|| bad(at, "a key without `]`"))?;
                steps.push(Step::Name(key.into()));
            } else if let Some(inner) = rest.strip_prefix('[') {
                let (digits, after) = inner
                    .split_once(']')
                    .ok_or_else(|| bad(at, "an index without `]`"))?;
                let index = digits
                    .parse()
                    .map_err(|_| bad(at, "an index that is no whole number"))?;
                steps.push(Step::Index(index));
                rest = after;
            } else {
                let body = match rest.strip_prefix('.') {
                    Some(body) if !first => body,
                    None if first => rest,
                    _ => return Err(bad(at, "an unexpected character")),
                };
                let end = body.find(['.', '[']).unwrap_or(body.len());
                let (name, after) = body.split_at(end);
                if name.is_empty() {
                    return Err(bad(at, "an empty name"));
                }
                steps.push(Step::Name(name.into()));
                rest = after;
            }
            first = false;
        }
        Ok(Self(steps))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Name(name) if is_plain(name) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(name)?;
                }
                Step::Name(name) => write!(
                    f,
                    "[\"{}\"]",
                    name.replace('\\', "\\\\").replace('"', "\\\"")
                )?,
            }
        }
        Ok(())
    }
}

impl serde::Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Path {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

impl From<&str> for Step {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "",
            "a",
            "a.b",
            "rule[0].apply[12].x",
            "tags[\"a.b\"]",
            "tags[\"q\\\"\\\\\"].z",
            "[0].a",
        ] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for text in [".a", "a..b", "a[", "a[x]", "a[\"x", "a[\"x\"", "a."] {
            let error = Path::parse(text).unwrap_err();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn indexes_are_left_out() {
        let path = Path::parse("a[3].b[\"k\"]").unwrap();
        assert_eq!(path.without_indexes().to_string(), "a.b.k");
    }
}
