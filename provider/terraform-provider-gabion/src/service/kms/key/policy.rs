//! The generated key policy.

use std::collections::BTreeSet;

use gabion_framework::prelude::*;

use crate::shared::policy::{Document, Matcher, Principals, Statement, allow, deny, root_arn};
use crate::shared::policy_statement;
use crate::shared::strings::{self, Strings};

use super::model::KmsKeyModel;
use super::service_user;

/// Where the key lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

impl<'a> Scene<'a> {
    pub(super) fn of(clients: &'a gabion_aws::Clients) -> Self {
        Self {
            partition: clients.partition(),
            account: clients.account_id(),
            region: clients.region(),
        }
    }
}

/// Longest key policy that KMS takes, in bytes.
pub(super) const LONGEST: usize = 32_768;

/// What everybody must be able to do for the key to stay manageable.
pub(super) const CHANGE_POLICY: &str = "kms:PutKeyPolicy";

/// Administration that only looks.
const LOOK: &[&str] = &[
    "kms:DescribeKey",
    "kms:GetKeyLastUsage",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
];

/// Administration that changes. No `kms:CreateGrant`: with a grant an administrator could use the key.
const ADMINISTER: &[&str] = &[
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
];

/// Ends a grant: for administrators, and for users about grants of AWS services.
const REVOKE: &str = "kms:RevokeGrant";

/// Use.
pub(super) const USE: &[&str] = &[
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
];

const RECOVERY: &str = "AccountRecovery";
const ADMINISTRATORS: &str = "Administrators";
const USERS: &str = "Users";
const USERS_GRANTS: &str = "UsersGrantsForServices";
const USERS_DENIED: &str = "UsersCannotAdminister";

/// Whether the generated policy uses this label.
pub(super) fn is_reserved(sid: &str) -> bool {
    [RECOVERY, ADMINISTRATORS, USERS, USERS_GRANTS, USERS_DENIED].contains(&sid)
        || service_user::is_reserved(sid)
}

/// A principal as policies name it: account ids are root ARNs.
pub(super) fn normal(name: &str, partition: &str) -> String {
    if validate::is_account_id(name) {
        root_arn(partition, name)
    } else {
        name.to_owned()
    }
}

/// Principals of a list; none while one of them is unknown.
pub(super) fn principals(list: &Strings, partition: &str) -> Option<BTreeSet<String>> {
    strings::known(list).map(|names| names.iter().map(|name| normal(name, partition)).collect())
}

fn all_administration() -> impl Iterator<Item = &'static str> {
    LOOK.iter().chain(ADMINISTER).copied().chain([REVOKE])
}

fn administrators(names: BTreeSet<String>) -> Statement {
    allow(ADMINISTRATORS)
        .to("AWS", names)
        .actions(all_administration())
}

fn users(names: BTreeSet<String>) -> Statement {
    allow(USERS)
        .to("AWS", names)
        .actions(USE.iter().copied().chain(["kms:DescribeKey"]))
}

/// The policy of a key that one service uses in the name of the account's principals, as JSON.
///
/// # Errors
/// Never, while the service is known; told all the same.
pub(crate) fn policy_for_service(
    clients: &gabion_aws::Clients,
    service: &str,
) -> Result<String, Diagnostics> {
    let key = KmsKeyModel {
        administrators: strings::of(Vec::<String>::new()),
        users: strings::of(Vec::<String>::new()),
        service_users: Value::Known(vec![service_user::ServiceUser {
            service: service.into(),
            via_service: true.into(),
            ..service_user::ServiceUser::default()
        }]),
        ..KmsKeyModel::default()
    };
    document(&key, &Scene::of(clients))
        .map(|document| document.to_json())
        .ok_or_else(|| {
            Diagnostics::from_error(
                "The key policy could not be made",
                format!(
                    "The policy for `{service}` depends on something unknown. Please report it."
                ),
            )
        })
}

/// The policy of a planned key; none while something it depends on is unknown.
pub(super) fn document(key: &KmsKeyModel, scene: &Scene<'_>) -> Option<Document> {
    let root = root_arn(scene.partition, scene.account);
    let mut statements = vec![
        allow(RECOVERY)
            .to("AWS", [root.as_str()])
            .actions(all_administration()),
    ];

    let names = principals(&key.administrators, scene.partition)?;
    if !names.is_empty() {
        statements.push(administrators(names));
    }

    let names = principals(&key.users, scene.partition)?;
    if !names.is_empty() {
        statements.push(users(names.clone()));
        statements.push(
            allow(USERS_GRANTS)
                .to("AWS", names.clone())
                .actions(["kms:CreateGrant", "kms:ListGrants", REVOKE])
                .when("Bool", "kms:GrantIsForAWSResource", ["true"]),
        );
        // The recovery statement leaves administration to IAM: users are kept out whatever IAM permits them.
        // An account's root stands for everybody in it, so there IAM decides.
        let named: BTreeSet<String> = names
            .into_iter()
            .filter(|name| !name.ends_with(":root"))
            .collect();
        if !named.is_empty() {
            statements.push(
                deny(USERS_DENIED)
                    .to("AWS", named)
                    .actions(ADMINISTER.iter().copied()),
            );
        }
    }

    statements.extend(service_user::statements(&key.service_users, scene)?);
    statements.extend(policy_statement::to_statements(
        &key.additional_policy_statements,
        scene.partition,
    )?);
    Some(Document::new(statements))
}

/// The principals of a list as the live policy has them; none where its statement was changed in more
/// than its principals.
fn read_list(
    live: &Document,
    sid: &str,
    generate: fn(BTreeSet<String>) -> Statement,
) -> Option<BTreeSet<String>> {
    let Some(statement) = live.by_sid(sid) else {
        return Some(BTreeSet::new());
    };
    let Principals::Only(map) = &statement.principals else {
        return None;
    };
    let names = map.get("AWS")?.clone();
    (generate(names.clone()).folded() == statement.folded()).then_some(names)
}

/// Administrators of a live policy, as far as it is a generated one.
pub(super) fn read_administrators(live: &Document) -> Option<BTreeSet<String>> {
    read_list(live, ADMINISTRATORS, administrators)
}

/// Users of a live policy, as far as it is a generated one.
pub(super) fn read_users(live: &Document) -> Option<BTreeSet<String>> {
    read_list(live, USERS, users)
}

/// The statements of a live policy that the generated part of `key` does not make; for import.
pub(super) fn others(live: &Document, key: &KmsKeyModel, scene: &Scene<'_>) -> Vec<Statement> {
    let mut bare = key.clone();
    bare.additional_policy_statements = Value::Null;
    let generated = document(&bare, scene).unwrap_or_else(|| Document::new(Vec::new()));
    live.statements
        .iter()
        .filter(|statement| {
            let made = generated
                .statements
                .iter()
                .any(|own| own.folded() == statement.folded());
            let replaced = statement.sid.as_deref().is_some_and(is_reserved);
            !made
                && !replaced
                && !matches!(&statement.actions, Matcher::Only(set) if set.is_empty())
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::{may, someone_may};

    const SCENE: Scene<'static> = Scene {
        partition: "aws",
        account: "111122223333",
        region: "eu-central-1",
    };
    const ADMIN: &str = "arn:aws:iam::111122223333:role/admin";
    const APP: &str = "arn:aws:iam::111122223333:role/app";

    fn key() -> KmsKeyModel {
        KmsKeyModel {
            administrators: strings::of([ADMIN]),
            users: strings::of([APP, "444455556666"]),
            ..KmsKeyModel::default()
        }
    }

    #[test]
    fn separation_of_duties() {
        let policy = document(&key(), &SCENE).unwrap();
        let allows = |who: &str, what: &str| may(&policy, who, what).is_ok();
        assert!(allows(ADMIN, "kms:PutKeyPolicy"));
        for action in [
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:CreateGrant",
        ] {
            assert!(!allows(ADMIN, action), "{action}");
        }
        assert!(allows(APP, "kms:Decrypt"));
        assert!(allows(APP, "kms:DescribeKey"));
        for action in ADMINISTER {
            assert!(!allows(APP, action), "{action}");
        }
        // Whoever IAM permits can recover the key, and cannot use it.
        let other = "arn:aws:iam::111122223333:role/other";
        assert!(allows(other, "kms:PutKeyPolicy"));
        assert!(!allows(other, "kms:Decrypt"));
        assert!(!allows(
            "arn:aws:iam::444455556666:role/x",
            "kms:PutKeyPolicy"
        ));
        assert_eq!(
            someone_may(&policy, "aws", "111122223333", CHANGE_POLICY),
            Ok(())
        );
    }

    #[test]
    fn the_shortest_policy() {
        insta::assert_snapshot!(document(&KmsKeyModel::default(), &SCENE).unwrap().to_json(), @r#"{"Statement":[{"Action":["kms:CancelKeyDeletion","kms:CreateAlias","kms:DeleteAlias","kms:DescribeKey","kms:DisableKey","kms:DisableKeyRotation","kms:EnableKey","kms:EnableKeyRotation","kms:GetKeyLastUsage","kms:GetKeyPolicy","kms:GetKeyRotationStatus","kms:ListGrants","kms:ListKeyPolicies","kms:ListKeyRotations","kms:ListResourceTags","kms:PutKeyPolicy","kms:ReplicateKey","kms:RevokeGrant","kms:RotateKeyOnDemand","kms:ScheduleKeyDeletion","kms:TagResource","kms:UntagResource","kms:UpdateAlias","kms:UpdateKeyDescription","kms:UpdatePrimaryRegion"],"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Resource":"*","Sid":"AccountRecovery"}],"Version":"2012-10-17"}"#);
    }

    #[test]
    fn lists_are_read_back() {
        let policy = document(&key(), &SCENE).unwrap();
        assert_eq!(
            read_administrators(&policy),
            Some([ADMIN.to_owned()].into())
        );
        assert_eq!(
            read_users(&policy),
            Some([APP.to_owned(), "arn:aws:iam::444455556666:root".to_owned()].into())
        );
        let mut changed = policy.clone();
        for statement in &mut changed.statements {
            if statement.sid.as_deref() == Some(USERS) {
                *statement = statement.clone().actions(["kms:*"]);
            }
        }
        assert_eq!(read_users(&changed), None);
        assert_eq!(
            read_users(&Document::new(Vec::new())),
            Some(BTreeSet::new())
        );
    }

    #[test]
    fn unknown_principals_leave_the_policy_unknown() {
        let mut key = key();
        key.users = Value::Known(vec![Value::Unknown]);
        assert_eq!(document(&key, &SCENE), None);
    }

    #[test]
    fn what_others_wrote_is_told_apart() {
        let mut policy = document(&key(), &SCENE).unwrap();
        assert!(others(&policy, &key(), &SCENE).is_empty());
        let hand = allow("Hand").to("AWS", [APP]).actions(["kms:*"]);
        policy.statements.push(hand.clone());
        assert_eq!(others(&policy, &key(), &SCENE), [hand]);
    }
}
