//! A trail and its settings.

use super::CloudTrail;
use super::tags::to_sdk;
use crate::Tags;
use crate::convert::includes;
use crate::error::{Absent, AwsError, Kind, Result};
use crate::operations::{self, cloudtrail::CREATE_TRAIL};
use crate::wait::{WaitOptions, retry_while};

/// Settings of a trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailSettings {
    /// Name.
    pub name: String,
    /// Bucket that receives the logs.
    pub bucket: String,
    /// Prefix in that bucket.
    pub prefix: Option<String>,
    /// Key id or ARN for the log files; read back as ARN.
    pub kms_key_id: Option<String>,
    /// All regions.
    pub multi_region: bool,
    /// All accounts of the organization.
    pub organization: bool,
    /// Signed digests of the log files.
    pub log_file_validation: bool,
    /// Events of global services. Must be on for all regions.
    pub include_global_service_events: bool,
    /// Log group that receives a copy.
    pub log_group_arn: Option<String>,
    /// Role that CloudTrail uses for it.
    pub log_group_role_arn: Option<String>,
}

/// A trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// Its settings.
    pub settings: TrailSettings,
    /// Its ARN.
    pub arn: String,
    /// Region it was made in, where it can be changed.
    pub home_region: String,
}

impl CloudTrail {
    /// Creates a trail. A bucket or key policy that was just written needs a while to take hold: it
    /// tries again for two minutes.
    ///
    /// CreateTrail takes no client token. Where a trail of that name exists and holds every tag asked
    /// for, an earlier reply was lost: it is brought to these settings and given back.
    ///
    /// # Errors
    /// [`Kind::AlreadyExists`] for a trail that somebody else made.
    pub async fn create_trail(&self, settings: &TrailSettings, tags: &Tags) -> Result<Trail> {
        let call = self
            .clients
            .sdk()
            .cloudtrail()
            .create_trail()
            .name(&settings.name)
            .s3_bucket_name(&settings.bucket)
            .set_s3_key_prefix(settings.prefix.clone())
            .set_kms_key_id(settings.kms_key_id.clone())
            .is_multi_region_trail(settings.multi_region)
            .is_organization_trail(settings.organization)
            .enable_log_file_validation(settings.log_file_validation)
            .include_global_service_events(settings.include_global_service_events)
            .set_cloud_watch_logs_log_group_arn(settings.log_group_arn.clone())
            .set_cloud_watch_logs_role_arn(settings.log_group_role_arn.clone())
            .set_tags_list(to_sdk(&CREATE_TRAIL, tags)?);
        let create = || async {
            let call = call.clone();
            self.clients
                .call(&operations::cloudtrail::CREATE_TRAIL, call.send())
                .await
                .map(drop)
        };
        let created = self.when_policies_hold(&settings.name, create).await;
        if let Err(error) = created {
            if error.kind != Kind::AlreadyExists {
                return Err(error);
            }
            let finder = Self::new(self.clients.unscoped());
            let Some(found) = finder.find_trail(&settings.name).await? else {
                return Err(error);
            };
            if tags.is_empty() || !includes(&finder.tags(&found.arn).await?, tags) {
                return Err(error);
            }
            return self.update_trail(settings).await;
        }
        // Even after a stop: what was made belongs into the state.
        let finder = Self::new(self.clients.unscoped());
        finder.require_trail(&settings.name).await
    }

    /// Brings a trail to these settings.
    pub async fn update_trail(&self, settings: &TrailSettings) -> Result<Trail> {
        // Unset optional settings are sent as empty text, which removes them.
        let call = self
            .clients
            .sdk()
            .cloudtrail()
            .update_trail()
            .name(&settings.name)
            .s3_bucket_name(&settings.bucket)
            .s3_key_prefix(settings.prefix.as_deref().unwrap_or_default())
            .kms_key_id(settings.kms_key_id.as_deref().unwrap_or_default())
            .is_multi_region_trail(settings.multi_region)
            .is_organization_trail(settings.organization)
            .enable_log_file_validation(settings.log_file_validation)
            .include_global_service_events(settings.include_global_service_events)
            .cloud_watch_logs_log_group_arn(settings.log_group_arn.as_deref().unwrap_or_default())
            .cloud_watch_logs_role_arn(settings.log_group_role_arn.as_deref().unwrap_or_default());
        let update = || async {
            let call = call.clone();
            self.clients
                .call(&operations::cloudtrail::UPDATE_TRAIL, call.send())
                .await
                .map(drop)
        };
        self.when_policies_hold(&settings.name, update).await?;
        // Even after a stop: what was made belongs into the state.
        let finder = Self::new(self.clients.unscoped());
        finder.require_trail(&settings.name).await
    }

    /// A trail by name, if there is one in this region.
    pub async fn find_trail(&self, name: &str) -> Result<Option<Trail>> {
        self.require_trail(name).await.or_absent()
    }

    async fn require_trail(&self, name: &str) -> Result<Trail> {
        let call = self.clients.sdk().cloudtrail().get_trail().name(name);
        let answer = self
            .clients
            .call(&operations::cloudtrail::GET_TRAIL, call.send())
            .await?;
        answer
            .trail
            .map(from_sdk)
            .ok_or_else(|| AwsError::of(&CREATE_TRAIL, Kind::Other, "the answer holds no trail"))
    }

    /// Deletes a trail; its log files stay. One that is gone already is success.
    pub async fn delete_trail(&self, name: &str) -> Result<()> {
        let call = self.clients.sdk().cloudtrail().delete_trail().name(name);
        self.clients
            .call(&operations::cloudtrail::DELETE_TRAIL, call.send())
            .await
            .or_absent()
            .map(drop)
    }

    async fn when_policies_hold<T, F, Fut>(&self, name: &str, action: F) -> Result<T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let what = format!("waiting for the policies of trail `{name}`");
        let again = |error: &AwsError| error.kind == Kind::Conflict;
        retry_while(&self.clients, &what, WaitOptions::default(), again, action).await
    }
}

fn from_sdk(trail: aws_sdk_cloudtrail::types::Trail) -> Trail {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    Trail {
        arn: trail.trail_arn.unwrap_or_default(),
        home_region: trail.home_region.unwrap_or_default(),
        settings: TrailSettings {
            name: trail.name.unwrap_or_default(),
            bucket: trail.s3_bucket_name.unwrap_or_default(),
            prefix: some(trail.s3_key_prefix),
            kms_key_id: some(trail.kms_key_id),
            multi_region: trail.is_multi_region_trail.unwrap_or_default(),
            organization: trail.is_organization_trail.unwrap_or_default(),
            log_file_validation: trail.log_file_validation_enabled.unwrap_or_default(),
            include_global_service_events: trail.include_global_service_events.unwrap_or_default(),
            log_group_arn: some(trail.cloud_watch_logs_log_group_arn),
            log_group_role_arn: some(trail.cloud_watch_logs_role_arn),
        },
    }
}
