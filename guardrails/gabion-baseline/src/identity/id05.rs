//! ID05.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};
use crate::unset;

const LENGTH: i64 = 14;
const REMEMBERED: i64 = 24;

/// Kinds of characters, and what is missing without each.
const CLASSES: [(&str, &str); 4] = [
    (
        "require_lowercase_characters",
        "a password needs no small letter",
    ),
    ("require_numbers", "a password needs no digit"),
    ("require_symbols", "a password needs no symbol"),
    (
        "require_uppercase_characters",
        "a password needs no capital letter",
    ),
];

/// ## What it does
///
/// Finds password policies of an account (`aws_iam_account_password_policy`, `gabion_account`,
/// `gabion_account_baseline`) that take passwords of fewer than 14 characters, remember fewer than 24 old ones, or ask not
/// for all four kinds of characters.
///
/// In hashicorp/aws, unset is 6 characters, none remembered and no kind asked for.
///
/// It judges the resource that carries the policy. Known misses: an account without any, and a policy of the identity
/// provider that people really sign in with.
///
/// ## Why it matters
///
/// IAM users sign in from everywhere. A short password, or one that was taken elsewhere and comes back, is guessed.
///
/// ## Example
///
/// ```hcl
/// resource "aws_iam_account_password_policy" "main" {
///   minimum_password_length = 8
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_account_password_policy" "main" {
///   minimum_password_length      = 14
///   password_reuse_prevention    = 24
///   require_lowercase_characters = true
///   require_numbers              = true
///   require_symbols              = true
///   require_uppercase_characters = true
/// }
/// ```
///
/// ## References
///
/// - [Set an account password policy for IAM users](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html)
/// - CIS AWS Foundations v5 1.7, 1.8, v7 2.8, 2.9; Security Hub IAM.7
#[rule(
    code = "ID05",
    title = "a weak password policy",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_iam_account_password_policy"), gabion("gabion_account"), gabion("gabion_account_baseline")),
    controls(cis_v5("1.7"), cis_v5("1.8"), cis_v7("2.8"), cis_v7("2.9"), security_hub("IAM.7"))
)]
pub(crate) fn weak_password_policy(change: &Change) -> Outcome {
    let Some(policy) = change.planned() else {
        return NOT_APPLICABLE;
    };
    // A composite says what it sets, or leaves an account as its owner has it.
    let composite = change.resource_type().starts_with("gabion_");
    let mut review = Review::new();
    for (name, least, message) in [
        (
            "minimum_password_length",
            LENGTH,
            "a password may have fewer than 14 characters",
        ),
        (
            "password_reuse_prevention",
            REMEMBERED,
            "fewer than 24 old passwords are remembered",
        ),
    ] {
        let at = policy.get(name);
        review.look(|| {
            let weak = match at.integer()? {
                Some(number) => number < least,
                None => !composite,
            };
            Ok(weak.then(|| unset::finding(&at, message).fix(least)))
        });
    }
    for (name, message) in CLASSES {
        let at = policy.get(name);
        review.look(|| {
            if composite {
                return unset::must_not_be_false(&at, message);
            }
            unset::must_be_true(&at, message)
        });
    }
    review.outcome()
}
