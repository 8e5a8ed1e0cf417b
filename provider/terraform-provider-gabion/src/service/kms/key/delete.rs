//! Destroy: refuses a key in use, disables it, looks again, then schedules its deletion.

use gabion_aws::Clients;
use gabion_aws::kms::UsageSource;
use gabion_framework::prelude::*;
use jiff::{SignedDuration, Timestamp};

use crate::configured::Gabion;
use crate::shared::{acknowledge, creation, deletion, fault, location};

use super::defaults::DELETION_WINDOW;
use super::model::KmsKeyModel;
use super::{TYPE, alias, private};

/// A key used within so many days is in use.
const RECENT_DAYS: i64 = 30;

pub(super) async fn delete(ctx: &Ctx<Gabion>, state: &mut StateSlot<KmsKeyModel>) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<KmsKeyModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(mut now) = state.get().cloned() else {
        return Ok(());
    };
    let Some(id) = now.key_id.as_str().map(str::to_owned) else {
        return Ok(());
    };
    let clients = location::write(ctx, &now.place()).await?;
    let kms = clients.kms();
    let title = now.title();
    let doing = |what: &str| fault::while_doing(format!("{what} {title} (`{id}`)"));
    let Some(key) = kms.find_key(&id).await.map_err(doing("reading"))? else {
        return Ok(());
    };
    if key.is_pending_deletion() {
        return Ok(());
    }

    // A replacement carries the private values of the new object's plan, so the key itself is asked.
    let tags = kms.tags(&id).await.map_err(doing("reading the tags of"))?;
    let unfinished = creation::is_unfinished(&tags);
    if unfinished && state.private.get(private::DESTROY) != Some(true) {
        // Core replaces what a failed create left. The key stays as it is, marked as not complete: the
        // create that follows finds it and goes on.
        return Ok(());
    }
    if !unfinished {
        // A replacement that the user forces is not planned as a destroy.
        let mut diags = Diagnostics::new();
        deletion::check_destroy(&now.deletion_protection, &now.title(), &mut diags);
        if diags.has_errors() {
            return Err(diags);
        }
        let before = Timestamp::now();
        let source = refuse_in_use(&clients, &now, None).await?;
        if let Some(UsageSource::Unknown(why)) = &source {
            warnings.warning(
                "It could not be told when the key was last used",
                format!(
                    "{}: {why}. Its deletion is scheduled all the same, and can be cancelled until then.",
                    now.title()
                ),
            );
        }
        ctx.interrupted()?;
        if key.enabled {
            kms.disable_key(&id).await.map_err(doing("disabling"))?;
            now.is_enabled = false.into();
            state.set(now.clone());
        }
        // Whoever used it meanwhile now gets errors: better that somebody looks. Only KMS knows so soon.
        if source == Some(UsageSource::Kms) {
            refuse_in_use(&clients, &now, Some(before)).await?;
        }
    }

    ctx.interrupted()?;
    if let Some(name) = now.alias.as_str().map(alias::full) {
        let ours = kms
            .aliases_of(&id)
            .await
            .map_err(doing("reading the aliases of"))?;
        if ours.iter().any(|alias| alias.name == name) {
            kms.delete_alias(&name)
                .await
                .map_err(doing("deleting the alias of"))?;
        }
    }
    let days = now
        .deletion_window_in_days
        .known()
        .copied()
        .unwrap_or(DELETION_WINDOW);
    kms.schedule_deletion(&id, i32::try_from(days).unwrap_or(30))
        .await
        .map_err(fault::while_doing(format!(
            "scheduling the deletion of {TYPE} (`{id}`)"
        )))?;
    Ok(())
}

/// Refuses a key that was used lately (or since a given moment), unless the user acknowledged that.
/// Gives where the answer came from; none where nobody was asked.
///
/// # Errors
/// It was used; or the question failed.
pub(super) async fn refuse_in_use(
    clients: &Clients,
    key: &KmsKeyModel,
    since: Option<Timestamp>,
) -> Result<Option<UsageSource>, Diagnostics> {
    let name = alias::full(key.name());
    let acknowledged = key.acknowledge_irreversible.as_str().map(alias::full);
    if acknowledged.as_ref() == Some(&name) {
        return Ok(None);
    }
    let Some(arn) = key.arn.as_str() else {
        return Ok(None);
    };
    let usage = match clients.kms().last_usage(arn).await {
        Ok(usage) => usage,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => {
            return Err(fault::while_doing(format!(
                "finding out when {} was last used",
                key.title()
            ))(error));
        }
    };
    let from = match since {
        Some(since) => since,
        None => Timestamp::now()
            .checked_sub(SignedDuration::from_hours(24 * RECENT_DAYS))
            .unwrap_or(Timestamp::UNIX_EPOCH),
    };
    let Some(last) = usage.last_used.filter(|last| *last > from) else {
        return Ok(Some(usage.source));
    };
    let mut diags = Diagnostics::new();
    let operation = usage
        .operation
        .as_deref()
        .unwrap_or("an operation of its use");
    acknowledge::check(
        &key.acknowledge_irreversible,
        &name,
        Path::root(acknowledge::ATTRIBUTE),
        &format!(
            "{} (`{arn}`) was last used at {last} ({operation}), within the last {RECENT_DAYS} days. Once it is deleted, \
             nothing that it encrypted can be read again. See first what uses it",
            key.title()
        ),
        &mut diags,
    );
    if diags.has_errors() {
        Err(diags)
    } else {
        Ok(Some(usage.source))
    }
}
