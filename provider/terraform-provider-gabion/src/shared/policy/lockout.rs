//! Who may still do something once a policy is in force.

use std::collections::BTreeSet;

use super::conditions::{Truth, hold};
use super::document::{Document, Effect, Matcher, Principals, Statement};
use super::pattern::{covers_action, root_arn};

/// Nobody may do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lockout {
    /// Labels of the statements that forbid it; empty where simply nothing permits it.
    pub(crate) denied_by: Vec<String>,
}

fn acts_on(statement: &Statement, action: &str) -> bool {
    match &statement.actions {
        Matcher::Only(set) => set.iter().any(|pattern| covers_action(pattern, action)),
        Matcher::Except(set) => !set.iter().any(|pattern| covers_action(pattern, action)),
    }
}

/// Whether the policy lets `principal` do `action`. A statement for its whole account counts: IAM
/// policies then decide, and can be written.
pub(crate) fn may(document: &Document, principal: &str, action: &str) -> Result<Truth, Lockout> {
    let relevant = |effect: Effect| {
        document
            .statements
            .iter()
            .enumerate()
            .filter(move |(_, statement)| {
                statement.effect == effect
                    && acts_on(statement, action)
                    && statement.is_about("AWS", principal)
            })
            .map(|(index, statement)| (index, statement, hold(&statement.conditions, principal)))
    };
    let denied_by: Vec<String> = relevant(Effect::Deny)
        .filter(|(_, _, truth)| *truth == Truth::Yes)
        .map(|(index, statement, _)| statement.label(index))
        .collect();
    if !denied_by.is_empty() {
        return Err(Lockout { denied_by });
    }
    let allowed: Vec<Truth> = relevant(Effect::Allow).map(|(_, _, truth)| truth).collect();
    let perhaps_denied = relevant(Effect::Deny).any(|(_, _, truth)| truth == Truth::Maybe);
    if allowed.contains(&Truth::Yes) && !perhaps_denied {
        Ok(Truth::Yes)
    } else if allowed.iter().any(|truth| *truth != Truth::No) {
        Ok(Truth::Maybe)
    } else {
        Err(Lockout { denied_by })
    }
}

/// Whether anybody at all may do `action`: the account's root user, every principal the policy names, and
/// any other principal of the account.
pub(crate) fn someone_may(
    document: &Document,
    partition: &str,
    account: &str,
    action: &str,
) -> Result<(), Lockout> {
    let mut candidates: BTreeSet<String> = BTreeSet::from([
        root_arn(partition, account),
        format!("arn:{partition}:iam::{account}:role/any-other-role"),
    ]);
    for statement in &document.statements {
        let (Principals::Only(map) | Principals::Except(map)) = &statement.principals;
        candidates.extend(map.get("AWS").into_iter().flatten().cloned());
        let named = statement
            .conditions
            .values()
            .flatten()
            .filter(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalArn"))
            .flat_map(|(_, values)| values)
            // A pattern stands for the principals it matches; one such name is enough.
            .map(|value| value.replace(['*', '?'], "x"));
        candidates.extend(named);
    }
    let mut denied_by = Vec::new();
    for candidate in candidates.iter().filter(|name| name.starts_with("arn:")) {
        match may(document, candidate, action) {
            Ok(_) => return Ok(()),
            Err(lockout) => {
                for label in lockout.denied_by {
                    if !denied_by.contains(&label) {
                        denied_by.push(label);
                    }
                }
            }
        }
    }
    Err(Lockout { denied_by })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::{allow, deny};

    const ROOT: &str = "arn:aws:iam::111122223333:root";
    const ADMIN: &str = "arn:aws:iam::111122223333:role/admin";
    const PUT: &str = "kms:PutKeyPolicy";

    fn with(statement: Statement) -> Document {
        Document::new(vec![
            allow("Recovery")
                .to("AWS", [ROOT])
                .actions(["kms:PutKeyPolicy", "kms:Get*"]),
            statement,
        ])
    }

    fn check(statement: Statement) -> Result<(), Lockout> {
        someone_may(&with(statement), "aws", "111122223333", PUT)
    }

    #[test]
    fn a_deny_for_all_locks_out() {
        let locked = Err(Lockout {
            denied_by: vec!["No".to_owned()],
        });
        assert_eq!(check(deny("No").to_everybody().actions(["kms:*"])), locked);
        assert_eq!(
            check(deny("No").to("AWS", [ROOT]).actions(["kms:Put*"])),
            locked
        );
        assert_eq!(
            check(deny("No").to_everybody().actions(["*"]).when(
                "Bool",
                "aws:SecureTransport",
                ["true"]
            )),
            locked
        );
    }

    #[test]
    fn a_deny_that_leaves_somebody_does_not() {
        assert_eq!(
            check(deny("No").to("AWS", [ADMIN]).actions(["kms:*"])),
            Ok(())
        );
        assert_eq!(
            check(deny("No").to_everybody().actions(["kms:Decrypt"])),
            Ok(())
        );
        assert_eq!(
            check(deny("No").to_everybody().actions(["kms:*"]).when(
                "Bool",
                "aws:SecureTransport",
                ["false"]
            )),
            Ok(())
        );
        assert_eq!(
            check(deny("No").to_everybody().actions(["kms:*"]).when(
                "ArnNotEquals",
                "aws:PrincipalArn",
                [ADMIN]
            )),
            Ok(())
        );
        assert_eq!(
            check(deny("No").to_everybody().actions(["kms:*"]).when(
                "NotIpAddress",
                "aws:SourceIp",
                ["10.0.0.0/8"]
            )),
            Ok(())
        );
        let all_but = Statement {
            principals: Principals::Except([("AWS".to_owned(), [ADMIN.to_owned()].into())].into()),
            ..deny("No").actions(["kms:*"])
        };
        assert_eq!(check(all_but), Ok(()));
    }

    #[test]
    fn nothing_that_permits_is_a_lockout() {
        let document = Document::new(vec![
            allow("Use").to("AWS", [ADMIN]).actions(["kms:Decrypt"]),
        ]);
        assert_eq!(
            someone_may(&document, "aws", "111122223333", PUT),
            Err(Lockout {
                denied_by: Vec::new()
            })
        );
    }

    #[test]
    fn one_principal() {
        let document = with(deny("No").to("AWS", [ADMIN]).actions(["kms:Put*"]));
        assert_eq!(
            may(&document, ADMIN, PUT),
            Err(Lockout {
                denied_by: vec!["No".to_owned()]
            })
        );
        assert_eq!(
            may(&document, "arn:aws:iam::111122223333:role/deploy", PUT),
            Ok(Truth::Yes)
        );
        assert!(may(&document, "arn:aws:iam::444455556666:role/deploy", PUT).is_err());
    }
}
