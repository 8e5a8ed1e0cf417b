//! The account's own key for new EBS volumes.

use gabion_aws::kms::CreateKey;
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use crate::service::kms::key::policy_for_service;
use crate::shared::{creation, fault, tags};

/// Its alias.
const ALIAS: &str = "alias/gabion/ebs";
/// What its creation tag says.
const WHAT: &str = "gabion_account";

/// The ARN of the key, which is made where it is not there. Goes on where an earlier create was cut off.
///
/// # Errors
/// A key of somebody else has the alias; a call failed.
pub(super) async fn ensure(clients: &Clients, wanted_tags: &Tags) -> Result<String, Diagnostics> {
    let kms = clients.kms();
    let region = clients.region().to_owned();
    let doing = || {
        fault::while_setting(
            Path::root("ebs_default_kms_key_id"),
            format!("making the key for EBS volumes in {region}"),
        )
    };
    let mark = creation::creating(WHAT, ALIAS);
    if let Some(key) = kms.find_key(ALIAS).await.map_err(doing())? {
        let live = kms.tags(&key.id).await.map_err(doing())?;
        let ours = live.get(creation::TAG) == Some(&creation::created(WHAT).1);
        if !ours && live.get(creation::TAG) != Some(&mark.1) || !key.enabled {
            return Err(fault::error_at(
                Path::root("ebs_default_kms_key_id"),
                "The alias of the EBS key is taken",
                format!(
                    "In {region}, `{ALIAS}` points to the key `{}`, which this provider did not make or which cannot be \
                     used. Name the keys to use with `ebs_default_kms_key_id`, or free the alias \
                     (`aws kms delete-alias --alias-name {ALIAS}`).",
                    key.arn
                ),
            ));
        }
        if !ours {
            finish(clients, &key.id).await?;
        }
        set_tags(clients, &key.id, &live, wanted_tags).await?;
        return Ok(key.arn);
    }
    let wanted = Tags::from([mark.clone()]);
    let mut left = kms.find_keys_by_tags(&wanted).await.map_err(doing())?;
    let (id, arn) = match left.pop() {
        Some(found) => (found.key_id, found.key_arn),
        None => {
            let mut all = wanted_tags.clone();
            all.extend([mark]);
            let policy = policy_for_service(clients, &format!("ec2.{region}.amazonaws.com"))?;
            let request = CreateKey {
                description: "New EBS volumes of this account".to_owned(),
                policy: Some(policy),
                tags: all,
                recover: true,
                ..CreateKey::default()
            };
            let key = kms.create_key(&request).await.map_err(doing())?;
            (key.id, key.arn)
        }
    };
    kms.create_alias(ALIAS, &id).await.map_err(doing())?;
    finish(clients, &id).await?;
    Ok(arn)
}

/// Brings the tags of a key that was made here up to date; one of somebody else is left alone.
///
/// # Errors
/// A call failed.
pub(super) async fn retag(clients: &Clients, key: &str, wanted: &Tags) -> Result<(), Diagnostics> {
    let live = clients
        .kms()
        .tags(key)
        .await
        .map_err(setting_tags(clients))?;
    if live.get(creation::TAG) != Some(&creation::created(WHAT).1) {
        return Ok(());
    }
    set_tags(clients, key, &live, wanted).await
}

async fn set_tags(
    clients: &Clients,
    key: &str,
    live: &Tags,
    wanted: &Tags,
) -> Result<(), Diagnostics> {
    let (set, unset) = tags::changes(live, wanted);
    let kms = clients.kms();
    kms.tag(key, &set).await.map_err(setting_tags(clients))?;
    kms.untag(key, &unset).await.map_err(setting_tags(clients))
}

fn setting_tags(clients: &Clients) -> impl FnOnce(gabion_aws::AwsError) -> Diagnostics + use<> {
    fault::while_setting(
        Path::root("tags"),
        format!(
            "setting the tags of the key for EBS volumes in {}",
            clients.region()
        ),
    )
}

async fn finish(clients: &Clients, id: &str) -> Result<(), Diagnostics> {
    let kms = clients.kms();
    let doing = || {
        fault::while_setting(
            Path::root("ebs_default_kms_key_id"),
            format!("completing the key for EBS volumes in {}", clients.region()),
        )
    };
    kms.enable_rotation(id, 365).await.map_err(doing())?;
    kms.tag(id, &Tags::from([creation::created(WHAT)]))
        .await
        .map_err(doing())
}
