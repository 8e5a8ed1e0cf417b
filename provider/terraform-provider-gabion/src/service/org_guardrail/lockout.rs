//! Whether the policy shuts out of administration whoever must keep it: evaluated for the calls by which an account
//! is administered, principal by principal.

use gabion_aws::Clients;

use crate::shared::policy::{
    Document, Effect, Matcher, Statement, covers_action, matches, same_principal,
};

use super::intents;

/// An account that no pattern names: a principal of every account is tried as one of this account.
const SOME_ACCOUNT: &str = "000000000000";

/// Calls by which an account is administered, and whether they go to the region that is administered (else they
/// act in no region).
const ADMINISTRATION: &[(&str, bool)] = &[
    ("iam:CreateRole", false),
    ("iam:PutRolePolicy", false),
    ("iam:UpdateAssumeRolePolicy", false),
    ("organizations:DescribeOrganization", false),
    ("sts:AssumeRole", false),
    ("sts:GetCallerIdentity", false),
    ("cloudtrail:DescribeTrails", true),
    ("ec2:DescribeVpcs", true),
    ("kms:PutKeyPolicy", true),
    ("s3:PutBucketPolicy", true),
];

/// A principal who is shut out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShutOut {
    /// Who.
    pub(super) principal: String,
    /// What he is for: "the vending role".
    pub(super) role: &'static str,
    /// The attribute whose statement forbids it.
    pub(super) intent: &'static str,
    /// A call that is forbidden.
    pub(super) action: &'static str,
    /// Where, for calls that have a region.
    pub(super) region: Option<String>,
}

/// Who must be able to administer.
pub(super) struct Candidates {
    /// Pattern or ARN, and what he is for.
    principals: Vec<(String, &'static str)>,
    region: String,
    global: &'static str,
}

impl Candidates {
    /// The vending role, the principal that plans or applies, and the break-glass roles.
    pub(super) fn new(
        clients: &Clients,
        vending_role: &str,
        break_glass: impl IntoIterator<Item = String>,
    ) -> Self {
        let partition = clients.partition();
        let mut principals = vec![
            (
                format!("arn:{partition}:iam::*:role/{vending_role}"),
                "the vending role",
            ),
            (
                clients.caller().principal_arn(),
                "the principal that applies",
            ),
        ];
        principals.extend(
            break_glass
                .into_iter()
                .map(|name| (name, "a break-glass role")),
        );
        Self {
            principals,
            region: clients.region().to_owned(),
            global: global_region(partition),
        }
    }

    /// Without the principal that applies: service control policies do not bind the management account.
    pub(super) fn without_caller(mut self) -> Self {
        self.principals
            .retain(|(_, role)| *role != "the principal that applies");
        self
    }

    /// Those whom the policy shuts out, each with the first call that fails.
    pub(super) fn shut_out(&self, document: &Document) -> Vec<ShutOut> {
        self.principals
            .iter()
            .filter_map(|(name, role)| {
                let principal = name.replacen("::*:", &format!("::{SOME_ACCOUNT}:"), 1);
                ADMINISTRATION.iter().find_map(|(action, regional)| {
                    let region = if *regional { &self.region } else { self.global };
                    let label = denied_by(document, &principal, action, region)?;
                    Some(ShutOut {
                        principal: name.clone(),
                        role,
                        intent: intents::of_label(&label).unwrap_or("policy"),
                        action,
                        region: regional.then(|| self.region.clone()),
                    })
                })
            })
            .collect()
    }
}

/// Where calls without a region are counted.
fn global_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// The label of the statement that forbids a call.
fn denied_by(document: &Document, principal: &str, action: &str, region: &str) -> Option<String> {
    document
        .statements
        .iter()
        .enumerate()
        .find(|(_, statement)| {
            statement.effect == Effect::Deny
                && acts_on(statement, action)
                && holds(statement, principal, region)
        })
        .map(|(index, statement)| statement.label(index))
}

fn acts_on(statement: &Statement, action: &str) -> bool {
    let any = |set: &std::collections::BTreeSet<String>| {
        set.iter().any(|pattern| covers_action(pattern, action))
    };
    match &statement.actions {
        Matcher::Only(set) => any(set),
        Matcher::Except(set) => !any(set),
    }
}

/// Whether all conditions hold. One on anything else than principal and region is about the object of the call, and
/// can be met.
fn holds(statement: &Statement, principal: &str, region: &str) -> bool {
    statement.conditions.iter().all(|(operator, keys)| {
        let negated = operator.to_ascii_lowercase().contains("not");
        keys.iter().all(|(key, values)| {
            let any =
                |fits: &dyn Fn(&str) -> bool| values.iter().any(|value| fits(value)) != negated;
            match key.to_ascii_lowercase().as_str() {
                // STS does not tell a role's path.
                "aws:principalarn" => {
                    any(&|value| matches(value, principal) || same_principal(value, principal))
                }
                "aws:requestedregion" => any(&|value| value == region),
                _ => false,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::org_guardrail::intents::tests::whole;
    use crate::shared::strings;

    const VENDING: &str = "arn:aws:iam::*:role/OrganizationAccountAccessRole";

    fn candidates(principal: &str) -> Candidates {
        Candidates {
            principals: vec![(principal.to_owned(), "the vending role")],
            region: "eu-central-1".to_owned(),
            global: "us-east-1",
        }
    }

    fn told(
        principal: &str,
        change: impl FnOnce(&mut super::super::OrgGuardrailModel),
    ) -> Vec<String> {
        let mut guardrail = whole();
        guardrail.exempt_principals = strings::of::<String>([]);
        change(&mut guardrail);
        let document = intents::document(&guardrail, "aws").unwrap();
        candidates(principal)
            .shut_out(&document)
            .into_iter()
            .map(|one| format!("{} {}", one.intent, one.action))
            .collect()
    }

    #[test]
    fn everything_on_shuts_out_no_role() {
        assert!(told(VENDING, |_| ()).is_empty());
    }

    #[test]
    fn what_shuts_out() {
        let other = |guardrail: &mut super::super::OrgGuardrailModel| {
            guardrail.allowed_regions = strings::of(["us-west-2"]);
        };
        assert_eq!(
            told(VENDING, other),
            ["allowed_regions cloudtrail:DescribeTrails"]
        );
        assert_eq!(
            told(VENDING, |guardrail| {
                guardrail.allowed_regions = strings::of(["eu-central-1"]);
                guardrail.global_services = strings::of(["sts:*", "organizations:*"]);
            }),
            ["allowed_regions iam:CreateRole"]
        );
        assert_eq!(
            told("arn:aws:iam::111122223333:root", |_| ()),
            ["deny_root iam:CreateRole"]
        );
        // The exempt are let through; those of one account only there.
        assert!(
            told(VENDING, |guardrail| {
                other(guardrail);
                guardrail.exempt_principals = strings::of([VENDING]);
            })
            .is_empty()
        );
        assert!(
            !told(VENDING, |guardrail| {
                other(guardrail);
                guardrail.exempt_principals =
                    strings::of(["arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"]);
            })
            .is_empty()
        );
    }
}
