//! What a plan shows, and what it refuses. Reads only.

use gabion_aws::Clients;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::policy::Document;
use crate::shared::{deletion, location, tags};

use super::model::OrgGuardrailModel;
use super::{checks, intents, private};

pub(super) async fn modify(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<OrgGuardrailModel>,
    diags: &mut Diagnostics,
) {
    let Some(mut planned) = plan.planned.take() else {
        destroy(plan, diags);
        return;
    };
    let mut place = planned.place();
    let clients = match location::plan(ctx, &plan.config.place(), &mut place).await {
        Ok(clients) => clients,
        Err(errors) => {
            diags.extend(errors);
            None
        }
    };
    planned.account_id = place.account_id;
    planned.region = place.region;
    if let Some(gabion) = ctx.provider.as_ref() {
        planned.tags_all = tags::plan_all(&planned.tags, &gabion.default_tags);
    }
    let prior = plan.prior.as_ref();
    let partition = clients.as_ref().map(Clients::partition);
    let document = partition.and_then(|partition| intents::document(&planned, partition));
    if let Some(partition) = partition {
        planned.policy = document.as_ref().map_or(Value::Unknown, |document| {
            text_of(document, prior, partition)
        });
    }
    if let Some(prior) = prior
        && prior.account_id != planned.account_id
    {
        deletion::check_replace(
            &prior.deletion_protection,
            &prior.title(),
            &["account_id"],
            diags,
        );
    }
    checks::defaults(&planned, moment(prior, &planned), diags);
    if let (Some(clients), Some(document)) = (&clients, &document) {
        checks::size(&planned, document, diags);
        let partition = clients.partition();
        if let Some(pool) = ctx
            .provider
            .as_ref()
            .and_then(|gabion| gabion.pool_if_known())
        {
            let role = &pool.settings().vending_role_name;
            let checked: Option<String> = plan.private.get(private::VENDING_ROLE);
            let checked = checked.as_deref();
            if checks::concerns_lockout(prior, &planned, document, partition, checked, role)
                && let Err(errors) = checks::lockout(&planned, document, clients, role, diags).await
            {
                diags.extend(errors);
            }
        }
        let standing = prior
            .and_then(|prior| Document::parse(prior.policy.as_str()?, clients.partition()).ok());
        if let Some(standing) = standing {
            checks::removals(
                &standing,
                document,
                &plan.private,
                &planned,
                clients.partition(),
                diags,
            );
        }
    }
    if let Some(clients) = &clients
        && !diags.has_errors()
    {
        checks::targets(clients, prior, &planned, diags).await;
    }
    plan.planned = Some(planned);
}

/// The planned text: that of the state where both say the same.
fn text_of(
    generated: &Document,
    prior: Option<&OrgGuardrailModel>,
    partition: &str,
) -> Value<String> {
    let before = prior.and_then(|prior| prior.policy.as_str());
    let same = before.is_some_and(|text| {
        Document::parse(text, partition).is_ok_and(|document| document.same_as(generated))
    });
    match before {
        Some(text) if same => text.into(),
        _ => generated.to_json().into(),
    }
}

/// Turning off deletion protection counts as standing still.
pub(super) fn moment(prior: Option<&OrgGuardrailModel>, planned: &OrgGuardrailModel) -> Moment {
    let Some(prior) = prior else {
        return Moment::Change;
    };
    let mut before = prior.clone();
    if deletion::turns_off(&prior.deletion_protection, &planned.deletion_protection) {
        before.deletion_protection = planned.deletion_protection;
    }
    if before == *planned {
        Moment::Still
    } else {
        Moment::Change
    }
}

fn destroy(plan: &mut Plan<OrgGuardrailModel>, diags: &mut Diagnostics) {
    plan.private.set(private::DESTROY, &true);
    let Some(prior) = plan.prior.as_ref() else {
        return;
    };
    // Nobody can rely on a guardrail whose create never came to its end.
    if plan.private.get(private::UNFINISHED) == Some(true) {
        return;
    }
    deletion::check_destroy(&prior.deletion_protection, &prior.title(), diags);
}
