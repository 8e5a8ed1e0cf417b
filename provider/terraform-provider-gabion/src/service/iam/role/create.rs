//! Create: goes on with what an earlier create of this role left, or makes it.

use gabion_aws::Clients;
use gabion_aws::iam::{CreateRole, Role};
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, live, location, tags};

use super::converge::Converge;
use super::defaults::{PATH, SESSION};
use super::model::WorkloadRoleModel;
use super::observed::{self, Observed};
use super::trust::Scene;
use super::{TYPE, checks, private, statement, trust};

pub(super) async fn create(
    ctx: &Ctx<Gabion>,
    plan: WorkloadRoleModel,
    state: &mut StateSlot<WorkloadRoleModel>,
) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, plan, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    plan: WorkloadRoleModel,
    state: &mut StateSlot<WorkloadRoleModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let gabion = ctx.provider()?;
    let clients = location::write(ctx, &plan.place()).await?;
    let documents = ready(&plan, &clients, Moment::Change, warnings)?;
    let name = plan.name.as_str().unwrap_or_default();
    let claim = gabion.claims.take(
        format!(
            "iam {} role {}",
            clients.account_id(),
            name.to_ascii_lowercase()
        ),
        &format!("the role `{name}`"),
    )?;

    let left = clients
        .iam()
        .find_role(name)
        .await
        .map_err(fault::while_setting(
            Path::root("name"),
            format!("looking for the role `{name}`"),
        ))?;
    let observed = match left {
        Some(role) if creation::is_creating(&role.tags, TYPE, name) => {
            take_over(&clients, role, &plan, state).await?
        }
        Some(role) => return Err(exists(&role)),
        None => {
            ctx.interrupted()?;
            let role = make(&plan, name, &documents.0, &clients, &gabion.default_tags).await?;
            live::remember(&mut state.private, &documents.0);
            Observed {
                role,
                inline: Default::default(),
                policy: None,
                attached: Default::default(),
            }
        }
    };
    state.private.set(private::UNFINISHED, &true);
    let result = Converge {
        ctx,
        clients: &clients,
        observed: &observed,
        plan: &plan,
        trust: &documents.0,
        policy: &documents.1,
    }
    .run(state)
    .await;
    if result.is_ok() {
        claim.keep();
    }
    result
}

/// Trust policy and inline policy, after all checks that need no call; everything is known by now.
///
/// # Errors
/// What plan could not check, because something was not known.
pub(super) fn ready(
    plan: &WorkloadRoleModel,
    clients: &Clients,
    moment: Moment,
    warnings: &mut Diagnostics,
) -> Result<(Document, Document), Diagnostics> {
    let scene = Scene::of(clients);
    let mut diags = Diagnostics::new();
    trust::validate(plan, &mut diags);
    statement::validate(&plan.statement, &mut diags);
    checks::names(plan, &mut diags);
    checks::defaults(plan, moment, &mut diags);
    let documents = trust::document(plan, &scene).zip(statement::document(&plan.statement));
    let Some((trust, policy)) = documents else {
        diags.error(
            "Something is still unknown",
            format!(
                "Terraform asked to apply {} while a part of its policies is not known. Please report it.",
                plan.title()
            ),
        );
        return Err(diags);
    };
    checks::sizes(plan, Some(&trust), Some(&policy), &mut diags);
    checks::accounts(plan, &scene, &mut diags);
    if diags.has_errors() {
        return Err(diags);
    }
    // Plan told its warnings; those of values that were unknown then are new.
    if plan.assume_role_policy.is_unknown() || plan.policy.is_unknown() {
        warnings.extend(diags);
    }
    Ok((trust, policy))
}

fn exists(role: &Role) -> Diagnostics {
    fault::error_at(
        Path::root("name"),
        "The role exists already",
        format!(
            "There is a role `{}`, which this resource did not make. To manage it here, import it: `terraform import \
             ADDRESS {}` (import changes nothing). Otherwise choose another name.",
            role.arn, role.name
        ),
    )
}

/// Makes the role, with the tag that says it is not complete.
async fn make(
    plan: &WorkloadRoleModel,
    name: &str,
    trust: &Document,
    clients: &Clients,
    defaults: &tags::TagMap,
) -> Result<Role, Diagnostics> {
    let mut all = tags::known(&tags::plan_all(&plan.tags, defaults)).unwrap_or_default();
    all.extend([creation::creating(TYPE, name)]);
    let seconds = plan
        .max_session_duration
        .known()
        .copied()
        .unwrap_or(SESSION);
    let request = CreateRole {
        name: name.to_owned(),
        path: plan.path.as_str().unwrap_or(PATH).to_owned(),
        description: plan.description.as_str().unwrap_or_default().to_owned(),
        trust: trust::to_json(trust),
        permissions_boundary: plan.permissions_boundary.known().cloned(),
        max_session_duration: i32::try_from(seconds).unwrap_or(i32::MAX),
        tags: all,
    };
    let (role, _) = clients
        .iam()
        .create_role(&request)
        .await
        .map_err(fault::while_doing(format!("creating the role `{name}`")))?;
    Ok(role)
}

/// Goes on with a role that an earlier create left. What is on it is this configuration's own work.
async fn take_over(
    clients: &Clients,
    role: Role,
    plan: &WorkloadRoleModel,
    state: &mut StateSlot<WorkloadRoleModel>,
) -> Result<Observed, Diagnostics> {
    let path = plan.path.as_str().unwrap_or(PATH);
    if role.path != path {
        return Err(fault::error_at(
            Path::root("path"),
            "An earlier create left a role under another path",
            format!(
                "The role `{}` was left by a create that was cut off, and a path cannot change. Delete it (`aws iam \
                 delete-role --role-name {}`) and apply again, or set `path = \"{}\"`.",
                role.arn, role.name, role.path
            ),
        ));
    }
    let name = role.name.clone();
    let doing = fault::while_doing(format!("reading the role `{name}`"));
    let found = observed::complete(clients, role, plan.inline_name())
        .await
        .map_err(doing)?;
    let Some(observed) = found else {
        return Err(Diagnostics::from_error(
            "A role of an earlier create is gone",
            format!(
                "The role `{name}`, which an earlier create left, was deleted just now. Apply again."
            ),
        ));
    };
    if let Some(trust) = observed.trust(clients.partition()) {
        live::remember(&mut state.private, &trust);
    }
    if observed.policy.is_some() {
        private::remember_inline(&mut state.private, Some(plan.inline_name()));
    }
    private::remember_attached(&mut state.private, &observed.attached);
    Ok(observed)
}
