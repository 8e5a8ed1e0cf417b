//! DT11.

use gabion_guardrail::policy::{Set, matches_ignoring_case};
use gabion_guardrail::prelude::*;

use crate::identity::policies::{held, is_administrator, is_everything};
use crate::target::{aws, gabion};

/// Calls that give out what a key protects.
const DECRYPTING: [&str; 2] = ["kms:Decrypt", "kms:ReEncryptFrom"];

/// No particular key: a pattern that takes it in takes in all.
const SOME_KEY: &str = "arn:aws:kms:zq-zq-9:999999999999:key/zq";

/// ## What it does
///
/// Finds policies of identities that allow `kms:Decrypt` or `kms:ReEncryptFrom` on every key, at least of one account and
/// region (`*`, `arn:aws:kms:*:111122223333:key/*`, `NotResource`): managed and inline policies of roles, users, groups and
/// permission sets, and the `statement` blocks of a `gabion_workload_role`. By wildcard too: `kms:De*`, `kms:*`.
///
/// Conditions make no difference, as in Security Hub. Every action on every resource is for ID01, key policies are for
/// DT10.
///
/// Known misses: a pattern of aliases (`alias/*`), which names no key in a policy, and managed policies of AWS.
///
/// ## Why it matters
///
/// Whoever may decrypt with every key has only the doors of the data left to pass. Named keys keep one stolen role from
/// reading what others protect.
///
/// ## Example
///
/// ```hcl
/// resource "aws_iam_policy" "orders" {
///   name = "orders"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect   = "Allow"
///       Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
///       Resource = "*"
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_policy" "orders" {
///   name = "orders"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect   = "Allow"
///       Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
///       Resource = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [Using IAM policies with AWS KMS](https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies.html)
/// - Security Hub KMS.1, KMS.2
#[rule(
    code = "DT11",
    title = "decrypt allowed on all keys",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_iam_policy"), aws("aws_iam_role"), aws("aws_iam_role_policy"), aws("aws_iam_user_policy"), aws("aws_iam_group_policy"), aws("aws_ssoadmin_permission_set_inline_policy"), gabion("gabion_workload_role")),
    controls(security_hub("KMS.1"), security_hub("KMS.2"))
)]
pub(crate) fn decrypt_on_all_keys(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    let held = held(change, &after, &mut review);
    held.each(&mut review, |at, number, statement| {
        let decrypts = DECRYPTING
            .iter()
            .any(|action| statement.covers_action(action));
        if statement.effect == Effect::Deny
            || !decrypts
            || is_administrator(statement)
            || !takes_in_all_keys(&statement.resources)
        {
            return None;
        }
        let message = [
            &statement.label(number),
            " allows to decrypt with every key",
        ]
        .concat();
        let observed = [
            &statement.actions.named().join(", "),
            " on ",
            &statement.resources.named().join(", "),
        ]
        .concat();
        Some(at.finding(message).observed(observed))
    });
    review.outcome()
}

fn takes_in_all_keys(resources: &Set<String>) -> bool {
    is_everything(resources)
        || resources.holds(|pattern| is_all_keys(pattern)) && matches!(resources, Set::Only(_))
}

/// Whether a pattern takes in every key, at least of one partition, account and region.
fn is_all_keys(pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, _, service, _, _, resource] => {
            matches_ignoring_case(service, "kms") && matches_ignoring_case(resource, "key/zq")
        }
        // Fewer parts: a star stands for the rest.
        _ => matches_ignoring_case(pattern, SOME_KEY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_all_keys() {
        for all in [
            "*",
            "arn:aws:kms:*",
            "arn:aws:kms:*:*:*",
            "arn:aws:kms:*:111122223333:key/*",
            "arn:aws:kms:eu-central-1:111122223333:*",
        ] {
            assert!(takes_in_all_keys(&Set::Only(vec![all.into()])), "{all}");
        }
        for some in [
            "arn:aws:kms:eu-central-1:111122223333:key/1234",
            "arn:aws:kms:*:111122223333:alias/*",
            "arn:aws:s3:::*",
        ] {
            assert!(!takes_in_all_keys(&Set::Only(vec![some.into()])), "{some}");
        }
        assert!(takes_in_all_keys(&Set::AllBut(vec![
            "arn:aws:s3:::x".into()
        ])));
    }
}
