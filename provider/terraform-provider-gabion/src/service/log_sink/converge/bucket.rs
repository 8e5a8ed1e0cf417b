//! The main bucket and its settings.

use gabion_aws::s3::{
    CreateBucket, Encryption, Logging, ObjectLock, PublicAccessBlock, Versioning,
};
use gabion_framework::prelude::*;

use super::super::live::{bucket_arn, same_policy};
use super::super::model::LogSinkModel;
use super::super::{TYPE, estate, lifecycle};
use super::{Converge, Step, at, flag, text};
use crate::shared::policy::Document;
use crate::shared::{creation, live};

impl Converge<'_> {
    pub(super) async fn main_bucket(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        if self.live.bucket_tags.is_some() {
            return self.stand(state);
        }
        let bucket = text(&self.plan.bucket);
        let tags = self.marked(creation::creating(TYPE, &bucket));
        let create = CreateBucket {
            name: bucket.clone(),
            tags: tags.clone(),
            object_lock: flag(&self.plan.object_lock_enabled),
            ownership: self.plan.object_ownership.as_str().map(str::to_owned),
        };
        self.clients
            .s3()
            .create_bucket(&create)
            .await
            .map_err(self.making("bucket", "bucket", &bucket))?;
        self.live.bucket_tags = Some(tags);
        let (plan, live) = (&self.plan, &mut self.live.model);
        live.id = bucket.as_str().into();
        live.arn = bucket_arn(&self.clients, &bucket).into();
        live.object_lock_enabled = plan.object_lock_enabled;
        live.object_ownership = plan.object_ownership.clone();
        self.stand(state)
    }

    pub(super) async fn main_settings(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let s3 = self.clients.s3();
        let bucket = text(&self.plan.bucket);
        let (plan, live) = (&self.plan, &mut self.live.model);
        if block(plan) != block(live) {
            s3.put_public_access_block(&bucket, &block(plan))
                .await
                .map_err(at("block_public_acls"))?;
            live.block_public_acls = plan.block_public_acls;
            live.ignore_public_acls = plan.ignore_public_acls;
            live.block_public_policy = plan.block_public_policy;
            live.restrict_public_buckets = plan.restrict_public_buckets;
        }
        if plan.object_ownership != live.object_ownership {
            s3.put_ownership(&bucket, &text(&plan.object_ownership))
                .await
                .map_err(at("object_ownership"))?;
            live.object_ownership = plan.object_ownership.clone();
        }
        if plan.versioning != live.versioning {
            s3.put_versioning(&bucket, versioning(&plan.versioning))
                .await
                .map_err(at("versioning"))?;
            live.versioning = plan.versioning.clone();
        }
        self.stand(state)?;
        self.encryption(&bucket).await?;
        self.lock(&bucket).await?;
        self.lifecycle(&bucket).await?;
        self.stand(state)
    }

    async fn encryption(&mut self, bucket: &str) -> Step {
        let s3 = self.clients.s3();
        let (plan, live) = (&self.plan, &mut self.live.model);
        let managed = plan.sse_algorithm.as_str() != Some("AES256");
        // Two-layer encryption has no bucket keys, and SSE-S3 needs none.
        let bucket_key = plan.sse_algorithm.as_str() == Some("aws:kms");
        if plan.sse_algorithm == live.sse_algorithm
            && (!bucket_key || plan.bucket_key_enabled == live.bucket_key_enabled)
            && (!managed || plan.kms_key_id == live.kms_key_id)
        {
            return Ok(());
        }
        // A put replaces it all: what it forbids besides stays.
        let before = s3
            .encryption(bucket)
            .await
            .map_err(at("sse_algorithm"))?
            .unwrap_or_default();
        let encryption = Encryption {
            algorithm: text(&plan.sse_algorithm),
            kms_key_id: managed.then(|| text(&plan.kms_key_id)),
            bucket_key: bucket_key && flag(&plan.bucket_key_enabled),
            blocked_types: before.blocked_types,
        };
        s3.put_encryption(bucket, &encryption)
            .await
            .map_err(at("sse_algorithm"))?;
        live.sse_algorithm = plan.sse_algorithm.clone();
        live.bucket_key_enabled = plan.bucket_key_enabled;
        live.kms_key_id = plan.kms_key_id.clone();
        Ok(())
    }

    async fn lock(&mut self, bucket: &str) -> Step {
        let (plan, live) = (&self.plan, &mut self.live.model);
        let same = plan.object_lock_enabled == live.object_lock_enabled
            && plan.object_lock_mode == live.object_lock_mode
            && plan.retention_in_days == live.retention_in_days;
        if !flag(&plan.object_lock_enabled) || same {
            return Ok(());
        }
        let lock = ObjectLock {
            enabled: true,
            mode: plan.object_lock_mode.as_str().map(str::to_owned),
            days: plan
                .retention_in_days
                .known()
                .and_then(|days| i32::try_from(*days).ok()),
            years: None,
        };
        self.clients
            .s3()
            .put_object_lock(bucket, &lock)
            .await
            .map_err(at("object_lock_mode"))?;
        live.object_lock_enabled = plan.object_lock_enabled;
        live.object_lock_mode = plan.object_lock_mode.clone();
        live.retention_in_days = plan.retention_in_days;
        Ok(())
    }

    async fn lifecycle(&mut self, bucket: &str) -> Step {
        let s3 = self.clients.s3();
        let (plan, live) = (&self.plan, &mut self.live.model);
        let never = plan.transition_in_days.known() == Some(&0);
        if plan.transition_in_days == live.transition_in_days
            && plan.expiration_in_days == live.expiration_in_days
            && (never || plan.transition_storage_class == live.transition_storage_class)
        {
            return Ok(());
        }
        let before = s3
            .lifecycle(bucket)
            .await
            .map_err(at("transition_in_days"))?
            .unwrap_or_default();
        let rules = lifecycle::beside(&before, lifecycle::main_rule(plan), estate::let_go(plan))
            .map_err(|lost| {
                estate::named(
                    "transition_in_days",
                    "lifecycle rules",
                    &format!("the bucket `{bucket}`"),
                    &lost,
                )
            })?;
        s3.put_lifecycle(bucket, &rules)
            .await
            .map_err(at("transition_in_days"))?;
        live.transition_in_days = plan.transition_in_days;
        live.transition_storage_class = plan.transition_storage_class.clone();
        live.expiration_in_days = plan.expiration_in_days;
        Ok(())
    }

    pub(super) async fn logging(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let bucket = text(&self.plan.bucket);
        let (plan, live) = (&self.plan, &mut self.live.model);
        let on = flag(&plan.access_logging);
        if on != flag(&live.access_logging)
            || (on && plan.access_log_prefix != live.access_log_prefix)
        {
            let logging = on.then(|| Logging {
                target_bucket: text(&plan.access_log_bucket),
                target_prefix: text(&plan.access_log_prefix),
            });
            self.clients
                .s3()
                .put_logging(&bucket, logging.as_ref())
                .await
                .map_err(at("access_logging"))?;
            live.access_logging = plan.access_logging;
            live.access_log_prefix = plan.access_log_prefix.clone();
        }
        self.stand(state)
    }

    pub(super) async fn bucket_policy(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let bucket = text(&self.plan.bucket);
        let (plan, live) = (&self.plan, &mut self.live.model);
        if !same_policy(self.clients.partition(), &plan.policy, &live.policy) {
            self.clients
                .s3()
                .put_policy(&bucket, &text(&plan.policy))
                .await
                .map_err(at("policy"))?;
            live.policy = plan.policy.clone();
        }
        let written = plan
            .policy
            .as_str()
            .and_then(|text| Document::parse(text, self.clients.partition()).ok());
        if let Some(written) = written {
            live::remember(&mut state.private, &written);
        }
        self.stand(state)
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

/// Versioning for AWS.
pub(super) fn versioning(value: &Value<String>) -> Versioning {
    if value.as_str() == Some("Suspended") {
        Versioning::Suspended
    } else {
        Versioning::Enabled
    }
}
