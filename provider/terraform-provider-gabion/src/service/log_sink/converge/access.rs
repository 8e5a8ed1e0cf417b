//! The bucket of the server access logs.

use gabion_aws::s3::{CreateBucket, Encryption, PublicAccessBlock};
use gabion_framework::prelude::*;

use super::super::live::{bucket_arn, same_policy};
use super::super::model::LogSinkModel;
use super::super::{estate, lifecycle, private};
use super::bucket::versioning;
use super::{Converge, Step, at, flag, text};

impl Converge<'_> {
    pub(super) async fn access_bucket(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let bucket = text(&self.plan.access_log_bucket);
        if self.live.access_tags.is_none() {
            let tags = self.part_tags();
            let create = CreateBucket {
                name: bucket.clone(),
                tags: tags.clone(),
                object_lock: false,
                ownership: self
                    .plan
                    .access_log_object_ownership
                    .as_str()
                    .map(str::to_owned),
            };
            self.clients
                .s3()
                .create_bucket(&create)
                .await
                .map_err(self.making("access_log_bucket", "bucket", &bucket))?;
            self.live.access_tags = Some(tags);
            self.live.model.access_log_bucket_arn = bucket_arn(&self.clients, &bucket).into();
            self.live.model.access_log_object_ownership =
                self.plan.access_log_object_ownership.clone();
            self.stand(state)?;
        }
        self.access_settings(&bucket).await?;
        self.stand(state)?;
        self.access_policy(&bucket, state).await?;
        self.stand(state)
    }

    async fn access_settings(&mut self, bucket: &str) -> Step {
        let s3 = self.clients.s3();
        let (plan, live) = (&self.plan, &mut self.live.model);
        if block(plan) != block(live) {
            s3.put_public_access_block(bucket, &block(plan))
                .await
                .map_err(at("access_log_block_public_acls"))?;
            live.access_log_block_public_acls = plan.access_log_block_public_acls;
            live.access_log_ignore_public_acls = plan.access_log_ignore_public_acls;
            live.access_log_block_public_policy = plan.access_log_block_public_policy;
            live.access_log_restrict_public_buckets = plan.access_log_restrict_public_buckets;
        }
        if plan.access_log_object_ownership != live.access_log_object_ownership {
            let wanted = text(&plan.access_log_object_ownership);
            s3.put_ownership(bucket, &wanted)
                .await
                .map_err(at("access_log_object_ownership"))?;
            live.access_log_object_ownership = plan.access_log_object_ownership.clone();
        }
        if plan.access_log_versioning != live.access_log_versioning {
            let wanted = versioning(&plan.access_log_versioning);
            s3.put_versioning(bucket, wanted)
                .await
                .map_err(at("access_log_versioning"))?;
            live.access_log_versioning = plan.access_log_versioning.clone();
        }
        if plan.access_log_sse_algorithm != live.access_log_sse_algorithm {
            let before = s3
                .encryption(bucket)
                .await
                .map_err(at("access_log_sse_algorithm"))?
                .unwrap_or_default();
            let encryption = Encryption {
                algorithm: text(&plan.access_log_sse_algorithm),
                blocked_types: before.blocked_types,
                ..Encryption::s3()
            };
            s3.put_encryption(bucket, &encryption)
                .await
                .map_err(at("access_log_sse_algorithm"))?;
            live.access_log_sse_algorithm = plan.access_log_sse_algorithm.clone();
        }
        if plan.access_log_expiration_in_days != live.access_log_expiration_in_days {
            const ATTRIBUTE: &str = "access_log_expiration_in_days";
            let before = s3
                .lifecycle(bucket)
                .await
                .map_err(at(ATTRIBUTE))?
                .unwrap_or_default();
            let rules =
                lifecycle::beside(&before, lifecycle::access_rule(plan), estate::let_go(plan))
                    .map_err(|lost| {
                        estate::named(
                            ATTRIBUTE,
                            "lifecycle rules",
                            &format!("the bucket `{bucket}`"),
                            &lost,
                        )
                    })?;
            s3.put_lifecycle(bucket, &rules)
                .await
                .map_err(at(ATTRIBUTE))?;
            live.access_log_expiration_in_days = plan.access_log_expiration_in_days;
        }
        Ok(())
    }

    async fn access_policy(&mut self, bucket: &str, state: &mut StateSlot<LogSinkModel>) -> Step {
        let (plan, live) = (&self.plan, &mut self.live.model);
        if !same_policy(
            self.clients.partition(),
            &plan.access_log_policy,
            &live.access_log_policy,
        ) {
            let wanted = text(&plan.access_log_policy);
            self.clients
                .s3()
                .put_policy(bucket, &wanted)
                .await
                .map_err(at("access_log_policy"))?;
            live.access_log_policy = plan.access_log_policy.clone();
        }
        state.private.set(
            private::APPLIED_ACCESS_LOG_POLICY,
            &text(&plan.access_log_policy),
        );
        Ok(())
    }
}

fn block(model: &LogSinkModel) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: flag(&model.access_log_block_public_acls),
        ignore_public_acls: flag(&model.access_log_ignore_public_acls),
        block_public_policy: flag(&model.access_log_block_public_policy),
        restrict_public_buckets: flag(&model.access_log_restrict_public_buckets),
    }
}
