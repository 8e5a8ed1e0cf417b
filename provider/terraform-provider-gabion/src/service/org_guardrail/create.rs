//! Create: goes on with what an earlier create of this guardrail left, or makes it.

use gabion_aws::Clients;
use gabion_aws::organizations::{CreatePolicy, PolicySummary};
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, live, location, tags};

use super::converge::Converge;
use super::model::OrgGuardrailModel;
use super::observed::{Observed, observe};
use super::{POLICY_TYPE, TYPE, checks, intents, plan as planning, private};

pub(super) async fn create(
    ctx: &Ctx<Gabion>,
    plan: OrgGuardrailModel,
    state: &mut StateSlot<OrgGuardrailModel>,
) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let result = run(ctx, plan, state, &mut warnings).await;
    fault::collect(warnings, result)
}

async fn run(
    ctx: &Ctx<Gabion>,
    plan: OrgGuardrailModel,
    state: &mut StateSlot<OrgGuardrailModel>,
    warnings: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let gabion = ctx.provider()?;
    let clients = location::write(ctx, &plan.place()).await?;
    let document = ready(ctx, None, &plan, &clients, &state.private, warnings).await?;
    let name = plan.name.as_str().unwrap_or_default();
    let claim = gabion.claims.take(
        format!("organizations {} policy {name}", clients.account_id()),
        &format!("the policy `{name}`"),
    )?;
    let organizations = clients.organizations();
    let doing = || {
        fault::while_setting(
            Path::root("name"),
            format!("looking for the policy `{name}`"),
        )
    };
    let left = match organizations
        .find_policy(POLICY_TYPE, name)
        .await
        .map_err(doing())?
    {
        Some(policy) => {
            let tags = organizations.tags(&policy.id).await.map_err(doing())?;
            if !creation::is_creating(&tags, TYPE, name) {
                return Err(exists(&policy));
            }
            observe(&clients, &policy.id).await?
        }
        None => None,
    };
    let observed = match left {
        // What the earlier create wrote is this configuration's own work.
        Some(observed) => {
            if let Some(before) = observed.document(clients.partition()) {
                live::remember(&mut state.private, &before);
            }
            observed
        }
        None => {
            ctx.interrupted()?;
            let observed = make(&plan, name, &document, &clients, &gabion.default_tags).await?;
            live::remember(&mut state.private, &document);
            observed
        }
    };
    state.private.set(private::UNFINISHED, &true);
    let result = Converge {
        ctx,
        clients: &clients,
        observed: &observed,
        plan: &plan,
        document: &document,
    }
    .run(state)
    .await;
    if result.is_ok() {
        let role = &gabion.pool()?.settings().vending_role_name;
        state.private.set(private::VENDING_ROLE, role);
        claim.keep();
    }
    result
}

/// The policy to write, after all checks; everything is known by now.
///
/// # Errors
/// What plan could not check, because something was not known.
pub(super) async fn ready(
    ctx: &Ctx<Gabion>,
    prior: Option<&OrgGuardrailModel>,
    plan: &OrgGuardrailModel,
    clients: &Clients,
    private: &Private,
    warnings: &mut Diagnostics,
) -> Result<Document, Diagnostics> {
    let mut diags = Diagnostics::new();
    checks::any_intent(plan, &mut diags);
    checks::defaults(plan, planning::moment(prior, plan), &mut diags);
    let Some(document) = intents::document(plan, clients.partition()) else {
        return Err(Diagnostics::from_error(
            "Something is still unknown",
            format!(
                "Terraform asked to apply {} while a part of its policy is not known. Please report it.",
                plan.title()
            ),
        ));
    };
    checks::size(plan, &document, &mut diags);
    let role = &ctx.provider()?.pool()?.settings().vending_role_name;
    let checked: Option<String> = private.get(private::VENDING_ROLE);
    let (partition, checked) = (clients.partition(), checked.as_deref());
    if checks::concerns_lockout(prior, plan, &document, partition, checked, role) {
        checks::lockout(plan, &document, clients, role, &mut diags).await?;
    }
    if diags.has_errors() {
        return Err(diags);
    }
    // Plan told its warnings; those of values that were unknown then are new.
    if plan.policy.is_unknown() {
        warnings.extend(diags);
    }
    Ok(document)
}

fn exists(policy: &PolicySummary) -> Diagnostics {
    fault::error_at(
        Path::root("name"),
        "The policy exists already",
        format!(
            "There is a service control policy `{}` (`{}`), which this resource did not make. To manage it here, import \
             it: `terraform import ADDRESS {}` (import changes nothing). Otherwise choose another name.",
            policy.name, policy.arn, policy.id
        ),
    )
}

/// Makes the policy, with the tag that says it is not complete.
async fn make(
    plan: &OrgGuardrailModel,
    name: &str,
    document: &Document,
    clients: &Clients,
    defaults: &tags::TagMap,
) -> Result<Observed, Diagnostics> {
    let mut all = tags::known(&tags::plan_all(&plan.tags, defaults)).unwrap_or_default();
    all.extend([creation::creating(TYPE, name)]);
    let request = CreatePolicy {
        name: name.to_owned(),
        description: plan.description.as_str().unwrap_or_default().to_owned(),
        content: document.to_json(),
        policy_type: POLICY_TYPE.to_owned(),
        tags: all.clone(),
    };
    let summary = clients
        .organizations()
        .create_policy(&request)
        .await
        .map_err(fault::while_doing(format!("creating the policy `{name}`")))?;
    Ok(Observed {
        summary,
        content: request.content,
        targets: std::collections::BTreeSet::new(),
        tags: all,
    })
}
