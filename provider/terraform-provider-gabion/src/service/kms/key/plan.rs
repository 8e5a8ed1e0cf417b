//! What a plan shows, and what it refuses. Reads only.

use gabion_aws::Clients;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::policy::Document;
use crate::shared::strings::Strings;
use crate::shared::{deletion, location, tags};

use super::model::KmsKeyModel;
use super::policy::Scene;
use super::{alias, checks, delete, policy, private};

pub(super) async fn modify(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<KmsKeyModel>,
    diags: &mut Diagnostics,
) {
    let Some(mut planned) = plan.planned.take() else {
        destroy(ctx, plan, diags).await;
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
    same_spelling(plan.prior.as_ref(), &mut planned);
    if let Some(gabion) = ctx.provider.as_ref() {
        planned.tags_all = tags::plan_all(&planned.tags, &gabion.default_tags);
    }
    // Without clients, what depends on the place stays as the framework planned it.
    let generated = clients
        .as_ref()
        .and_then(|clients| policy::document(&planned, &Scene::of(clients)));
    if let Some(clients) = &clients {
        planned.alias_arn = match planned.alias.as_str() {
            Some(name) => clients.arn("kms", &alias::full(name)).into(),
            None => Value::Unknown,
        };
        planned.policy = match &generated {
            Some(document) => text_of(document, plan.prior.as_ref(), clients.partition()),
            None => Value::Unknown,
        };
    }

    refuse_replacement(plan.prior.as_ref(), &planned, diags);
    checks::defaults(&planned, moment(plan.prior.as_ref(), &planned), diags);
    if let (Some(clients), Some(document)) = (&clients, &generated) {
        judge(plan, &planned, document, clients, diags);
    }
    plan.planned = Some(planned);
}

/// The other spelling of an alias, or of an account among the principals, is no change.
fn same_spelling(prior: Option<&KmsKeyModel>, planned: &mut KmsKeyModel) {
    let Some(prior) = prior else {
        return;
    };
    if let (Some(before), Some(name)) = (prior.alias.as_str(), planned.alias.as_str())
        && alias::full(before) == alias::full(name)
    {
        planned.alias = before.into();
    }
    let partition = prior
        .arn
        .as_str()
        .and_then(|arn| arn.split(':').nth(1))
        .unwrap_or("aws");
    let keep = |before: &Strings, planned: &mut Strings| {
        let names = policy::principals(planned, partition);
        if before.is_known() && names.is_some() && names == policy::principals(before, partition) {
            planned.clone_from(before);
        }
    };
    keep(&prior.administrators, &mut planned.administrators);
    keep(&prior.users, &mut planned.users);
}

/// The planned text: that of the state where both say the same.
fn text_of(generated: &Document, prior: Option<&KmsKeyModel>, partition: &str) -> Value<String> {
    let before = prior.and_then(|prior| prior.policy.as_str());
    let same = before.is_some_and(|text| {
        Document::parse(text, partition).is_ok_and(|document| document.same_as(generated))
    });
    match before {
        Some(text) if same => text.into(),
        _ => generated.to_json().into(),
    }
}

/// The parts that do not change the key count as standing still.
pub(super) fn moment(prior: Option<&KmsKeyModel>, planned: &KmsKeyModel) -> Moment {
    let Some(prior) = prior else {
        return Moment::Change;
    };
    let mut before = prior.clone();
    if deletion::turns_off(&prior.deletion_protection, &planned.deletion_protection) {
        before.deletion_protection = planned.deletion_protection;
        before.acknowledge_irreversible = planned.acknowledge_irreversible.clone();
    }
    if before == *planned {
        Moment::Still
    } else {
        Moment::Change
    }
}

fn refuse_replacement(prior: Option<&KmsKeyModel>, planned: &KmsKeyModel, diags: &mut Diagnostics) {
    let Some(prior) = prior else {
        return;
    };
    let mut changed = Vec::new();
    if prior.multi_region != planned.multi_region {
        changed.push("multi_region");
    }
    if prior.account_id != planned.account_id {
        changed.push("account_id");
    }
    if prior.region != planned.region {
        changed.push("region");
    }
    deletion::check_replace(&prior.deletion_protection, &prior.title(), &changed, diags);
}

fn judge(
    plan: &Plan<KmsKeyModel>,
    planned: &KmsKeyModel,
    document: &Document,
    clients: &Clients,
    diags: &mut Diagnostics,
) {
    let scene = Scene::of(clients);
    let before = plan.prior.as_ref().and_then(|prior| prior.policy.as_str());
    let live = before.and_then(|text| Document::parse(text, scene.partition).ok());
    if live.as_ref().is_some_and(|live| live.same_as(document)) {
        return;
    }
    let errors_before = diags.has_errors();
    checks::policy(document, &scene, planned, diags);
    if !errors_before && !diags.has_errors() {
        let who = clients.caller().principal_arn();
        checks::caller(document, &who, planned, Severity::Warning, diags);
    }
    // A replacement leaves the old policy behind with the old key.
    let same_place = plan.prior.as_ref().is_some_and(|prior| {
        prior.place() == planned.place() && prior.multi_region == planned.multi_region
    });
    if let Some(live) = live.filter(|_| same_place) {
        checks::removals(&live, document, &plan.private, &scene, planned, diags);
    }
}

/// A destroy is refused while protection is on, and while the key is in use.
async fn destroy(ctx: &Ctx<Gabion>, plan: &mut Plan<KmsKeyModel>, diags: &mut Diagnostics) {
    plan.private.set(private::DESTROY, &true);
    let Some(prior) = plan.prior.as_ref() else {
        return;
    };
    // Nothing can depend on a key whose create never came to its end.
    if plan.private.get(private::UNFINISHED) == Some(true) {
        return;
    }
    deletion::check_destroy(&prior.deletion_protection, &prior.title(), diags);
    if diags.has_errors()
        || ctx
            .provider
            .as_ref()
            .is_none_or(|gabion| gabion.pool_if_known().is_none())
    {
        return;
    }
    match location::read(ctx, &prior.place()).await {
        Ok(clients) => {
            if let Err(errors) = delete::refuse_in_use(&clients, prior, None).await {
                diags.extend(errors);
            }
        }
        Err(errors) => diags.extend(errors),
    }
}
