//! What a condition says of a principal that changes a policy by hand: three-valued, as a plan cannot
//! know from where somebody will call.

use std::collections::BTreeSet;

use super::document::Conditions;
use super::pattern::{account_of, is_root, matches};

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It depends on what is not known before the call.
    Maybe,
}

impl Truth {
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    const fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
        }
    }
}

/// A condition key in the call that is imagined: an administrator's own call, over TLS.
enum Held {
    Text(String),
    Absent,
    Unknown,
}

fn held(key: &str, principal: &str) -> Held {
    let text = |text: &str| Held::Text(text.to_owned());
    match key {
        "aws:principalarn" => text(principal),
        "aws:principalaccount" | "kms:calleraccount" => {
            account_of(principal).map_or(Held::Unknown, text)
        }
        "aws:principaltype" if is_root(principal) => text("Account"),
        "aws:principaltype" if principal.contains(":role/") => text("AssumedRole"),
        "aws:principaltype" if principal.contains(":user/") => text("User"),
        "aws:securetransport" => text("true"),
        "aws:principalisawsservice"
        | "aws:viaawsservice"
        | "kms:bypasspolicylockoutsafetycheck" => text("false"),
        "aws:sourceaccount" | "aws:sourcearn" | "kms:viaservice" | "kms:grantisforawsresource" => {
            Held::Absent
        }
        _ if key.starts_with("kms:encryptioncontext") => Held::Absent,
        _ => Held::Unknown,
    }
}

/// Whether all conditions hold when `principal` calls.
pub(super) fn hold(conditions: &Conditions, principal: &str) -> Truth {
    conditions
        .iter()
        .flat_map(|(operator, keys)| {
            keys.iter()
                .map(move |(key, values)| (operator, key, values))
        })
        .map(|(operator, key, values)| one(operator, key, values, principal))
        .fold(Truth::Yes, Truth::and)
}

fn one(operator: &str, key: &str, values: &BTreeSet<String>, principal: &str) -> Truth {
    let operator = operator.to_ascii_lowercase();
    let (all, operator) = match operator.strip_prefix("forallvalues:") {
        Some(rest) => (true, rest),
        None => (
            false,
            operator.strip_prefix("foranyvalue:").unwrap_or(&operator),
        ),
    };
    let (if_exists, operator) = match operator.strip_suffix("ifexists") {
        Some(rest) => (true, rest),
        None => (false, operator),
    };
    let held = held(&key.to_ascii_lowercase(), principal);
    if operator == "null" {
        let wants_absent = values.contains("true");
        return match held {
            Held::Absent if wants_absent => Truth::Yes,
            Held::Text(_) if !wants_absent => Truth::Yes,
            Held::Unknown => Truth::Maybe,
            _ => Truth::No,
        };
    }
    let negated = operator.contains("not");
    let text = match held {
        Held::Unknown => return Truth::Maybe,
        Held::Absent if if_exists || all || negated => return Truth::Yes,
        Held::Absent => return Truth::No,
        Held::Text(text) => text,
    };
    // A policy variable stands for something of the call.
    if values.iter().any(|value| value.contains("${")) {
        return Truth::Maybe;
    }
    let equal = |fits: &dyn Fn(&str) -> bool| {
        if values.iter().any(|value| fits(value)) {
            Truth::Yes
        } else {
            Truth::No
        }
    };
    let positive = match operator {
        "stringequals" | "stringnotequals" => equal(&|value| value == text),
        "stringequalsignorecase" | "stringnotequalsignorecase" => {
            equal(&|value| value.eq_ignore_ascii_case(&text))
        }
        "stringlike" | "stringnotlike" | "arnequals" | "arnlike" | "arnnotequals"
        | "arnnotlike" => equal(&|value| matches(value, &text)),
        "bool" => equal(&|value| value.eq_ignore_ascii_case(&text)),
        _ => Truth::Maybe,
    };
    if negated { positive.not() } else { positive }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::deny;

    const ROLE: &str = "arn:aws:iam::111122223333:role/admin";

    fn truth(operator: &str, key: &str, value: &str) -> Truth {
        hold(&deny("D").when(operator, key, [value]).conditions, ROLE)
    }

    #[test]
    fn known_keys() {
        assert_eq!(truth("ArnNotEquals", "aws:PrincipalArn", ROLE), Truth::No);
        assert_eq!(
            truth(
                "StringNotLike",
                "aws:PrincipalArn",
                "arn:aws:iam::*:role/x*"
            ),
            Truth::Yes
        );
        assert_eq!(
            truth("StringEquals", "AWS:PrincipalAccount", "111122223333"),
            Truth::Yes
        );
        assert_eq!(truth("Bool", "aws:SecureTransport", "false"), Truth::No);
        assert_eq!(
            truth(
                "StringEquals",
                "kms:ViaService",
                "s3.eu-central-1.amazonaws.com"
            ),
            Truth::No
        );
        assert_eq!(
            truth("StringNotEqualsIfExists", "kms:ViaService", "x"),
            Truth::Yes
        );
        assert_eq!(truth("Null", "kms:ViaService", "true"), Truth::Yes);
        assert_eq!(
            truth("StringEquals", "aws:PrincipalArn", "${aws:x}"),
            Truth::Maybe
        );
    }

    #[test]
    fn keys_of_the_call_are_maybe() {
        assert_eq!(
            truth("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
            Truth::Maybe
        );
        assert_eq!(
            truth("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
            Truth::Maybe
        );
        let both = deny("D")
            .when("IpAddress", "aws:SourceIp", ["10.0.0.0/8"])
            .when("Bool", "aws:SecureTransport", ["false"]);
        assert_eq!(hold(&both.conditions, ROLE), Truth::No);
    }
}
