//! The account's own lines of the table of secure defaults.

use crate::shared::exception::{Enforced, Strength};

use super::model::AccountModel;

/// What an account that is made here must have.
pub(super) fn own(made: bool) -> Vec<Enforced<AccountModel>> {
    let mut table: Vec<Enforced<AccountModel>> = vec![
        Enforced {
            attribute: "quarantine",
            controls: &["own"],
            strength: |account| Strength::on(&account.own.quarantine),
        },
        Enforced {
            attribute: "iam_user_access_to_billing",
            controls: &["own"],
            strength: |account| {
                Strength::of(&account.own.iam_user_access_to_billing, |access| {
                    (access != "DENY").then(|| format!("it is `{access}`, the default is `DENY`"))
                })
            },
        },
    ];
    if !made {
        for line in &mut table {
            line.strength = |_| Strength::Kept;
        }
    }
    table
}
