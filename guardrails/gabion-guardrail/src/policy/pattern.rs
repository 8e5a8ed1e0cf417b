//! Wildcards as IAM has them, and what a statement includes or leaves out.

/// What a statement speaks of: `Action` and `NotAction`, and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Set<T> {
    /// It does not say.
    #[default]
    Absent,
    /// These.
    Only(Vec<T>),
    /// Everything but these.
    AllBut(Vec<T>),
}

impl<T> Set<T> {
    /// Whether something is in it, when `is` tells whether one element stands for it.
    pub fn holds(&self, is: impl FnMut(&T) -> bool) -> bool {
        match self {
            Self::Absent => false,
            Self::Only(elements) => elements.iter().any(is),
            Self::AllBut(elements) => !elements.iter().any(is),
        }
    }

    /// The elements that are named, to include or to leave out.
    pub fn named(&self) -> &[T] {
        match self {
            Self::Absent => &[],
            Self::Only(elements) | Self::AllBut(elements) => elements,
        }
    }
}

/// Whether `text` fits `pattern`, where `*` stands for any text and `?` for one character.
pub fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern.as_bytes(), text.as_bytes(), |left, right| {
        left == right
    })
}

/// As [`matches()`], with upper and lower case the same.
pub fn matches_ignoring_case(pattern: &str, text: &str) -> bool {
    fits(pattern.as_bytes(), text.as_bytes(), |left, right| {
        left.eq_ignore_ascii_case(&right)
    })
}

/// Linear in practice and quadratic at worst: only the last `*` is ever taken up again.
fn fits(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&wanted) if wanted == b'?' || same(wanted, byte) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|&byte| byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text) in [
            ("*", ""),
            ("kms:*", "kms:PutKeyPolicy"),
            ("kms:Put*Policy", "kms:PutKeyPolicy"),
            ("kms:?utKeyPolicy", "kms:PutKeyPolicy"),
            ("a*b*c", "a1b2b3c"),
            ("**", "x"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "x"),
            ("kms:Put", "kms:PutKeyPolicy"),
            ("a*b", "a1c"),
            ("?", ""),
            ("KMS:*", "kms:x"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        assert!(matches_ignoring_case("KMS:putkey*", "kms:PutKeyPolicy"));
    }

    #[test]
    fn a_long_pattern_ends() {
        assert!(!matches(&"*a".repeat(2_000), &"a".repeat(1_999)));
    }
}
