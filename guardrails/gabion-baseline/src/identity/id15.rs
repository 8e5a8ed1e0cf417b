//! ID15.

use gabion_guardrail::policy::Set;
use gabion_guardrail::prelude::*;

use crate::data::key_policy;
use crate::target::{aws, gabion};
use crate::who::says_who_or_where;

/// ## What it does
///
/// Finds policies of resources, and trust policies of roles, with a statement that allows everybody (`Principal = "*"`,
/// `{ AWS = "*" }`, or `NotPrincipal`) and has no condition that says who calls, or from where.
///
/// Conditions that count are those of DT10, and besides: `aws:SourceIp` within networks that are not the whole internet,
/// `s3:DataAccessPointAccount`, `s3:DataAccessPointArn`, and `elasticfilesystem:AccessedViaMountTarget`. Values that are
/// open themselves (`*`, an ARN with a wildcard for its account, a policy variable), `...IfExists` and `ForAllValues:` do
/// not count. A permission of a Lambda function or layer with the principal `*` counts its organization, account or
/// source. The policies of keys are for DT10.
///
/// Of the composites, it judges the trust policy of a `gabion_workload_role` and the bucket policies of a
/// `gabion_log_sink`, above all what `additional_policy_statements` adds to them.
///
/// Known misses: a `Deny` elsewhere in the policy, or a bucket's public access block, closes some of them again, and
/// they are found all the same; APIs, container registries and endpoints that are meant to be public are not asked.
///
/// ## Why it matters
///
/// Everybody means every AWS account, and often everybody without one. Such a statement needs no break-in.
///
/// ## Example
///
/// ```hcl
/// resource "aws_sqs_queue_policy" "orders" {
///   queue_url = "https://sqs.eu-central-1.amazonaws.com/111122223333/orders"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Principal = "*"
///       Action    = "sqs:SendMessage"
///       Resource  = "*"
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_sqs_queue_policy" "orders" {
///   queue_url = "https://sqs.eu-central-1.amazonaws.com/111122223333/orders"
///   policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Principal = "*"
///       Action    = "sqs:SendMessage"
///       Resource  = "*"
///       Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-abcdefghij" } }
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [How AWS evaluates whether a policy is public](https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-concepts.html)
/// - CIS AWS Foundations v7 2.21
#[rule(
    code = "ID15",
    title = "a resource policy with `Principal: *` and no condition",
    level = mandatory,
    since = "1.0.0",
    targets(
        aws("aws_iam_role"), aws("aws_s3_bucket_policy"), aws("aws_s3_bucket"), aws("aws_s3_access_point"),
        aws("aws_s3control_access_point_policy"), aws("aws_sqs_queue_policy"), aws("aws_sqs_queue"),
        aws("aws_sns_topic_policy"), aws("aws_sns_topic"), aws("aws_lambda_permission"),
        aws("aws_lambda_layer_version_permission"), aws("aws_ecr_repository_policy"),
        aws("aws_secretsmanager_secret_policy"), aws("aws_secretsmanager_secret"),
        aws("aws_efs_file_system_policy"), aws("aws_backup_vault_policy"), aws("aws_opensearch_domain_policy"),
        aws("aws_opensearch_domain"), aws("aws_elasticsearch_domain_policy"), aws("aws_elasticsearch_domain"),
        aws("aws_cloudwatch_event_bus_policy"), aws("aws_cloudwatch_log_resource_policy"),
        aws("aws_kinesis_resource_policy"), aws("aws_dynamodb_resource_policy"), aws("aws_glacier_vault"),
        aws("aws_vpc_endpoint_service_allowed_principal"), gabion("gabion_log_sink"), gabion("gabion_workload_role")
    ),
    controls(cis_v7("2.21"))
)]
pub(crate) fn public_resource_policy(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let kind = change.resource_type();
    if matches!(
        kind.as_str(),
        "aws_lambda_permission"
            | "aws_lambda_layer_version_permission"
            | "aws_vpc_endpoint_service_allowed_principal"
    ) {
        return permission(&kind, &after);
    }
    if kind.starts_with("gabion_") {
        return composite(&kind, &after);
    }
    let name = attribute(&kind);
    let at = after.get(name);
    let mut review = Review::new();
    review.look_at(|found| {
        let document = PolicyDocument::read(&at)?.unwrap_or_default();
        for (index, statement) in document.statements.iter().enumerate() {
            found.extend(open(&at, statement, index));
        }
        Ok(())
    });
    // Read back from a resource whose policy is another resource: that one is judged.
    if review.found() && change.configured(name) == Some(false) {
        return NOT_APPLICABLE;
    }
    review.outcome()
}

/// Where a type holds its policy.
/// What a user added stands in the whole policy too: it is told once, where it can be changed.
fn composite(kind: &str, after: &Value) -> Outcome {
    let mut review = Review::new();
    review.look_at(|found| {
        for (index, (at, statement)) in key_policy::additional(after)?.iter().enumerate() {
            found.extend(open(at, statement, index));
        }
        Ok(())
    });
    if review.found() {
        return review.outcome();
    }
    let whole: &[&str] = if kind == "gabion_workload_role" {
        &["assume_role_policy"]
    } else {
        &["policy", "access_log_policy"]
    };
    for name in whole {
        let at = after.get(name);
        review.look_at(|found| {
            let document = PolicyDocument::read(&at)?.unwrap_or_default();
            for (index, statement) in document.statements.iter().enumerate() {
                found.extend(open(&at, statement, index));
            }
            Ok(())
        });
    }
    review.outcome()
}

fn attribute(kind: &str) -> &'static str {
    match kind {
        "aws_iam_role" => "assume_role_policy",
        "aws_cloudwatch_log_resource_policy" => "policy_document",
        "aws_glacier_vault" => "access_policy",
        "aws_opensearch_domain_policy"
        | "aws_opensearch_domain"
        | "aws_elasticsearch_domain_policy"
        | "aws_elasticsearch_domain" => "access_policies",
        _ => "policy",
    }
}

fn open(at: &Value, statement: &Statement, index: usize) -> Option<Finding> {
    let everybody = match &statement.principals {
        // AWS refuses `*` for some kinds of principals, and this rule does not rely on it.
        Set::Only(principals) => principals.iter().any(|principal| principal.id == "*"),
        Set::AllBut(_) => true,
        Set::Absent => false,
    };
    if statement.effect == Effect::Deny
        || !everybody
        || statement.conditions.iter().any(says_who_or_where)
    {
        return None;
    }
    let not = if matches!(statement.actions, Set::AllBut(_)) {
        "all but "
    } else {
        ""
    };
    let id = statement.sid.as_deref().unwrap_or("without id");
    let actions = statement.actions.named().join(", ");
    let observed = ["statement ", id, " allows ", not, &actions].concat();
    let message = [
        &statement.label(index + 1),
        " allows everybody, and no condition says who calls",
    ]
    .concat();
    Some(at.finding(message).observed(observed))
}

/// A permission that has attributes in place of a policy.
fn permission(kind: &str, after: &Value) -> Outcome {
    let (name, narrowing): (&str, &[&str]) = match kind {
        "aws_lambda_permission" => (
            "principal",
            &["principal_org_id", "source_account", "source_arn"],
        ),
        "aws_lambda_layer_version_permission" => ("principal", &["organization_id"]),
        _ => ("principal_arn", &[]),
    };
    let principal = after.get(name);
    if principal.text()?.as_deref() != Some("*") {
        return PASS;
    }
    for name in narrowing {
        if after.get(name).filled()?.is_some_and(|text| text != "*") {
            return PASS;
        }
    }
    found(principal.finding("everybody is allowed, and nothing says who calls"))
}
