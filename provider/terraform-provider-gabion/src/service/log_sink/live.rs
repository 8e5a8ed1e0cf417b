//! What AWS says of a sink: every component, read back into the attributes of the model.

use gabion_aws::cloudtrail::EventSelectors;
use gabion_aws::s3::{BucketPresence, Encryption, LifecycleRule, Logging, ObjectLock, PublicAccessBlock, Versioning};
use gabion_aws::{AwsError, Clients, Tags};
use gabion_framework::prelude::*;

use super::model::LogSinkModel;
use crate::shared::policy::Document;

/// What is there of a sink.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    /// The main bucket's tags; none when it does not exist.
    pub(super) bucket_tags: Option<Tags>,
    /// The access log bucket's tags; none when it does not exist.
    pub(super) access_tags: Option<Tags>,
    /// The trail's tags; none when it does not exist.
    pub(super) trail_tags: Option<Tags>,
    /// The log group's tags; none when it does not exist.
    pub(super) group_tags: Option<Tags>,
    /// The attributes.
    pub(super) model: LogSinkModel,
}

/// Who holds the names, found before anything is read or made.
pub(super) async fn presence(clients: &Clients, bucket: &str) -> Result<BucketPresence, AwsError> {
    clients.s3().look_up(bucket).await
}

/// Reads all components. `names` gives bucket, access log bucket, trail and log group, and keeps what AWS does
/// not hold (deletion settings, acknowledgements, exceptions).
///
/// # Errors
/// The first call that failed for another reason than absence.
pub(super) async fn read(clients: &Clients, names: &LogSinkModel) -> Result<Live, AwsError> {
    let mut live = Live { model: names.clone(), ..Live::default() };
    clear(&mut live.model);
    let bucket = names.bucket.as_str().unwrap_or_default().to_owned();
    let access = names.access_log_bucket.as_str().unwrap_or_default().to_owned();
    if matches!(presence(clients, &bucket).await?, BucketPresence::Owned { .. }) {
        main_bucket(clients, &bucket, &access, &mut live).await?;
    }
    if !access.is_empty() && matches!(presence(clients, &access).await?, BucketPresence::Owned { .. }) {
        access_bucket(clients, &access, &mut live).await?;
    }
    trail(clients, names.trail_name.as_str().unwrap_or_default(), &[&bucket, &access], &mut live).await?;
    log_group(clients, names.log_group_name.as_str().unwrap_or_default(), &mut live).await?;
    Ok(live)
}

/// Forgets what AWS says, so that what is not there any more reads as null.
fn clear(model: &mut LogSinkModel) {
    let kept = model.clone();
    *model = LogSinkModel {
        bucket: kept.bucket,
        kms_key_id: Value::Null,
        organization_id: kept.organization_id,
        account_id: kept.account_id,
        region: kept.region,
        additional_policy_statements: kept.additional_policy_statements,
        acknowledge_removals: kept.acknowledge_removals,
        access_log_bucket: kept.access_log_bucket,
        access_log_prefix: kept.access_log_prefix,
        trail_name: kept.trail_name,
        log_group_name: kept.log_group_name,
        deletion_protection: kept.deletion_protection,
        deletion_policy: kept.deletion_policy,
        acknowledge_irreversible: kept.acknowledge_irreversible,
        transition_storage_class: kept.transition_storage_class,
        exception: kept.exception,
        timeouts: kept.timeouts,
        ..LogSinkModel::default()
    };
}

async fn main_bucket(clients: &Clients, bucket: &str, access: &str, live: &mut Live) -> Result<(), AwsError> {
    let s3 = clients.s3();
    live.bucket_tags = Some(s3.tags(bucket).await?);
    let model = &mut live.model;
    model.id = bucket.into();
    model.arn = bucket_arn(clients, bucket).into();
    set_block(model, s3.public_access_block(bucket).await?.as_ref());
    model.object_ownership = s3.ownership(bucket).await?.into();
    model.versioning = match s3.versioning(bucket).await? {
        Versioning::Enabled => "Enabled".into(),
        Versioning::Suspended => "Suspended".into(),
        Versioning::Off => Value::Null,
    };
    if let Some(Encryption { algorithm, kms_key_id, bucket_key }) = s3.encryption(bucket).await? {
        model.sse_algorithm = algorithm.into();
        model.bucket_key_enabled = bucket_key.into();
        model.kms_key_id = kms_key_id.into();
    }
    let lock = s3.object_lock(bucket).await?;
    model.object_lock_enabled = lock.as_ref().is_some_and(|lock| lock.enabled).into();
    if let Some(ObjectLock { mode, days, years, .. }) = lock {
        model.object_lock_mode = mode.into();
        model.retention_in_days = days.map(i64::from).or_else(|| years.map(|years| i64::from(years) * 365)).into();
    }
    let rules = s3.lifecycle(bucket).await?.unwrap_or_default();
    set_lifecycle(model, &rules);
    model.policy = s3.policy(bucket).await?.into();
    let logging = s3.logging(bucket).await?;
    if let Some(Logging { target_bucket, target_prefix }) = &logging
        && target_bucket == access
    {
        model.access_log_prefix = target_prefix.clone().into();
    }
    model.access_logging = logging.is_some_and(|logging| logging.target_bucket == access).into();
    Ok(())
}

fn set_block(model: &mut LogSinkModel, block: Option<&PublicAccessBlock>) {
    let read = |flag: fn(&PublicAccessBlock) -> bool| Value::Known(block.is_some_and(flag));
    model.block_public_acls = read(|block| block.block_public_acls);
    model.ignore_public_acls = read(|block| block.ignore_public_acls);
    model.block_public_policy = read(|block| block.block_public_policy);
    model.restrict_public_buckets = read(|block| block.restrict_public_buckets);
}

/// The earliest of all enabled rules counts: a rule added by hand that lets logs expire shows as drift.
fn set_lifecycle(model: &mut LogSinkModel, rules: &[LifecycleRule]) {
    let enabled = || rules.iter().filter(|rule| rule.enabled);
    let first = enabled().flat_map(|rule| &rule.transitions).min_by_key(|transition| transition.days);
    model.transition_in_days = first.map_or(0, |transition| i64::from(transition.days)).into();
    if let Some(transition) = first {
        model.transition_storage_class = transition.storage_class.clone().into();
    }
    model.expiration_in_days = expiration(rules).into();
}

fn expiration(rules: &[LifecycleRule]) -> i64 {
    rules
        .iter()
        .filter(|rule| rule.enabled)
        .flat_map(|rule| [rule.expiration_days, rule.noncurrent_expiration_days])
        .flatten()
        .min()
        .map_or(0, i64::from)
}

async fn access_bucket(clients: &Clients, bucket: &str, live: &mut Live) -> Result<(), AwsError> {
    let s3 = clients.s3();
    live.access_tags = Some(s3.tags(bucket).await?);
    let model = &mut live.model;
    model.access_log_bucket_arn = bucket_arn(clients, bucket).into();
    let block = s3.public_access_block(bucket).await?;
    let both = |value: &Value<bool>, flag: fn(&PublicAccessBlock) -> bool| {
        value.as_ref().map(|main| *main && block.as_ref().is_some_and(flag))
    };
    model.block_public_acls = both(&model.block_public_acls, |block| block.block_public_acls);
    model.ignore_public_acls = both(&model.ignore_public_acls, |block| block.ignore_public_acls);
    model.block_public_policy = both(&model.block_public_policy, |block| block.block_public_policy);
    model.restrict_public_buckets = both(&model.restrict_public_buckets, |block| block.restrict_public_buckets);
    model.access_log_object_ownership = s3.ownership(bucket).await?.into();
    model.access_log_versioning = match s3.versioning(bucket).await? {
        Versioning::Enabled => "Enabled".into(),
        Versioning::Suspended => "Suspended".into(),
        Versioning::Off => Value::Null,
    };
    model.access_log_sse_algorithm = s3.encryption(bucket).await?.map(|encryption| encryption.algorithm).into();
    model.access_log_expiration_in_days = expiration(&s3.lifecycle(bucket).await?.unwrap_or_default()).into();
    model.access_log_policy = s3.policy(bucket).await?.into();
    Ok(())
}

async fn trail(clients: &Clients, name: &str, own: &[&str], live: &mut Live) -> Result<(), AwsError> {
    let cloudtrail = clients.cloudtrail();
    let Some(found) = cloudtrail.find_trail(name).await? else { return Ok(()) };
    live.trail_tags = Some(cloudtrail.tags(&found.arn).await?);
    let model = &mut live.model;
    model.trail_arn = found.arn.into();
    model.is_multi_region_trail = found.settings.multi_region.into();
    model.is_organization_trail = found.settings.organization.into();
    model.enable_log_file_validation = found.settings.log_file_validation.into();
    model.trail_kms_key_id = found.settings.kms_key_id.into();
    model.trail_bucket = found.settings.bucket.into();
    model.enable_logging = cloudtrail.is_logging(name).await?.logging.into();
    let selectors: EventSelectors = cloudtrail.event_selectors(name).await?;
    model.include_management_events = selectors.logs_management_events().into();
    let own: Vec<String> = own.iter().map(|bucket| bucket_arn(clients, bucket)).collect();
    model.include_s3_write_events = selectors.logs_s3_writes_except(&own).into();
    Ok(())
}

async fn log_group(clients: &Clients, name: &str, live: &mut Live) -> Result<(), AwsError> {
    let logs = clients.logs();
    let Some(found) = logs.find_log_group(name).await? else { return Ok(()) };
    live.group_tags = Some(logs.tags(&found.arn).await?);
    let model = &mut live.model;
    model.log_group_arn = found.arn.into();
    model.log_group_retention_in_days = found.retention_in_days.map_or(0, i64::from).into();
    model.log_group_kms_key_id = found.kms_key_arn.into();
    Ok(())
}

/// The ARN of a bucket in the partition of the clients.
pub(super) fn bucket_arn(clients: &Clients, bucket: &str) -> String {
    format!("arn:{}:s3:::{bucket}", clients.partition())
}

/// Whether two policies say the same, however they are spelled.
pub(super) fn same_policy(clients: &Clients, one: &Value<String>, other: &Value<String>) -> bool {
    let parse = |text: &str| Document::parse(text, clients.partition()).ok();
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => {
            one == other || matches!((parse(one), parse(other)), (Some(one), Some(other)) if one.same_as(&other))
        }
        _ => one.is_null() && other.is_null(),
    }
}
