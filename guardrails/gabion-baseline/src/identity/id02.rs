//! ID02.

use gabion_guardrail::policy::Set;
use gabion_guardrail::prelude::*;

use super::policies::{held, is_administrator, whole_services};
use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds policies that allow a whole service by wildcard (`s3:*`, `*` on some resources), or everything but some
/// (`NotAction`), in managed and inline policies of roles, users, groups and permission sets, and in the `statement`
/// blocks of a `gabion_workload_role`. Upper and lower case are the same.
///
/// Every action on every resource is for ID01. What `data.aws_iam_policy_document` makes is judged where it is used.
///
/// Known misses: patterns that together are a service (`["s3:G*", "s3:P*", ...]`), and managed policies of AWS, which
/// are full of them.
///
/// ## Why it matters
///
/// A service grows: what `s3:*` allows tomorrow, nobody has looked at. Every service has an action that takes the rest of
/// it, such as changing a policy.
///
/// ## Example
///
/// ```hcl
/// resource "aws_iam_policy" "reports" {
///   name = "reports"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect   = "Allow"
///       Action   = "s3:*"
///       Resource = "arn:aws:s3:::example-reports/*"
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_policy" "reports" {
///   name = "reports"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect   = "Allow"
///       Action   = ["s3:GetObject", "s3:PutObject"]
///       Resource = "arn:aws:s3:::example-reports/*"
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [Security Hub controls for IAM](https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html)
/// - Security Hub IAM.21
#[rule(
    code = "ID02",
    title = "a policy allows a whole service by wildcard",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_iam_policy"), aws("aws_iam_role"), aws("aws_iam_role_policy"), aws("aws_iam_user_policy"), aws("aws_iam_group_policy"), aws("aws_ssoadmin_permission_set_inline_policy"), gabion("gabion_workload_role")),
    controls(security_hub("IAM.21"))
)]
pub(crate) fn service_wildcard_policy(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    let held = held(change, &after, &mut review);
    held.each(&mut review, |at, number, statement| {
        if statement.effect == Effect::Deny || is_administrator(statement) {
            return None;
        }
        let label = statement.label(number);
        let on = statement.resources.named().join(", ");
        if let Set::AllBut(spared) = &statement.actions {
            let observed = ["all but ", &spared.join(", "), " on ", &on].concat();
            let message = [&label, " allows everything but what it names"].concat();
            return Some(at.finding(message).observed(observed));
        }
        let whole = whole_services(statement);
        if whole.is_empty() {
            return None;
        }
        let message = [&label, " allows a whole service"].concat();
        let observed = [&whole.join(", "), " on ", &on].concat();
        Some(at.finding(message).observed(observed))
    });
    review.outcome()
}
