//! Which settings are weaker than the defaults, and which control each default satisfies.

use gabion_framework::prelude::*;

use super::model::LogSinkModel;
use crate::shared::exception::{Enforced, Strength};

fn is(value: &Value<String>, wanted: &str) -> Strength {
    Strength::of(value, |text| (text != wanted).then(|| format!("it is `{text}`, the default is `{wanted}`")))
}

/// `aws:kms` or stronger.
fn kms(value: &Value<String>) -> Strength {
    Strength::of(value, |text| {
        (!text.starts_with("aws:kms")).then(|| format!("it is `{text}`, the default is `aws:kms`"))
    })
}

/// At least so many days; 0 is for ever.
fn days(value: &Value<i64>, least: i64) -> Strength {
    Strength::of(value, |days| {
        (*days > 0 && *days < least).then(|| format!("it is {days}, and less than {least} needs a reason"))
    })
}

/// The defaults that need an exception to be weakened.
pub(super) const TABLE: &[Enforced<LogSinkModel>] = &[
    Enforced { attribute: "block_public_acls", controls: &["S3.8", "C5 2.1.4"], strength: |m| Strength::on(&m.block_public_acls) },
    Enforced { attribute: "ignore_public_acls", controls: &["S3.8", "C5 2.1.4"], strength: |m| Strength::on(&m.ignore_public_acls) },
    Enforced { attribute: "block_public_policy", controls: &["S3.8", "C5 2.1.4"], strength: |m| Strength::on(&m.block_public_policy) },
    Enforced { attribute: "restrict_public_buckets", controls: &["S3.8", "C5 2.1.4"], strength: |m| Strength::on(&m.restrict_public_buckets) },
    Enforced { attribute: "object_ownership", controls: &["S3.12"], strength: |m| is(&m.object_ownership, "BucketOwnerEnforced") },
    Enforced { attribute: "versioning", controls: &["S3.14"], strength: |m| is(&m.versioning, "Enabled") },
    Enforced { attribute: "sse_algorithm", controls: &["S3.17"], strength: |m| kms(&m.sse_algorithm) },
    Enforced { attribute: "object_lock_enabled", controls: &["S3.15"], strength: |m| Strength::on(&m.object_lock_enabled) },
    Enforced { attribute: "retention_in_days", controls: &["S3.15"], strength: |m| days(&m.retention_in_days, 365) },
    Enforced { attribute: "access_logging", controls: &["C5 3.4", "CloudTrail.7"], strength: |m| Strength::on(&m.access_logging) },
    Enforced { attribute: "access_log_object_ownership", controls: &["S3.12"], strength: |m| is(&m.access_log_object_ownership, "BucketOwnerEnforced") },
    Enforced { attribute: "access_log_versioning", controls: &["S3.14"], strength: |m| is(&m.access_log_versioning, "Enabled") },
    Enforced { attribute: "access_log_expiration_in_days", controls: &["C5 3.4"], strength: |m| days(&m.access_log_expiration_in_days, 90) },
    Enforced { attribute: "is_multi_region_trail", controls: &["CloudTrail.1", "C5 3.1"], strength: |m| Strength::on(&m.is_multi_region_trail) },
    Enforced { attribute: "enable_log_file_validation", controls: &["CloudTrail.4", "C5 3.2"], strength: |m| Strength::on(&m.enable_log_file_validation) },
    Enforced { attribute: "enable_logging", controls: &["CloudTrail.1", "C5 3.1"], strength: |m| Strength::on(&m.enable_logging) },
    Enforced { attribute: "include_management_events", controls: &["CloudTrail.1", "C5 3.1"], strength: |m| Strength::on(&m.include_management_events) },
    Enforced { attribute: "include_s3_write_events", controls: &["C5 3.8"], strength: |m| Strength::on(&m.include_s3_write_events) },
    Enforced { attribute: "log_group_retention_in_days", controls: &["AU-11"], strength: |m| days(&m.log_group_retention_in_days, 365) },
];
