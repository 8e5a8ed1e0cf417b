//! ID01.

use gabion_guardrail::prelude::*;

use super::policies::{held, is_administrator, is_privileged_arn, of_aws};
use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds policies that allow every action on every resource, in managed and inline policies of roles, users, groups and
/// permission sets; and the managed policy `AdministratorAccess` where it is attached. In a `gabion_workload_role` that is
/// its `statement` blocks, and `managed_policy_arns`: there `IAMFullAccess` and `PowerUserAccess`
/// give away the account as well, and the role asks for an exception.
///
/// Every action is `*`, `*:*`, or `NotAction` that leaves out less than all of `iam:*`: who may change policies may do the
/// rest. Every resource is `*`, `arn:aws:*` and the like, or `NotResource`. Conditions, and a `Deny` elsewhere, do not
/// make a difference here: a policy that is meant as a permissions boundary is found as well, and wants a waiver.
///
/// What `data.aws_iam_policy_document` makes is judged where it is used.
///
/// Known misses: a policy that another configuration made and that is attached here, and a list of patterns which
/// together are everything (`["a*:*", "b*:*", ...]`), which ID02 finds.
///
/// ## Why it matters
///
/// Whoever gets hold of such a role, for a minute, owns the account.
///
/// ## Example
///
/// ```hcl
/// resource "aws_iam_policy" "deploy" {
///   name = "deploy"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect   = "Allow"
///       Action   = "*"
///       Resource = "*"
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_policy" "deploy" {
///   name = "deploy"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect   = "Allow"
///       Action   = ["s3:GetObject", "s3:PutObject"]
///       Resource = "arn:aws:s3:::example-artifacts/*"
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [Grant least privilege](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege)
/// - CIS AWS Foundations v5 1.15, v7 2.14; Security Hub IAM.1
#[rule(
    code = "ID01",
    title = "a policy allows `*:*`",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_iam_policy"), aws("aws_iam_role"), aws("aws_iam_role_policy"), aws("aws_iam_user_policy"), aws("aws_iam_group_policy"), aws("aws_iam_role_policy_attachment"), aws("aws_iam_user_policy_attachment"), aws("aws_iam_group_policy_attachment"), aws("aws_iam_policy_attachment"), aws("aws_ssoadmin_permission_set_inline_policy"), aws("aws_ssoadmin_managed_policy_attachment"), gabion("gabion_workload_role")),
    controls(cis_v5("1.15"), cis_v7("2.14"), security_hub("IAM.1"))
)]
pub(crate) fn administrator_policy(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    let held = held(change, &after, &mut review);
    held.each(&mut review, |at, number, statement| {
        if !is_administrator(statement) {
            return None;
        }
        let message = [
            &statement.label(number),
            " allows every action on every resource",
        ]
        .concat();
        // Its number moves when another statement comes or goes.
        let id = statement.sid.as_deref().unwrap_or("without id");
        Some(at.finding(message).observed(["statement ", id].concat()))
    });
    let strict = change.resource_type() == "gabion_workload_role";
    for at in &held.attached {
        review.look(|| {
            let arn = at.text()?.unwrap_or_default();
            if of_aws(&arn) == Some("AdministratorAccess") {
                let message = "the attached policy allows every action on every resource";
                return Ok(Some(at.finding(message)));
            }
            let given = strict && is_privileged_arn(&arn);
            Ok(given.then(|| at.finding("the attached policy gives away the account")))
        });
    }
    review.outcome()
}
