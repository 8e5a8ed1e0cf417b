//! `gabion_log_sink`: a locked bucket for logs, a bucket for its access logs, a trail and a log group.
//!
//! What belongs here is the sink as Terraform sees it. How a policy is compared, a tag merged or an exception
//! checked is shared with the other composites.

mod adopt;
mod bucket_policy;
mod checks;
mod converge;
mod delete;
mod estate;
mod events;
mod import;
mod lifecycle;
mod live;
mod model;
mod names;
mod organization;
#[cfg(test)]
mod page;
mod plan;
mod schema;
mod weaker;

use std::collections::BTreeMap;
use std::time::Duration;

use gabion_aws::Clients;
use gabion_framework::prelude::*;
use gabion_framework::resource::IdentitySchema;

use self::converge::Converge;
use self::live::Live;
use self::model::LogSinkModel;
use crate::configured::Gabion;
use crate::shared::claim::Claim;
use crate::shared::{location, policy_statement, tags};

/// The resource type.
const TYPE: &str = "gabion_log_sink";

/// What `organization_id` says where the bucket is bound to the account.
const NO_ORGANIZATION: &str = "none";

/// Keys of private values.
mod private {
    /// The create has not come to its end.
    pub(super) const UNFINISHED: &str = "unfinished";
    /// The plan is to destroy, not to replace.
    pub(super) const DESTROY: &str = "destroy";
    /// The main bucket of the sink that a create replaces.
    pub(super) const REPLACING: &str = "replacing";
    /// The parts of the create that follows an unfinished one.
    pub(super) const CONTINUES: &str = "continues";
    /// The next read is the first of an imported sink.
    pub(super) const IMPORT: &str = "import";
    /// The policy of the access log bucket that was written last.
    pub(super) const APPLIED_ACCESS_LOG_POLICY: &str = "applied_access_log_policy";
    /// Whether the trail was to cover the organization.
    pub(super) const ORGANIZATION_TRAIL: &str = "organization_trail";
}

/// The resource.
#[derive(Debug, Default)]
pub(crate) struct LogSink;

#[async_trait]
impl Resource for LogSink {
    type Model = LogSinkModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn default_timeouts(&self) -> [Duration; 3] {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        [minutes(15), minutes(15), minutes(30)]
    }

    fn validate(&self, config: &LogSinkModel, diags: &mut Diagnostics) {
        tags::validate(&config.tags, &Path::root("tags"), diags);
        policy_statement::validate_all(
            &config.additional_policy_statements,
            plan::is_reserved,
            diags,
        );
    }

    async fn modify_plan(
        &self,
        ctx: &Ctx<Gabion>,
        plan: &mut Plan<LogSinkModel>,
        diags: &mut Diagnostics,
    ) {
        let result = match (plan.prior.clone(), &plan.planned) {
            (Some(prior), None) => {
                plan.private.set(private::DESTROY, &true);
                delete::plan(ctx, &prior, &plan.private, diags).await
            }
            _ => plan::change(ctx, plan, diags).await,
        };
        if let Err(errors) = result {
            diags.extend(errors);
        }
    }

    async fn create(
        &self,
        ctx: &Ctx<Gabion>,
        plan: LogSinkModel,
        state: &mut StateSlot<LogSinkModel>,
    ) -> Diagnostics {
        apply(ctx, None, plan, state)
            .await
            .err()
            .unwrap_or_default()
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        prior: LogSinkModel,
        plan: LogSinkModel,
        state: &mut StateSlot<LogSinkModel>,
    ) -> Diagnostics {
        apply(ctx, Some(&prior), plan, state)
            .await
            .err()
            .unwrap_or_default()
    }

    async fn read(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<LogSinkModel>) -> Diagnostics {
        refresh(ctx, state).await.err().unwrap_or_default()
    }

    async fn delete(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<LogSinkModel>) -> Diagnostics {
        delete::delete(ctx, state).await.err().unwrap_or_default()
    }

    async fn import(
        &self,
        ctx: &Ctx<Gabion>,
        id: &str,
        state: &mut StateSlot<LogSinkModel>,
    ) -> Diagnostics {
        import::import(ctx, id, state)
            .await
            .err()
            .unwrap_or_default()
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(import::identity_schema())
    }

    fn identity(&self, state: &LogSinkModel) -> Option<BTreeMap<String, Dynamic>> {
        import::identity(state)
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        import::import_id(identity)
    }
}

async fn refresh(
    ctx: &Ctx<Gabion>,
    state: &mut StateSlot<LogSinkModel>,
) -> Result<(), Diagnostics> {
    let Some(prior) = state.get().cloned() else {
        return Ok(());
    };
    let clients = location::read(ctx, &prior.place()).await?;
    let live = live::read(&clients, &prior).await?;
    if live.is_gone() {
        state.remove();
        return Ok(());
    }
    // A main bucket that vanished is drift while the other parts stand: they must not be orphaned.
    let imported = state.private.get::<bool>(private::IMPORT).is_some();
    state.private.remove(private::IMPORT);
    let mut model = observed(ctx, &clients, &prior, live)?;
    if imported {
        import::complete(&clients, &mut model);
    }
    state.set(model);
    Ok(())
}

/// What a read makes of the state: live values, and from before what AWS does not hold.
fn observed(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    prior: &LogSinkModel,
    live: Live,
) -> Result<LogSinkModel, Diagnostics> {
    let mut model = live.model;
    inert(prior, &mut model);
    for (value, before) in [
        (&mut model.policy, &prior.policy),
        (&mut model.access_log_policy, &prior.access_log_policy),
    ] {
        if live::same_policy(clients.partition(), value, before) {
            *value = before.clone();
        }
    }
    model.account_id = clients.account_id().into();
    model.region = clients.region().into();
    let defaults = &ctx.provider()?.default_tags;
    let tags = live.bucket_tags.unwrap_or_default();
    (model.tags, model.tags_all) = tags::read_after(&tags, &prior.tags, &prior.tags_all, defaults);
    Ok(model)
}

/// Settings that mean nothing while the feature they belong to is off keep the value they had.
fn inert(before: &LogSinkModel, model: &mut LogSinkModel) {
    fn keep<T: Clone>(value: &mut Value<T>, before: &Value<T>) {
        if before.is_known() {
            *value = before.clone();
        }
    }
    if model.object_lock_enabled.known() == Some(&false)
        && before.object_lock_enabled.known() == Some(&false)
    {
        keep(&mut model.object_lock_mode, &before.object_lock_mode);
        keep(&mut model.retention_in_days, &before.retention_in_days);
    }
    if before.access_logging.known() == Some(&false) && model.access_logging.known() == Some(&false)
    {
        keep(
            &mut model.access_log_block_public_acls,
            &before.access_log_block_public_acls,
        );
        keep(
            &mut model.access_log_ignore_public_acls,
            &before.access_log_ignore_public_acls,
        );
        keep(
            &mut model.access_log_block_public_policy,
            &before.access_log_block_public_policy,
        );
        keep(
            &mut model.access_log_restrict_public_buckets,
            &before.access_log_restrict_public_buckets,
        );
        keep(
            &mut model.access_log_object_ownership,
            &before.access_log_object_ownership,
        );
        keep(
            &mut model.access_log_versioning,
            &before.access_log_versioning,
        );
        keep(
            &mut model.access_log_sse_algorithm,
            &before.access_log_sse_algorithm,
        );
        keep(
            &mut model.access_log_expiration_in_days,
            &before.access_log_expiration_in_days,
        );
        keep(&mut model.access_log_policy, &before.access_log_policy);
    }
    if model.sse_algorithm.as_str() != Some("aws:kms") {
        // Two-layer encryption has no bucket keys, and SSE-S3 neither bucket key nor KMS key.
        keep(&mut model.bucket_key_enabled, &before.bucket_key_enabled);
    }
    if model.sse_algorithm.as_str() == Some("AES256") || model.id.is_null() {
        keep(&mut model.kms_key_id, &before.kms_key_id);
    }
}

async fn apply(
    ctx: &Ctx<Gabion>,
    prior: Option<&LogSinkModel>,
    mut plan: LogSinkModel,
    state: &mut StateSlot<LogSinkModel>,
) -> Result<(), Diagnostics> {
    let clients = location::write(ctx, &plan.place()).await?;
    plan::finish(&clients, prior, &mut plan)?;
    state.private.remove(private::REPLACING);
    state.private.remove(private::CONTINUES);
    let claims = match prior {
        Some(_) => Vec::new(),
        None => claims(ctx, &clients, &plan)?,
    };
    adopt::check(&clients, prior, &plan, false).await?;
    if prior.is_none() {
        state.private.set(private::UNFINISHED, &true);
    } else {
        // What somebody added between plan and apply must not be taken out unseen.
        let mut diags = Diagnostics::new();
        estate::policies(&clients, &state.private, None, &plan, &mut diags).await?;
        if diags.has_errors() {
            return Err(diags);
        }
    }
    let live = live::read(&clients, &plan).await?;
    let tags = tags::known(&plan.tags_all).unwrap_or_default();
    let mut converge = Converge {
        ctx,
        clients,
        plan,
        live,
        tags,
        stands: prior.is_some(),
    };
    let result = converge.run(state).await;
    if result.is_ok() {
        claims.into_iter().for_each(Claim::keep);
    }
    result
}

/// Takes all names, so that two resources of one configuration never share a part.
fn claims(
    ctx: &Ctx<Gabion>,
    clients: &Clients,
    plan: &LogSinkModel,
) -> Result<Vec<Claim>, Diagnostics> {
    let access = plan
        .access_log_bucket
        .as_str()
        .filter(|_| plan.access_logging.known() == Some(&true));
    [
        ("s3", "bucket", plan.bucket.as_str()),
        ("s3", "bucket", access),
        ("cloudtrail", "trail", plan.trail_name.as_str()),
        ("logs", "log group", plan.log_group_name.as_str()),
    ]
    .into_iter()
    .filter_map(|(service, what, name)| name.map(|name| (service, what, name)))
    .map(|(service, what, name)| {
        let key = format!(
            "{service} {} {} {name}",
            clients.account_id(),
            clients.region()
        );
        ctx.provider()?
            .claims
            .take(key, &format!("the {what} `{name}`"))
    })
    .collect()
}
