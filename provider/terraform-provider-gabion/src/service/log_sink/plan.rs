//! What the plan of a log sink computes and refuses. Reads AWS, never writes.

use gabion_aws::s3::BucketPresence;
use gabion_aws::{Clients, OrganizationLookup};
use gabion_framework::prelude::*;
use jiff::Timestamp;

use super::bucket_policy::{PolicyInput, SIDS};
use super::live::{bucket_arn, same_policy};
use super::model::LogSinkModel;
use super::weaker;
use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::location::{self, Place};
use crate::shared::policy::Document;
use crate::shared::{acknowledge, deletion, exception, fault, live, policy_statement, tags};

/// Fills the plan of a create or an update.
///
/// # Errors
/// What stops the plan at once; what more there is to say is in `diags`.
pub(super) async fn change(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<LogSinkModel>,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let prior = plan.prior.clone();
    let Some(planned) = plan.planned.as_mut() else { return Ok(()) };
    names(planned);
    consistent(planned, diags);
    policy_statement::validate_all(&planned.additional_policy_statements, |sid| SIDS.contains(&sid), diags);
    let defaults = ctx.provider.as_ref().map_or(&Value::Null, |gabion| &gabion.default_tags);
    planned.tags_all = tags::plan_all(&planned.tags, defaults);
    tags::validate(&planned.tags_all, &Path::root("tags"), diags);
    planned.trail_kms_key_id = planned.kms_key_id.clone();
    planned.log_group_kms_key_id = planned.kms_key_id.clone();
    planned.trail_bucket = planned.bucket.clone();
    planned.id = planned.bucket.clone();
    let mut place = place_of(planned);
    let clients = location::plan(ctx, &place_of(&plan.config), &mut place).await?;
    planned.account_id = place.account_id;
    planned.region = place.region;
    let Some(clients) = clients else {
        unknown(planned);
        return check_exceptions(prior.as_ref(), planned, diags);
    };
    let bound = prior.as_ref().map(|prior| &prior.organization_id);
    organization(&clients, bound, planned, diags).await?;
    computed(&clients, planned);
    match &prior {
        Some(prior) => {
            keep_equal_texts(&clients, prior, planned);
            if plan.private.get::<bool>(super::UNFINISHED).is_none() {
                let what = format!("`gabion_log_sink` `{}`", prior.bucket.as_str().unwrap_or_default());
                deletion::check_replace(&prior.deletion_protection, &what, &replaced(prior, planned), diags);
            }
            removals(&clients, &plan.private, planned, diags).await?;
        }
        None => taken(&clients, planned, diags).await,
    }
    check_exceptions(prior.as_ref(), planned, diags)
}

fn check_exceptions(
    prior: Option<&LogSinkModel>,
    planned: &LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    exception::check(planned, &planned.exception, weaker::TABLE, moment(prior, planned), Timestamp::now(), diags);
    Ok(())
}

/// Whether anything changes beside deletion protection going off.
fn moment(prior: Option<&LogSinkModel>, planned: &LogSinkModel) -> Moment {
    let Some(prior) = prior else { return Moment::Change };
    let mut same = planned.clone();
    if deletion::turns_off(&prior.deletion_protection, &planned.deletion_protection) {
        same.deletion_protection = prior.deletion_protection.clone();
    }
    if same == *prior { Moment::Still } else { Moment::Change }
}

/// Where a sink is or will be.
pub(super) fn place_of(model: &LogSinkModel) -> Place {
    Place { account_id: model.account_id.clone(), region: model.region.clone() }
}

/// Checks a destroy before anything happens.
pub(super) async fn destroy(
    ctx: &Ctx<Gabion>,
    prior: &LogSinkModel,
    unfinished: bool,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let bucket = prior.bucket.as_str().unwrap_or_default();
    if !unfinished {
        deletion::check_destroy(&prior.deletion_protection, &format!("`gabion_log_sink` `{bucket}`"), diags);
    }
    if diags.has_errors() {
        return Ok(());
    }
    match prior.deletion_policy.as_str() {
        Some("retain") => return Ok(()),
        Some("purge") => {
            let clause = format!("The deletion policy `purge` deletes every log in `{bucket}`");
            acknowledge::check(&prior.acknowledge_irreversible, bucket, Path::root("deletion_policy"), &clause, diags);
            if prior.object_lock_mode.as_str() == Some("COMPLIANCE") {
                diags.error_at(
                    Path::root("deletion_policy"),
                    "Logs under a COMPLIANCE lock cannot be purged",
                    format!(
                        "Nobody can delete what `{bucket}` locked in COMPLIANCE mode before its retention ends. Apply \
                         `deletion_policy = \"retain\"` first."
                    ),
                );
            }
            return Ok(());
        }
        _ => {}
    }
    let clients = location::read(ctx, &place_of(prior)).await?;
    if let Err(full) = refuse_full_buckets(&clients, prior).await {
        diags.extend(full);
    }
    Ok(())
}

/// Refuses to delete a bucket that holds logs.
///
/// # Errors
/// Each bucket that is not empty, or a call that failed.
pub(super) async fn refuse_full_buckets(clients: &Clients, prior: &LogSinkModel) -> Result<(), Diagnostics> {
    let bucket = prior.bucket.as_str().unwrap_or_default();
    let mut diags = Diagnostics::new();
    for (attribute, name) in [("bucket", bucket), ("access_log_bucket", prior.access_log_bucket.as_str().unwrap_or_default())] {
        if name.is_empty() {
            continue;
        }
        let doing = format!("looking at the bucket `{name}`");
        match clients.s3().look_up(name).await.map_err(fault::while_setting(Path::root(attribute), doing.clone()))? {
            BucketPresence::Owned { .. } => {}
            _ => continue,
        }
        if !clients.s3().is_empty(name).await.map_err(fault::while_setting(Path::root(attribute), doing))? {
            diags.error_at(
                Path::root(attribute),
                "The bucket holds logs",
                format!(
                    "`{name}` is not empty, and `deletion_policy` is `delete`. Apply `deletion_policy = \"retain\"` to \
                     keep the buckets and take the sink out of the state, or `purge` with \
                     `acknowledge_irreversible = \"{bucket}\"` to delete its logs."
                ),
            );
        }
    }
    if diags.has_errors() { Err(diags) } else { Ok(()) }
}

/// Names that follow the main bucket's.
fn names(planned: &mut LogSinkModel) {
    let follow = |value: &mut Value<String>, make: fn(&str) -> String| {
        if !value.is_known() {
            *value = planned.bucket.as_ref().map(|bucket| make(bucket));
        }
    };
    follow(&mut planned.access_log_bucket, |bucket| format!("{bucket}-access-logs"));
    follow(&mut planned.trail_name, str::to_owned);
    follow(&mut planned.log_group_name, |bucket| format!("/gabion/{bucket}"));
}

/// What no single attribute tells.
fn consistent(planned: &LogSinkModel, diags: &mut Diagnostics) {
    let bucket = planned.bucket.as_str().unwrap_or_default();
    if planned.object_lock_mode.as_str() == Some("COMPLIANCE") && planned.object_lock_enabled.known() == Some(&true) {
        let clause = "Nobody, the account's root included, can shorten or remove a COMPLIANCE lock";
        acknowledge::check(&planned.acknowledge_irreversible, bucket, Path::root("object_lock_mode"), clause, diags);
    }
    if planned.object_lock_enabled.known() == Some(&true) && planned.versioning.as_str() == Some("Suspended") {
        diags.error_at(
            Path::root("versioning"),
            "Object Lock needs versioning",
            "S3 refuses to suspend versioning on a bucket with Object Lock: leave `versioning` at `Enabled`.",
        );
    }
    if let (Some(expires), Some(retained)) = (planned.expiration_in_days.known(), planned.retention_in_days.known())
        && *expires > 0
        && expires < retained
    {
        diags.error_at(
            Path::root("expiration_in_days"),
            "Logs would expire before their retention ends",
            format!("`expiration_in_days` is {expires} and `retention_in_days` is {retained}: choose at least {retained}, or 0 for never."),
        );
    }
    if planned.bucket.is_known() && planned.bucket == planned.access_log_bucket {
        diags.error_at(
            Path::root("access_log_bucket"),
            "A bucket cannot keep its own access logs",
            "Every log written would make another one, and a locked bucket cannot receive access logs: choose another name.",
        );
    }
}

/// While account or region is unknown no call is made, and what follows from them is unknown too.
fn unknown(planned: &mut LogSinkModel) {
    for value in [
        &mut planned.policy,
        &mut planned.access_log_policy,
        &mut planned.arn,
        &mut planned.access_log_bucket_arn,
        &mut planned.trail_arn,
        &mut planned.log_group_arn,
    ] {
        *value = Value::Unknown;
    }
    if !planned.organization_id.is_known() {
        planned.organization_id = Value::Unknown;
    }
    if !planned.is_organization_trail.is_known() {
        planned.is_organization_trail = Value::Unknown;
    }
}

/// The organization to bind to, and whether the trail may cover it.
async fn organization(
    clients: &Clients,
    bound: Option<&Value<String>>,
    planned: &mut LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let bound = bound == Some(&planned.organization_id) || planned.organization_id.as_str() == Some("none");
    if bound && planned.organization_id.is_known() && planned.is_organization_trail.is_known() {
        return Ok(());
    }
    let found = clients
        .organizations()
        .describe_organization()
        .await
        .map_err(fault::while_setting(Path::root("organization_id"), "reading the organization"))?;
    if let (Some(named), Some(own)) = (planned.organization_id.as_str().filter(|id| *id != "none"), found.id())
        && named != own
    {
        diags.error_at(
            Path::root("organization_id"),
            "The bucket policy would shut this account out",
            format!(
                "`{named}` is not the organization of account {}, which is `{own}`: nobody here could use the bucket, or \
                 change its policy again. Leave `organization_id` out, or set it to `{own}`.",
                clients.account_id()
            ),
        );
    }
    if !planned.organization_id.is_known() {
        if let OrganizationLookup::Unknown { reason } = &found {
            diags.warning_at(
                Path::root("organization_id"),
                "The organization could not be read",
                format!("The bucket is bound to account {} alone: {reason}. Set `organization_id` to the organization, or to `none` to say so.", clients.account_id()),
            );
        }
        planned.organization_id = found.id().unwrap_or("none").into();
    }
    if !planned.is_organization_trail.is_known() {
        let manages = matches!(&found, OrganizationLookup::Member(organization) if organization.management_account_id == clients.account_id());
        planned.is_organization_trail = (manages && planned.organization_id.as_str() != Some("none")).into();
    }
    Ok(())
}

/// Everything that follows from known names.
fn computed(clients: &Clients, planned: &mut LogSinkModel) {
    let (Some(bucket), Some(access), Some(trail), Some(group)) = (
        planned.bucket.as_str(),
        planned.access_log_bucket.as_str(),
        planned.trail_name.as_str(),
        planned.log_group_name.as_str(),
    ) else {
        unknown(planned);
        return;
    };
    let organization = planned.organization_id.as_str().filter(|id| *id != "none");
    let input = PolicyInput {
        partition: clients.partition(),
        account_id: clients.account_id(),
        region: clients.region(),
        bucket,
        access_log_bucket: access,
        access_log_prefix: planned.access_log_prefix.as_str().unwrap_or_default(),
        trail_name: trail,
        organization_id: organization,
        organization_trail: planned.is_organization_trail.known() == Some(&true),
    };
    let trail_arn = input.trail_arn();
    let access_logging = planned.access_logging.known() == Some(&true);
    let access_policy = access_logging.then(|| Document::new(input.access_log_statements()).to_json());
    let main_policy = policy_statement::to_statements(&planned.additional_policy_statements, clients.partition())
        .map(|additional| Document::new(input.main_statements().into_iter().chain(additional).collect()).to_json());
    let (arn, access_arn) = (bucket_arn(clients, bucket), access_logging.then(|| bucket_arn(clients, access)));
    let group_arn = clients.arn("logs", &format!("log-group:{group}"));
    planned.trail_arn = trail_arn.into();
    planned.arn = arn.into();
    planned.access_log_bucket_arn = access_arn.into();
    planned.log_group_arn = group_arn.into();
    planned.access_log_policy = access_policy.into();
    planned.policy = main_policy.map_or(Value::Unknown, Value::Known);
}

/// AWS may spell an equal policy another way: that is no change.
fn keep_equal_texts(clients: &Clients, prior: &LogSinkModel, planned: &mut LogSinkModel) {
    if same_policy(clients, &prior.policy, &planned.policy) {
        planned.policy = prior.policy.clone();
    }
    if same_policy(clients, &prior.access_log_policy, &planned.access_log_policy) {
        planned.access_log_policy = prior.access_log_policy.clone();
    }
}

/// The attributes whose change makes a new sink.
fn replaced(prior: &LogSinkModel, planned: &LogSinkModel) -> Vec<&'static str> {
    let mut changed = Vec::new();
    for (name, left, right) in [
        ("bucket", &prior.bucket, &planned.bucket),
        ("access_log_bucket", &prior.access_log_bucket, &planned.access_log_bucket),
        ("trail_name", &prior.trail_name, &planned.trail_name),
        ("log_group_name", &prior.log_group_name, &planned.log_group_name),
        ("account_id", &prior.account_id, &planned.account_id),
        ("region", &prior.region, &planned.region),
    ] {
        if left.is_known() && left != right {
            changed.push(name);
        }
    }
    if prior.object_lock_enabled.is_known() && prior.object_lock_enabled != planned.object_lock_enabled {
        changed.push("object_lock_enabled");
    }
    changed
}

/// What the live policy would lose that this resource did not write.
///
/// # Errors
/// The policy cannot be read.
pub(super) async fn removals(
    clients: &Clients,
    private: &Private,
    planned: &LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let (Some(bucket), Some(wanted)) = (planned.bucket.as_str(), planned.policy.as_str()) else { return Ok(()) };
    let live = match clients.s3().policy(bucket).await {
        Err(error) if error.is_not_found() => None,
        other => other.map_err(fault::while_setting(Path::root("policy"), format!("reading the policy of `{bucket}`")))?,
    };
    let partition = clients.partition();
    let parse = |text: &str| Document::parse(text, partition).ok();
    if let (Some(live), Some(wanted)) = (live.as_deref().and_then(parse), parse(wanted)) {
        let applied = live::applied(private, partition);
        let what = format!("`gabion_log_sink` `{bucket}`");
        live::check(&live, &wanted, applied.as_ref(), &planned.acknowledge_removals, partition, &what, diags);
    }
    Ok(())
}

/// A bucket of that name which somebody made is told before anything is created.
async fn taken(clients: &Clients, planned: &LogSinkModel, diags: &mut Diagnostics) {
    let sink = planned.bucket.as_str().unwrap_or_default();
    for (attribute, name) in super::held_buckets(planned) {
        if let Err(errors) = super::adoptable_bucket(clients, attribute, &name, sink).await {
            diags.extend(errors);
        }
    }
}

/// At apply: what was unknown at plan is known now.
///
/// # Errors
/// What the plan would have refused.
pub(super) async fn finish(clients: &Clients, plan: &mut LogSinkModel) -> Result<(), Diagnostics> {
    let mut diags = Diagnostics::new();
    names(plan);
    consistent(plan, &mut diags);
    // What was planned was looked up then; only what was unknown is looked up now.
    let bound = plan.organization_id.clone();
    organization(clients, Some(&bound), plan, &mut diags).await?;
    let planned = plan.clone();
    computed(clients, plan);
    plan.trail_kms_key_id = plan.kms_key_id.clone();
    plan.log_group_kms_key_id = plan.kms_key_id.clone();
    // The text that was planned stays, where it says the same.
    keep_equal_texts(clients, &planned, plan);
    exception::check(plan, &plan.exception, weaker::TABLE, Moment::Still, Timestamp::now(), &mut diags);
    if diags.has_errors() { Err(diags) } else { Ok(()) }
}
