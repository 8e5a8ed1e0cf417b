//! Import, which changes nothing.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;

use super::model::{AccountModel, Own};
use super::{plan as planning, private};
use crate::configured::Gabion;
use crate::shared::location::{self, Place};

pub(super) async fn import(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<AccountModel>,
) -> Result<(), Diagnostics> {
    if !validate::is_account_id(id) {
        return Err(Diagnostics::from_error(
            "Not an account id",
            format!("`{id}` is not an account id: import by its 12 digits."),
        ));
    }
    let here = location::read(ctx, &Place::default()).await?;
    planning::adopt(&here, id).await?;
    state.private.set(private::IMPORT, &true);
    state.set(AccountModel {
        own: Own {
            id: id.into(),
            account_id: id.into(),
            deletion_protection: true.into(),
            deletion_policy: "retain".into(),
            ..Own::default()
        },
        ..AccountModel::default()
    });
    Ok(())
}

/// The import id for an identity.
///
/// # Errors
/// An identity without the account.
pub(in super::super) fn import_id(
    identity: &BTreeMap<String, Dynamic>,
) -> Result<String, Diagnostics> {
    identity
        .get("account_id")
        .and_then(Dynamic::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| {
            Diagnostics::from_error("Incomplete identity", "The identity needs `account_id`.")
        })
}
