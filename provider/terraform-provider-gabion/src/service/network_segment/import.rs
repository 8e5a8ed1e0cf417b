//! Import, which changes nothing: what is there is read, and the plan that follows names what it would change.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;
use gabion_framework::resource::IdentitySchema;

use super::live::Live;
use super::model::SegmentModel;
use super::{NO_ORGANIZATION, TYPE, connection, private};
use crate::configured::Gabion;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, location, strings};

/// Sets what the first read of the segment needs.
///
/// # Errors
/// A malformed id, no such VPC, a call that failed.
pub(super) async fn import(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<SegmentModel>,
) -> Result<(), Diagnostics> {
    let Some((place, vpc)) = connection::parse(id.trim()) else {
        return Err(Diagnostics::from_error(
            "Not the id of a segment",
            format!("`{id}` is neither the id of a VPC (`vpc-...`) nor `ACCOUNT/REGION/VPC`."),
        ));
    };
    let clients = location::read(ctx, &place).await?;
    let looking = fault::while_doing(format!("looking for the VPC `{vpc}`"));
    let Some(found) = clients.ec2().find_vpc(vpc).await.map_err(looking)? else {
        return Err(Diagnostics::from_error(
            "There is nothing to import",
            format!(
                "Account {} has no VPC `{vpc}` in {}. Where it is in another place, write `ACCOUNT/REGION/VPC`.",
                clients.account_id(),
                clients.region()
            ),
        ));
    };
    if found.is_default {
        return Err(Diagnostics::from_error(
            "A default VPC is no segment",
            format!(
                "`{vpc}` is the default VPC of its region, which has public subnets. Make a segment beside it, and delete it."
            ),
        ));
    }
    if found.tags.get(creation::TAG) == Some(&creation::created(TYPE).1) {
        state.private.set(private::MADE, &true);
    }
    state.private.set(private::IMPORT, &true);
    state.set(SegmentModel {
        id: vpc.into(),
        account_id: clients.account_id().into(),
        region: clients.region().into(),
        ..SegmentModel::default()
    });
    Ok(())
}

/// What only an import reads: settings that follow from what was made by them.
pub(super) fn complete(live: &Live, partition: &str, model: &mut SegmentModel) {
    let denied = live
        .acl()
        .into_iter()
        .flat_map(|acl| &acl.entries)
        .filter(|entry| {
            !entry.egress
                && (300..400).contains(&entry.number)
                && entry.action == gabion_aws::ec2::AclAction::Deny
        });
    let denied: Vec<String> = denied.map(|entry| entry.cidr_block.clone()).collect();
    if !denied.is_empty() {
        model.east_west_cidrs = strings::of(denied);
    }
    let document = model
        .endpoint_policy
        .as_str()
        .and_then(|text| Document::parse(text, partition).ok());
    for statement in document.iter().flat_map(|document| &document.statements) {
        for keys in statement.conditions.values() {
            for (key, values) in keys {
                if key.eq_ignore_ascii_case("aws:PrincipalOrgID") {
                    model.organization_id =
                        values.first().cloned().map_or(Value::Null, Value::Known);
                } else if key.eq_ignore_ascii_case("aws:PrincipalAccount") {
                    model.organization_id = NO_ORGANIZATION.into();
                }
            }
        }
    }
}

/// The attributes that identify a segment.
pub(super) fn identity_schema() -> IdentitySchema {
    IdentitySchema::new()
        .required("id", Type::String, "The id of the VPC.")
        .optional(
            "account_id",
            Type::String,
            "The account. Default: the provider's.",
        )
        .optional(
            "region",
            Type::String,
            "The region. Default: the provider's.",
        )
}

/// The identity of a segment in the state.
pub(super) fn identity(state: &SegmentModel) -> Option<BTreeMap<String, Dynamic>> {
    let text = |value: &Value<String>| value.known().map(|text| Dynamic::String(text.clone()));
    Some(BTreeMap::from([
        ("id".to_owned(), text(&state.id)?),
        ("account_id".to_owned(), text(&state.account_id)?),
        ("region".to_owned(), text(&state.region)?),
    ]))
}

/// The import id for an identity.
///
/// # Errors
/// An identity that is incomplete.
pub(super) fn import_id(identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
    let text = |name: &str| {
        identity
            .get(name)
            .and_then(Dynamic::as_str)
            .filter(|text| !text.is_empty())
    };
    let Some(id) = text("id") else {
        return Err(Diagnostics::from_error(
            "Incomplete identity",
            "The identity needs `id`.",
        ));
    };
    match (text("account_id"), text("region")) {
        (Some(account), Some(region)) => Ok(format!("{account}/{region}/{id}")),
        (None, None) => Ok(id.to_owned()),
        _ => Err(Diagnostics::from_error(
            "Incomplete identity",
            "Give `account_id` and `region` both, or neither for the provider's own.",
        )),
    }
}
