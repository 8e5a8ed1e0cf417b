//! ID19A.

use gabion_guardrail::prelude::*;

use super::id19::LONGEST;
use super::policies::{is_privileged, is_privileged_arn};
use crate::target::aws;

/// ## What it does
///
/// Finds roles whose sessions may last longer than one hour (`max_session_duration` over 3600) and that are privileged by
/// policies that are resources of their own: an `aws_iam_role_policy` that allows everything, or all of `iam`, on every
/// resource, or an `aws_iam_role_policy_attachment` of `AdministratorAccess`, `PowerUserAccess`, `IAMFullAccess`, or of an
/// `aws_iam_policy` of the plan that allows as much. It joins them by reference, also on a first create, else by name.
///
/// What the role holds itself is for ID19.
///
/// Known misses: privileges that are spelled out action by action, and policies that another configuration attaches.
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
///   assume_role_policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Action    = "sts:AssumeRole"
///       Principal = { AWS = "arn:aws:iam::111122223333:role/people" }
///     }]
///   })
/// }
///
/// resource "aws_iam_role_policy_attachment" "admin" {
///   role       = aws_iam_role.admin.name
///   policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_role" "admin" {
///   name                 = "admin"
///   max_session_duration = 3600
///   assume_role_policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Action    = "sts:AssumeRole"
///       Principal = { AWS = "arn:aws:iam::111122223333:role/people" }
///     }]
///   })
/// }
///
/// resource "aws_iam_role_policy_attachment" "admin" {
///   role       = aws_iam_role.admin.name
///   policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
/// }
/// ```
///
/// ## References
///
/// - [Revoke IAM role temporary security credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html)
#[rule(
    code = "ID19A",
    title = "a role privileged by its attachments, with sessions over one hour",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_iam_role")),
    controls(own("ID19"))
)]
pub(crate) fn long_session_with_privileged_policy(graph: &Graph) -> Outcome {
    let roles = graph.of("aws_iam_role");
    if roles.is_empty() {
        return NOT_APPLICABLE;
    }
    let inline = graph.companions("aws_iam_role_policy", "role");
    let attachments = graph.companions("aws_iam_role_policy_attachment", "role");
    let mut review = Review::new();
    for role in &roles {
        review.look(|| {
            let duration = role.after().get("max_session_duration");
            if duration.integer()?.unwrap_or(LONGEST) <= LONGEST {
                return Ok(None);
            }
            let mut privileged = false;
            for policy in inline.of(role, &["name"]).settled()? {
                privileged |= PolicyDocument::read(&policy.after().get("policy"))?
                    .is_some_and(|document| is_privileged(&document));
            }
            for attachment in attachments.of(role, &["name"]).settled()? {
                privileged |= attaches(graph, attachment)?;
            }
            Ok(privileged.then(|| {
                let message = "the sessions of a privileged role last longer than one hour";
                Finding::new("max_session_duration", message)
                    .fix(LONGEST)
                    .on(role.address())
            }))
        });
    }
    review.outcome()
}

/// Whether an attachment brings a privileged policy: one of AWS, or one of the plan.
fn attaches(graph: &Graph, attachment: &Change) -> Result<bool, Stop> {
    let mut named = Vec::new();
    for reference in graph.references(attachment) {
        if reference.path == "policy_arn" {
            named.push(reference.address);
        }
    }
    for policy in graph.of("aws_iam_policy") {
        if policy
            .address()
            .is_some_and(|address| named.contains(&address))
        {
            return Ok(PolicyDocument::read(&policy.after().get("policy"))?
                .is_some_and(|document| is_privileged(&document)));
        }
    }
    let arn = attachment.after().get("policy_arn").text()?;
    Ok(arn.is_some_and(|arn| is_privileged_arn(&arn)))
}
