//! Addresses of resources, taken apart: `module.a["x"].aws_s3_bucket.logs[0]`.

/// A part of an address between dots, with its instance key as written: `0`, `"x"`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    name: String,
    key: Option<String>,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    parts: Vec<Part>,
    /// How many parts at the start are those of modules.
    modules: usize,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut name = String::new();
        let mut key = None;
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '.' => parts.push(Part {
                    name: std::mem::take(&mut name),
                    key: key.take(),
                }),
                '[' => key = Some(bracketed(&mut letters)),
                _ => name.push(letter),
            }
        }
        parts.push(Part { name, key });
        let of_modules = parts
            .chunks(2)
            .take_while(|pair| matches!(pair, [word, _] if word.name == "module"))
            .count();
        Self {
            modules: of_modules * 2,
            parts,
        }
    }

    /// The address without any instance key.
    pub(crate) fn bare(&self) -> String {
        let names: Vec<&str> = self.parts.iter().map(|part| part.name.as_str()).collect();
        names.join(".")
    }

    fn own(&self) -> &[Part] {
        self.parts.get(self.modules..).unwrap_or_default()
    }

    /// Whether it is a data source.
    pub(crate) fn is_data(&self) -> bool {
        self.own().first().is_some_and(|part| part.name == "data")
    }

    /// The type of the resource.
    pub(crate) fn resource_type(&self) -> &str {
        let own = self.own();
        own.get(usize::from(self.is_data()))
            .map_or("", |part| part.name.as_str())
    }

    /// The instance key of the resource itself.
    pub(crate) fn key(&self) -> Option<&str> {
        self.parts.last()?.key.as_deref()
    }

    /// Whether it cannot be the same object: another name, or the same with another instance key.
    pub(crate) fn is_other_than(&self, other: &Self) -> bool {
        let pairs = || self.parts.iter().zip(&other.parts);
        self.parts.len() != other.parts.len()
            || pairs().any(|(one, two)| one.name != two.name)
            || pairs()
                .any(|(one, two)| one.key.is_some() && two.key.is_some() && one.key != two.key)
    }

    /// The names and keys of the modules, from outside in.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let modules = self.parts.get(..self.modules).unwrap_or_default();
        modules
            .iter()
            .skip(1)
            .step_by(2)
            .map(|part| (part.name.as_str(), part.key.as_deref()))
    }
}

/// The text up to the closing bracket; a bracket within quotes closes nothing.
fn bracketed(letters: &mut std::str::Chars<'_>) -> String {
    let mut key = String::new();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            ']' if !quoted => break,
            '"' => quoted = !quoted,
            '\\' if quoted => {
                key.push(letter);
                key.extend(letters.next());
                continue;
            }
            _ => {}
        }
        key.push(letter);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let address = Address::parse(r#"module.a["x.]\""].module.b.aws_s3_bucket.logs[0]"#);
        assert_eq!(address.bare(), "module.a.module.b.aws_s3_bucket.logs");
        assert_eq!(address.resource_type(), "aws_s3_bucket");
        assert_eq!(address.key(), Some("0"));
        let modules: Vec<_> = address.modules().collect();
        assert_eq!(modules, [("a", Some(r#""x.]\"""#)), ("b", None)]);
        let data = Address::parse("data.aws_s3_bucket.logs");
        assert_eq!((data.resource_type(), data.key()), ("aws_s3_bucket", None));
        assert!(data.is_data() && !address.is_data());
        assert_eq!(Address::parse("").resource_type(), "");
    }
}
