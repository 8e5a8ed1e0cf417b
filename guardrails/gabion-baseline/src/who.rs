//! Whom a condition of a policy leaves: whether everybody becomes somebody.

use gabion_guardrail::policy::{Condition, account_of};
use gabion_guardrail::prelude::*;

use crate::world::is_world;

/// Condition keys that say who calls, or on whose behalf.
const NARROWING: [&str; 15] = [
    "kms:CallerAccount",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:userid",
];

/// Operators that compare for being the same.
const COMPARING: [&str; 5] = [
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "ArnEquals",
    "ArnLike",
];

fn is_one_of(known: &[&str], text: &str) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(text))
}

/// Whether an operator compares for being the same, and does not hold when the request lacks the key.
pub(crate) fn compares(condition: &Condition) -> bool {
    is_one_of(&COMPARING, condition.base_operator())
        && !condition.holds_when_missing()
        && !condition.values.is_empty()
}

/// Whether a condition holds for some callers only, and those are named.
pub(crate) fn says_who(condition: &Condition) -> bool {
    says(condition, &NARROWING)
}

/// Whether a condition says on whose behalf a service acts.
pub(crate) fn says_source(condition: &Condition) -> bool {
    const SOURCES: [&str; 6] = [
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:SourceOwner",
        "aws:PrincipalOrgID",
    ];
    says(condition, &SOURCES)
}

fn says(condition: &Condition, keys: &[&str]) -> bool {
    is_one_of(keys, &condition.key)
        && compares(condition)
        && condition.values.iter().all(|value| names_somebody(value))
}

/// As [`says_who`], for policies of resources other than keys: where from, and through what, may say it too.
pub(crate) fn says_who_or_where(condition: &Condition) -> bool {
    says_who(condition)
        || says(
            condition,
            &["s3:DataAccessPointAccount", "s3:DataAccessPointArn"],
        )
        || condition.is_bool("elasticfilesystem:AccessedViaMountTarget", true)
            && !condition.holds_when_missing()
        || is_from_somewhere(condition)
}

/// `aws:SourceIp` within networks that are not the whole internet.
fn is_from_somewhere(condition: &Condition) -> bool {
    let narrow = |text: &String| Cidr::parse_or_address(text).is_some_and(|cidr| !is_world(&cidr));
    condition.is_about("aws:SourceIp")
        && condition.base_operator().eq_ignore_ascii_case("IpAddress")
        && !condition.holds_when_missing()
        && !condition.values.is_empty()
        && condition.values.iter().all(narrow)
}

fn names_somebody(value: &str) -> bool {
    if value.contains("${") || value.bytes().all(|byte| matches!(byte, b'*' | b'?')) {
        return false;
    }
    let is_arn = value.starts_with("arn:");
    let wild = |text: &str| text.contains(['*', '?']);
    match account_of(value) {
        Some(account) => !wild(account),
        // An S3 ARN has no account; its bucket names somebody when it does not begin with a wildcard.
        None if is_arn => value
            .splitn(6, ':')
            .nth(5)
            .is_some_and(|resource| !resource.starts_with(['*', '?'])),
        // `o-abc/*` and `AROAEXAMPLE:*` name an organization and a role; `arn*`, `1*` and `vpce-*` name nobody.
        None => value
            .split_once(['*', '?'])
            .is_none_or(|(before, _)| before.contains(['/', ':'])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_name_somebody() {
        // The provider's trust policies are read alike, by the same cases.
        let cases = include_str!("who_values.txt");
        assert!(cases.lines().count() > 10);
        for line in cases.lines() {
            let (kind, value) = line.split_once(' ').unwrap();
            assert_eq!(names_somebody(value), kind == "somebody", "{line}");
        }
        assert!(!names_somebody(""));
    }

    fn condition(operator: &str, key: &str, value: &str) -> Condition {
        Condition {
            operator: operator.into(),
            key: key.into(),
            values: vec![value.into()],
        }
    }

    #[test]
    fn networks_that_are_somewhere() {
        let from = |operator, value| says_who_or_where(&condition(operator, "aws:SourceIp", value));
        assert!(from("IpAddress", "203.0.113.0/24"));
        assert!(from("IpAddress", "203.0.113.7"));
        for wide in ["0.0.0.0/0", "0.0.0.0/1", "::/0", "2000::/3", "*"] {
            assert!(!from("IpAddress", wide), "{wide}");
        }
        assert!(!from("NotIpAddress", "203.0.113.0/24"));
        assert!(!from("IpAddressIfExists", "203.0.113.0/24"));
    }
}
