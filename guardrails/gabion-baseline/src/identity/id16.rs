//! ID16.

use gabion_guardrail::policy::{Condition, PrincipalKind};
use gabion_guardrail::prelude::*;

use super::policies::own_argument;
use crate::target::{aws, gabion};
use crate::who::compares;

/// Identity pools of Cognito, whose tokens have a subject for each guest.
const COGNITO: &str = "cognito-identity.amazonaws.com";

/// ## What it does
///
/// Finds trust policies that let the tokens of an OIDC provider assume a role (`sts:AssumeRoleWithWebIdentity`), and do
/// not say whose: no condition compares the provider's `:sub` with exact values. A wildcard in a value, `...IfExists` and
/// `ForAllValues:` are not exact. `StringLike` with a value without wildcards is.
///
/// It judges the trust policy of an `aws_iam_role` and of a `gabion_workload_role`.
///
/// Tokens of a Cognito identity pool (`cognito-identity.amazonaws.com`) have a subject for each guest: there, an exact
/// `:aud` counts.
///
/// Known misses: a subject that anybody can have, such as a branch that everybody can push to, and claims other than
/// `sub` that would narrow as well.
///
/// ## Why it matters
///
/// The provider signs tokens for all its users. Without `sub`, every repository at the same forge can assume the role.
///
/// ## Example
///
/// ```hcl
/// resource "aws_iam_role" "deploy" {
///   name = "deploy"
///   assume_role_policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Action    = "sts:AssumeRoleWithWebIdentity"
///       Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
///       Condition = {
///         StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
///         StringLike   = { "token.actions.githubusercontent.com:sub" = "repo:example/*" }
///       }
///     }]
///   })
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_iam_role" "deploy" {
///   name = "deploy"
///   assume_role_policy = jsonencode({
///     Version = "2012-10-17"
///     Statement = [{
///       Effect    = "Allow"
///       Action    = "sts:AssumeRoleWithWebIdentity"
///       Principal = { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
///       Condition = {
///         StringEquals = {
///           "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
///           "token.actions.githubusercontent.com:sub" = "repo:example/app:environment:prod"
///         }
///       }
///     }]
///   })
/// }
/// ```
///
/// ## References
///
/// - [Create a role for OpenID Connect federation](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html)
#[rule(
    code = "ID16",
    title = "an OIDC trust without exact `sub`",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_iam_role"), gabion("gabion_workload_role")),
    controls(own("ID16"))
)]
pub(crate) fn loose_oidc_trust(change: &Change) -> Outcome {
    let Some(role) = change.planned() else {
        return NOT_APPLICABLE;
    };
    let trust = role.get("assume_role_policy");
    let Some(document) = PolicyDocument::read(&trust)? else {
        return NOT_APPLICABLE;
    };
    let mut review = Review::new();
    let mut looked = false;
    for (index, statement) in document.statements.iter().enumerate() {
        let Some(provider) = provider(statement) else {
            continue;
        };
        looked = true;
        let claim = if provider == COGNITO {
            "cognito-identity.amazonaws.com:aud"
        } else {
            ":sub"
        };
        if statement
            .conditions
            .iter()
            .any(|condition| is_exact(condition, claim))
        {
            continue;
        }
        let at = own_argument(change, &role, statement, "workload");
        let at = at.as_ref().unwrap_or(&trust);
        let observed = subjects(statement, claim);
        let message = [
            &statement.label(index + 1),
            " trusts tokens of `",
            provider,
            "` without an exact `",
            name_of(claim),
            "`",
        ]
        .concat();
        review.add(at.finding(message).observed(observed));
    }
    if looked {
        review.outcome()
    } else {
        NOT_APPLICABLE
    }
}

fn name_of(claim: &str) -> &str {
    claim.rsplit(':').next().unwrap_or_default()
}

/// The provider of OIDC tokens that a statement lets in; of several, one that has subjects.
fn provider(statement: &Statement) -> Option<&str> {
    if statement.effect == Effect::Deny || !statement.covers_action("sts:AssumeRoleWithWebIdentity")
    {
        return None;
    }
    let mut found = None;
    for principal in statement.principals.named() {
        let id = principal.id.as_str();
        if principal.kind == PrincipalKind::Federated && !id.contains(":saml-provider/") {
            let name = id.split_once("oidc-provider/").map_or(id, |(_, name)| name);
            if found.is_none_or(|other| other == COGNITO) {
                found = Some(name);
            }
        }
    }
    found
}

fn is_about(condition: &Condition, claim: &str) -> bool {
    condition.key.to_ascii_lowercase().ends_with(claim)
}

fn is_exact(condition: &Condition, claim: &str) -> bool {
    let literal = !condition.base_operator().eq_ignore_ascii_case("StringLike");
    let exact = |value: &String| {
        !value.is_empty() && !value.contains("${") && (literal || !value.contains(['*', '?']))
    };
    is_about(condition, claim) && compares(condition) && condition.values.iter().all(exact)
}

/// What a statement says of the claim: what tells it from one that says less.
fn subjects(statement: &Statement, claim: &str) -> String {
    let mut text = String::new();
    for condition in statement
        .conditions
        .iter()
        .filter(|condition| is_about(condition, claim))
    {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&condition.operator);
        text.push(' ');
        text.push_str(&condition.values.join(", "));
    }
    if text.is_empty() {
        ["no ", name_of(claim)].concat()
    } else {
        text
    }
}
