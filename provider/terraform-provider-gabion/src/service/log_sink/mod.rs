//! `gabion_log_sink`: a locked bucket for logs, a bucket for its access logs, a trail and a log group.
//!
//! What belongs here is the sink as Terraform sees it. How a policy is compared, a tag merged or an exception
//! checked is shared with the other composites.

mod bucket_policy;
mod converge;
mod delete;
mod live;
mod model;
mod plan;
mod schema;
mod weaker;

use std::time::Duration;

use gabion_aws::s3::BucketPresence;
use gabion_aws::{AwsError, Clients, Tags};
use gabion_framework::prelude::*;

use self::converge::Converge;
use self::live::Live;
use self::model::LogSinkModel;
use crate::configured::Gabion;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, location, tags};

/// The resource type.
const TYPE: &str = "gabion_log_sink";

/// Private mark of a create that has not come to its end.
const UNFINISHED: &str = "unfinished";

/// Private mark of a planned destroy, which a replacement does not carry.
const DESTROY: &str = "destroy";

/// The resource.
#[derive(Debug, Default)]
pub struct LogSink;

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

    async fn modify_plan(&self, ctx: &Ctx<Gabion>, plan: &mut Plan<LogSinkModel>, diags: &mut Diagnostics) {
        let unfinished = plan.private.get::<bool>(UNFINISHED).is_some();
        let result = match (plan.prior.clone(), &plan.planned) {
            (Some(prior), None) => {
                plan.private.set(DESTROY, &true);
                plan::destroy(ctx, &prior, unfinished, diags).await
            }
            _ => plan::change(ctx, plan, diags).await,
        };
        if let Err(errors) = result {
            diags.extend(errors);
        }
    }

    async fn create(&self, ctx: &Ctx<Gabion>, plan: LogSinkModel, state: &mut StateSlot<LogSinkModel>) -> Diagnostics {
        apply(ctx, plan, state, true).await.err().unwrap_or_default()
    }

    async fn update(
        &self,
        ctx: &Ctx<Gabion>,
        _prior: LogSinkModel,
        plan: LogSinkModel,
        state: &mut StateSlot<LogSinkModel>,
    ) -> Diagnostics {
        apply(ctx, plan, state, false).await.err().unwrap_or_default()
    }

    async fn read(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<LogSinkModel>) -> Diagnostics {
        let Some(prior) = state.get().cloned() else { return Diagnostics::default() };
        let clients = match location::read(ctx, &plan::place_of(&prior)).await {
            Ok(clients) => clients,
            Err(errors) => return errors,
        };
        let bucket = prior.bucket.as_str().unwrap_or_default();
        match live::read(&clients, &prior).await.map_err(fault::while_doing(format!("reading the log sink `{bucket}`"))) {
            Ok(live) if live.bucket_tags.is_none() => state.remove(),
            Ok(live) => state.set(observed(ctx, &clients, &prior, live)),
            Err(errors) => return errors,
        }
        Diagnostics::new()
    }

    async fn delete(&self, ctx: &Ctx<Gabion>, state: &mut StateSlot<LogSinkModel>) -> Diagnostics {
        delete::delete(ctx, state).await.err().unwrap_or_default()
    }

    async fn import(&self, ctx: &Ctx<Gabion>, id: &str, state: &mut StateSlot<LogSinkModel>) -> Diagnostics {
        let mut diags = Diagnostics::new();
        let mut model = LogSinkModel { bucket: id.into(), ..LogSinkModel::default() };
        let clients = match location::read(ctx, &plan::place_of(&model)).await {
            Ok(clients) => clients,
            Err(errors) => return errors,
        };
        match clients.s3().look_up(id).await.map_err(fault::while_doing(format!("looking for the bucket `{id}`"))) {
            Ok(BucketPresence::Owned { region }) if region == clients.region() => {}
            Ok(BucketPresence::Owned { region }) => {
                diags.error(
                    "The bucket is in another region",
                    format!(
                        "`{id}` is in {region}, and the provider works in {}: import it through a provider alias of that \
                         region.",
                        clients.region()
                    ),
                );
                return diags;
            }
            Ok(_) => {
                diags.error(
                    "There is nothing to import",
                    format!(
                        "Account {} has no bucket `{id}`. The import id of a log sink is the name of its main bucket.",
                        clients.account_id()
                    ),
                );
                return diags;
            }
            Err(errors) => return errors,
        }
        let logging = clients.s3().logging(id).await.ok().flatten();
        model.account_id = clients.account_id().into();
        model.region = clients.region().into();
        model.access_log_bucket =
            logging.as_ref().map_or_else(|| format!("{id}-access-logs"), |logging| logging.target_bucket.clone()).into();
        model.access_log_prefix = logging.map_or_else(|| "s3/".to_owned(), |logging| logging.target_prefix).into();
        model.trail_name = id.into();
        model.log_group_name = format!("/gabion/{id}").into();
        model.deletion_protection = true.into();
        model.deletion_policy = "delete".into();
        state.set(model);
        diags
    }
}

/// What a read makes of the state: live values, and from before what AWS does not hold.
fn observed(ctx: &Ctx<Gabion>, clients: &Clients, prior: &LogSinkModel, live: Live) -> LogSinkModel {
    let mut model = live.model;
    inert(prior, &mut model);
    for (value, before) in
        [(&mut model.policy, &prior.policy), (&mut model.access_log_policy, &prior.access_log_policy)]
    {
        if live::same_policy(clients, value, before) {
            *value = before.clone();
        }
    }
    model.account_id = clients.account_id().into();
    model.region = clients.region().into();
    if model.organization_id.is_null() {
        model.organization_id = bound_to(clients, &model.policy);
    }
    let defaults = ctx.provider.as_ref().map_or(&Value::Null, |gabion| &gabion.default_tags);
    (model.tags, model.tags_all) = tags::read(&live.bucket_tags.unwrap_or_default(), &prior.tags, defaults);
    model
}

/// The organization that an imported bucket's policy is bound to.
fn bound_to(clients: &Clients, policy: &Value<String>) -> Value<String> {
    let document = policy.as_str().and_then(|text| Document::parse(text, clients.partition()).ok());
    document
        .as_ref()
        .and_then(|document| document.by_sid("DenyOutsiders"))
        .and_then(|statement| statement.conditions.get("StringNotEquals")?.get("aws:PrincipalOrgID")?.first().cloned())
        .map_or_else(|| "none".into(), Value::Known)
}

/// Settings that mean nothing while the feature they belong to is off keep the value they had.
fn inert(before: &LogSinkModel, model: &mut LogSinkModel) {
    let keep = |value: &mut Value<i64>, before: &Value<i64>| {
        if value.is_null() {
            *value = before.clone();
        }
    };
    let keep_text = |value: &mut Value<String>, before: &Value<String>| {
        if value.is_null() {
            *value = before.clone();
        }
    };
    if model.object_lock_enabled.known() == Some(&false) {
        keep_text(&mut model.object_lock_mode, &before.object_lock_mode);
        keep(&mut model.retention_in_days, &before.retention_in_days);
    }
    if before.access_logging.known() == Some(&false) {
        keep_text(&mut model.access_log_object_ownership, &before.access_log_object_ownership);
        keep_text(&mut model.access_log_versioning, &before.access_log_versioning);
        keep_text(&mut model.access_log_sse_algorithm, &before.access_log_sse_algorithm);
        keep(&mut model.access_log_expiration_in_days, &before.access_log_expiration_in_days);
    }
    if model.sse_algorithm.as_str() == Some("AES256") {
        keep_text(&mut model.kms_key_id, &before.kms_key_id);
    }
}

async fn apply(
    ctx: &Ctx<Gabion>,
    mut plan: LogSinkModel,
    state: &mut StateSlot<LogSinkModel>,
    creating: bool,
) -> Result<(), Diagnostics> {
    let clients = location::write(ctx, &plan::place_of(&plan)).await?;
    plan::finish(&clients, &mut plan).await?;
    let sink = plan.bucket.as_str().unwrap_or_default().to_owned();
    let held = held_buckets(&plan);
    let mut claims = Vec::new();
    if creating {
        for (attribute, name) in &held {
            let key = format!("s3 {} {name}", clients.account_id());
            claims.push(ctx.provider()?.claims.take(key, &format!("the bucket `{name}`"))?);
            adoptable_bucket(&clients, attribute, name, &sink).await?;
        }
    }
    let live = live::read(&clients, &plan)
        .await
        .map_err(fault::while_doing(format!("reading the log sink `{sink}`")))?;
    if creating {
        adoptable_rest(&live, &plan)?;
        state.private.set(UNFINISHED, &true);
    } else {
        // What somebody added between plan and apply must not be taken out unseen.
        let mut diags = Diagnostics::new();
        plan::removals(&clients, &state.private, &plan, &mut diags).await?;
        if diags.has_errors() {
            return Err(diags);
        }
    }
    let tags = tags::known(&plan.tags_all).unwrap_or_default();
    let result = Converge { ctx, clients, plan, live, tags }.run(state).await;
    if result.is_ok() {
        claims.into_iter().for_each(crate::shared::claim::Claim::keep);
    }
    result
}

/// The buckets of a sink: the attribute that names each, and its name.
fn held_buckets(model: &LogSinkModel) -> Vec<(&'static str, String)> {
    let mut names = vec![("bucket", &model.bucket)];
    if model.access_logging.known() == Some(&true) {
        names.push(("access_log_bucket", &model.access_log_bucket));
    }
    names.into_iter().filter_map(|(attribute, name)| name.as_str().map(|name| (attribute, name.to_owned()))).collect()
}

/// The creation tag of a component: it stays, and counts only while the main bucket is being made.
fn component_mark(sink: &str) -> (String, String) {
    (creation::TAG.to_owned(), format!("part of {TYPE} {sink}"))
}

/// Whether a bucket of this name may be made or continued: it is absent, or its creation tag says that this sink
/// was being made.
async fn adoptable_bucket(clients: &Clients, attribute: &'static str, name: &str, sink: &str) -> Result<(), Diagnostics> {
    let path = || Path::root(attribute);
    let doing = || fault::while_setting(path(), format!("looking at the bucket `{name}`"));
    let taken = |why: String| Err(fault::error_at(path(), "The bucket name is taken", why));
    match clients.s3().look_up(name).await.map_err(doing())? {
        BucketPresence::Absent => Ok(()),
        BucketPresence::OwnedByAnother { .. } => taken(format!(
            "Bucket `{name}` belongs to another account, and bucket names are shared by everybody. Choose another name."
        )),
        BucketPresence::Owned { region } if region != clients.region() => {
            taken(format!("This account has a bucket `{name}` in {region}. Choose another name, or work in that region."))
        }
        BucketPresence::Owned { .. } => {
            let tags = clients.s3().tags(name).await.map_err(doing())?;
            let ours = if name == sink {
                creation::is_creating(&tags, TYPE, sink)
            } else {
                part_of(&tags, sink) && unfinished_main(clients, sink).await.map_err(doing())?
            };
            if ours { Ok(()) } else { Err(exists(attribute, "bucket", name, sink)) }
        }
    }
}

fn part_of(tags: &Tags, sink: &str) -> bool {
    tags.get(creation::TAG) == Some(&component_mark(sink).1)
}

async fn unfinished_main(clients: &Clients, sink: &str) -> Result<bool, AwsError> {
    Ok(match clients.s3().look_up(sink).await? {
        BucketPresence::Owned { .. } => creation::is_creating(&clients.s3().tags(sink).await?, TYPE, sink),
        _ => false,
    })
}

/// Something of that name is there, and this sink did not make it.
fn exists(attribute: &'static str, what: &str, name: &str, sink: &str) -> Diagnostics {
    fault::error_at(
        Path::root(attribute),
        format!("The {what} exists already"),
        format!(
            "The {what} `{name}` was not made by this resource. To take over a whole sink, run `terraform import \
             <address> {sink}`; to leave it alone, choose another name with `{attribute}`."
        ),
    )
}

fn adoptable_rest(live: &Live, plan: &LogSinkModel) -> Result<(), Diagnostics> {
    let sink = plan.bucket.as_str().unwrap_or_default();
    let unfinished = live.bucket_tags.as_ref().is_some_and(|tags| creation::is_creating(tags, TYPE, sink));
    // A trail that writes to a bucket which is still being made is part of the same create.
    let same_bucket = live.model.trail_bucket.as_str() == Some(sink);
    let mut diags = Diagnostics::new();
    for (attribute, what, name, tags) in [
        ("trail_name", "trail", &plan.trail_name, &live.trail_tags),
        ("log_group_name", "log group", &plan.log_group_name, &live.group_tags),
    ] {
        let Some(tags) = tags else { continue };
        let ours = unfinished && (part_of(tags, sink) || (what == "trail" && same_bucket));
        if !ours {
            diags.extend(exists(attribute, what, name.as_str().unwrap_or_default(), sink));
        }
    }
    if diags.has_errors() { Err(diags) } else { Ok(()) }
}
