//! ID17.

use gabion_guardrail::policy::PrincipalKind;
use gabion_guardrail::prelude::*;

use super::policies::own_argument;
use crate::target::{aws, gabion};
use crate::who::says_source;

/// Services that start what the role is for in the role's own account, and name no source. With a condition on it they
/// could not assume the role: CloudTrail, delivering to a log group, stops.
const WITHOUT_SOURCE: [&str; 6] = [
    "cloudtrail",
    "ec2",
    "edgelambda",
    "elastictranscoder",
    "lambda",
    "pods.eks",
];

/// ## What it does
///
/// Finds trust policies that let a service of AWS assume a role, and no condition says on whose behalf: none compares
/// `aws:SourceAccount`, `aws:SourceArn`, `aws:SourceOrgID`, `aws:SourceOrgPaths` or `aws:PrincipalOrgID` with a value
/// that names somebody. And permissions of Lambda functions for a service without `source_account` and `source_arn`.
///
/// CloudTrail, EC2, Elastic Transcoder, Lambda and EKS pods are not asked: they start what the role is for in its own
/// account, and the first three name no source. Other services that name none refuse to work with such a condition, and want a waiver.
///
/// It is advisory: which services name their source, AWS documents one by one.
///
/// It judges the trust policy of an `aws_iam_role` and of a `gabion_workload_role`, which binds its service unless it is
/// told `bind_source = false`.
///
/// Known miss: policies of other resources that let a service in, such as those of topics and queues.
///
/// ## Why it matters
///
/// A service acts for all its customers. One of them may ask it to use the role of another, if the role does not say
/// whose requests it serves.
///
/// ## Example
///
/// ```hcl
/// resource "aws_iam_role" "orders" {
///   name = "orders"
///   assume_role_policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Action    = "sts:AssumeRole"
///       Principal = { Service = "states.amazonaws.com" }
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_role" "orders" {
///   name = "orders"
///   assume_role_policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Action    = "sts:AssumeRole"
///       Principal = { Service = "states.amazonaws.com" }
///       Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [The confused deputy problem](https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html)
#[rule(
    code = "ID17",
    title = "a service trust without source account or ARN",
    level = advisory,
    since = "1.0.0",
    targets(aws("aws_iam_role"), aws("aws_lambda_permission"), gabion("gabion_workload_role")),
    controls(own("ID17"))
)]
pub(crate) fn service_trust_without_source(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    if change.resource_type() == "aws_lambda_permission" {
        return permission(&after);
    }
    let trust = after.get("assume_role_policy");
    let Some(document) = PolicyDocument::read(&trust)? else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    let mut looked = false;
    for (index, statement) in document.statements.iter().enumerate() {
        if statement.effect == Effect::Deny || !statement.covers_action("sts:AssumeRole") {
            continue;
        }
        let mut services: Vec<&str> = Vec::new();
        for principal in statement.principals.named() {
            if principal.kind == PrincipalKind::Service && names_source(&principal.id) {
                services.push(&principal.id);
            }
        }
        if services.is_empty() {
            continue;
        }
        looked = true;
        if statement.conditions.iter().any(says_source) {
            continue;
        }
        let at = own_argument(change, &after, statement, "service");
        let at = at.as_ref().unwrap_or(&trust);
        let message = [
            &statement.label(index + 1),
            " trusts a service, and no condition says on whose behalf",
        ]
        .concat();
        review.add(at.finding(message).observed(services.join(", ")));
    }
    if looked {
        review.outcome()
    } else {
        NOT_APPLICABLE
    }
}

fn names_source(service: &str) -> bool {
    let name = service.split(".amazonaws.").next().unwrap_or_default();
    !WITHOUT_SOURCE
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

fn permission(after: &Value) -> Outcome {
    let principal = after.get("principal");
    let Some(service) = principal
        .text()?
        .filter(|text| text.contains(".amazonaws."))
    else {
        return NOT_APPLICABLE;
    };
    for name in ["source_account", "source_arn", "principal_org_id"] {
        if after.get(name).filled()?.is_some_and(|text| text != "*") {
            return PASS;
        }
    }
    found(
        principal
            .finding("the function serves a service, and nothing says on whose behalf")
            .observed(service),
    )
}
