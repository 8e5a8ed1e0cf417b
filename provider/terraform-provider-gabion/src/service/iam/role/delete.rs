//! Destroy: refuses a role on which others depend, takes off what this resource put on it, deletes it.

use gabion_aws::Clients;
use gabion_framework::prelude::*;
use jiff::{SignedDuration, Timestamp};

use crate::configured::Gabion;
use crate::shared::{creation, fault, location, strings};

use super::model::WorkloadRoleModel;
use super::observed::{Observed, observe};
use super::{checks, private};

/// A role used within so many days is likely in use.
const RECENT_DAYS: i64 = 30;

pub(super) async fn delete(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<WorkloadRoleModel>,
) -> Diagnostics {
    fault::collect(Diagnostics::new(), run(ctx, state).await)
}

async fn run(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<WorkloadRoleModel>,
) -> Result<(), Diagnostics> {
    let Some(now) = state.get().cloned() else {
        return Ok(());
    };
    let Some(name) = now.name.as_str().map(str::to_owned) else {
        return Ok(());
    };
    let clients = location::write(ctx, &now.place()).await?;
    let iam = clients.iam();
    let title = now.title();
    let doing = |what: &str| fault::while_doing(format!("{what} {title}"));
    let Some(observed) = observe(&clients, &name, now.inline_name()).await? else {
        return Ok(());
    };
    let ours = now
        .unique_id
        .as_str()
        .is_none_or(|id| id == observed.role.unique_id);
    if !ours {
        return Ok(());
    }
    // A replacement carries the private values of the new object's plan, so the role itself is asked.
    let unfinished = creation::is_unfinished(&observed.role.tags);
    if unfinished && state.private.get(private::DESTROY) != Some(true) {
        // Core replaces what a failed create left. The role stays, marked as not complete: the create that
        // follows finds it and goes on.
        return Ok(());
    }
    if !unfinished {
        let mut diags = Diagnostics::new();
        others(&observed, &now, &state.private, &mut diags);
        if diags.has_errors() {
            return Err(diags);
        }
    }
    for policy in &observed.inline {
        ctx.interrupted()?;
        iam.delete_inline_policy(&name, policy)
            .await
            .map_err(doing(&format!("deleting the inline policy `{policy}` of")))?;
    }
    for arn in &observed.attached {
        ctx.interrupted()?;
        iam.detach_policy(&name, arn)
            .await
            .map_err(doing(&format!("detaching the policy `{arn}` of")))?;
    }
    ctx.interrupted()?;
    iam.delete_role(&name).await.map_err(doing("deleting"))
}

/// Refuses a role that others depend on: instance profiles, and policies that others put on it. Warns of one
/// that was used lately.
///
/// # Errors
/// Others depend on it; or the question failed.
pub(super) async fn refuse_in_use(
    clients: &Clients,
    role: &WorkloadRoleModel,
    private: &Private,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(name) = role.name.as_str() else {
        return Ok(());
    };
    let Some(observed) = observe(clients, name, role.inline_name()).await? else {
        return Ok(());
    };
    let mut diags = Diagnostics::new();
    others(&observed, role, private, &mut diags);
    let doing = fault::while_doing(format!(
        "reading the instance profiles of the role `{name}`"
    ));
    let profiles = clients.iam().instance_profiles(name).await.map_err(doing)?;
    if !profiles.is_empty() {
        let list: Vec<String> = profiles.iter().map(|name| format!("`{name}`")).collect();
        diags.error(
            "The role is in an instance profile",
            format!(
                "{} cannot be deleted while it is in an instance profile: {}. Where this configuration makes that, refer to \
                 the role's `name` there, so that it goes first; else take the role out of it (`aws iam \
                 remove-role-from-instance-profile`).",
                role.title(),
                list.join(", ")
            ),
        );
    }
    if diags.has_errors() {
        return Err(diags);
    }
    let from = Timestamp::now()
        .checked_sub(SignedDuration::from_hours(24 * RECENT_DAYS))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    if let Some(used) = observed.role.last_used.filter(|used| used.at > from) {
        let place = used
            .region
            .map(|region| format!(" in `{region}`"))
            .unwrap_or_default();
        warnings.warning(
            "The role was used lately",
            format!(
                "{} was last used at {}{place}. Whoever uses it loses access when it is deleted, and a role that is made \
                 anew under this name has another unique id.",
                role.title(),
                used.at
            ),
        );
    }
    Ok(())
}

/// Policies that others put on the role and that the user has not let go.
fn others(
    observed: &Observed,
    role: &WorkloadRoleModel,
    private: &Private,
    diags: &mut Diagnostics,
) {
    // A role that was imported and never applied, or one that the user forces to be replaced, has no record of its
    // own: all that the state lists, and the plan shows, is taken for it.
    let Some(attached) = private::attached(private) else {
        return;
    };
    let acknowledged = strings::known_part(&role.acknowledge_removals);
    let inline = private::inline(private);
    let mut left: Vec<(String, &str)> = observed
        .attached
        .iter()
        .filter(|arn| !attached.contains(*arn))
        .map(|arn| (arn.clone(), "a managed policy that is attached"))
        .collect();
    left.extend(
        observed
            .inline
            .iter()
            .filter(|name| inline.as_ref() != Some(*name))
            .map(|name| (name.clone(), "an inline policy")),
    );
    left.retain(|(name, _)| !acknowledged.contains(name));
    checks::refuse(left, role, "lose on its deletion", diags);
}
