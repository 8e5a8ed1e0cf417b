//! Import, which changes nothing.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;
use gabion_framework::resource::{IdentitySchema, MoveSource};

use crate::configured::Gabion;
use crate::shared::fault;
use crate::shared::location::{self, Place};

use super::model::WorkloadRoleModel;

pub(super) async fn import(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<WorkloadRoleModel>,
) -> Diagnostics {
    fault::collect(Diagnostics::new(), run(ctx, id, state).await)
}

async fn run(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<WorkloadRoleModel>,
) -> Result<(), Diagnostics> {
    let id = id.trim();
    let (place, name) = target(id)?;
    let clients = location::read(ctx, &place).await?;
    let role = clients
        .iam()
        .find_role(name)
        .await
        .map_err(fault::while_doing(format!("looking for the role `{name}`")))?
        .ok_or_else(|| {
            Diagnostics::from_error(
                "There is no such role",
                format!(
                    "There is no role `{name}` in account `{}`. Import by name, or by ARN.",
                    clients.account_id()
                ),
            )
        })?;
    if ["/aws-service-role/", "/aws-reserved/"]
        .iter()
        .any(|reserved| role.path.starts_with(reserved))
    {
        return Err(Diagnostics::from_error(
            "The role cannot be imported",
            format!("`{}` belongs to AWS, which manages it itself.", role.arn),
        ));
    }
    state.set(WorkloadRoleModel {
        name: role.name.as_str().into(),
        id: role.name.as_str().into(),
        account_id: clients.account_id().into(),
        region: clients.region().into(),
        ..WorkloadRoleModel::default()
    });
    Ok(())
}

/// Account and name of an ARN; a name alone is of the provider's account.
fn target(id: &str) -> Result<(Place, &str), Diagnostics> {
    if !id.starts_with("arn:") {
        return Ok((Place::default(), id));
    }
    let parts: Vec<&str> = id.splitn(6, ':').collect();
    let found = match parts.as_slice() {
        ["arn", _, "iam", "", account, resource] if validate::is_account_id(account) => resource
            .strip_prefix("role/")
            .and_then(|path| path.rsplit('/').next())
            .filter(|name| !name.is_empty())
            .map(|name| (*account, name)),
        _ => None,
    };
    match found {
        Some((account, name)) => Ok((
            Place {
                account_id: account.into(),
                region: Value::Null,
            },
            name,
        )),
        None => Err(Diagnostics::from_error(
            "Not the ARN of a role",
            format!("`{id}` is not the ARN of a role: expected `arn:aws:iam::ACCOUNT:role/NAME`."),
        )),
    }
}

/// Takes over a role of hashicorp/aws (a `moved` block): like an import, it changes nothing. The resources
/// beside it (attachments, inline policies) leave the state by `removed` blocks.
pub(super) fn move_from(source: &MoveSource) -> Option<Result<WorkloadRoleModel, Diagnostics>> {
    if source.type_name != "aws_iam_role" || !source.provider_address.ends_with("hashicorp/aws") {
        return None;
    }
    let text = |name: &str| source.state.get(name).and_then(serde_json::Value::as_str);
    let Some(arn) = text("arn") else {
        return Some(Err(Diagnostics::from_error(
            "The role cannot be moved",
            "The state of the `aws_iam_role` has no `arn`. Refresh it first, or import the role.",
        )));
    };
    Some(target(arn).map(|(place, name)| WorkloadRoleModel {
        name: name.into(),
        id: name.into(),
        account_id: place.account_id,
        ..WorkloadRoleModel::default()
    }))
}

/// What identifies a role.
pub(super) fn identity_schema() -> IdentitySchema {
    IdentitySchema::new()
        .required("name", Type::String, "The role's name.")
        .optional(
            "account_id",
            Type::String,
            "The account. Default: the provider's.",
        )
}

/// The identity of a role in the state.
pub(super) fn identity(state: &WorkloadRoleModel) -> Option<BTreeMap<String, Dynamic>> {
    let text = |value: &Value<String>| value.known().map(|text| Dynamic::String(text.clone()));
    Some(BTreeMap::from([
        ("name".to_owned(), text(&state.name)?),
        ("account_id".to_owned(), text(&state.account_id)?),
    ]))
}

/// The import id for an identity.
pub(super) fn import_id(identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
    let text = |name: &str| identity.get(name).and_then(Dynamic::as_str);
    let Some(name) = text("name") else {
        return Err(Diagnostics::from_error(
            "The identity is not complete",
            "Give the role's `name`, and `account_id` where it is not the provider's.",
        ));
    };
    Ok(match text("account_id") {
        // The partition does not matter: the account and the name say which role it is.
        Some(account) => format!("arn:aws:iam::{account}:role/{name}"),
        None => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_of_the_aws_provider_moves() {
        let source = |type_name: &str, state: serde_json::Value| MoveSource {
            provider_address: "registry.terraform.io/hashicorp/aws".to_owned(),
            type_name: type_name.to_owned(),
            schema_version: 0,
            state,
            private: Vec::new(),
        };
        let arn = serde_json::json!({"arn": "arn:aws:iam::111122223333:role/team/app"});
        let moved = move_from(&source("aws_iam_role", arn.clone()))
            .unwrap()
            .unwrap();
        assert_eq!(moved.name.as_str(), Some("app"));
        assert_eq!(moved.account_id.as_str(), Some("111122223333"));
        // Everything else is read from AWS: the next refresh takes it for an import.
        assert!(moved.assume_role_policy.is_null());
        assert!(
            move_from(&source("aws_iam_role", serde_json::json!({})))
                .unwrap()
                .is_err()
        );
        assert!(move_from(&source("aws_iam_user", arn)).is_none());
    }

    #[test]
    fn targets() {
        assert_eq!(target("app").unwrap(), (Place::default(), "app"));
        let (place, name) = target("arn:aws:iam::111122223333:role/team/app").unwrap();
        assert_eq!(
            (place.account_id.as_str(), name),
            (Some("111122223333"), "app")
        );
        for wrong in [
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role/",
        ] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}
