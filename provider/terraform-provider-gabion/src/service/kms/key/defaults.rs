//! The table of secure defaults. See secure defaults in the documentation: one line each.

use crate::shared::exception::{Enforced, Strength};
use crate::shared::policy::is_open;
use crate::shared::policy_statement;

use super::model::KmsKeyModel;

/// Rotation every so many days.
pub(super) const ROTATION_PERIOD: i64 = 365;
/// Days between scheduling a deletion and the deletion.
pub(super) const DELETION_WINDOW: i64 = 30;

/// What must not be weaker without an exception.
pub(super) const TABLE: &[Enforced<KmsKeyModel>] = &[
    Enforced {
        attribute: "enable_key_rotation",
        controls: &["C5 3.6", "KMS.4"],
        strength: |key| Strength::on(&key.enable_key_rotation),
    },
    Enforced {
        attribute: "rotation_period_in_days",
        controls: &["C5 3.6"],
        strength: |key| {
            Strength::of(&key.rotation_period_in_days, |days| {
                (*days > ROTATION_PERIOD)
                    .then(|| format!("it is `{days}`, the default is `{ROTATION_PERIOD}`"))
            })
        },
    },
    Enforced {
        attribute: "deletion_window_in_days",
        controls: &["KMS.3"],
        strength: |key| {
            Strength::of(&key.deletion_window_in_days, |days| {
                (*days < DELETION_WINDOW)
                    .then(|| format!("it is `{days}`, the default is `{DELETION_WINDOW}`"))
            })
        },
    },
    Enforced {
        attribute: "multi_region",
        controls: &["own"],
        strength: |key| {
            Strength::of(&key.multi_region, |on| {
                on.then(|| "it is `true`, the default is `false`".to_owned())
            })
        },
    },
    Enforced {
        attribute: policy_statement::ATTRIBUTE,
        controls: &["KMS.5", "C7 2.21"],
        strength: |key| match policy_statement::to_statements(
            &key.additional_policy_statements,
            "aws",
        ) {
            None => Strength::Unknown,
            Some(statements) => match statements
                .iter()
                .enumerate()
                .find(|(_, statement)| is_open(statement))
            {
                None => Strength::Kept,
                Some((index, statement)) => Strength::Weaker(format!(
                    "`{}` lets in everybody, with no condition that says from which account or organization",
                    statement.label(index)
                )),
            },
        },
    },
];
