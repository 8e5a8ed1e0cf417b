//! DT12.

use gabion_guardrail::policy::{Principal, PrincipalKind, Set};
use gabion_guardrail::prelude::*;

use super::key_policy;
use crate::target::{aws, gabion};

/// What one must be allowed to do to change a key policy.
const PUT: &str = "kms:PutKeyPolicy";

/// Condition keys that a person who changes a key policy never satisfies: they are there when a service calls, or
/// data is encrypted.
const NEVER_MET: [&str; 6] = [
    "kms:ViaService",
    "kms:GrantIsForAWSResource",
    "kms:EncryptionContextKeys",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
];

/// ## What it does
///
/// Finds key policies that nobody could change again: no statement allows `kms:PutKeyPolicy` to an account, a
/// role, a user or everybody, or a statement without condition denies it to all who are allowed. A service does
/// not count, nor does a statement that only holds when a service calls (`kms:ViaService` and the like).
///
/// It also finds `bypass_policy_lockout_safety_check = true`, which turns off the check that AWS itself makes.
///
/// A policy that is left to AWS (unset) passes: it lets the account in. Known misses: a role that does not exist
/// or is deleted later, an account other than the key's, and a `Deny` whose condition holds for everybody.
///
/// ## Why it matters
///
/// A key that nobody can administer can be neither repaired nor deleted, except by AWS Support.
///
/// ## Example
///
/// ```hcl
/// resource "aws_kms_key" "logs" {
///   enable_key_rotation                = true
///   bypass_policy_lockout_safety_check = true
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Principal = { AWS = "arn:aws:iam::111122223333:role/reader" }
///       Action    = "kms:Decrypt"
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
///     Statement = [
///       {
///         Effect    = "Allow"
///         Principal = { AWS = "arn:aws:iam::111122223333:root" }
///         Action    = "kms:*"
///         Resource  = "*"
///       },
///       {
///         Effect    = "Allow"
///         Principal = { AWS = "arn:aws:iam::111122223333:role/reader" }
///         Action    = "kms:Decrypt"
///         Resource  = "*"
///       },
///     ]
///   })
/// }
/// ```
///
/// ## References
///
/// - [Default key policy](https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html)
#[rule(
    code = "DT12",
    title = "a key policy that nobody could change again",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_kms_key"), aws("aws_kms_key_policy"), aws("aws_kms_external_key"), aws("aws_kms_replica_key"), aws("aws_kms_replica_external_key"), gabion("gabion_kms_key")),
    controls(own("DT12"))
)]
pub(crate) fn key_policy_lockout(change: &Change) -> Outcome {
    let Some(key) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    if change.resource_type() != "gabion_kms_key" {
        review.look(|| {
            let bypass = key.get("bypass_policy_lockout_safety_check");
            Ok((bypass.boolean()? == Some(true)).then(|| {
                bypass
                    .finding("AWS is told not to check that the key policy can be changed again")
                    .fix(false)
            }))
        });
    }
    review.look(|| {
        Ok(key_policy::whole(&key)?.and_then(|policy| {
            let why = locked_out(&policy.document)?;
            Some(
                policy
                    .at
                    .finding("nobody could change the key policy again")
                    .observed(why),
            )
        }))
    });
    review.outcome()
}

/// Why nobody can change the policy; `None` where somebody can.
fn locked_out(document: &PolicyDocument) -> Option<&'static str> {
    let mut allowed = false;
    for statement in document
        .allows()
        .filter(|statement| statement.covers_action(PUT) && can_hold(statement))
    {
        let principals = match &statement.principals {
            Set::Only(principals) => principals.as_slice(),
            // Everybody but some: somebody is left.
            Set::AllBut(_) => {
                return document
                    .denies()
                    .any(denies_all)
                    .then_some("everybody is denied kms:PutKeyPolicy");
            }
            Set::Absent => &[],
        };
        for principal in principals.iter().filter(|principal| is_somebody(principal)) {
            allowed = true;
            if !document.denies().any(|deny| denies(deny, principal)) {
                return None;
            }
        }
    }
    Some(if allowed {
        "everybody who is allowed kms:PutKeyPolicy is also denied it"
    } else {
        "nobody is allowed kms:PutKeyPolicy"
    })
}

fn can_hold(statement: &Statement) -> bool {
    statement.conditions.iter().all(|condition| {
        condition.holds_when_missing()
            || !(NEVER_MET.iter().any(|key| condition.is_about(key))
                || condition
                    .key
                    .to_ascii_lowercase()
                    .starts_with("kms:encryptioncontext:"))
    })
}

fn is_somebody(principal: &Principal) -> bool {
    matches!(
        principal.kind,
        PrincipalKind::Everybody | PrincipalKind::Aws | PrincipalKind::Federated
    )
}

fn denies_all(statement: &Statement) -> bool {
    let all = matches!(&statement.principals, Set::Only(principals) if principals.iter().any(Principal::is_everybody));
    all && statement.conditions.is_empty() && statement.covers_action(PUT)
}

/// Whether a statement denies it to this principal, always.
fn denies(statement: &Statement, principal: &Principal) -> bool {
    if !statement.conditions.is_empty() || !statement.covers_action(PUT) {
        return false;
    }
    match &statement.principals {
        Set::Only(denied) => denied.iter().any(|denied| covers(denied, principal)),
        // Who is not named is denied; of an account as a whole, those that are named remain.
        Set::AllBut(spared) => !spared
            .iter()
            .any(|spared| covers(spared, principal) || covers(principal, spared)),
        Set::Absent => false,
    }
}

/// Whether `outer` is `inner`, or holds it: an account holds its roles, everybody holds all.
fn covers(outer: &Principal, inner: &Principal) -> bool {
    outer.is_everybody()
        || outer == inner
        || (outer.is_account() && outer.account().is_some() && outer.account() == inner.account())
}
