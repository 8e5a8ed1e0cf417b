//! What a plan shows, and what it refuses. Reads only.

use gabion_aws::Clients;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::exception::Moment;
use crate::shared::policy::Document;
use crate::shared::{location, strings, tags};

use super::checks::{self, Standing};
use super::model::WorkloadRoleModel;
use super::trust::Scene;
use super::{delete, private, statement, trust};

pub(super) async fn modify(
    ctx: &Ctx<Gabion>,
    plan: &mut Plan<WorkloadRoleModel>,
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
    if let Some(gabion) = ctx.provider.as_ref() {
        planned.tags_all = tags::plan_all(&planned.tags, &gabion.default_tags);
    }
    let policy = statement::document(&planned.statement);
    let trust = clients
        .as_ref()
        .and_then(|clients| trust::document(&planned, &Scene::of(clients)));
    let partition = clients.as_ref().map_or("aws", Clients::partition);
    let prior = plan.prior.as_ref();
    planned.policy = match &policy {
        None => Value::Unknown,
        Some(document) if document.statements.is_empty() => Value::Null,
        Some(document) => text_of(
            document,
            prior.map(|prior| &prior.policy),
            Document::to_json,
            partition,
        ),
    };
    if let Some(clients) = &clients {
        planned.assume_role_policy = trust.as_ref().map_or(Value::Unknown, |document| {
            text_of(
                document,
                prior.map(|prior| &prior.assume_role_policy),
                trust::to_json,
                partition,
            )
        });
        planned.id = planned.name.clone();
        if let (Some(name), Some(path)) = (planned.name.as_str(), planned.path.as_str()) {
            planned.arn = format!(
                "arn:{partition}:iam::{}:role{path}{name}",
                clients.account_id()
            )
            .into();
        }
    }

    checks::defaults(&planned, moment(prior, &planned), diags);
    checks::sizes(&planned, trust.as_ref(), policy.as_ref(), diags);
    if let Some(clients) = &clients {
        checks::accounts(&planned, &Scene::of(clients), diags);
        if !diags.has_errors() {
            checks::existence(clients, prior, &planned, diags).await;
        }
    }
    if prior.is_none() && planned.name.is_known() {
        checks::others_exist(&std::collections::BTreeSet::new(), &planned, diags);
    }
    if let (Some(prior), Some(clients), Some(trust)) = (prior, &clients, &trust)
        && same_role(prior, &planned)
    {
        let scene = Scene::of(clients);
        let standing = standing(prior, &planned, partition);
        checks::others_exist(&standing.names, &planned, diags);
        let empty = Document::new(Vec::new());
        let documents = (trust, policy.as_ref().unwrap_or(&empty));
        if let Some(policy) = &policy
            && !diags.has_errors()
            && let Err(errors) = checks::inline_total(clients, prior, &planned, policy, diags).await
        {
            diags.extend(errors);
        }
        if policy.is_some() {
            checks::removals(&standing, &planned, documents, &plan.private, &scene, diags);
        }
    }
    plan.planned = Some(planned);
}

/// A replacement leaves the old policies behind with the old role.
fn same_role(prior: &WorkloadRoleModel, planned: &WorkloadRoleModel) -> bool {
    prior.name == planned.name
        && prior.path == planned.path
        && prior.account_id == planned.account_id
}

/// What is there, by a state that was just refreshed.
fn standing(prior: &WorkloadRoleModel, planned: &WorkloadRoleModel, partition: &str) -> Standing {
    let parse = |text: &Value<String>| Document::parse(text.as_str()?, partition).ok();
    let inline = parse(&prior.policy);
    let mut names = strings::known_part(&prior.other_inline_policies);
    if inline.is_some() {
        names.insert(prior.inline_name().to_owned());
    }
    Standing {
        trust: parse(&prior.assume_role_policy),
        // Under another name it is not overwritten, but deleted: then its name counts.
        inline: inline.filter(|_| prior.inline_name() == planned.inline_name()),
        attached: strings::known_part(&prior.managed_policy_arns),
        names,
    }
}

/// The planned text: that of the state where both say the same.
fn text_of(
    generated: &Document,
    prior: Option<&Value<String>>,
    write: impl Fn(&Document) -> String,
    partition: &str,
) -> Value<String> {
    let before = prior.and_then(Value::as_str);
    let same = before.is_some_and(|text| {
        Document::parse(text, partition).is_ok_and(|document| document.same_as(generated))
    });
    match before {
        Some(text) if same => text.into(),
        _ => write(generated).into(),
    }
}

/// Whether anything changes.
pub(super) fn moment(prior: Option<&WorkloadRoleModel>, planned: &WorkloadRoleModel) -> Moment {
    match prior {
        Some(prior) if prior == planned => Moment::Still,
        _ => Moment::Change,
    }
}

/// A destroy is refused while others depend on the role.
async fn destroy(ctx: &Ctx<Gabion>, plan: &mut Plan<WorkloadRoleModel>, diags: &mut Diagnostics) {
    plan.private.set(private::DESTROY, &true);
    let Some(prior) = plan.prior.as_ref() else {
        return;
    };
    // Nothing can depend on a role whose create never came to its end.
    if plan.private.get(private::UNFINISHED) == Some(true) {
        return;
    }
    if ctx
        .provider
        .as_ref()
        .is_none_or(|gabion| gabion.pool_if_known().is_none())
    {
        return;
    }
    match location::read(ctx, &prior.place()).await {
        Ok(clients) => {
            if let Err(errors) = delete::refuse_in_use(&clients, prior, &plan.private, diags).await
            {
                diags.extend(errors);
            }
        }
        Err(errors) => diags.extend(errors),
    }
}
