//! What is refused before anything is called.

use std::collections::BTreeSet;

use gabion_framework::prelude::*;
use jiff::Timestamp;

use crate::shared::exception::{self, Moment};
use crate::shared::policy::{Document, may, same_principal, someone_may};
use crate::shared::{live, strings};

use super::defaults::TABLE;
use super::model::KmsKeyModel;
use super::policy::{CHANGE_POLICY, LONGEST, Scene};

/// Nobody both administers and uses a key.
pub(super) fn separation(key: &KmsKeyModel, diags: &mut Diagnostics) {
    let administrators = strings::known_part(&key.administrators);
    let users = strings::known_part(&key.users);
    let both: BTreeSet<&String> = users
        .iter()
        .filter(|user| {
            administrators
                .iter()
                .any(|administrator| same_principal(administrator, user))
        })
        .collect();
    for name in both {
        diags.error_at(
            Path::root("users"),
            "A principal both administers and uses the key",
            format!(
                "`{name}` is in `administrators` and in `users`. Administrators cannot use a key, and users cannot \
                 administer it: take it out of one of them."
            ),
        );
    }
}

/// The secure defaults.
pub(super) fn defaults(key: &KmsKeyModel, moment: Moment, diags: &mut Diagnostics) {
    exception::check(key, &key.exception, TABLE, moment, Timestamp::now(), diags);
}

/// A policy that KMS would refuse, or that would leave nobody able to administer the key.
pub(super) fn policy(
    policy: &Document,
    scene: &Scene<'_>,
    key: &KmsKeyModel,
    diags: &mut Diagnostics,
) {
    let length = policy.to_json().len();
    if length > LONGEST {
        diags.error_at(
            Path::root("policy"),
            "The key policy is too long",
            format!(
                "The generated policy of {} has {length} bytes, and KMS takes {LONGEST}. Shorten the lists of principals, \
                 for example by naming roles in place of many users.",
                key.title()
            ),
        );
    }
    if let Err(lockout) = someone_may(policy, scene.partition, scene.account, CHANGE_POLICY) {
        diags.error_at(
            lockout_path(key),
            "The key policy would lock everybody out",
            format!(
                "With this policy nobody could change the policy of {} again: not the account's root user, not an \
                 administrator, not any other principal of account `{}`. {} Such a key can never be managed or deleted.",
                key.title(),
                scene.account,
                blame(&lockout.denied_by)
            ),
        );
    }
}

/// The principal that applies must be able to change the policy again: KMS refuses the policy otherwise.
pub(super) fn caller(
    policy: &Document,
    caller: &str,
    key: &KmsKeyModel,
    severity: Severity,
    diags: &mut Diagnostics,
) {
    let Err(lockout) = may(policy, caller, CHANGE_POLICY) else {
        return;
    };
    let who = match severity {
        Severity::Error => "the principal that applies",
        Severity::Warning => {
            "the principal that plans; if it applies, too, KMS will refuse the policy"
        }
    };
    let users = strings::known_part(&key.users);
    let hint = if users.iter().any(|user| same_principal(user, caller)) {
        "It is in `users`, who cannot administer the key: apply as another principal, or take it out of `users`.".to_owned()
    } else {
        blame(&lockout.denied_by)
    };
    diags.push(Diagnostic {
        severity,
        summary: "The key policy would lock out its own author".to_owned(),
        detail: format!(
            "With this policy `{caller}` ({who}) could not change the policy of {} again. {hint}",
            key.title()
        ),
        path: Some(Path::root(if hint.starts_with("It is in") {
            "users"
        } else {
            "policy"
        })),
    });
}

fn blame(denied_by: &[String]) -> String {
    if denied_by.is_empty() {
        return format!("No statement permits `{CHANGE_POLICY}`.");
    }
    let labels: Vec<String> = denied_by.iter().map(|label| format!("`{label}`")).collect();
    format!(
        "It is forbidden by {}: leave `{CHANGE_POLICY}` to somebody there.",
        labels.join(", ")
    )
}

fn lockout_path(key: &KmsKeyModel) -> Path {
    Path::root(if key.additional_policy_statements.is_null() {
        "policy"
    } else {
        "additional_policy_statements"
    })
}

/// What others put into the live policy stays, unless it is listed.
pub(super) fn removals(
    current: &Document,
    planned: &Document,
    private: &Private,
    scene: &Scene<'_>,
    key: &KmsKeyModel,
    diags: &mut Diagnostics,
) {
    let applied = live::applied(private, scene.partition);
    live::check(
        current,
        planned,
        applied.as_ref(),
        &key.acknowledge_removals,
        scene.partition,
        &key.title(),
        diags,
    );
}
