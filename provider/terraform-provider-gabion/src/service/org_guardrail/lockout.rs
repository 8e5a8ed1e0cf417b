//! Whether the policy shuts out of administration whoever must keep it: evaluated for the calls by which an account
//! is administered, principal by principal.

use std::collections::BTreeSet;

use gabion_aws::Clients;

use crate::shared::policy::{
    Document, Effect, Matcher, Statement, covers_action, matches, same_principal,
};

use super::intents;

/// An account that no pattern names: a principal of every account is tried as one of this account.
const SOME_ACCOUNT: &str = "000000000000";

/// A region that no list names: the baseline of accounts goes to all of them, unless it is told which.
const SOME_REGION: &str = "any other region";

/// Calls by which an account is administered, and whether they go to the region that is administered (else they
/// act in no region).
const ADMINISTRATION: &[(&str, bool)] = &[
    ("iam:CreateRole", false),
    ("iam:PutRolePolicy", false),
    ("iam:UpdateAccountPasswordPolicy", false),
    ("iam:UpdateAssumeRolePolicy", false),
    ("account:PutAlternateContact", false),
    ("organizations:DescribeOrganization", false),
    ("sts:AssumeRole", false),
    ("sts:GetCallerIdentity", false),
    ("access-analyzer:CreateAnalyzer", true),
    ("cloudtrail:DescribeTrails", true),
    ("ec2:DeleteVpc", true),
    ("ec2:DescribeVpcs", true),
    ("ec2:EnableEbsEncryptionByDefault", true),
    ("kms:PutKeyPolicy", true),
    ("s3:PutBucketPolicy", true),
];

/// What is called on: a role that no pattern but one for all roles names, and for other calls something in particular
/// that none names.
const SOME_ROLE: &str = "arn:aws:iam::000000000000:role/q7w1-no-such-role";
const SOMETHING: &str = "q7w1-nothing-in-particular";

const VENDING: &str = "the vending role";

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

/// Who must be able to administer, and where.
pub(super) struct Candidates {
    principals: Vec<Candidate>,
    global: &'static str,
}

struct Candidate {
    /// Pattern or ARN.
    name: String,
    /// What he is for.
    role: &'static str,
    /// The regions that he administers.
    regions: Vec<String>,
}

impl Candidates {
    /// The vending role, the principal that plans or applies, and the break-glass roles. `vending_regions` are the
    /// regions of the accounts that the vending role sets up; none for all.
    pub(super) fn new(
        clients: &Clients,
        vending_role: &str,
        vending_regions: Option<BTreeSet<String>>,
        break_glass: impl IntoIterator<Item = String>,
    ) -> Self {
        let partition = clients.partition();
        let here = clients.region().to_owned();
        let mut everywhere = vec![here.clone()];
        match vending_regions {
            None => everywhere.push(SOME_REGION.to_owned()),
            Some(regions) => everywhere.extend(regions),
        }
        let mut principals = vec![
            Candidate {
                name: format!("arn:{partition}:iam::*:role/{vending_role}"),
                role: VENDING,
                regions: everywhere,
            },
            Candidate {
                name: clients.caller().principal_arn(),
                role: "the principal that applies",
                regions: vec![here.clone()],
            },
        ];
        principals.extend(break_glass.into_iter().map(|name| Candidate {
            name,
            role: "a break-glass role",
            regions: vec![here.clone()],
        }));
        Self {
            principals,
            global: global_region(partition),
        }
    }

    /// Without the principal that applies: service control policies do not bind the management account.
    pub(super) fn without_caller(mut self) -> Self {
        self.principals
            .retain(|one| one.role != "the principal that applies");
        self
    }

    /// Those whom the policy shuts out, each with the first call that fails.
    pub(super) fn shut_out(&self, document: &Document) -> Vec<ShutOut> {
        self.principals
            .iter()
            .filter_map(|one| {
                let principal = one.name.replacen("::*:", &format!("::{SOME_ACCOUNT}:"), 1);
                ADMINISTRATION.iter().find_map(|(action, regional)| {
                    let global = [self.global.to_owned()];
                    let regions = if *regional {
                        one.regions.as_slice()
                    } else {
                        &global
                    };
                    regions.iter().find_map(|region| {
                        let label = denied_by(document, &principal, action, region)?;
                        Some(ShutOut {
                            principal: one.name.clone(),
                            role: one.role,
                            intent: intents::of_label(&label).unwrap_or("policy"),
                            action,
                            region: regional.then(|| region.clone()),
                        })
                    })
                })
            })
            .collect()
    }
}

impl ShutOut {
    /// Where, for a sentence; empty where the call has no region.
    pub(super) fn place(&self) -> String {
        match self.region.as_deref() {
            None => String::new(),
            Some(SOME_REGION) => " in every region that it does not name".to_owned(),
            Some(region) => format!(" in `{region}`"),
        }
    }

    /// What else helps than letting him through.
    pub(super) fn otherwise(&self) -> &'static str {
        if self.role == VENDING && self.intent == "allowed_regions" {
            "say by `vending_regions` which regions it sets up in accounts (the `regions` of their baselines), if the \
             guardrail allows all of them"
        } else {
            "change the intent"
        }
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
                && reaches(statement, action)
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

/// Whether the statement is about more than some objects: what is forbidden on those alone leaves administration.
fn reaches(statement: &Statement, action: &str) -> bool {
    let object = if action.starts_with("iam:") {
        SOME_ROLE
    } else {
        SOMETHING
    };
    let any = |set: &BTreeSet<String>| {
        set.iter()
            .any(|pattern| matches(pattern, object) || same_partition(pattern, object))
    };
    match &statement.resources {
        Matcher::Only(set) => any(set),
        Matcher::Except(set) => !any(set),
    }
}

/// As `matches`, whatever partition the pattern is of.
fn same_partition(pattern: &str, object: &str) -> bool {
    let rest = |arn: &str| arn.splitn(3, ':').nth(2).map(str::to_owned);
    match (rest(pattern), rest(object)) {
        (Some(pattern), Some(object)) => matches(&pattern, &object),
        _ => false,
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

    const VENDOR: &str = "arn:aws:iam::*:role/OrganizationAccountAccessRole";

    fn candidates(principal: &str, regions: &[&str]) -> Candidates {
        Candidates {
            principals: vec![Candidate {
                name: principal.to_owned(),
                role: VENDING,
                regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            }],
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
        candidates(principal, &["eu-central-1"])
            .shut_out(&document)
            .into_iter()
            .map(|one| format!("{} {}", one.intent, one.action))
            .collect()
    }

    #[test]
    fn everything_on_shuts_out_no_role() {
        assert!(told(VENDOR, |_| ()).is_empty());
    }

    #[test]
    fn what_shuts_out() {
        let other = |guardrail: &mut super::super::OrgGuardrailModel| {
            guardrail.allowed_regions = strings::of(["us-west-2"]);
        };
        assert_eq!(
            told(VENDOR, other),
            ["allowed_regions access-analyzer:CreateAnalyzer"]
        );
        assert_eq!(
            told(VENDOR, |guardrail| {
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
            told(VENDOR, |guardrail| {
                other(guardrail);
                guardrail.exempt_principals = strings::of([VENDOR]);
            })
            .is_empty()
        );
        assert!(
            !told(VENDOR, |guardrail| {
                other(guardrail);
                guardrail.exempt_principals =
                    strings::of(["arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"]);
            })
            .is_empty()
        );
    }

    #[test]
    fn what_protects_the_exempt_leaves_administration() {
        let exempt = |pattern: &'static str| {
            told(VENDOR, move |guardrail| {
                guardrail.exempt_principals = strings::of([pattern]);
            })
        };
        // Some roles only are kept from the vending role; then all of them are.
        assert!(exempt("arn:aws:iam::*:role/audit").is_empty());
        assert_eq!(
            told("arn:aws:iam::111122223333:user/admin", |guardrail| {
                guardrail.exempt_principals = strings::of(["arn:aws:iam::*:role/*"]);
            }),
            ["exempt_principals iam:CreateRole"]
        );
    }

    #[test]
    fn the_vending_role_works_in_the_regions_of_the_accounts() {
        let mut guardrail = whole();
        guardrail.exempt_principals = strings::of::<String>([]);
        guardrail.allowed_regions = strings::of(["eu-central-1", "eu-west-1"]);
        let document = intents::document(&guardrail, "aws").unwrap();
        let places = |regions: &[&str]| -> Vec<String> {
            let found = candidates(VENDOR, regions).shut_out(&document);
            found.iter().map(ShutOut::place).collect()
        };
        assert!(places(&["eu-central-1", "eu-west-1"]).is_empty());
        assert_eq!(places(&["eu-central-1", "us-east-1"]), [" in `us-east-1`"]);
        assert_eq!(
            places(&["eu-central-1", SOME_REGION]),
            [" in every region that it does not name"]
        );
        guardrail.exempt_principals = strings::of([VENDOR]);
        let exempt = intents::document(&guardrail, "aws").unwrap();
        assert!(
            candidates(VENDOR, &[SOME_REGION])
                .shut_out(&exempt)
                .is_empty()
        );
    }
}
