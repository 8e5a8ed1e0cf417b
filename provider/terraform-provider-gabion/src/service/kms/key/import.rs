//! Import, which changes nothing.

use std::collections::BTreeMap;

use gabion_aws::kms::Key;
use gabion_framework::prelude::*;
use gabion_framework::resource::{IdentitySchema, MoveSource};

use crate::configured::Gabion;
use crate::shared::fault;
use crate::shared::location::{self, Place};

use super::model::KmsKeyModel;

pub(super) async fn import(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<KmsKeyModel>,
) -> Diagnostics {
    fault::collect(Diagnostics::new(), run(ctx, id, state).await)
}

async fn run(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<KmsKeyModel>,
) -> Result<(), Diagnostics> {
    let id = id.trim();
    let place = place_of(id)?;
    let clients = location::read(ctx, &place).await?;
    let key = clients
        .kms()
        .find_key(id)
        .await
        .map_err(fault::while_doing(format!("looking for the key `{id}`")))?
        .ok_or_else(|| {
            Diagnostics::from_error(
                "There is no such key",
                format!(
                    "There is no key `{id}` in account `{}`, region `{}`. Import by key id, key ARN, alias \
                     (`alias/name`) or alias ARN.",
                    clients.account_id(),
                    clients.region()
                ),
            )
        })?;
    refuse(&key, id)?;
    let alias = id
        .split_once("alias/")
        .map(|(_, name)| format!("alias/{name}"));
    state.set(KmsKeyModel {
        id: key.id.as_str().into(),
        key_id: key.id.as_str().into(),
        arn: key.arn.as_str().into(),
        alias: alias.into(),
        account_id: clients.account_id().into(),
        region: clients.region().into(),
        ..KmsKeyModel::default()
    });
    Ok(())
}

/// Where an ARN says the key is; nothing for an id or an alias.
fn place_of(id: &str) -> Result<Place, Diagnostics> {
    if !id.starts_with("arn:") {
        return Ok(Place::default());
    }
    let parts: Vec<&str> = id.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "kms", region, account, _]
            if validate::is_region(region) && validate::is_account_id(account) =>
        {
            Ok(Place {
                account_id: (*account).into(),
                region: (*region).into(),
            })
        }
        _ => Err(Diagnostics::from_error(
            "Not the ARN of a key",
            format!(
                "`{id}` is not the ARN of a key or an alias: expected `arn:aws:kms:REGION:ACCOUNT:key/ID`."
            ),
        )),
    }
}

/// Keys that this resource cannot manage.
fn refuse(key: &Key, id: &str) -> Result<(), Diagnostics> {
    // An endpoint that does not say what kind of key it is has only one kind.
    let is = |told: &str, wanted: &str| told.is_empty() || told == wanted;
    let why = if key.manager == "AWS" {
        "AWS manages it itself"
    } else if key.is_pending_deletion() {
        "it is pending deletion; cancel that first (`aws kms cancel-key-deletion`)"
    } else if !is(&key.key_spec, "SYMMETRIC_DEFAULT") || !is(&key.key_usage, "ENCRYPT_DECRYPT") {
        "it is not a symmetric key for encryption"
    } else if !is(&key.origin, "AWS_KMS") {
        "its material was imported, or lives in a key store outside of KMS, so KMS cannot rotate it"
    } else if key
        .multi_region_role
        .as_deref()
        .is_some_and(|role| role.eq_ignore_ascii_case("replica"))
    {
        "it is a replica; import its primary key"
    } else {
        return Ok(());
    };
    Err(Diagnostics::from_error(
        "The key cannot be imported",
        format!(
            "`{id}` (`{}`) cannot be managed by this resource: {why}.",
            key.arn
        ),
    ))
}

/// Takes over a key of hashicorp/aws (a `moved` block): like an import, it changes nothing. The resources
/// beside it (`aws_kms_alias`, `aws_kms_key_policy`) leave the state by `removed` blocks.
pub(super) fn move_from(source: &MoveSource) -> Option<Result<KmsKeyModel, Diagnostics>> {
    if source.type_name != "aws_kms_key" || !source.provider_address.ends_with("hashicorp/aws") {
        return None;
    }
    let text = |name: &str| source.state.get(name).and_then(serde_json::Value::as_str);
    let (Some(id), Some(arn)) = (text("key_id"), text("arn")) else {
        return Some(Err(Diagnostics::from_error(
            "The key cannot be moved",
            "The state of the `aws_kms_key` has no `key_id` or `arn`. Refresh it first, or import the key.",
        )));
    };
    let unfit = text("customer_master_key_spec").is_some_and(|spec| spec != "SYMMETRIC_DEFAULT");
    if unfit {
        return Some(Err(Diagnostics::from_error(
            "The key cannot be moved",
            format!(
                "`{arn}` cannot be managed by this resource: it is not a symmetric key for encryption."
            ),
        )));
    }
    Some(place_of(arn).map(|place| KmsKeyModel {
        id: id.into(),
        key_id: id.into(),
        arn: arn.into(),
        account_id: place.account_id,
        region: place.region,
        ..KmsKeyModel::default()
    }))
}

/// What identifies a key.
pub(super) fn identity_schema() -> IdentitySchema {
    IdentitySchema::new()
        .required("key_id", Type::String, "The key id.")
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

/// The identity of a key in the state.
pub(super) fn identity(state: &KmsKeyModel) -> Option<BTreeMap<String, Dynamic>> {
    let text = |value: &Value<String>| value.known().map(|text| Dynamic::String(text.clone()));
    Some(BTreeMap::from([
        ("key_id".to_owned(), text(&state.key_id)?),
        ("account_id".to_owned(), text(&state.account_id)?),
        ("region".to_owned(), text(&state.region)?),
    ]))
}

/// The import id for an identity.
pub(super) fn import_id(identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
    let text = |name: &str| {
        identity
            .get(name)
            .and_then(Dynamic::as_str)
            .filter(|text| !text.is_empty())
    };
    let Some(id) = text("key_id") else {
        return Err(Diagnostics::from_error(
            "Incomplete identity",
            "The identity needs `key_id`.",
        ));
    };
    match (text("account_id"), text("region")) {
        (Some(account), Some(region)) => {
            let partition = partition(region);
            Ok(format!("arn:{partition}:kms:{region}:{account}:key/{id}"))
        }
        (None, None) => Ok(id.to_owned()),
        _ => Err(Diagnostics::from_error(
            "Incomplete identity",
            "Give `account_id` and `region` both, or neither for the provider's own.",
        )),
    }
}

fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("eusc") => "aws-eusc",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_where() {
        let place = place_of("arn:aws:kms:eu-west-1:111122223333:key/1").unwrap();
        assert_eq!(
            (place.account_id.as_str(), place.region.as_str()),
            (Some("111122223333"), Some("eu-west-1"))
        );
        assert_eq!(place_of("alias/app").unwrap(), Place::default());
        assert!(place_of("arn:aws:s3:::bucket").is_err());
    }

    #[test]
    fn a_key_of_the_aws_provider_is_taken_over() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1";
        let mut source = MoveSource {
            provider_address: "registry.terraform.io/hashicorp/aws".to_owned(),
            type_name: "aws_kms_key".to_owned(),
            schema_version: 0,
            state: serde_json::json!({"key_id": "1", "arn": arn, "customer_master_key_spec": "SYMMETRIC_DEFAULT"}),
            private: Vec::new(),
        };
        let model = move_from(&source).unwrap().unwrap();
        assert_eq!(
            (model.key_id.as_str(), model.region.as_str()),
            (Some("1"), Some("eu-west-1"))
        );
        source.state["customer_master_key_spec"] = "RSA_2048".into();
        assert!(move_from(&source).unwrap().is_err());
        source.type_name = "aws_kms_replica_key".to_owned();
        assert!(move_from(&source).is_none());
    }

    #[test]
    fn identities() {
        let text = |text: &str| Dynamic::String(text.to_owned());
        let mut identity = BTreeMap::from([("key_id".to_owned(), text("1"))]);
        assert_eq!(import_id(&identity).unwrap(), "1");
        identity.insert("region".to_owned(), text("cn-north-1"));
        assert!(import_id(&identity).is_err());
        identity.insert("account_id".to_owned(), text("111122223333"));
        assert_eq!(
            import_id(&identity).unwrap(),
            "arn:aws-cn:kms:cn-north-1:111122223333:key/1"
        );
    }

    #[test]
    fn keys_of_others_are_refused() {
        let key = |change: fn(&mut Key)| {
            let mut key = Key {
                key_spec: "SYMMETRIC_DEFAULT".to_owned(),
                key_usage: "ENCRYPT_DECRYPT".to_owned(),
                origin: "AWS_KMS".to_owned(),
                manager: "CUSTOMER".to_owned(),
                ..Key::default()
            };
            change(&mut key);
            refuse(&key, "1")
        };
        assert!(key(|_| {}).is_ok());
        assert!(key(|key| key.manager = "AWS".to_owned()).is_err());
        assert!(key(|key| key.key_spec = "RSA_2048".to_owned()).is_err());
        assert!(key(|key| key.origin = "EXTERNAL".to_owned()).is_err());
        assert!(key(|key| key.state = "PendingDeletion".to_owned()).is_err());
    }
}
