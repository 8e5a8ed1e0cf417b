//! The model of `gabion_log_sink`: the names Terraform sees, and nothing that calls AWS.

use gabion_framework::prelude::*;

use crate::shared::exception::Exception;
use crate::shared::location::Place;
use crate::shared::policy_statement::PolicyStatement;
use crate::shared::strings::Strings;
use crate::shared::tags::TagMap;

object! {
    /// Configuration, plan and state of a log sink.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct LogSinkModel {
        /// The name of the main bucket; also the import id.
        pub(crate) bucket: Value<String>,
        /// The customer managed key that encrypts bucket, trail and log group.
        pub(crate) kms_key_id: Value<String>,
        /// The organization that the bucket is bound to, or `none`.
        pub(crate) organization_id: Value<String>,
        /// The account that holds it.
        pub(crate) account_id: Value<String>,
        /// The region that holds it.
        pub(crate) region: Value<String>,

        /// Public access block of the main bucket, first setting.
        pub(crate) block_public_acls: Value<bool>,
        /// Public access block, second setting.
        pub(crate) ignore_public_acls: Value<bool>,
        /// Public access block, third setting.
        pub(crate) block_public_policy: Value<bool>,
        /// Public access block, fourth setting.
        pub(crate) restrict_public_buckets: Value<bool>,
        /// Who owns objects in the main bucket.
        pub(crate) object_ownership: Value<String>,
        /// Versioning of the main bucket.
        pub(crate) versioning: Value<String>,
        /// Server-side encryption of the main bucket.
        pub(crate) sse_algorithm: Value<String>,
        /// Whether S3 bucket keys are used.
        pub(crate) bucket_key_enabled: Value<bool>,
        /// Whether objects are locked at all.
        pub(crate) object_lock_enabled: Value<bool>,
        /// The mode of the default retention.
        pub(crate) object_lock_mode: Value<String>,
        /// How long objects are locked.
        pub(crate) retention_in_days: Value<i64>,
        /// When objects move to the colder class.
        pub(crate) transition_in_days: Value<i64>,
        /// The colder class.
        pub(crate) transition_storage_class: Value<String>,
        /// When objects expire; 0 is never.
        pub(crate) expiration_in_days: Value<i64>,
        /// The generated bucket policy.
        pub(crate) policy: Value<String>,
        /// Statements added to the generated ones.
        pub(crate) additional_policy_statements: Value<Vec<PolicyStatement>>,
        /// What an update may take out of the live policy.
        pub(crate) acknowledge_removals: Strings,

        /// Whether server access logs are kept.
        pub(crate) access_logging: Value<bool>,
        /// The bucket of the server access logs.
        pub(crate) access_log_bucket: Value<String>,
        /// The prefix of the server access logs.
        pub(crate) access_log_prefix: Value<String>,
        /// When server access logs expire; 0 is never.
        pub(crate) access_log_expiration_in_days: Value<i64>,
        /// Public access block of the access log bucket, first setting.
        pub(crate) access_log_block_public_acls: Value<bool>,
        /// Public access block of the access log bucket, second setting.
        pub(crate) access_log_ignore_public_acls: Value<bool>,
        /// Public access block of the access log bucket, third setting.
        pub(crate) access_log_block_public_policy: Value<bool>,
        /// Public access block of the access log bucket, fourth setting.
        pub(crate) access_log_restrict_public_buckets: Value<bool>,
        /// Who owns objects in the access log bucket.
        pub(crate) access_log_object_ownership: Value<String>,
        /// Versioning of the access log bucket.
        pub(crate) access_log_versioning: Value<String>,
        /// Server-side encryption of the access log bucket.
        pub(crate) access_log_sse_algorithm: Value<String>,
        /// The policy of the access log bucket.
        pub(crate) access_log_policy: Value<String>,

        /// The name of the trail.
        pub(crate) trail_name: Value<String>,
        /// Whether the trail covers all regions.
        pub(crate) is_multi_region_trail: Value<bool>,
        /// Whether the trail covers the organization.
        pub(crate) is_organization_trail: Value<bool>,
        /// Whether the log files can be proven unchanged.
        pub(crate) enable_log_file_validation: Value<bool>,
        /// Whether the trail records.
        pub(crate) enable_logging: Value<bool>,
        /// Whether management events are recorded.
        pub(crate) include_management_events: Value<bool>,
        /// Whether writes to S3 objects are recorded.
        pub(crate) include_s3_write_events: Value<bool>,
        /// The role by which the trail writes to the log group, too.
        pub(crate) cloud_watch_logs_role_arn: Value<String>,
        /// The bucket that the trail writes to, as AWS has it.
        pub(crate) trail_bucket: Value<String>,
        /// The key of the trail, as AWS has it.
        pub(crate) trail_kms_key_id: Value<String>,

        /// The name of the log group.
        pub(crate) log_group_name: Value<String>,
        /// How long the log group keeps events; 0 is for ever.
        pub(crate) log_group_retention_in_days: Value<i64>,
        /// The key of the log group, as AWS has it.
        pub(crate) log_group_kms_key_id: Value<String>,

        /// Whether a destroy is refused.
        pub(crate) deletion_protection: Value<bool>,
        /// What a destroy does.
        pub(crate) deletion_policy: Value<String>,
        /// The name of the bucket, to allow what cannot be undone.
        pub(crate) acknowledge_irreversible: Value<String>,
        /// Tags of the resource.
        pub(crate) tags: TagMap,
        /// Tags of the resource and of the provider.
        pub(crate) tags_all: TagMap,

        /// The name of the main bucket.
        pub(crate) id: Value<String>,
        /// The ARN of the main bucket.
        pub(crate) arn: Value<String>,
        /// The ARN of the access log bucket.
        pub(crate) access_log_bucket_arn: Value<String>,
        /// The ARN of the trail.
        pub(crate) trail_arn: Value<String>,
        /// The ARN of the log group.
        pub(crate) log_group_arn: Value<String>,

        /// Reasons for weaker settings.
        pub(crate) exception: Vec<Exception>,
        /// Time-outs.
        pub(crate) timeouts: Value<Timeouts>,
    }
}

impl LogSinkModel {
    /// Where it is or will be.
    pub(super) fn place(&self) -> Place {
        Place {
            account_id: self.account_id.clone(),
            region: self.region.clone(),
        }
    }

    /// The main bucket's name; empty while it is not known.
    pub(super) fn name(&self) -> &str {
        self.bucket.as_str().unwrap_or_default()
    }

    /// Type and name for messages.
    pub(super) fn title(&self) -> String {
        format!(
            "`{}` `{}`",
            super::TYPE,
            self.bucket.as_str().unwrap_or("(unknown)")
        )
    }

    /// The organization that the policy is bound to.
    pub(super) fn organization(&self) -> Option<&str> {
        self.organization_id
            .as_str()
            .filter(|id| *id != super::NO_ORGANIZATION)
    }
}
