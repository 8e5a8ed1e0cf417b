//! ID18.

use gabion_guardrail::prelude::*;

use super::policies::of_aws;
use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds roles without `permissions_boundary`, and those whose boundary is `AdministratorAccess`, which allows everything.
///
/// It is advisory: a boundary is worth most where teams make roles themselves, and an organization that gives that right
/// to nobody can do without.
///
/// Known miss: another boundary that allows everything. ID01 finds its policy.
///
/// ## Why it matters
///
/// With a boundary, a role cannot do more than it says, whatever policies are attached to it later.
///
/// ## Example
///
/// ```hcl
/// resource "aws_iam_role" "app" {
///   name               = "app"
///   assume_role_policy = data.aws_iam_policy_document.trust.json
/// }
///
/// data "aws_iam_policy_document" "trust" {
///   statement {
///     actions = ["sts:AssumeRole"]
///     principals {
///       type        = "Service"
///       identifiers = ["ec2.amazonaws.com"]
///     }
///   }
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_role" "app" {
///   name                 = "app"
///   assume_role_policy   = data.aws_iam_policy_document.trust.json
///   permissions_boundary = "arn:aws:iam::111122223333:policy/boundary"
/// }
///
/// data "aws_iam_policy_document" "trust" {
///   statement {
///     actions = ["sts:AssumeRole"]
///     principals {
///       type        = "Service"
///       identifiers = ["ec2.amazonaws.com"]
///     }
///   }
/// }
/// ```
///
/// ## References
///
/// - [Permissions boundaries for IAM entities](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html)
#[rule(
    code = "ID18",
    title = "a role without permissions boundary",
    level = advisory,
    since = "1.0.0",
    targets(aws("aws_iam_role"), gabion("gabion_workload_role")),
    controls(own("ID18"))
)]
pub(crate) fn role_without_boundary(change: &Change) -> Outcome {
    let Some(role) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let boundary = role.get("permissions_boundary");
    match boundary.filled()? {
        None => found(boundary.finding("nothing bounds what the role may be allowed")),
        Some(arn) if of_aws(&arn) == Some("AdministratorAccess") => {
            found(boundary.finding("the boundary allows everything, so it bounds nothing"))
        }
        Some(_) => PASS,
    }
}
