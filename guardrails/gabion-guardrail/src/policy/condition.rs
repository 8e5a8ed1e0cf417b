//! Conditions of a statement.

use super::texts;
use crate::outcome::Stop;
use crate::value::Value;

/// One key of one operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The operator as written, `StringEquals`.
    pub operator: String,
    /// The key as written, `aws:PrincipalOrgID`.
    pub key: String,
    /// The values, one of which must fit.
    pub values: Vec<String>,
}

impl Condition {
    /// Whether it is about this key. Upper and lower case are the same, as in AWS.
    pub fn is_about(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    /// The operator without quantifier and `IfExists`, as written.
    pub fn base_operator(&self) -> &str {
        let operator = self.operator.rsplit(':').next().unwrap_or_default();
        operator.strip_suffix("IfExists").unwrap_or(operator)
    }

    /// Whether it also holds when the request does not have the key: `IfExists`, and `ForAllValues`.
    pub fn holds_when_missing(&self) -> bool {
        let quantifier = self
            .operator
            .split_once(':')
            .map(|(quantifier, _)| quantifier);
        self.operator.ends_with("IfExists")
            || quantifier.is_some_and(|quantifier| quantifier.eq_ignore_ascii_case("ForAllValues"))
    }

    /// Whether it is the test of a boolean key for a value, `Bool: { "aws:SecureTransport": "false" }`.
    pub fn is_bool(&self, key: &str, value: bool) -> bool {
        let wanted = if value { "true" } else { "false" };
        self.is_about(key)
            && self.base_operator().eq_ignore_ascii_case("Bool")
            && matches!(self.values.as_slice(), [only] if only.eq_ignore_ascii_case(wanted))
    }
}

pub(super) fn read(value: &Value) -> Result<Vec<Condition>, Stop> {
    let mut conditions = Vec::new();
    for operator in value.keys()? {
        let keys = value.get(&operator);
        for key in keys.keys()? {
            let values = texts(&keys.get(&key))?;
            conditions.push(Condition {
                operator: operator.clone(),
                key,
                values,
            });
        }
    }
    Ok(conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(operator: &str, key: &str, value: &str) -> Condition {
        Condition {
            operator: operator.into(),
            key: key.into(),
            values: vec![value.into()],
        }
    }

    #[test]
    fn operators_are_taken_apart() {
        let strict = condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*");
        assert_eq!(strict.base_operator(), "StringLike");
        assert!(!strict.holds_when_missing());
        assert!(condition("ForAllValues:StringLike", "x", "y").holds_when_missing());
        assert!(condition("StringEqualsIfExists", "x", "y").holds_when_missing());
    }

    #[test]
    fn booleans_are_texts() {
        assert!(
            condition("Bool", "AWS:securetransport", "False").is_bool("aws:SecureTransport", false)
        );
        assert!(
            !condition("Bool", "aws:SecureTransport", "true").is_bool("aws:SecureTransport", false)
        );
        assert!(
            !condition("StringEquals", "aws:SecureTransport", "false")
                .is_bool("aws:SecureTransport", false)
        );
    }
}
