//! The trail.

use gabion_aws::AwsError;
use gabion_aws::cloudtrail::TrailSettings;
use gabion_framework::prelude::*;

use super::super::model::LogSinkModel;
use super::super::{estate, events};
use super::{Converge, Step, at, flag, text};
use crate::shared::fault;

impl Converge<'_> {
    pub(super) async fn trail(&mut self, state: &mut StateSlot<LogSinkModel>) -> Step {
        let cloudtrail = self.clients.cloudtrail();
        let name = text(&self.plan.trail_name);
        let settings = self.trail_settings();
        if self.live.trail_tags.is_none() {
            let tags = self.part_tags();
            let making = self.making("trail_name", "trail", &name);
            let trail = cloudtrail
                .create_trail(&settings, &tags)
                .await
                .map_err(|error| refused(&error).unwrap_or_else(|| making(error)))?;
            self.live.model.trail_arn = trail.arn.clone().into();
            self.live.trail_tags = Some(tags);
            self.set_trail();
            // A new trail records nothing before StartLogging, and its selectors are AWS's own.
            self.live.model.enable_logging = false.into();
            self.live.model.include_management_events = Value::Null;
            self.live.model.include_s3_write_events = Value::Null;
            self.stand(state)?;
            // Some endpoints lose the tags of CreateTrail: what reads back is what the last step starts from.
            self.live.trail_tags = Some(cloudtrail.tags(&trail.arn).await.map_err(at("tags"))?);
        } else if self.trail_differs() {
            cloudtrail
                .update_trail(&settings)
                .await
                .map_err(|error| refused(&error).unwrap_or_else(|| at(self.differing())(error)))?;
            self.set_trail();
            self.stand(state)?;
        }
        self.selectors(&name).await?;
        let (plan, live) = (&self.plan, &mut self.live.model);
        if plan.enable_logging != live.enable_logging {
            if flag(&plan.enable_logging) {
                cloudtrail.start_logging(&name).await
            } else {
                cloudtrail.stop_logging(&name).await
            }
            .map_err(at("enable_logging"))?;
            live.enable_logging = plan.enable_logging;
        }
        self.stand(state)
    }

    async fn selectors(&mut self, name: &str) -> Step {
        const ATTRIBUTE: &str = "include_s3_write_events";
        let cloudtrail = self.clients.cloudtrail();
        let (plan, live) = (&self.plan, &mut self.live.model);
        if plan.include_management_events == live.include_management_events
            && plan.include_s3_write_events == live.include_s3_write_events
        {
            return Ok(());
        }
        let before = cloudtrail
            .event_selectors(name)
            .await
            .map_err(at(ATTRIBUTE))?;
        let own = estate::own_buckets(&self.clients, plan);
        let selectors =
            events::beside(&before, plan, &own, estate::let_go(plan)).map_err(|lost| {
                estate::named(
                    ATTRIBUTE,
                    "data events",
                    &format!("the trail `{name}`"),
                    &lost,
                )
            })?;
        cloudtrail
            .put_event_selectors(name, &selectors)
            .await
            .map_err(at(ATTRIBUTE))?;
        live.include_management_events = plan.include_management_events;
        live.include_s3_write_events = plan.include_s3_write_events;
        Ok(())
    }

    fn trail_settings(&self) -> TrailSettings {
        let plan = &self.plan;
        let role = plan.cloud_watch_logs_role_arn.as_str();
        TrailSettings {
            name: text(&plan.trail_name),
            bucket: text(&plan.bucket),
            prefix: None,
            kms_key_id: Some(text(&plan.kms_key_id)),
            multi_region: flag(&plan.is_multi_region_trail),
            organization: flag(&plan.is_organization_trail),
            log_file_validation: flag(&plan.enable_log_file_validation),
            include_global_service_events: true,
            // CloudTrail wants the form with `:*`.
            log_group_arn: role.map(|_| format!("{}:*", text(&plan.log_group_arn))),
            log_group_role_arn: role.map(str::to_owned),
        }
    }

    fn trail_differs(&self) -> bool {
        !self.differing().is_empty()
    }

    /// The first attribute by which the live trail differs; empty when none.
    fn differing(&self) -> &'static str {
        let (plan, live) = (&self.plan, &self.live.model);
        if plan.bucket != live.trail_bucket {
            "trail_bucket"
        } else if plan.kms_key_id != live.trail_kms_key_id {
            "trail_kms_key_id"
        } else if plan.is_multi_region_trail != live.is_multi_region_trail {
            "is_multi_region_trail"
        } else if plan.is_organization_trail != live.is_organization_trail {
            "is_organization_trail"
        } else if plan.enable_log_file_validation != live.enable_log_file_validation {
            "enable_log_file_validation"
        } else if plan.cloud_watch_logs_role_arn != live.cloud_watch_logs_role_arn {
            "cloud_watch_logs_role_arn"
        } else {
            ""
        }
    }

    fn set_trail(&mut self) {
        let (plan, live) = (&self.plan, &mut self.live.model);
        live.is_multi_region_trail = plan.is_multi_region_trail;
        live.is_organization_trail = plan.is_organization_trail;
        live.enable_log_file_validation = plan.enable_log_file_validation;
        live.cloud_watch_logs_role_arn = plan.cloud_watch_logs_role_arn.clone();
        live.trail_kms_key_id = plan.kms_key_id.clone();
        live.trail_bucket = plan.bucket.clone();
    }
}

/// What an organization's trail lacks that this resource does not set up.
fn refused(error: &AwsError) -> Option<Diagnostics> {
    (error.code() == Some("CloudTrailAccessNotEnabledException")).then(|| {
        fault::error_at(
            Path::root("is_organization_trail"),
            "CloudTrail has no access to the organization",
            format!(
                "{error}. Give it access with `aws organizations enable-aws-service-access --service-principal \
                 cloudtrail.amazonaws.com`, or set `is_organization_trail = false` with an exception."
            ),
        )
    })
}
