//! DT10.

use gabion_guardrail::policy::Set;
use gabion_guardrail::prelude::*;

use super::key_policy;
use crate::target::{aws, gabion};
use crate::who::says_who;

/// ## What it does
///
/// Finds key policies with a statement that allows everybody (`Principal = "*"`, `{ AWS = "*" }`, or
/// `NotPrincipal`) and has no condition that says who calls.
///
/// Conditions that count: `kms:CallerAccount`, `aws:PrincipalAccount`, `aws:PrincipalArn`, `aws:PrincipalOrgID`,
/// `aws:PrincipalOrgPaths`, `aws:SourceAccount`, `aws:SourceArn`, `aws:SourceOrgID`, `aws:SourceOrgPaths`,
/// `aws:SourceOwner`, `aws:SourceVpc`, `aws:SourceVpce`, `aws:VpceAccount`, `aws:VpceOrgID` and `aws:userid`, compared for being the
/// same with a value that is not open itself: `*`, `1*`, `vpce-*`, an ARN with a wildcard for its account, and a
/// policy variable are. `...IfExists` and `ForAllValues:` do not count, as they hold when the key is missing. Nor do
/// `kms:ViaService` and `aws:SourceIp` alone: everybody can call through a service.
///
/// A policy that is left to AWS (unset) passes. Each statement is judged alone: one that a `Deny` elsewhere
/// closes again is found all the same.
///
/// ## Why it matters
///
/// In a key policy, everybody means every AWS account. Such a key encrypts nothing: who gets hold of the
/// ciphertext also decrypts it.
///
/// ## Example
///
/// ```hcl
/// resource "aws_kms_key" "logs" {
///   enable_key_rotation = true
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Principal = { AWS = "*" }
///       Action    = "kms:*"
///       Resource  = "*"
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_kms_key" "logs" {
///   enable_key_rotation = true
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Principal = { AWS = "arn:aws:iam::111122223333:root" }
///       Action    = "kms:*"
///       Resource  = "*"
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [Key policies in AWS KMS](https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html)
/// - CIS AWS Foundations v7 2.21; Security Hub KMS.5
#[rule(
    code = "DT10",
    title = "a key policy open to everybody",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_kms_key"), aws("aws_kms_key_policy"), aws("aws_kms_external_key"), aws("aws_kms_replica_key"), aws("aws_kms_replica_external_key"), gabion("gabion_kms_key")),
    controls(cis_v7("2.21"), security_hub("KMS.5"))
)]
pub(crate) fn open_key_policy(change: &Change) -> Outcome {
    let Some(key) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    if change.resource_type() == "gabion_kms_key" {
        review.look_at(|found| {
            for (index, (at, statement)) in key_policy::additional(&key)?.iter().enumerate() {
                found.extend(open(at, statement, index));
            }
            Ok(())
        });
    }
    // What a user added stands in the whole policy too: it is told once, where it can be changed.
    if !review.found() {
        review.look_at(|found| {
            if let Some(policy) = key_policy::whole(&key)? {
                for (index, statement) in policy.document.statements.iter().enumerate() {
                    found.extend(open(&policy.at, statement, index));
                }
            }
            Ok(())
        });
    }
    review.outcome()
}

fn open(at: &Value, statement: &Statement, index: usize) -> Option<Finding> {
    if statement.effect == Effect::Deny
        || !statement.covers_everybody()
        || statement.conditions.iter().any(says_who)
    {
        return None;
    }
    // Id and actions tell a statement that is new, or grew, from one that was there before. Its number would not:
    // it moves when another statement comes or goes.
    let id = statement.sid.as_deref().unwrap_or("without id");
    let not = if matches!(statement.actions, Set::AllBut(_)) {
        "all but "
    } else {
        ""
    };
    let observed = [
        "statement ",
        id,
        " allows ",
        not,
        &statement.actions.named().join(", "),
    ]
    .concat();
    let label = statement.label(index + 1);
    let message = [
        label.as_str(),
        " of the key policy allows everybody, and no condition says who calls",
    ]
    .concat();
    Some(at.finding(message).observed(observed))
}
