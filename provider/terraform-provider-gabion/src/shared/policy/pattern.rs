//! Patterns, principals and who covers whom.

use super::document::{Principals, Statement};

/// Whether `pattern` (`*` any text, `?` one character) matches the whole of `text`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    p = star + 1;
                    t = from + 1;
                    retry = Some((star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

/// Whether everything that the pattern `inner` matches is matched by `outer`, too. Says no where it
/// cannot tell.
pub(crate) fn covers(outer: &str, inner: &str) -> bool {
    // Read as text, a wildcard of `inner` is taken only by a wildcard of `outer`; but `?` must not take `*`.
    outer == inner || (matches(outer, inner) && !(outer.contains('?') && inner.contains('*')))
}

/// As [`covers`], for actions: case does not count.
pub(crate) fn covers_action(outer: &str, inner: &str) -> bool {
    covers(&outer.to_ascii_lowercase(), &inner.to_ascii_lowercase())
}

/// Whether two action patterns can match the same action. Says yes where it cannot tell.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    if matches(&one, &other) || matches(&other, &one) {
        return true;
    }
    let head = |pattern: &str| {
        pattern
            .split(['*', '?'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let wild = |pattern: &str| pattern.contains(['*', '?']);
    wild(&one)
        && wild(&other)
        && (head(&one).starts_with(&head(&other)) || head(&other).starts_with(&head(&one)))
}

/// The ARN that stands for an account in a policy.
pub(crate) fn root_arn(partition: &str, account: &str) -> String {
    format!("arn:{partition}:iam::{account}:root")
}

/// The account of an IAM or STS ARN.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// Whether a principal stands for a whole account.
pub(crate) fn is_root(arn: &str) -> bool {
    arn.starts_with("arn:") && arn.ends_with(":root")
}

/// Whether two ARNs name one principal. STS does not tell a role's path, so roles of one account are
/// compared by name.
pub(crate) fn same_principal(one: &str, other: &str) -> bool {
    let role = |arn: &str| {
        let mut parts = arn.splitn(6, ':').skip(4);
        let account = parts.next()?.to_owned();
        let name = parts
            .next()?
            .strip_prefix("role/")?
            .rsplit('/')
            .next()?
            .to_owned();
        Some((account, name))
    };
    one == other || role(one).is_some_and(|one| Some(one) == role(other))
}

/// Whether a named principal takes in another one: itself, everybody, or everybody of its account.
pub(crate) fn principal_covers(outer: &str, inner: &str) -> bool {
    outer == "*"
        || same_principal(outer, inner)
        || (is_root(outer) && account_of(outer).is_some() && account_of(outer) == account_of(inner))
}

impl Statement {
    /// Whether the statement is about this principal of this type.
    pub(crate) fn is_about(&self, kind: &str, principal: &str) -> bool {
        let listed =
            |map: &std::collections::BTreeMap<String, std::collections::BTreeSet<String>>| {
                map.get(kind)
                    .is_some_and(|names| names.iter().any(|name| principal_covers(name, principal)))
                    || map.get("*").is_some_and(|names| !names.is_empty())
            };
        match &self.principals {
            Principals::Only(map) => listed(map),
            Principals::Except(map) => !listed(map),
        }
    }
}

/// Whether a condition's value says whose request it may be: an id or path whose first part has no wildcard, or an ARN
/// whose account has none. ARNs of buckets carry no account: there the name must not begin with a wildcard.
fn names_somebody(value: &str) -> bool {
    let wild = |text: &str| text.contains(['*', '?']);
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    if let ["arn", _, _, _, account, resource] = parts.as_slice() {
        return !wild(account) && (!account.is_empty() || !resource.starts_with(['*', '?']));
    }
    let first = value.split(['/', ':']).next().unwrap_or_default();
    !first.is_empty() && !wild(first) && first != "arn"
}

/// Whether an Allow statement lets in everybody, with no condition that says from where or who.
pub(crate) fn is_open(statement: &Statement) -> bool {
    let everybody = match &statement.principals {
        Principals::Only(map) => map.values().flatten().any(|name| name == "*"),
        Principals::Except(_) => true,
    };
    if statement.effect != super::Effect::Allow || !everybody {
        return false;
    }
    const BINDING: &[&str] = &[
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:userid",
        "kms:calleraccount",
    ];
    let bound = statement.conditions.iter().any(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        let names_them = [
            "stringequals",
            "stringlike",
            "arnequals",
            "arnlike",
            "stringequalsignorecase",
        ]
        .iter()
        .any(|name| operator == *name || operator == format!("foranyvalue:{name}"));
        names_them
            && keys.iter().any(|(key, values)| {
                BINDING.contains(&key.to_ascii_lowercase().as_str())
                    && values.iter().all(|value| names_somebody(value))
            })
    });
    !bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::allow;

    #[test]
    fn a_condition_names_somebody() {
        for bound in [
            "o-abcdefghij",
            "o-abcdefghij/r-ab12/ou-*",
            "123456789012",
            "AROAEXAMPLE:*",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:s3:::gabion-logs",
        ] {
            assert!(names_somebody(bound), "{bound}");
        }
        for open in [
            "*",
            "o-*",
            "?*",
            "arn:*",
            "arn:aws:iam::*:role/x",
            "arn:aws:s3:::*",
            "12345678901?",
        ] {
            assert!(!names_somebody(open), "{open}");
        }
    }

    #[test]
    fn patterns() {
        assert!(matches("kms:*", "kms:Decrypt"));
        assert!(matches("kms:Re?rypt*", "kms:RecryptTo"));
        assert!(!matches("kms:Put*", "kms:GetKeyPolicy"));
        assert!(matches("*a*b*", "xxaxxbxx"));
        assert!(covers("kms:*", "kms:Put*"));
        assert!(!covers("kms:Put*", "kms:*"));
        assert!(!covers("kms:?", "kms:*"));
        assert!(covers("kms:Put?*", "kms:Put?*"));
        assert!(covers_action("KMS:put*", "kms:PutKeyPolicy"));
        assert!(overlap("kms:Put*", "kms:*Policy"));
        assert!(!overlap("kms:Put*", "kms:GetKeyPolicy"));
    }

    #[test]
    fn principals() {
        let role = "arn:aws:iam::111122223333:role/ops/deploy";
        assert!(same_principal(
            role,
            "arn:aws:iam::111122223333:role/deploy"
        ));
        assert!(!same_principal(
            role,
            "arn:aws:iam::444455556666:role/deploy"
        ));
        assert!(principal_covers("arn:aws:iam::111122223333:root", role));
        assert!(!principal_covers(role, "arn:aws:iam::111122223333:root"));
    }

    #[test]
    fn open_statements() {
        assert!(is_open(&allow("A").to_everybody().actions(["kms:*"])));
        assert!(is_open(&allow("A").to_everybody().when(
            "Bool",
            "aws:SecureTransport",
            ["true"]
        )));
        assert!(is_open(&allow("A").to_everybody().when(
            "StringNotEquals",
            "aws:PrincipalOrgID",
            ["o-1"]
        )));
        assert!(!is_open(&allow("A").to_everybody().when(
            "StringEquals",
            "kms:CallerAccount",
            ["111122223333"]
        )));
        assert!(!is_open(
            &allow("A").to("AWS", ["arn:aws:iam::111122223333:root"])
        ));
    }
}
