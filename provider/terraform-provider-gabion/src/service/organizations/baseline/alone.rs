//! One account, one baseline: the two resources that set it do not both set that of one account.

use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::fault;

/// Notes that a resource of the type `holder` sets the baseline of an account. Which one was seen first does not matter:
/// both are planned.
///
/// # Errors
/// A resource of the other type of this configuration sets it, too.
pub(in super::super) fn alone(
    gabion: &Gabion,
    account: &str,
    holder: &'static str,
) -> Result<(), Diagnostics> {
    match gabion
        .claims
        .share(&format!("baseline of {account}"), holder)
    {
        None => Ok(()),
        Some(_) => Err(fault::error_at(
            Path::root("account_id"),
            "Two resources set the baseline of one account",
            format!(
                "A `gabion_account` and a `gabion_account_baseline` of this configuration both set the baseline of account \
                 `{account}`, and would undo each other's work. The first sets all of it: remove the second \
                 (destroying it leaves the account as it is)."
            ),
        )),
    }
}
