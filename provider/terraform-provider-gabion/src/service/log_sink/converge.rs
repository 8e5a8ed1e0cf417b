//! Makes AWS agree with the plan, one component at a time, for create and update alike.
//!
//! Every step compares with what is live and writes only where they differ, so that a create that was cut off, a
//! drifted sink and a plain change take the same way. The state is set after every step that changed something.

use gabion_aws::cloudtrail::{AdvancedSelector, TrailSettings};
use gabion_aws::logs::CreateLogGroup;
use gabion_aws::s3::{
    CreateBucket, Encryption, LifecycleRule, Logging, ObjectLock, PublicAccessBlock, Transition, Versioning,
};
use gabion_aws::{AwsError, Clients, Kind, Tags};
use gabion_framework::prelude::*;

use super::live::{Live, bucket_arn, same_policy};
use super::model::LogSinkModel;
use super::{TYPE, UNFINISHED, component_mark};
use crate::configured::Gabion;
use crate::shared::policy::Document;
use crate::shared::{creation, fault, live, tags};

/// Days after which an unfinished upload is dropped: it costs and holds no log.
const ABORT_MULTIPART_DAYS: i32 = 7;

/// The way from what is live to what is planned.
pub(super) struct Converge<'a> {
    pub(super) ctx: &'a Ctx<Gabion>,
    pub(super) clients: Clients,
    pub(super) plan: LogSinkModel,
    pub(super) live: Live,
    /// The tags that AWS shall show, without the creation tag.
    pub(super) tags: Tags,
}

type Step = Result<(), Diagnostics>;

fn at(attribute: &'static str) -> impl FnOnce(AwsError) -> Diagnostics {
    fault::while_setting(Path::root(attribute), format!("setting `{attribute}` of the log sink"))
}

/// A create that failed; a name that somebody else took meanwhile is told as such.
fn making(attribute: &'static str, what: &'static str, name: &str, sink: &str) -> impl FnOnce(AwsError) -> Diagnostics {
    let (name, sink) = (name.to_owned(), sink.to_owned());
    move |error| {
        if error.kind == Kind::AlreadyExists {
            return super::exists(attribute, what, &name, &sink);
        }
        fault::while_setting(Path::root(attribute), format!("creating the {what} `{name}`"))(error)
    }
}

impl Converge<'_> {
    /// Runs all steps. The state holds what stands at any moment.
    ///
    /// # Errors
    /// The first step that failed; what stood before it is in the state.
    pub(super) async fn run(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        self.main_bucket(state).await?;
        self.main_settings(state).await?;
        if self.plan.access_logging.known() == Some(&true) {
            self.access_bucket(state).await?;
        }
        self.logging(state).await?;
        self.bucket_policy(state).await?;
        self.log_group(state).await?;
        self.trail(state).await?;
        self.finish(state).await
    }

    /// Between steps: notes what stands, and stops where the user interrupted.
    fn stand(&self, state: &mut StateSlot<LogSinkModel>) -> Step {
        state.set(self.recorded());
        self.ctx.interrupted()
    }

    /// What stands: live values, with what AWS does not hold taken from the plan.
    fn recorded(&self) -> LogSinkModel {
        let plan = self.plan.clone();
        let live = self.live.model.clone();
        let either = |live: Value<String>, plan: Value<String>| if live.is_known() { live } else { known(plan) };
        LogSinkModel {
            bucket: plan.bucket,
            kms_key_id: either(live.kms_key_id.clone(), plan.kms_key_id),
            organization_id: known(plan.organization_id),
            account_id: self.clients.account_id().into(),
            region: self.clients.region().into(),
            access_log_bucket: plan.access_log_bucket,
            trail_name: plan.trail_name,
            log_group_name: plan.log_group_name,
            additional_policy_statements: plan.additional_policy_statements,
            acknowledge_removals: plan.acknowledge_removals,
            acknowledge_irreversible: plan.acknowledge_irreversible,
            deletion_protection: plan.deletion_protection,
            deletion_policy: plan.deletion_policy,
            tags: plan.tags,
            tags_all: plan.tags_all,
            exception: plan.exception,
            timeouts: plan.timeouts,
            ..live
        }
    }

    async fn main_bucket(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let bucket = text(&self.plan.bucket);
        if self.live.bucket_tags.is_none() {
            let tags = self.marked(creation::creating(TYPE, &bucket));
            self.clients
                .s3()
                .create_bucket(&CreateBucket {
                    name: bucket.clone(),
                    tags: tags.clone(),
                    object_lock: flag(&self.plan.object_lock_enabled),
                    ownership: self.plan.object_ownership.as_str().map(str::to_owned),
                })
                .await
                .map_err(making("bucket", "bucket", &bucket, &bucket))?;
            self.live.bucket_tags = Some(tags);
            self.live.model.object_lock_enabled = self.plan.object_lock_enabled.clone();
            self.live.model.object_ownership = self.plan.object_ownership.clone();
            self.live.model.id = bucket.as_str().into();
            self.live.model.arn = bucket_arn(&self.clients, &bucket).into();
        }
        self.stand(state)
    }

    async fn main_settings(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let s3 = self.clients.s3();
        let bucket = text(&self.plan.bucket);
        let (plan, live) = (&self.plan, &mut self.live.model);
        if block(plan) != block(live) {
            s3.put_public_access_block(&bucket, &block(plan)).await.map_err(at("block_public_acls"))?;
            set_block(live, plan);
        }
        if plan.object_ownership != live.object_ownership {
            s3.put_ownership(&bucket, &text(&plan.object_ownership)).await.map_err(at("object_ownership"))?;
            live.object_ownership = plan.object_ownership.clone();
        }
        if plan.versioning != live.versioning {
            s3.put_versioning(&bucket, versioning(&plan.versioning)).await.map_err(at("versioning"))?;
            live.versioning = plan.versioning.clone();
        }
        state.set(self.recorded());
        self.ctx.interrupted()?;
        self.encryption_and_lock(&bucket).await?;
        self.lifecycle(&bucket).await?;
        self.stand(state)
    }

    async fn encryption_and_lock(&mut self, bucket: &str) -> Step {
        let s3 = self.clients.s3();
        let (plan, live) = (&self.plan, &mut self.live.model);
        let managed = plan.sse_algorithm.as_str() != Some("AES256");
        if plan.sse_algorithm != live.sse_algorithm
            || plan.bucket_key_enabled != live.bucket_key_enabled
            || (managed && plan.kms_key_id != live.kms_key_id)
        {
            let encryption = Encryption {
                algorithm: text(&plan.sse_algorithm),
                kms_key_id: managed.then(|| text(&plan.kms_key_id)),
                bucket_key: flag(&plan.bucket_key_enabled),
            };
            s3.put_encryption(bucket, &encryption).await.map_err(at("sse_algorithm"))?;
            live.sse_algorithm = plan.sse_algorithm.clone();
            live.bucket_key_enabled = plan.bucket_key_enabled.clone();
            live.kms_key_id = plan.kms_key_id.clone();
        }
        if flag(&plan.object_lock_enabled)
            && (plan.object_lock_mode != live.object_lock_mode || plan.retention_in_days != live.retention_in_days)
        {
            let lock = ObjectLock {
                enabled: true,
                mode: plan.object_lock_mode.as_str().map(str::to_owned),
                days: plan.retention_in_days.known().and_then(|days| i32::try_from(*days).ok()),
                years: None,
            };
            s3.put_object_lock(bucket, &lock).await.map_err(at("object_lock_mode"))?;
            live.object_lock_mode = plan.object_lock_mode.clone();
            live.retention_in_days = plan.retention_in_days.clone();
        }
        Ok(())
    }

    async fn lifecycle(&mut self, bucket: &str) -> Step {
        let (plan, live) = (&self.plan, &mut self.live.model);
        let moved = plan.transition_in_days.known() != Some(&0)
            && plan.transition_storage_class != live.transition_storage_class;
        if plan.transition_in_days != live.transition_in_days || plan.expiration_in_days != live.expiration_in_days || moved {
            let transition = days(&plan.transition_in_days)
                .map(|days| Transition { days, storage_class: text(&plan.transition_storage_class) });
            let rule = LifecycleRule {
                id: "gabion-log-sink".to_owned(),
                enabled: true,
                transitions: transition.clone().into_iter().collect(),
                noncurrent_transitions: transition.into_iter().collect(),
                expiration_days: days(&plan.expiration_in_days),
                noncurrent_expiration_days: days(&plan.expiration_in_days),
                abort_multipart_days: Some(ABORT_MULTIPART_DAYS),
                ..LifecycleRule::default()
            };
            self.clients.s3().put_lifecycle(bucket, &[rule]).await.map_err(at("transition_in_days"))?;
            live.transition_in_days = plan.transition_in_days.clone();
            live.transition_storage_class = plan.transition_storage_class.clone();
            live.expiration_in_days = plan.expiration_in_days.clone();
        }
        Ok(())
    }

    async fn access_bucket(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let s3 = self.clients.s3();
        let bucket = text(&self.plan.access_log_bucket);
        let sink = text(&self.plan.bucket);
        if self.live.access_tags.is_none() {
            let tags = self.marked(component_mark(&sink));
            s3.create_bucket(&CreateBucket {
                name: bucket.clone(),
                tags: tags.clone(),
                object_lock: false,
                ownership: Some("BucketOwnerEnforced".to_owned()),
            })
            .await
            .map_err(making("access_log_bucket", "bucket", &bucket, &sink))?;
            self.live.access_tags = Some(tags);
            self.live.model.access_log_object_ownership = "BucketOwnerEnforced".into();
            self.live.model.access_log_bucket_arn = bucket_arn(&self.clients, &bucket).into();
            self.stand(state)?;
        }
        // Settings of the pair are one attribute each: what main_settings wrote is written here too.
        let present = s3.public_access_block(&bucket).await.map_err(at("access_log_bucket"))?;
        if present.as_ref() != Some(&block(&self.plan)) {
            s3.put_public_access_block(&bucket, &block(&self.plan)).await.map_err(at("block_public_acls"))?;
        }
        let (plan, live) = (&self.plan, &mut self.live.model);
        if plan.access_log_object_ownership != live.access_log_object_ownership {
            let ownership = text(&plan.access_log_object_ownership);
            s3.put_ownership(&bucket, &ownership).await.map_err(at("access_log_object_ownership"))?;
            live.access_log_object_ownership = plan.access_log_object_ownership.clone();
        }
        if plan.access_log_versioning != live.access_log_versioning {
            let wanted = versioning(&plan.access_log_versioning);
            s3.put_versioning(&bucket, wanted).await.map_err(at("access_log_versioning"))?;
            live.access_log_versioning = plan.access_log_versioning.clone();
        }
        if plan.access_log_sse_algorithm != live.access_log_sse_algorithm {
            let encryption =
                Encryption { algorithm: text(&plan.access_log_sse_algorithm), kms_key_id: None, bucket_key: false };
            s3.put_encryption(&bucket, &encryption).await.map_err(at("access_log_sse_algorithm"))?;
            live.access_log_sse_algorithm = plan.access_log_sse_algorithm.clone();
        }
        if plan.access_log_expiration_in_days != live.access_log_expiration_in_days {
            let rule = LifecycleRule {
                id: "gabion-access-logs".to_owned(),
                enabled: true,
                expiration_days: days(&plan.access_log_expiration_in_days),
                noncurrent_expiration_days: days(&plan.access_log_expiration_in_days),
                abort_multipart_days: Some(ABORT_MULTIPART_DAYS),
                ..LifecycleRule::default()
            };
            s3.put_lifecycle(&bucket, &[rule]).await.map_err(at("access_log_expiration_in_days"))?;
            live.access_log_expiration_in_days = plan.access_log_expiration_in_days.clone();
        }
        if !same_policy(&self.clients, &plan.access_log_policy, &live.access_log_policy) {
            s3.put_policy(&bucket, &text(&plan.access_log_policy)).await.map_err(at("access_log_policy"))?;
            live.access_log_policy = plan.access_log_policy.clone();
        }
        self.stand(state)
    }

    async fn logging(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let bucket = text(&self.plan.bucket);
        let (plan, live) = (&self.plan, &mut self.live.model);
        if plan.access_logging != live.access_logging || plan.access_log_prefix != live.access_log_prefix {
            let logging = flag(&plan.access_logging).then(|| Logging {
                target_bucket: text(&plan.access_log_bucket),
                target_prefix: text(&plan.access_log_prefix),
            });
            self.clients.s3().put_logging(&bucket, logging.as_ref()).await.map_err(at("access_logging"))?;
            live.access_logging = plan.access_logging.clone();
            live.access_log_prefix = plan.access_log_prefix.clone();
        }
        self.stand(state)
    }

    async fn bucket_policy(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let bucket = text(&self.plan.bucket);
        let (plan, live) = (&self.plan, &mut self.live.model);
        if !same_policy(&self.clients, &plan.policy, &live.policy) {
            self.clients.s3().put_policy(&bucket, &text(&plan.policy)).await.map_err(at("policy"))?;
            live.policy = plan.policy.clone();
        }
        if let Some(written) = self.plan.policy.as_str().and_then(|text| Document::parse(text, self.clients.partition()).ok()) {
            live::remember(&mut state.private, &written);
        }
        self.stand(state)
    }

    async fn log_group(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let logs = self.clients.logs();
        let name = text(&self.plan.log_group_name);
        let key = text(&self.plan.kms_key_id);
        let sink = text(&self.plan.bucket);
        if self.live.group_tags.is_none() {
            let tags = self.marked(component_mark(&sink));
            let group = CreateLogGroup {
                name: name.clone(),
                kms_key_arn: Some(key.clone()),
                tags: tags.clone(),
                deletion_protection: false,
            };
            logs.create_log_group(&group)
                .await
                .map_err(making("log_group_name", "log group", &name, &sink))?;
            self.live.group_tags = Some(tags);
            self.live.model.log_group_arn = self.clients.arn("logs", &format!("log-group:{name}")).into();
            self.live.model.log_group_kms_key_id = key.as_str().into();
            self.stand(state)?;
        }
        let (plan, live) = (&self.plan, &mut self.live.model);
        if live.log_group_kms_key_id.as_str() != Some(&key) {
            logs.associate_key(&name, &key).await.map_err(at("log_group_kms_key_id"))?;
            live.log_group_kms_key_id = key.as_str().into();
        }
        if plan.log_group_retention_in_days != live.log_group_retention_in_days {
            match days(&plan.log_group_retention_in_days) {
                Some(days) => logs.put_retention(&name, days).await,
                None => logs.delete_retention(&name).await,
            }
            .map_err(at("log_group_retention_in_days"))?;
            live.log_group_retention_in_days = plan.log_group_retention_in_days.clone();
        }
        self.stand(state)
    }

    async fn trail(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let cloudtrail = self.clients.cloudtrail();
        let name = text(&self.plan.trail_name);
        let settings = self.trail_settings();
        let sink = text(&self.plan.bucket);
        if self.live.trail_tags.is_none() {
            let tags = self.marked(component_mark(&sink));
            let trail = cloudtrail
                .create_trail(&settings, &tags)
                .await
                .map_err(making("trail_name", "trail", &name, &sink))?;
            self.live.trail_tags = Some(tags);
            self.live.model.trail_arn = trail.arn.into();
            self.set_trail();
            // A new trail records nothing before StartLogging, and its selectors are AWS's own defaults.
            self.live.model.enable_logging = false.into();
            self.live.model.include_management_events = Value::Null;
            self.stand(state)?;
        } else if self.trail_differs() {
            cloudtrail.update_trail(&settings).await.map_err(at("trail_name"))?;
            self.set_trail();
            self.stand(state)?;
        }
        let (plan, live) = (&self.plan, &mut self.live.model);
        if plan.include_management_events != live.include_management_events
            || plan.include_s3_write_events != live.include_s3_write_events
        {
            let mut selectors = Vec::new();
            if flag(&plan.include_management_events) {
                selectors.push(AdvancedSelector::management_events());
            }
            if flag(&plan.include_s3_write_events) {
                let own = [bucket_arn(&self.clients, &text(&plan.bucket)), bucket_arn(&self.clients, &text(&plan.access_log_bucket))];
                selectors.push(AdvancedSelector::s3_write_events_except(&own));
            }
            cloudtrail.put_event_selectors(&name, &selectors).await.map_err(at("include_s3_write_events"))?;
            live.include_management_events = plan.include_management_events.clone();
            live.include_s3_write_events = plan.include_s3_write_events.clone();
        }
        if plan.enable_logging != live.enable_logging {
            if flag(&plan.enable_logging) {
                cloudtrail.start_logging(&name).await
            } else {
                cloudtrail.stop_logging(&name).await
            }
            .map_err(at("enable_logging"))?;
            live.enable_logging = plan.enable_logging.clone();
        }
        self.stand(state)
    }

    fn trail_settings(&self) -> TrailSettings {
        let plan = &self.plan;
        TrailSettings {
            name: text(&plan.trail_name),
            bucket: text(&plan.bucket),
            prefix: None,
            kms_key_id: Some(text(&plan.kms_key_id)),
            multi_region: flag(&plan.is_multi_region_trail),
            organization: flag(&plan.is_organization_trail),
            log_file_validation: flag(&plan.enable_log_file_validation),
            include_global_service_events: true,
            log_group_arn: None,
            log_group_role_arn: None,
        }
    }

    fn trail_differs(&self) -> bool {
        let (plan, live) = (&self.plan, &self.live.model);
        plan.is_multi_region_trail != live.is_multi_region_trail
            || plan.is_organization_trail != live.is_organization_trail
            || plan.enable_log_file_validation != live.enable_log_file_validation
            || plan.kms_key_id != live.trail_kms_key_id
            || plan.bucket != live.trail_bucket
    }

    fn set_trail(&mut self) {
        let (plan, live) = (&self.plan, &mut self.live.model);
        live.is_multi_region_trail = plan.is_multi_region_trail.clone();
        live.is_organization_trail = plan.is_organization_trail.clone();
        live.enable_log_file_validation = plan.enable_log_file_validation.clone();
        live.trail_kms_key_id = plan.kms_key_id.clone();
        live.trail_bucket = plan.bucket.clone();
    }

    /// The sink's tags and a creation tag.
    fn marked(&self, mark: (String, String)) -> Tags {
        self.tags.clone().into_iter().chain([mark]).collect()
    }

    /// Tags last, the main bucket's at the very end: until then the sink counts as unfinished.
    async fn finish(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        if let Some(live) = self.live.group_tags.clone() {
            let (set, unset) = tags::changes(&live, &self.tags);
            let (arn, logs) = (text(&self.live.model.log_group_arn), self.clients.logs());
            if !set.is_empty() {
                logs.tag(&arn, &set).await.map_err(at("tags"))?;
            }
            if !unset.is_empty() {
                logs.untag(&arn, &unset).await.map_err(at("tags"))?;
            }
        }
        if let Some(live) = self.live.trail_tags.clone() {
            let (set, unset) = tags::changes(&live, &self.tags);
            let (arn, cloudtrail) = (text(&self.live.model.trail_arn), self.clients.cloudtrail());
            if !set.is_empty() {
                cloudtrail.add_tags(&arn, &set).await.map_err(at("tags"))?;
            }
            if !unset.is_empty() {
                cloudtrail.remove_tags(&arn, &unset).await.map_err(at("tags"))?;
            }
        }
        let s3 = self.clients.s3();
        let bucket = text(&self.plan.bucket);
        let component = self.marked(component_mark(&bucket));
        if self.live.access_tags.as_ref().is_some_and(|live| *live != component) {
            s3.put_tags(&text(&self.plan.access_log_bucket), &component).await.map_err(at("tags"))?;
        }
        let finished = self.marked(creation::created(TYPE));
        if self.live.bucket_tags.as_ref() != Some(&finished) {
            s3.put_tags(&bucket, &finished).await.map_err(at("tags"))?;
        }
        state.private.remove(UNFINISHED);
        state.set(self.recorded());
        Ok(())
    }
}

fn block(model: &LogSinkModel) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: flag(&model.block_public_acls),
        ignore_public_acls: flag(&model.ignore_public_acls),
        block_public_policy: flag(&model.block_public_policy),
        restrict_public_buckets: flag(&model.restrict_public_buckets),
    }
}

fn set_block(model: &mut LogSinkModel, from: &LogSinkModel) {
    model.block_public_acls = from.block_public_acls.clone();
    model.ignore_public_acls = from.ignore_public_acls.clone();
    model.block_public_policy = from.block_public_policy.clone();
    model.restrict_public_buckets = from.restrict_public_buckets.clone();
}

fn versioning(value: &Value<String>) -> Versioning {
    if value.as_str() == Some("Suspended") { Versioning::Suspended } else { Versioning::Enabled }
}

/// Days for AWS; 0 says never.
fn days(value: &Value<i64>) -> Option<i32> {
    value.known().filter(|days| **days > 0).and_then(|days| i32::try_from(*days).ok())
}

fn text(value: &Value<String>) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn flag(value: &Value<bool>) -> bool {
    value.known() == Some(&true)
}

fn known(value: Value<String>) -> Value<String> {
    if value.is_unknown() { Value::Null } else { value }
}
