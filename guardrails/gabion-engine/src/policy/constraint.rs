//! Version constraints as Terraform writes them: `~> 1.2, != 1.4.0`.

use semver::Version;

/// All of these must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    parts: Vec<(Operator, Version, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Pessimistic,
}

impl Constraint {
    /// Reads a constraint. An empty text is met by every version.
    ///
    /// # Errors
    /// A sentence that quotes the part that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for part in text.split(',').map(str::trim) {
            if part.is_empty() {
                if text.trim().is_empty() {
                    continue;
                }
                return Err(format!(
                    "`{text}` is not a version constraint: an empty part beside a comma"
                ));
            }
            let operators = [
                ("~>", Operator::Pessimistic),
                (">=", Operator::GreaterOrEqual),
                ("<=", Operator::LessOrEqual),
                ("!=", Operator::NotEqual),
                (">", Operator::Greater),
                ("<", Operator::Less),
                ("=", Operator::Equal),
            ];
            let (operator, rest) = operators
                .iter()
                .find_map(|(sign, operator)| Some((*operator, part.strip_prefix(sign)?)))
                .unwrap_or((Operator::Equal, part));
            let (version, segments) = lenient(rest.trim()).ok_or_else(|| {
                format!("`{part}` is not a version constraint; write one such as `~> 1.2` or `>= 1.0, < 3.0`")
            })?;
            parts.push((operator, version, segments));
        }
        Ok(Self { parts })
    }

    /// Met by every version.
    pub fn any() -> Self {
        Self { parts: Vec::new() }
    }

    /// Whether a version meets all parts. As in Terraform, a prerelease meets only parts that name a prerelease of the
    /// same version, and `~>` of a prerelease is met by such alone.
    pub fn matches(&self, version: &Version) -> bool {
        self.parts.iter().all(|(operator, wanted, segments)| {
            let same_base = (version.major, version.minor, version.patch)
                == (wanted.major, wanted.minor, wanted.patch);
            let of_prerelease = !wanted.pre.is_empty();
            let fits = match (version.pre.is_empty(), *operator) {
                (_, Operator::NotEqual) => true,
                (true, Operator::Pessimistic) => !of_prerelease,
                (true, _) => true,
                (false, _) => of_prerelease && same_base,
            };
            if !fits {
                return false;
            }
            match operator {
                Operator::Equal => version.cmp_precedence(wanted).is_eq(),
                Operator::NotEqual => version.cmp_precedence(wanted).is_ne(),
                Operator::Greater => version.cmp_precedence(wanted).is_gt(),
                Operator::GreaterOrEqual => version.cmp_precedence(wanted).is_ge(),
                Operator::Less => version.cmp_precedence(wanted).is_lt(),
                Operator::LessOrEqual => version.cmp_precedence(wanted).is_le(),
                Operator::Pessimistic => {
                    version.cmp_precedence(wanted).is_ge()
                        && (*segments < 2 || version.major == wanted.major)
                        && (*segments < 3 || version.minor == wanted.minor)
                }
            }
        })
    }

    /// The one version that this allows, where it is written as an exact one.
    pub fn exact(&self) -> Option<&Version> {
        match self.parts.as_slice() {
            [(Operator::Equal, version, 3)] => Some(version),
            _ => None,
        }
    }
}

/// A version with one to three numbers, and how many it had: `1.2` is `1.2.0`.
pub fn lenient(text: &str) -> Option<(Version, usize)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let segments = numbers.split('.').count();
    let padding = match segments {
        1 => ".0.0",
        2 => ".0",
        3 => "",
        _ => return None,
    };
    Version::parse(&format!("{numbers}{padding}{rest}"))
        .ok()
        .map(|version| (version, segments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_terraform() {
        let cases = [
            ("~> 1.0", "1.9.3", true),
            ("~> 1.0", "2.0.0", false),
            ("~> 1.2.3", "1.2.9", true),
            ("~> 1.2.3", "1.3.0", false),
            ("~> 1", "2.0.0", true),
            (">= 5.0, < 7.0", "6.4.1", true),
            (">= 5.0, < 7.0", "7.0.0", false),
            ("1.2.3", "1.2.3", true),
            ("!= 1.2.3", "1.2.3", false),
            (">= 1.0", "1.1.0-beta", false),
            (">= 1.1.0-beta", "1.1.0-rc", true),
            (">= 1.1.0-beta", "1.2.0-rc", false),
            (">= 1.1.0-beta", "1.2.0", true),
            ("~> 1.1.0-beta", "1.1.0-rc", true),
            ("~> 1.1.0-beta", "1.1.1", false),
            ("= 1.1.0-beta", "1.1.0-beta", true),
            ("1.1.0", "1.1.0-beta", false),
            ("!= 1.1.0", "1.2.0-beta", true),
            ("< 2.0", "2.0.0-beta", false),
            (">= 1.0, != 1.4.0, < 2.0", "1.4.0", false),
            (">= 1.0, != 1.4.0, < 2.0", "1.4.1", true),
            ("~>1.2 , !=1.3", "1.3.0", false),
            ("> 1.2", "1.2.1", true),
            ("<= 1.2", "1.2.1", false),
            ("", "0.1.0", true),
        ];
        for (constraint, version, expected) in cases {
            let constraint_read = Constraint::parse(constraint).unwrap();
            assert_eq!(
                constraint_read.matches(&Version::parse(version).unwrap()),
                expected,
                "{constraint} {version}"
            );
        }
    }

    #[test]
    fn says_what_is_no_constraint() {
        for text in ["~>", "latest", "1.2.3.4", ">= 1.0,", "=> 1"] {
            let error = Constraint::parse(text).unwrap_err();
            assert!(error.contains("is not a version constraint"), "{error}");
        }
    }

    #[test]
    fn an_exact_version_is_told() {
        assert_eq!(
            Constraint::parse("= 5.100.0").unwrap().exact(),
            Some(&Version::new(5, 100, 0))
        );
        assert_eq!(Constraint::parse("~> 5.100").unwrap().exact(), None);
    }
}
