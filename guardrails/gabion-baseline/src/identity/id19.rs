//! ID19.

use gabion_guardrail::prelude::*;

use super::policies::{held, is_privileged, is_privileged_arn};
use crate::target::{aws, gabion};

/// The longest session of a privileged role, in seconds.
pub(super) const LONGEST: i64 = 3600;

/// ## What it does
///
/// Finds roles whose sessions may last longer than one hour (`max_session_duration` over 3600) and that are privileged by
/// what they hold themselves: an `inline_policy` that allows everything, or all of `iam`, on every resource, or
/// `AdministratorAccess`, `PowerUserAccess` or `IAMFullAccess` in `managed_policy_arns`. Of a `gabion_workload_role`, the
/// inline policy is what its `statement` blocks make.
///
/// Policies that are resources of their own are for ID19A.
///
/// Known misses: privileges that are spelled out action by action, and permission sets of Identity Center.
///
/// ## Why it matters
///
/// A session cannot be ended from outside before its time without a policy that shuts out everybody. One hour bounds how
/// long stolen credentials are good for.
///
/// ## Example
///
/// ```hcl
/// resource "aws_iam_role" "admin" {
///   name                 = "admin"
///   max_session_duration = 43200
///   managed_policy_arns  = ["arn:aws:iam::aws:policy/AdministratorAccess"]
///   assume_role_policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Action    = "sts:AssumeRole"
///       Principal = { AWS = "arn:aws:iam::111122223333:role/people" }
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_role" "admin" {
///   name                 = "admin"
///   max_session_duration = 3600
///   managed_policy_arns  = ["arn:aws:iam::aws:policy/AdministratorAccess"]
///   assume_role_policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Action    = "sts:AssumeRole"
///       Principal = { AWS = "arn:aws:iam::111122223333:role/people" }
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [Revoke IAM role temporary security credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html)
#[rule(
    code = "ID19",
    title = "a privileged role with sessions over one hour",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_iam_role"), gabion("gabion_workload_role")),
    controls(own("ID19"))
)]
pub(crate) fn long_privileged_session(change: &Change) -> Outcome {
    let Some(role) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let duration = role.get("max_session_duration");
    if duration.integer()?.unwrap_or(LONGEST) <= LONGEST {
        return PASS;
    }
    let mut privileged = false;
    let mut review = Review::new();
    let held = held(change, &role, &mut review);
    for at in &held.documents {
        review.look_at(|_| {
            privileged |= PolicyDocument::read(at)?.is_some_and(|policy| is_privileged(&policy));
            Ok(())
        });
    }
    let statements = held.blocks.into_iter().map(|(_, statement)| statement);
    privileged |= is_privileged(&PolicyDocument {
        statements: statements.collect(),
    });
    for at in &held.attached {
        review.look_at(|_| {
            privileged |= at.text()?.is_some_and(|arn| is_privileged_arn(&arn));
            Ok(())
        });
    }
    if privileged {
        review.add(
            duration
                .finding("the sessions of a privileged role last longer than one hour")
                .fix(LONGEST),
        );
    }
    review.outcome()
}
