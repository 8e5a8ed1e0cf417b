//! Takes a sink down: the trail first, so that nothing writes while the buckets are emptied.

use gabion_aws::s3::BucketPresence;
use gabion_aws::{AwsError, Clients};
use gabion_framework::prelude::*;

use super::model::LogSinkModel;
use super::{DESTROY, UNFINISHED, plan};
use crate::configured::Gabion;
use crate::shared::{deletion, fault, location};

/// Deletes what `deletion_policy` says. It leaves the state only when all of that is gone.
pub(super) async fn delete(ctx: &Ctx<Gabion>, state: &mut StateSlot<LogSinkModel>) -> Result<(), Diagnostics> {
    let Some(prior) = state.get().cloned() else { return Ok(()) };
    let unfinished = state.private.get::<bool>(UNFINISHED).is_some();
    if unfinished && state.private.get::<bool>(DESTROY).is_none() {
        // Terraform replaces what a failed create left; the create that follows continues it.
        return Ok(());
    }
    let bucket = prior.bucket.as_str().unwrap_or_default();
    if !unfinished {
        let mut diags = Diagnostics::new();
        deletion::check_destroy(&prior.deletion_protection, &format!("`gabion_log_sink` `{bucket}`"), &mut diags);
        if diags.has_errors() {
            return Err(diags);
        }
    }
    let clients = location::write(ctx, &plan::place_of(&prior)).await?;
    if prior.deletion_policy.as_str() == Some("delete") {
        // Before anything is lost: a bucket may have filled since the plan.
        plan::refuse_full_buckets(&clients, &prior).await?;
    }
    components(&clients, &prior)
        .await
        .map_err(fault::while_doing(format!("deleting the log sink `{bucket}`; what is left is still in the state")))
}

async fn components(clients: &Clients, prior: &LogSinkModel) -> Result<(), AwsError> {
    let policy = prior.deletion_policy.as_str().unwrap_or("delete");
    let s3 = clients.s3();
    let buckets: Vec<&str> = [&prior.bucket, &prior.access_log_bucket].into_iter().filter_map(Value::as_str).collect();
    let mut held = Vec::new();
    for bucket in buckets {
        if matches!(s3.look_up(bucket).await?, BucketPresence::Owned { .. }) {
            held.push(bucket);
        }
    }
    if prior.trail_arn.is_known()
        && let Some(name) = prior.trail_name.as_str()
        && clients.cloudtrail().find_trail(name).await?.is_some()
    {
        clients.cloudtrail().stop_logging(name).await?;
        clients.cloudtrail().delete_trail(name).await?;
    }
    if policy == "retain" {
        return Ok(());
    }
    for bucket in held {
        if bucket == prior.bucket.as_str().unwrap_or_default() {
            s3.put_logging(bucket, None).await?;
        }
        if policy == "purge" {
            s3.delete_all_versions(bucket, true).await?;
        }
        s3.delete_bucket(bucket).await?;
    }
    if prior.log_group_arn.is_known()
        && let Some(name) = prior.log_group_name.as_str()
    {
        clients.logs().delete_log_group(name).await?;
    }
    Ok(())
}
