//! What AWS says of a sink: every part, read back into the attributes of the model.

use gabion_aws::cloudtrail::Trail;
use gabion_aws::s3::{
    BucketPresence, Encryption, Logging, ObjectLock, PublicAccessBlock, Versioning,
};
use gabion_aws::{AwsError, Clients, Tags};
use gabion_framework::prelude::*;

use super::lifecycle;
use super::model::LogSinkModel;
use crate::shared::fault;
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

impl Live {
    /// Whether nothing of the sink is there.
    pub(super) fn is_gone(&self) -> bool {
        [
            &self.bucket_tags,
            &self.access_tags,
            &self.trail_tags,
            &self.group_tags,
        ]
        .iter()
        .all(|tags| tags.is_none())
    }
}

/// Reads all parts. `names` gives their names, and keeps what AWS does not hold (deletion settings,
/// acknowledgements, exceptions); what is not there reads as null.
///
/// # Errors
/// The first call that failed for another reason than absence.
pub(super) async fn read(clients: &Clients, names: &LogSinkModel) -> Result<Live, Diagnostics> {
    let mut live = Live {
        model: kept(names),
        ..Live::default()
    };
    let bucket = names.name().to_owned();
    let access = names
        .access_log_bucket
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if is_here(clients, "bucket", &bucket).await? {
        main_bucket(clients, &bucket, &access, &mut live)
            .await
            .map_err(fault::while_doing(format!("reading the bucket `{bucket}`")))?;
    }
    // While logging is off, a bucket of that name is the sink's only if the state says so.
    let never =
        names.access_logging.known() == Some(&false) && names.access_log_bucket_arn.is_null();
    if !never && is_here(clients, "access_log_bucket", &access).await? {
        access_bucket(clients, &access, &mut live)
            .await
            .map_err(fault::while_doing(format!("reading the bucket `{access}`")))?;
    }
    if let Some(name) = names.trail_name.as_str() {
        trail(clients, name, &[&bucket, &access], &mut live)
            .await
            .map_err(fault::while_doing(format!("reading the trail `{name}`")))?;
    }
    if let Some(name) = names.log_group_name.as_str() {
        log_group(clients, name, &mut live)
            .await
            .map_err(fault::while_doing(format!(
                "reading the log group `{name}`"
            )))?;
    }
    Ok(live)
}

/// Whether the account has a bucket of that name in the region. Not being allowed to look is an error: what
/// cannot be seen is not gone.
pub(super) async fn is_here(
    clients: &Clients,
    attribute: &str,
    name: &str,
) -> Result<bool, Diagnostics> {
    if name.is_empty() {
        return Ok(false);
    }
    let looking = fault::while_setting(
        Path::root(attribute),
        format!("looking for the bucket `{name}`"),
    );
    match clients.s3().look_up(name).await.map_err(looking)? {
        BucketPresence::Owned { region } => Ok(region == clients.region()),
        BucketPresence::Absent | BucketPresence::OwnedByAnother { certain: true } => Ok(false),
        BucketPresence::OwnedByAnother { certain: false } => Err(fault::error_at(
            Path::root(attribute),
            "The bucket cannot be seen",
            format!(
                "Access to bucket `{name}` was denied, and so was listing the buckets of account {}: it is not known \
                 whether it is still there. Allow `s3:GetBucketLocation` and `s3:ListAllMyBuckets`.",
                clients.account_id()
            ),
        )),
    }
}

/// What AWS does not hold, and the names by which the rest is read.
fn kept(names: &LogSinkModel) -> LogSinkModel {
    let names = names.clone();
    LogSinkModel {
        bucket: names.bucket,
        organization_id: names.organization_id,
        account_id: names.account_id,
        region: names.region,
        additional_policy_statements: names.additional_policy_statements,
        acknowledge_removals: names.acknowledge_removals,
        access_log_bucket: names.access_log_bucket,
        access_log_prefix: names.access_log_prefix,
        trail_name: names.trail_name,
        log_group_name: names.log_group_name,
        deletion_protection: names.deletion_protection,
        deletion_policy: names.deletion_policy,
        acknowledge_irreversible: names.acknowledge_irreversible,
        transition_storage_class: names.transition_storage_class,
        tags: names.tags,
        tags_all: names.tags_all,
        exception: names.exception,
        timeouts: names.timeouts,
        ..LogSinkModel::default()
    }
}

async fn main_bucket(
    clients: &Clients,
    bucket: &str,
    access: &str,
    live: &mut Live,
) -> Result<(), AwsError> {
    let s3 = clients.s3();
    live.bucket_tags = Some(s3.tags(bucket).await?);
    let model = &mut live.model;
    model.id = bucket.into();
    model.arn = bucket_arn(clients, bucket).into();
    let block = s3.public_access_block(bucket).await?.unwrap_or_default();
    let PublicAccessBlock {
        block_public_acls,
        ignore_public_acls,
        block_public_policy,
        restrict_public_buckets,
    } = block;
    model.block_public_acls = block_public_acls.into();
    model.ignore_public_acls = ignore_public_acls.into();
    model.block_public_policy = block_public_policy.into();
    model.restrict_public_buckets = restrict_public_buckets.into();
    model.object_ownership = s3.ownership(bucket).await?.into();
    model.versioning = versioning(s3.versioning(bucket).await?);
    if let Some(Encryption {
        algorithm,
        kms_key_id,
        bucket_key,
        ..
    }) = s3.encryption(bucket).await?
    {
        model.sse_algorithm = algorithm.into();
        model.bucket_key_enabled = bucket_key.into();
        model.kms_key_id = kms_key_id.into();
    }
    let lock = s3.object_lock(bucket).await?;
    model.object_lock_enabled = lock.as_ref().is_some_and(|lock| lock.enabled).into();
    if let Some(ObjectLock {
        mode, days, years, ..
    }) = lock
    {
        model.object_lock_mode = mode.into();
        model.retention_in_days = days
            .map(i64::from)
            .or_else(|| years.map(|years| i64::from(years) * 365))
            .into();
    }
    let rules = s3.lifecycle(bucket).await?.unwrap_or_default();
    lifecycle::read_main(&rules, model);
    model.policy = s3.policy(bucket).await?.into();
    let logging = s3.logging(bucket).await?;
    let ours = logging.filter(|logging| !access.is_empty() && logging.target_bucket == access);
    model.access_logging = ours.is_some().into();
    if let Some(Logging { target_prefix, .. }) = ours {
        model.access_log_prefix = target_prefix.into();
    }
    Ok(())
}

fn versioning(versioning: Versioning) -> Value<String> {
    match versioning {
        Versioning::Off => Value::Null,
        other => other.as_str().into(),
    }
}

async fn access_bucket(clients: &Clients, bucket: &str, live: &mut Live) -> Result<(), AwsError> {
    let s3 = clients.s3();
    live.access_tags = Some(s3.tags(bucket).await?);
    let model = &mut live.model;
    model.access_log_bucket_arn = bucket_arn(clients, bucket).into();
    let block = s3.public_access_block(bucket).await?.unwrap_or_default();
    model.access_log_block_public_acls = block.block_public_acls.into();
    model.access_log_ignore_public_acls = block.ignore_public_acls.into();
    model.access_log_block_public_policy = block.block_public_policy.into();
    model.access_log_restrict_public_buckets = block.restrict_public_buckets.into();
    model.access_log_object_ownership = s3.ownership(bucket).await?.into();
    model.access_log_versioning = versioning(s3.versioning(bucket).await?);
    model.access_log_sse_algorithm = s3
        .encryption(bucket)
        .await?
        .map(|encryption| encryption.algorithm)
        .into();
    let rules = s3.lifecycle(bucket).await?.unwrap_or_default();
    model.access_log_expiration_in_days = lifecycle::expiration(&rules).into();
    model.access_log_policy = s3.policy(bucket).await?.into();
    Ok(())
}

async fn trail(
    clients: &Clients,
    name: &str,
    own: &[&str],
    live: &mut Live,
) -> Result<(), AwsError> {
    let cloudtrail = clients.cloudtrail();
    let found = cloudtrail.find_trail(name).await?;
    let Some(found) = found.filter(|found| is_home(clients, found)) else {
        return Ok(());
    };
    live.trail_tags = Some(cloudtrail.tags(&found.arn).await?);
    let model = &mut live.model;
    model.trail_arn = found.arn.into();
    model.is_multi_region_trail = found.settings.multi_region.into();
    model.is_organization_trail = found.settings.organization.into();
    model.enable_log_file_validation = found.settings.log_file_validation.into();
    model.trail_kms_key_id = found.settings.kms_key_id.into();
    model.trail_bucket = found.settings.bucket.into();
    model.cloud_watch_logs_role_arn = found.settings.log_group_role_arn.into();
    model.enable_logging = cloudtrail.status(name).await?.logging.into();
    let selectors = cloudtrail.event_selectors(name).await?;
    model.include_management_events = selectors.logs_management_events().into();
    let own: Vec<String> = own
        .iter()
        .map(|bucket| bucket_arn(clients, bucket))
        .collect();
    model.include_s3_write_events = selectors.logs_s3_writes_except(&own).into();
    Ok(())
}

async fn log_group(clients: &Clients, name: &str, live: &mut Live) -> Result<(), AwsError> {
    let logs = clients.logs();
    let Some(found) = logs.find_log_group(name).await? else {
        return Ok(());
    };
    live.group_tags = Some(logs.tags(&found.arn).await?);
    let model = &mut live.model;
    model.log_group_arn = found.arn.into();
    model.log_group_retention_in_days = found.retention_in_days.map_or(0, i64::from).into();
    model.log_group_kms_key_id = found.kms_key_arn.into();
    Ok(())
}

/// Whether a trail is of this account and region: trails of all regions, and those of the organization, are seen
/// elsewhere, too, and can be changed only at home.
pub(super) fn is_home(clients: &Clients, trail: &Trail) -> bool {
    trail.arn == clients.arn("cloudtrail", &format!("trail/{}", trail.settings.name))
}

/// The ARN of a bucket in the partition of the clients.
pub(super) fn bucket_arn(clients: &Clients, bucket: &str) -> String {
    format!("arn:{}:s3:::{bucket}", clients.partition())
}

/// Whether two policies say the same, however they are spelled.
pub(super) fn same_policy(partition: &str, one: &Value<String>, other: &Value<String>) -> bool {
    let parse = |text: &str| Document::parse(text, partition).ok();
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => {
            one == other
                || matches!((parse(one), parse(other)), (Some(one), Some(other)) if one.same_as(&other))
        }
        _ => one.is_null() && other.is_null(),
    }
}
