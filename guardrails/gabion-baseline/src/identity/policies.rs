//! Where the policies of identities stand, and how much they allow.

use gabion_guardrail::policy::{Set, matches_ignoring_case};
use gabion_guardrail::prelude::*;

use crate::data::key_policy;

/// The policies and the attached ARNs of a resource.
pub(crate) struct Held {
    /// Attributes that hold a policy document.
    pub(crate) documents: Vec<Value>,
    /// The blocks of a composite, each a statement.
    pub(crate) blocks: Vec<(Value, Statement)>,
    /// Attributes that name a managed policy.
    pub(crate) attached: Vec<Value>,
}

/// What a resource of an identity holds; one that a resource of its own holds, and this one reads back, is left out.
pub(crate) fn held(change: &Change, after: &Value, review: &mut Review) -> Held {
    let mut held = Held {
        documents: Vec::new(),
        blocks: Vec::new(),
        attached: Vec::new(),
    };
    match change.resource_type().as_str() {
        "aws_iam_role" => {
            if change.configured("inline_policy[0]") != Some(false) {
                review.look_at(|_| {
                    let blocks = after.get("inline_policy").elements()?;
                    let policies = blocks.iter().map(|block| block.get("policy"));
                    held.documents.extend(policies);
                    Ok(())
                });
            }
            if change.configured("managed_policy_arns") != Some(false) {
                review.look_at(|_| {
                    held.attached
                        .extend(after.get("managed_policy_arns").elements()?);
                    Ok(())
                });
            }
        }
        // Its inline policy is generated from these.
        "gabion_workload_role" => {
            review.look_at(|_| {
                held.blocks = key_policy::blocks(after)?;
                Ok(())
            });
            review.look_at(|_| {
                held.attached
                    .extend(after.get("managed_policy_arns").elements()?);
                Ok(())
            });
        }
        "aws_iam_policy"
        | "aws_iam_role_policy"
        | "aws_iam_user_policy"
        | "aws_iam_group_policy" => held.documents.push(after.get("policy")),
        "aws_ssoadmin_permission_set_inline_policy" => {
            held.documents.push(after.get("inline_policy"));
        }
        "aws_ssoadmin_managed_policy_attachment" => {
            held.attached.push(after.get("managed_policy_arn"));
        }
        _ => held.attached.push(after.get("policy_arn")),
    }
    held
}

impl Held {
    /// Looks at every statement: with the attribute that holds it, and its number there, counted from 1.
    pub(crate) fn each(
        &self,
        review: &mut Review,
        look: impl Fn(&Value, usize, &Statement) -> Option<Finding>,
    ) {
        for at in &self.documents {
            review.look_at(|found| {
                let document = PolicyDocument::read(at)?.unwrap_or_default();
                for (index, statement) in document.statements.iter().enumerate() {
                    found.extend(look(at, index + 1, statement));
                }
                Ok(())
            });
        }
        for (index, (at, statement)) in self.blocks.iter().enumerate() {
            if let Some(finding) = look(at, index + 1, statement) {
                review.add(finding);
            }
        }
    }
}

/// The argument of a composite that a statement of its trust policy comes from, `None` for other resources: that is where
/// it can be changed, and what an `exception` names.
pub(super) fn own_argument(
    change: &Change,
    role: &Value,
    statement: &Statement,
    principal: &str,
) -> Option<Value> {
    if change.resource_type() != "gabion_workload_role" {
        return None;
    }
    Some(role.get(if statement.sid.as_deref() == Some("Trust") {
        principal
    } else {
        "additional_policy_statements"
    }))
}

/// Whether a pattern is nothing but wildcards: `*`, `*:*`, `?*`.
pub(super) fn is_all(pattern: &str) -> bool {
    !pattern.is_empty()
        && pattern.contains('*')
        && pattern
            .bytes()
            .all(|byte| matches!(byte, b'*' | b'?' | b':'))
}

/// Whether resources are all there are, or all but some: `*`, `arn:aws:*`, `arn:*:*:*:*:*`.
pub(crate) fn is_everything(resources: &Set<String>) -> bool {
    const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];
    const REST: [&str; 3] = [
        ":iam::111122223333:role/zq",
        ":s3:::zq",
        ":ec2:zq-zq-9:999999999999:zq/x",
    ];
    match resources {
        Set::Absent => false,
        Set::AllBut(_) => true,
        Set::Only(patterns) => patterns.iter().any(|pattern| {
            PARTITIONS.iter().any(|partition| {
                REST.iter()
                    .all(|rest| matches_ignoring_case(pattern, &["arn:", partition, rest].concat()))
            })
        }),
    }
}

/// Whether a statement allows every action: `*`, or all but some that leave the rights of others in its hands.
pub(super) fn allows_all_actions(statement: &Statement) -> bool {
    match &statement.actions {
        Set::Absent => false,
        Set::Only(patterns) => patterns.iter().any(|pattern| is_all(pattern)),
        // Who may change policies may do the rest.
        Set::AllBut(spared) => !spared
            .iter()
            .any(|pattern| is_all(pattern) || pattern.eq_ignore_ascii_case("iam:*")),
    }
}

/// Whether a statement allows everything on everything.
pub(crate) fn is_administrator(statement: &Statement) -> bool {
    statement.effect == Effect::Allow
        && allows_all_actions(statement)
        && is_everything(&statement.resources)
}

/// The patterns of a statement that stand for whole services: `s3:*`, `*:*`.
pub(super) fn whole_services(statement: &Statement) -> Vec<&str> {
    let Set::Only(patterns) = &statement.actions else {
        return Vec::new();
    };
    let whole = |pattern: &&str| match pattern.split_once(':') {
        Some((_, action)) => is_all(action),
        // `*`, and what AWS takes for a service that is cut off.
        None => pattern.contains('*'),
    };
    patterns.iter().map(String::as_str).filter(whole).collect()
}

/// The name of a managed policy of AWS, `AdministratorAccess` of `arn:aws:iam::aws:policy/AdministratorAccess`.
pub(super) fn of_aws(arn: &str) -> Option<&str> {
    let arn = Arn::parse(arn)?;
    let of_aws = arn.service == "iam" && arn.account == "aws" && arn.kind() == Some("policy");
    of_aws.then(|| arn.name())
}

/// Whether a policy makes its holder able to give itself any right: everything, or all of IAM.
pub(super) fn is_privileged(document: &PolicyDocument) -> bool {
    document.allows().any(|statement| {
        is_everything(&statement.resources)
            && (allows_all_actions(statement) || statement.covers_service("iam"))
    })
}

/// Whether the managed policy of AWS is one of those.
pub(super) fn is_privileged_arn(arn: &str) -> bool {
    matches!(
        of_aws(arn),
        Some("AdministratorAccess" | "IAMFullAccess" | "PowerUserAccess")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(actions: Set<String>, resources: Set<String>) -> Statement {
        Statement {
            sid: None,
            effect: Effect::Allow,
            principals: Set::Absent,
            actions,
            resources,
            conditions: Vec::new(),
        }
    }

    fn only(text: &str) -> Set<String> {
        Set::Only(vec![text.into()])
    }

    #[test]
    fn spellings_of_everything() {
        for text in ["*", "*:*", "**", "?*", "*:?*"] {
            assert!(is_all(text), "{text}");
        }
        for text in ["", "?", "s3:*", "a*"] {
            assert!(!is_all(text), "{text}");
        }
        for text in [
            "*",
            "arn:*",
            "arn:aws:*",
            "arn:aws:*:*:*:*",
            "arn:*:*:*:*:*",
            "a*",
            "ARN:AWS:*",
        ] {
            assert!(is_everything(&only(text)), "{text}");
        }
        for text in ["arn:aws:s3:::*", "arn:aws:iam::*:role/*", ""] {
            assert!(!is_everything(&only(text)), "{text}");
        }
        assert!(is_everything(&Set::AllBut(vec!["arn:aws:s3:::x".into()])));
    }

    #[test]
    fn administrators() {
        assert!(is_administrator(&statement(only("*"), only("*"))));
        let but = |text: &str| statement(Set::AllBut(vec![text.into()]), only("*"));
        assert!(is_administrator(&but("s3:DeleteBucket")));
        assert!(is_administrator(&but("iam:DeleteUser")));
        assert!(!is_administrator(&but("iam:*")));
        assert!(!is_administrator(&statement(
            only("*"),
            only("arn:aws:s3:::logs")
        )));
    }

    #[test]
    fn services_as_a_whole() {
        let whole = |text: &str| !whole_services(&statement(only(text), only("*"))).is_empty();
        for text in ["s3:*", "S3:*", "s3:**", "s3:?*", "*", "i*:*", "*:*"] {
            assert!(whole(text), "{text}");
        }
        for text in ["s3:Get*", "s3:GetObject", "*:GetObject"] {
            assert!(!whole(text), "{text}");
        }
    }

    #[test]
    fn managed_policies() {
        assert!(is_privileged_arn(
            "arn:aws-cn:iam::aws:policy/AdministratorAccess"
        ));
        assert!(!is_privileged_arn(
            "arn:aws:iam::111122223333:policy/AdministratorAccess"
        ));
        assert!(!is_privileged_arn("arn:aws:iam::aws:policy/ReadOnlyAccess"));
    }
}
