//! `gabion_network_segment`: one closed VPC with all that keeps it closed.
//!
//! What belongs here is the segment as Terraform sees it. Addresses are computed in `shared/subnets`, so that the
//! function `subnets` gives the same answer.

mod acl;
mod checks;
mod connection;
mod converge;
mod delete;
mod design;
mod firewall;
mod import;
mod live;
mod model;
mod observed;
#[cfg(test)]
mod page;
mod plan;
mod policy;
mod registry;
mod schema;
mod ways;
mod weaker;

use std::collections::BTreeMap;
use std::time::Duration;

use gabion_aws::{Clients, WaitOptions};
use gabion_framework::prelude::*;
use gabion_framework::resource::IdentitySchema;

use self::converge::{Converge, at, told};
use self::live::{Live, Scope};
use self::model::SegmentModel;
use crate::configured::Gabion;
use crate::shared::{location, strings, tags};

pub(crate) use registry::Segments;

/// The resource type.
const TYPE: &str = "gabion_network_segment";

/// What `organization_id` says where endpoints are bound to the account.
const NO_ORGANIZATION: &str = "none";

/// Keys of private values.
mod private {
    /// The create has not come to its end.
    pub(super) const UNFINISHED: &str = "unfinished";
    /// The plan is to destroy, not to replace.
    pub(super) const DESTROY: &str = "destroy";
    /// What the create that follows an unfinished one makes.
    pub(super) const CONTINUES: &str = "continues";
    /// The next read is the first of an imported segment.
    pub(super) const IMPORT: &str = "import";
    /// The segment was made by this resource type, and not by somebody else and imported.
    pub(super) const MADE: &str = "made";
}

/// The resource.
#[derive(Debug, Default)]
pub(crate) struct NetworkSegment;

#[async_trait]
impl Resource for NetworkSegment {
    type Model = SegmentModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn default_timeouts(&self) -> [Duration; 3] {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        [minutes(30), minutes(30), minutes(60)]
    }

    fn validate(&self, config: &SegmentModel, diags: &mut Diagnostics) {
        tags::validate(&config.tags, &Path::root("tags"), diags);
        let reserved = config
            .tags
            .known()
            .into_iter()
            .flatten()
            .filter(|(key, _)| key.starts_with(live::OWN));
        for (key, _) in reserved {
            diags.error_at(
                Path::root("tags").key(key.clone()),
                "Invalid tag",
                format!("`{key}` is not a tag key for users: segments are found by tags that begin with `{}`.", live::OWN),
            );
        }
    }

    async fn modify_plan(
        &self,
        ctx: &Ctx<Gabion>,
        plan: &mut Plan<SegmentModel>,
        diags: &mut Diagnostics,
    ) {
        let result = match (plan.prior.clone(), &plan.planned) {
            (Some(prior), None) => {
                plan.private.set(private::DESTROY, &true);
                delete::plan(ctx, &prior, diags).await
            }
            _ => Box::pin(plan::change(ctx, plan, diags)).await,
        };
        if let Err(errors) = result {
            diags.extend(errors);
        }
    }

    async fn create(
        &self,
        ctx: &Ctx<Gabion>,
        plan: SegmentModel,
        state: &mut StateSlot<SegmentModel>,
    ) -> Diagnostics {
        either(Box::pin(apply(ctx, None, plan, state)).await)
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        prior: SegmentModel,
        plan: SegmentModel,
        state: &mut StateSlot<SegmentModel>,
    ) -> Diagnostics {
        either(Box::pin(apply(ctx, Some(&prior), plan, state)).await)
    }

    async fn read(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<SegmentModel>) -> Diagnostics {
        Box::pin(refresh(ctx, state))
            .await
            .err()
            .unwrap_or_default()
    }

    async fn delete(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<SegmentModel>) -> Diagnostics {
        either(Box::pin(delete::delete(ctx, state)).await)
    }

    async fn import(
        &self,
        ctx: &Ctx<Gabion>,
        id: &str,
        state: &mut StateSlot<SegmentModel>,
    ) -> Diagnostics {
        import::import(ctx, id, state)
            .await
            .err()
            .unwrap_or_default()
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(import::identity_schema())
    }

    fn identity(&self, state: &SegmentModel) -> Option<BTreeMap<String, Dynamic>> {
        import::identity(state)
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        import::import_id(identity)
    }
}

/// Warnings or errors.
fn either(result: Result<Diagnostics, Diagnostics>) -> Diagnostics {
    result.unwrap_or_else(|errors| errors)
}

async fn refresh(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<SegmentModel>,
) -> Result<(), Diagnostics> {
    let Some(prior) = state.get().cloned() else {
        return Ok(());
    };
    let clients = location::read(ctx, &prior.place()).await?;
    let imported = state.private.get::<bool>(private::IMPORT).is_some();
    let scope = if imported {
        Scope::ALL
    } else {
        Scope {
            shared: true,
            ..observed::scope(&prior)
        }
    };
    let Some((live, mut model)) = observe(ctx, &clients, &prior, scope).await? else {
        state.remove();
        return left_behind(&clients, &prior).await;
    };
    if imported {
        state.private.remove(private::IMPORT);
        import::complete(&live, clients.partition(), &mut model);
    }
    state.set(model);
    Ok(())
}

/// Names what is left of a segment whose VPC somebody deleted: nothing leads to it any more, and some of it costs.
async fn left_behind(clients: &Clients, prior: &SegmentModel) -> Result<(), Diagnostics> {
    let vpc = prior.vpc();
    let looking = || at("id", format!("looking for what is left of `{vpc}`"));
    let mut left = Vec::new();
    if prior.may_be_wide() {
        let ec2 = clients.ec2().shared();
        let addresses = ec2.addresses(live::SEGMENT, vpc).await.map_err(looking())?;
        left.extend(addresses.into_iter().map(|one| one.id));
        let gateways = ec2.internet_gateways(live::SEGMENT, vpc).await;
        left.extend(gateways.map_err(looking())?.into_iter().map(|one| one.id));
    }
    if prior.may_have_firewall() {
        let parts = live::firewall(clients, vpc).await.map_err(looking())?;
        left.extend(parts.policy.into_iter().map(|one| one.arn));
        left.extend(parts.groups.into_iter().map(|one| one.arn));
    }
    if left.is_empty() {
        return Ok(());
    }
    let mut diags = Diagnostics::new();
    diags.warning_at(
        Path::root("id"),
        "Parts of a segment are left behind",
        format!(
            "The VPC `{vpc}` of {} is gone, and the segment leaves the state. Delete what is left of it: {}.",
            prior.title(),
            left.join(", ")
        ),
    );
    Err(diags)
}

/// Reads a segment as the state shows it; none when its VPC is gone.
async fn observe(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    prior: &SegmentModel,
    scope: Scope,
) -> Result<Option<(Live, SegmentModel)>, Diagnostics> {
    let reading = at("id", format!("reading the segment `{}`", prior.vpc()));
    let Some(mut live) = live::read(clients, prior.vpc(), scope)
        .await
        .map_err(reading)?
    else {
        return Ok(None);
    };
    let connected = strings::known_part(&prior.connects_to);
    if !connected.is_empty() {
        connection::read_fars(ctx, clients, connected, &mut live).await?;
    }
    let model = observed::model(clients, prior, &live, &ctx.provider()?.default_tags);
    Ok(Some((live, model)))
}

async fn apply(
    ctx: &Ctx<Gabion>,
    prior: Option<&SegmentModel>,
    mut plan: SegmentModel,
    state: &mut StateSlot<SegmentModel>,
) -> Result<Diagnostics, Diagnostics> {
    let clients = location::write(ctx, &plan.place()).await?;
    let design = plan::finish(ctx, &clients, prior, &mut plan).await?;
    let gabion = ctx.provider()?;
    plan.tags_all = tags::plan_all(&plan.tags, &gabion.default_tags);
    let user = tags::known(&plan.tags_all).unwrap_or_default();
    state.private.remove(private::CONTINUES);
    let mut claim = None;
    let (vpc, scope) = match prior {
        Some(prior) => {
            let scope = observed::scope(prior).with(observed::scope(&plan));
            (prior.vpc().to_owned(), scope)
        }
        None => {
            let name = plan.name.as_str().unwrap_or_default();
            let key = format!(
                "segment {} {} {name}",
                clients.account_id(),
                clients.region()
            );
            claim = Some(
                gabion
                    .claims
                    .take(key, &format!("the network segment `{name}`"))?,
            );
            (
                converge::vpc(&clients, &plan, &user, state).await?,
                Scope::ALL.with(observed::scope(&plan)),
            )
        }
    };
    plan.id = vpc.clone().into();
    plan.arn = clients.arn("ec2", &format!("vpc/{vpc}")).into();
    if prior.is_none() {
        // From here on the state knows the VPC, by which everything else is found.
        state.private.set(private::MADE, &true);
        state.set(plan.clone());
    }
    let converge = Converge {
        ctx,
        clients: &clients,
        plan: &plan,
        design: &design,
        tags: user,
        vpc,
    };
    let mut slow = Vec::new();
    let result = run(&converge, scope, &mut slow).await;
    let read_only = location::read(ctx, &plan.place()).await?;
    let scope = Scope {
        gateways: scope.gateways && prior.is_some() || plan.may_be_wide(),
        // What a removal left half-way stays in the state.
        firewall: scope.firewall,
        ..observed::scope(&plan)
    };
    let seen = observe(ctx, &read_only, &plan, scope).await;
    match (result, seen) {
        (Ok(()), seen) => {
            let Some((_, model)) = seen? else {
                return Err(Diagnostics::from_error(
                    "The segment is gone",
                    format!(
                        "{} was deleted by somebody else while it was applied.",
                        plan.title()
                    ),
                ));
            };
            state.private.remove(private::UNFINISHED);
            let title = plan.title();
            state.set(filled(plan, model)?);
            claim
                .into_iter()
                .for_each(crate::shared::claim::Claim::keep);
            Ok(told(&slow, &title))
        }
        (Err(errors), Ok(Some((_, model)))) => {
            state.set(model);
            Err(errors)
        }
        (Err(errors), _) => Err(errors),
    }
}

async fn run(
    converge: &Converge<'_>,
    scope: Scope,
    slow: &mut Vec<String>,
) -> Result<(), Diagnostics> {
    let (clients, vpc) = (converge.clients, converge.vpc.as_str());
    // What AWS makes with a new VPC shows a moment later.
    let whole = gabion_aws::wait::until(
        clients,
        "waiting for the parts of the VPC",
        WaitOptions::default(),
        || async {
            let found = live::read(clients, vpc, scope).await?;
            Ok(found.filter(|live| {
                live.main_table().is_some()
                    && live.acl().is_some()
                    && live.default_group().is_some()
            }))
        },
    );
    let mut live = whole
        .await
        .map_err(at("id", format!("reading the segment `{vpc}`")))?;
    converge.run(&mut live, slow).await
}

/// The plan, with what was unknown as it was seen.
fn filled(plan: SegmentModel, seen: SegmentModel) -> Result<SegmentModel, Diagnostics> {
    let (Dynamic::Map(mut plan), Dynamic::Map(mut seen)) =
        (plan.into_dynamic(), seen.into_dynamic())
    else {
        return Ok(SegmentModel::default());
    };
    for (name, value) in &mut plan {
        if value.is_unknown()
            && let Some(seen) = seen.remove(name)
        {
            *value = seen;
        }
    }
    SegmentModel::from_dynamic(Dynamic::Map(plan), &Path::empty()).map_err(|error| {
        Diagnostics::from_error(
            "Invalid provider answer",
            format!("The state of the segment cannot be made: {error}."),
        )
    })
}
