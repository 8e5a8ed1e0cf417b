//! `account_id` and `region`: where an object lives, and the clients for that place.

use gabion_aws::Clients;
use gabion_framework::prelude::*;

use super::fault;
use crate::configured::Gabion;

/// The attributes `account_id` and `region`.
pub(crate) fn attributes() -> [Attribute; 2] {
    [
        Attribute::string("account_id")
            .optional_computed()
            .requires_replace()
            .use_state_for_unknown()
            .validate(validate::account_id())
            .describe(
                "The account it lives in. For another account than the provider's own, the provider's \
                 `vending_role_name` is assumed there. Default: the provider's account.",
            ),
        Attribute::string("region")
            .optional_computed()
            .requires_replace()
            .use_state_for_unknown()
            .validate(validate::region())
            .describe("The region it lives in. Default: the provider's region."),
    ]
}

/// The attributes `account_id` and `region` of an object that is there in every region: a change of `region`
/// replaces nothing.
pub(crate) fn attributes_without_region(service: &str) -> [Attribute; 2] {
    let [account, _] = attributes();
    let region = Attribute::string("region")
        .optional_computed()
        .use_state_for_unknown()
        .validate(validate::region())
        .describe(format!(
            "The region by which the provider reaches {service}, which has no regions of its own. Default: the \
             provider's region."
        ));
    [account, region]
}

/// The place of an object in a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// `account_id`.
    pub(crate) account_id: Value<String>,
    /// `region`.
    pub(crate) region: Value<String>,
}

/// For plan: fills in the provider's account and region where the configuration says nothing, and gives
/// clients that only read. None while either is unknown, or the provider is: then plan makes no call.
///
/// # Errors
/// No credentials, an account that is not allowed, a role that cannot be assumed.
pub(crate) async fn plan(
    ctx: &Ctx<Gabion>,
    config: &Place,
    planned: &mut Place,
) -> Result<Option<Clients>, Diagnostics> {
    if config.account_id.is_unknown() || config.region.is_unknown() {
        return Ok(None);
    }
    let Some(gabion) = ctx.provider.as_ref() else {
        return Ok(None);
    };
    let Some(pool) = gabion.pool_if_known() else {
        return Ok(None);
    };
    let known = |value: &Value<String>| value.known().cloned();
    let (account, region) = (known(&planned.account_id), known(&planned.region));
    let clients = pool
        .get(account.as_deref(), region.as_deref())
        .await
        .map_err(fault::while_doing(
            "finding out the account and region to plan in",
        ))?;
    planned.account_id = clients.account_id().into();
    planned.region = clients.region().into();
    Ok(Some(clients.read_only()))
}

/// For read: clients that only read.
///
/// # Errors
/// As [`plan`]; a provider whose configuration is not known yet.
pub(crate) async fn read(ctx: &Ctx<Gabion>, place: &Place) -> Result<Clients, Diagnostics> {
    Ok(clients(ctx, place).await?.read_only())
}

/// For create, update and delete: clients that end with the call's deadline, and start nothing after the
/// user interrupted.
///
/// # Errors
/// As [`read`].
pub(crate) async fn write(ctx: &Ctx<Gabion>, place: &Place) -> Result<Clients, Diagnostics> {
    Ok(clients(ctx, place)
        .await?
        .scoped(ctx.cancel.clone(), ctx.deadline))
}

async fn clients(ctx: &Ctx<Gabion>, place: &Place) -> Result<Clients, Diagnostics> {
    ctx.provider()?
        .pool()?
        .get(place.account_id.as_str(), place.region.as_str())
        .await
        .map_err(fault::while_doing("connecting to AWS"))
}
