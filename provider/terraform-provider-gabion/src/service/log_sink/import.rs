//! Import, which changes nothing: what is there is read, and the plan that follows names what it would change.

use std::collections::BTreeMap;

use gabion_aws::s3::BucketPresence;
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;
use gabion_framework::resource::IdentitySchema;

use super::bucket_policy::SIDS;
use super::model::LogSinkModel;
use super::{NO_ORGANIZATION, adopt, live, names, private};
use crate::configured::Gabion;
use crate::shared::location::{self, Place};
use crate::shared::policy::{Document, Statement};
use crate::shared::{fault, policy_statement};

/// Reads what the first read of the sink needs: its place and the names of its parts.
///
/// # Errors
/// A malformed id, no such bucket, a call that failed.
pub(super) async fn import(
    ctx: &Ctx<Gabion>,
    id: &str,
    state: &mut StateSlot<LogSinkModel>,
) -> Result<(), Diagnostics> {
    let (place, bucket) = parse(id.trim())?;
    let clients = location::read(ctx, &place).await?;
    let looking = fault::while_doing(format!("looking for the bucket `{bucket}`"));
    match clients.s3().look_up(bucket).await.map_err(looking)? {
        BucketPresence::Owned { region } if region == clients.region() => {}
        BucketPresence::Owned { region } => {
            return Err(Diagnostics::from_error(
                "The bucket is in another region",
                format!(
                    "`{bucket}` is in {region}, and this is {}. Import it as `{}/{region}/{bucket}`.",
                    clients.region(),
                    clients.account_id()
                ),
            ));
        }
        _ => {
            return Err(Diagnostics::from_error(
                "There is nothing to import",
                format!(
                    "Account {} has no bucket `{bucket}` that may be read. The import id of a log sink is the name of its \
                     main bucket, or `ACCOUNT/REGION/BUCKET`.",
                    clients.account_id()
                ),
            ));
        }
    }
    let mut model = LogSinkModel {
        bucket: bucket.into(),
        account_id: clients.account_id().into(),
        region: clients.region().into(),
        deletion_protection: true.into(),
        deletion_policy: "delete".into(),
        ..LogSinkModel::default()
    };
    find_parts(&clients, bucket, &mut model).await?;
    state.private.set(private::IMPORT, &true);
    state.set(model);
    Ok(())
}

fn parse(id: &str) -> Result<(Place, &str), Diagnostics> {
    match id.split('/').collect::<Vec<_>>().as_slice() {
        [bucket] if !bucket.is_empty() => Ok((Place::default(), bucket)),
        [account, region, bucket]
            if validate::is_account_id(account)
                && validate::is_region(region)
                && !bucket.is_empty() =>
        {
            Ok((
                Place {
                    account_id: (*account).into(),
                    region: (*region).into(),
                },
                bucket,
            ))
        }
        _ => Err(Diagnostics::from_error(
            "Not the id of a log sink",
            format!("`{id}` is neither the name of a bucket nor `ACCOUNT/REGION/BUCKET`."),
        )),
    }
}

/// The parts by the names that the main bucket tells, else by the default ones. One that is not there keeps no
/// name, so that the plan makes it under the name that it wants.
async fn find_parts(
    clients: &Clients,
    bucket: &str,
    model: &mut LogSinkModel,
) -> Result<(), Diagnostics> {
    let reading = || fault::while_doing(format!("reading the log sink `{bucket}`"));
    let s3 = clients.s3();
    if let Some(logging) = s3.logging(bucket).await.map_err(reading())? {
        model.access_log_bucket = logging.target_bucket.into();
        model.access_log_prefix = logging.target_prefix.into();
    } else {
        // Switched off by hand: the second bucket is known by its mark.
        let name = names::access_log_bucket(bucket);
        if let Some(tags) = tags_of(clients, &name).await?
            && adopt::is_part(&tags, bucket)
        {
            model.access_log_bucket = name.into();
        }
    }
    let policy = s3.policy(bucket).await.map_err(reading())?;
    let trail = policy
        .as_deref()
        .and_then(|text| Document::parse(text, clients.partition()).ok())
        .as_ref()
        .and_then(trail_of)
        .unwrap_or_else(|| bucket.to_owned());
    if let Some(found) = clients
        .cloudtrail()
        .find_trail(&trail)
        .await
        .map_err(reading())?
        && found.settings.bucket == bucket
        && live::is_home(clients, &found)
    {
        model.trail_name = trail.into();
        // The trail may say which log group is the sink's.
        let group = found
            .settings
            .log_group_arn
            .as_deref()
            .and_then(group_of)
            .map(str::to_owned);
        model.log_group_name = group.into();
    }
    if model.log_group_name.is_null() {
        let name = names::log_group(bucket);
        if clients
            .logs()
            .find_log_group(&name)
            .await
            .map_err(reading())?
            .is_some()
        {
            model.log_group_name = name.into();
        }
    }
    Ok(())
}

async fn tags_of(clients: &Clients, bucket: &str) -> Result<Option<Tags>, Diagnostics> {
    if !live::is_here(clients, "access_log_bucket", bucket).await? {
        return Ok(None);
    }
    let reading = fault::while_doing(format!("reading the tags of the bucket `{bucket}`"));
    clients.s3().tags(bucket).await.map(Some).map_err(reading)
}

/// The trail that the bucket policy lets write.
fn trail_of(policy: &Document) -> Option<String> {
    let conditions = &policy.by_sid("TrailWrites")?.conditions;
    let arn = conditions
        .get("StringEquals")?
        .get("aws:SourceArn")?
        .first()?;
    arn.split_once(":trail/").map(|(_, name)| name.to_owned())
}

/// The name in `arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*`.
fn group_of(arn: &str) -> Option<&str> {
    let (_, name) = arn.split_once(":log-group:")?;
    Some(name.strip_suffix(":*").unwrap_or(name))
}

/// At the first read after the import: what the configuration of the sink would say.
pub(super) fn complete(clients: &Clients, model: &mut LogSinkModel) {
    let Some(policy) = model
        .policy
        .as_str()
        .and_then(|text| Document::parse(text, clients.partition()).ok())
    else {
        return;
    };
    model.organization_id = bound_to(&policy).into();
    let of_others: Vec<_> = policy
        .statements
        .iter()
        .filter(|statement| {
            !statement
                .sid
                .as_deref()
                .is_some_and(|sid| SIDS.contains(&sid))
        })
        .map(policy_statement::from_statement)
        .collect();
    if !of_others.is_empty() {
        model.additional_policy_statements = Value::Known(of_others);
    }
}

/// The organization that the policy is bound to; none where it is not ours.
fn bound_to(policy: &Document) -> Option<String> {
    let outsiders: &Statement = policy.by_sid("DenyOutsiders")?;
    let keys = outsiders.conditions.get("StringNotEquals")?;
    match keys
        .get("aws:PrincipalOrgID")
        .and_then(|values| values.first())
    {
        Some(organization) => Some(organization.clone()),
        None => keys
            .contains_key("aws:PrincipalAccount")
            .then(|| NO_ORGANIZATION.to_owned()),
    }
}

/// What identifies a sink.
pub(super) fn identity_schema() -> IdentitySchema {
    IdentitySchema::new()
        .required("bucket", Type::String, "The name of the main bucket.")
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

/// The identity of a sink in the state.
pub(super) fn identity(state: &LogSinkModel) -> Option<BTreeMap<String, Dynamic>> {
    let text = |value: &Value<String>| value.known().map(|text| Dynamic::String(text.clone()));
    Some(BTreeMap::from([
        ("bucket".to_owned(), text(&state.bucket)?),
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
    let Some(bucket) = text("bucket") else {
        return Err(Diagnostics::from_error(
            "Incomplete identity",
            "The identity needs `bucket`.",
        ));
    };
    match (text("account_id"), text("region")) {
        (Some(account), Some(region)) => Ok(format!("{account}/{region}/{bucket}")),
        (None, None) => Ok(bucket.to_owned()),
        _ => Err(Diagnostics::from_error(
            "Incomplete identity",
            "Give `account_id` and `region` both, or neither for the provider's own.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::log_sink::bucket_policy::PolicyInput;

    #[test]
    fn ids() {
        assert_eq!(parse("logs").unwrap(), (Place::default(), "logs"));
        let (place, bucket) = parse("111122223333/eu-west-1/logs").unwrap();
        assert_eq!((place.region.as_str(), bucket), (Some("eu-west-1"), "logs"));
        assert!(parse("a/b").is_err() && parse("").is_err() && parse("1/eu-west-1/logs").is_err());
    }

    #[test]
    fn identities() {
        let text = |text: &str| Dynamic::String(text.to_owned());
        let mut identity = BTreeMap::from([("bucket".to_owned(), text("logs"))]);
        assert_eq!(import_id(&identity).unwrap(), "logs");
        identity.insert("region".to_owned(), text("eu-west-1"));
        assert!(import_id(&identity).is_err());
        identity.insert("account_id".to_owned(), text("111122223333"));
        assert_eq!(import_id(&identity).unwrap(), "111122223333/eu-west-1/logs");
    }

    #[test]
    fn the_policy_tells_trail_and_organization() {
        let input = PolicyInput {
            partition: "aws",
            account_id: "111122223333",
            region: "eu-central-1",
            bucket: "logs",
            access_log_bucket: "logs-access-logs",
            access_log_prefix: "s3/",
            trail_name: "audit",
            organization_id: Some("o-abcdefghij"),
            organization_trail: true,
        };
        let policy = |input: &PolicyInput<'_>| Document::new(input.main_statements());
        assert_eq!(trail_of(&policy(&input)).as_deref(), Some("audit"));
        assert_eq!(bound_to(&policy(&input)).as_deref(), Some("o-abcdefghij"));
        let alone = PolicyInput {
            organization_id: None,
            ..input
        };
        assert_eq!(bound_to(&policy(&alone)).as_deref(), Some("none"));
        assert_eq!(bound_to(&Document::new(Vec::new())), None);
        assert_eq!(
            group_of("arn:aws:logs:eu-central-1:111122223333:log-group:/a/b:*"),
            Some("/a/b")
        );
    }
}
