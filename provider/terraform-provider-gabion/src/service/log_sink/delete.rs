//! Takes a sink down: the trail first, so that nothing writes while the buckets are emptied.

use std::time::Duration;

use gabion_aws::{Clients, Kind};
use gabion_framework::prelude::*;
use serde::{Deserialize, Serialize};

use super::adopt::is_part;
use super::live::{self, is_here, is_home};
use super::model::LogSinkModel;
use super::{TYPE, private};
use crate::configured::Gabion;
use crate::shared::{acknowledge, creation, deletion, fault, location};

/// How often a purge begins again: logs that were on their way still arrive.
const PURGES: u32 = 5;

/// The names of all parts: two creates with the same names continue one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parts {
    names: Vec<Option<String>>,
    object_lock: bool,
}

/// The parts of a sink.
pub(super) fn parts(sink: &LogSinkModel) -> Parts {
    let names = [
        &sink.account_id,
        &sink.region,
        &sink.bucket,
        &sink.access_log_bucket,
        &sink.trail_name,
        &sink.log_group_name,
    ];
    Parts {
        names: names
            .into_iter()
            .map(|name| name.known().cloned())
            .collect(),
        object_lock: sink.object_lock_enabled.known() == Some(&true),
    }
}

/// Whether the create has not come to its end.
pub(super) fn is_unfinished(kept: &Private) -> bool {
    kept.get::<bool>(private::UNFINISHED).is_some()
}

/// Checks a destroy before anything happens.
///
/// # Errors
/// A call that failed; what refuses is in `diags`.
pub(super) async fn plan(
    ctx: &Ctx<Gabion>,
    prior: &LogSinkModel,
    kept: &Private,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    if !is_unfinished(kept) {
        deletion::check_destroy(&prior.deletion_protection, &prior.title(), diags);
    }
    if diags.has_errors()
        || ctx
            .provider
            .as_ref()
            .is_none_or(|gabion| gabion.pool_if_known().is_none())
    {
        return Ok(());
    }
    let clients = location::read(ctx, &prior.place()).await?;
    refuse(&clients, prior, diags).await
}

/// What the deletion policy refuses: logs that would be lost without a word, and locks that nobody opens.
///
/// # Errors
/// A call that failed.
pub(super) async fn refuse(
    clients: &Clients,
    prior: &LogSinkModel,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let bucket = prior.name();
    match prior.deletion_policy.as_str() {
        Some("retain") => {}
        Some("purge") => {
            let clause = format!("The deletion policy `purge` deletes every log in `{bucket}`");
            acknowledge::check(
                &prior.acknowledge_irreversible,
                bucket,
                Path::root("deletion_policy"),
                &clause,
                diags,
            );
            if prior.object_lock_enabled.known() == Some(&true)
                && prior.object_lock_mode.as_str() == Some("COMPLIANCE")
            {
                diags.error_at(
                    Path::root("deletion_policy"),
                    "Logs under a COMPLIANCE lock cannot be purged",
                    format!(
                        "Nobody can delete what `{bucket}` locked in COMPLIANCE mode before its retention ends. Apply \
                         `deletion_policy = \"retain\"` first."
                    ),
                );
            }
        }
        _ => {
            for (attribute, name) in buckets(prior) {
                full(clients, attribute, &name, bucket, diags).await?;
            }
        }
    }
    Ok(())
}

/// The buckets that the state holds: the attribute that names each, and its name.
fn buckets(prior: &LogSinkModel) -> Vec<(&'static str, String)> {
    let held = [
        ("bucket", &prior.bucket, &prior.id),
        (
            "access_log_bucket",
            &prior.access_log_bucket,
            &prior.access_log_bucket_arn,
        ),
    ];
    held.into_iter()
        .filter(|(_, _, there)| there.is_known())
        .filter_map(|(attribute, name, _)| name.as_str().map(|name| (attribute, name.to_owned())))
        .collect()
}

async fn full(
    clients: &Clients,
    attribute: &'static str,
    name: &str,
    sink: &str,
    diags: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let looking = fault::while_setting(
        Path::root(attribute),
        format!("looking whether the bucket `{name}` is empty"),
    );
    if is_here(clients, attribute, name).await?
        && !clients.s3().is_empty(name).await.map_err(looking)?
    {
        diags.error_at(
            Path::root(attribute),
            "The bucket holds logs",
            format!(
                "`{name}` is not empty, and `deletion_policy` is `delete`. Apply `deletion_policy = \"retain\"` to keep the \
                 buckets and take the sink out of the state, or `purge` with `acknowledge_irreversible = \"{sink}\"` to \
                 delete its logs."
            ),
        );
    }
    Ok(())
}

/// Deletes what `deletion_policy` says. It leaves the state only when all of that is gone.
///
/// # Errors
/// What refuses, and a call that failed; what is left stays in the state.
pub(super) async fn delete(
    ctx: &Ctx<Gabion>,
    state: &StateSlot<LogSinkModel>,
) -> Result<(), Diagnostics> {
    let Some(mut prior) = state.get().cloned() else {
        return Ok(());
    };
    let clients = location::write(ctx, &prior.place()).await?;
    // A replacement carries the private values of the new sink's plan, so the bucket itself is asked.
    let creating = is_creating(&clients, &prior).await?;
    let unfinished = creating || is_unfinished(&state.private);
    let destroys = state.private.get::<bool>(private::DESTROY).is_some();
    let continues = state.private.get::<Parts>(private::CONTINUES);
    if creating && !destroys && continues == Some(parts(&prior)) {
        // Terraform replaces what a failed create left; the create that follows continues it.
        return Ok(());
    }
    let mut diags = Diagnostics::new();
    if !unfinished {
        deletion::check_destroy(&prior.deletion_protection, &prior.title(), &mut diags);
    }
    // Once more, before anything is lost: a bucket may have filled since the plan.
    if unfinished {
        complete(&clients, &mut prior).await?;
    }
    refuse(&clients, &prior, &mut diags).await?;
    if diags.has_errors() {
        return Err(diags);
    }
    take_down(&clients, &prior, unfinished).await
}

/// Whether the main bucket is there, and its create has not come to its end.
async fn is_creating(clients: &Clients, prior: &LogSinkModel) -> Result<bool, Diagnostics> {
    let bucket = prior.name();
    if !is_here(clients, "bucket", bucket).await? {
        return Ok(false);
    }
    let reading = fault::while_doing(format!("reading the tags of the bucket `{bucket}`"));
    let tags = clients.s3().tags(bucket).await.map_err(reading)?;
    Ok(creation::is_creating(&tags, TYPE, bucket))
}

async fn take_down(
    clients: &Clients,
    prior: &LogSinkModel,
    unfinished: bool,
) -> Result<(), Diagnostics> {
    let sink = prior.name();
    let policy = prior.deletion_policy.as_str().unwrap_or("delete");
    trail(clients, prior, unfinished).await?;
    if policy == "retain" {
        return Ok(());
    }
    for (attribute, name) in buckets(prior) {
        if !is_here(clients, attribute, &name).await? {
            continue;
        }
        let deleting = || {
            fault::while_setting(
                Path::root(attribute),
                format!("deleting the bucket `{name}`"),
            )
        };
        let s3 = clients.s3();
        if name == sink {
            s3.put_logging(&name, None).await.map_err(deleting())?;
        }
        if policy == "purge" {
            // No service may write any more while the bucket is emptied.
            s3.delete_policy(&name).await.map_err(deleting())?;
            purge(clients, &name).await.map_err(deleting())?;
        } else {
            s3.delete_bucket(&name).await.map_err(deleting())?;
        }
    }
    log_group(clients, prior, unfinished).await
}

/// Empties and deletes a bucket, again and again while logs arrive.
async fn purge(clients: &Clients, bucket: &str) -> gabion_aws::Result<()> {
    let s3 = clients.s3();
    let mut round = 0;
    loop {
        round += 1;
        s3.delete_all_versions(bucket, true).await?;
        match s3.delete_bucket(bucket).await {
            Err(error) if error.kind == Kind::InvalidState && round < PURGES => {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            other => return other,
        }
    }
}

async fn trail(
    clients: &Clients,
    prior: &LogSinkModel,
    unfinished: bool,
) -> Result<(), Diagnostics> {
    let Some(name) = prior.trail_name.as_str() else {
        return Ok(());
    };
    let deleting = || {
        fault::while_setting(
            Path::root("trail_name"),
            format!("deleting the trail `{name}`"),
        )
    };
    let cloudtrail = clients.cloudtrail();
    if !prior.trail_arn.is_known() && !unfinished {
        return Ok(());
    }
    let found = cloudtrail.find_trail(name).await.map_err(deleting())?;
    let Some(found) = found.filter(|found| is_home(clients, found)) else {
        return Ok(());
    };
    // A create whose reply was lost made it without the state knowing.
    let ours = prior.trail_arn.is_known()
        || found.settings.bucket == prior.name()
        || is_part(
            &cloudtrail.tags(&found.arn).await.map_err(deleting())?,
            prior.name(),
        );
    if ours {
        cloudtrail.stop_logging(name).await.map_err(deleting())?;
        cloudtrail.delete_trail(name).await.map_err(deleting())?;
    }
    Ok(())
}

async fn log_group(
    clients: &Clients,
    prior: &LogSinkModel,
    unfinished: bool,
) -> Result<(), Diagnostics> {
    let Some(name) = prior.log_group_name.as_str() else {
        return Ok(());
    };
    let deleting = || {
        fault::while_setting(
            Path::root("log_group_name"),
            format!("deleting the log group `{name}`"),
        )
    };
    let logs = clients.logs();
    let ours = prior.log_group_arn.is_known()
        || unfinished
            && match logs.find_log_group(name).await.map_err(deleting())? {
                Some(found) => is_part(
                    &logs.tags(&found.arn).await.map_err(deleting())?,
                    prior.name(),
                ),
                None => false,
            };
    if ours {
        logs.delete_log_group(name).await.map_err(deleting())?;
    }
    Ok(())
}

/// The access log bucket of an unfinished create whose reply was lost is found by its mark.
///
/// # Errors
/// A call that failed.
async fn complete(clients: &Clients, prior: &mut LogSinkModel) -> Result<(), Diagnostics> {
    let Some(name) = prior.access_log_bucket.as_str().map(str::to_owned) else {
        return Ok(());
    };
    if prior.access_log_bucket_arn.is_known()
        || !is_here(clients, "access_log_bucket", &name).await?
    {
        return Ok(());
    }
    let looking = fault::while_setting(
        Path::root("access_log_bucket"),
        format!("looking at the bucket `{name}`"),
    );
    if is_part(
        &clients.s3().tags(&name).await.map_err(looking)?,
        prior.name(),
    ) {
        prior.access_log_bucket_arn = live::bucket_arn(clients, &name).into();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_create_continues_the_one_with_the_same_names() {
        let sink = LogSinkModel {
            bucket: "logs".into(),
            object_lock_enabled: true.into(),
            ..LogSinkModel::default()
        };
        assert_eq!(
            parts(&sink),
            parts(&LogSinkModel {
                versioning: "Enabled".into(),
                ..sink.clone()
            })
        );
        assert_ne!(
            parts(&sink),
            parts(&LogSinkModel {
                bucket: "other".into(),
                ..sink.clone()
            })
        );
        assert_ne!(
            parts(&sink),
            parts(&LogSinkModel {
                object_lock_enabled: false.into(),
                ..sink
            })
        );
    }

    #[test]
    fn only_what_the_state_holds_is_deleted() {
        let mut sink = LogSinkModel {
            bucket: "logs".into(),
            id: "logs".into(),
            access_log_bucket: "logs-access-logs".into(),
            ..LogSinkModel::default()
        };
        assert_eq!(buckets(&sink), [("bucket", "logs".to_owned())]);
        sink.access_log_bucket_arn = "arn:aws:s3:::logs-access-logs".into();
        assert_eq!(buckets(&sink).len(), 2);
    }
}
