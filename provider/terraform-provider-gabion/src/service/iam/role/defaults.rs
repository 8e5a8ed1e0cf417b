//! The table of secure defaults. See secure defaults in the documentation: one line each.

use gabion_framework::prelude::*;

use crate::shared::exception::{Enforced, Strength};
use crate::shared::policy_statement;
use crate::shared::strings;

use super::model::WorkloadRoleModel;
use super::{service_principal, statement, trust};

/// Longest session, in seconds.
pub(super) const SESSION: i64 = 3600;
/// Name of the inline policy.
pub(super) const POLICY_NAME: &str = "workload";
/// Path of a role.
pub(super) const PATH: &str = "/";

/// AWS managed policies that give away the account.
const ADMINISTRATION: &[&str] = &["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"];

fn aws_managed(arn: &str) -> Option<&str> {
    arn.split_once(":iam::aws:policy/")
        .map(|(_, name)| name.rsplit('/').next().unwrap_or(name))
}

/// What must not be weaker without an exception.
pub(super) const TABLE: &[Enforced<WorkloadRoleModel>] = &[
    Enforced {
        attribute: "max_session_duration",
        controls: &["own"],
        strength: |role| {
            Strength::of(&role.max_session_duration, |seconds| {
                (*seconds > SESSION)
                    .then(|| format!("it is `{seconds}`, the default is `{SESSION}`"))
            })
        },
    },
    Enforced {
        attribute: "permissions_boundary",
        controls: &["own"],
        strength: |role| {
            Strength::of(&role.permissions_boundary, |arn| {
                (aws_managed(arn) == Some("AdministratorAccess")).then(|| {
                    "`AdministratorAccess` permits everything, so it bounds nothing".to_owned()
                })
            })
        },
    },
    Enforced {
        attribute: "service",
        controls: &["own"],
        strength: |role| {
            let Some(service) = role.service.known() else {
                return Strength::Kept;
            };
            match (&service.bind_source, service.principal.as_str()) {
                (Value::Unknown, _) => Strength::Unknown,
                (Value::Null | Value::Known(true), Some(name))
                    if service_principal::names_source(name)
                        && service.source_arns.known().is_some_and(Vec::is_empty) =>
                {
                    Strength::Weaker(format!(
                        "`source_arns` is empty, so `{name}` may act for any resource of the account; the default is its own"
                    ))
                }
                (Value::Known(false), Some(name)) if service_principal::can_bind(name) => {
                    Strength::Weaker(format!(
                        "`bind_source` is `false`, the default for `{name}` is `true`"
                    ))
                }
                _ => Strength::Kept,
            }
        },
    },
    Enforced {
        attribute: "human",
        controls: &["own"],
        strength: |role| match role.human.known() {
            None => Strength::Kept,
            Some(human) => Strength::of(&human.require_mfa, |on| {
                (!on).then(|| "`require_mfa` is `false`, the default is `true`".to_owned())
            }),
        },
    },
    Enforced {
        attribute: statement::BLOCK,
        controls: &["IAM.1", "IAM.21", "KMS.1", "KMS.2", "C5 1.15"],
        strength: |role| {
            let found = statement::weaknesses(&role.statement);
            if found.is_empty() {
                Strength::Kept
            } else {
                Strength::Weaker(found.join("; "))
            }
        },
    },
    Enforced {
        attribute: "managed_policy_arns",
        controls: &["IAM.1", "C5 1.15"],
        strength: |role| {
            let found: Vec<String> = strings::known_part(&role.managed_policy_arns)
                .into_iter()
                .filter(|arn| aws_managed(arn).is_some_and(|name| ADMINISTRATION.contains(&name)))
                .map(|arn| format!("`{arn}` gives away the account"))
                .collect();
            if found.is_empty() {
                Strength::Kept
            } else {
                Strength::Weaker(found.join("; "))
            }
        },
    },
    Enforced {
        attribute: policy_statement::ATTRIBUTE,
        controls: &["own"],
        strength: |role| match policy_statement::to_statements(
            &role.additional_policy_statements,
            "aws",
        ) {
            None => Strength::Unknown,
            Some(statements) => statements
                .iter()
                .enumerate()
                .find_map(|(index, statement)| {
                    let why = trust::weakness(statement, role.account_id.as_str())?;
                    Some(Strength::Weaker(format!(
                        "`{}` {why}",
                        statement.label(index)
                    )))
                })
                .unwrap_or(Strength::Kept),
        },
    },
];
