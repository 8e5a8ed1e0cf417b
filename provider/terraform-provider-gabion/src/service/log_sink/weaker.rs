//! Which settings are weaker than the defaults, and which control each default satisfies.

use gabion_framework::prelude::*;

use super::model::LogSinkModel;
use crate::shared::exception::{Enforced, Strength};
use crate::shared::policy::is_open;
use crate::shared::policy_statement;

const PUBLIC: &[&str] = &["S3.8", "C5 2.1.4"];
const OWNERSHIP: &[&str] = &["S3.12"];
const VERSIONING: &[&str] = &["S3.14"];
const ENCRYPTION: &[&str] = &["S3.17"];
const LOCK: &[&str] = &["S3.15"];
const LIFECYCLE: &[&str] = &["S3.13"];
const ACCESS_LOG: &[&str] = &["C5 3.4", "CloudTrail.7"];
const TRAIL: &[&str] = &["CloudTrail.1", "C5 3.1"];
const VALIDATION: &[&str] = &["CloudTrail.4", "C5 3.2"];
const DATA_EVENTS: &[&str] = &["C5 3.8"];
const LOG_GROUP: &[&str] = &["AU-11"];
const POLICY: &[&str] = &["S3.8", "C5 2.1.4", "S3.5", "C5 2.1.1", "C7 2.21"];

fn is(value: &Value<String>, wanted: &str) -> Strength {
    Strength::of(value, |text| {
        (text != wanted).then(|| format!("it is `{text}`, the default is `{wanted}`"))
    })
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
        (*days > 0 && *days < least)
            .then(|| format!("it is {days}, and less than {least} needs a reason"))
    })
}

/// Only while the feature is on: what is off has a line of its own.
fn while_on(feature: &Value<bool>, strength: Strength) -> Strength {
    if feature.known() == Some(&false) {
        Strength::Kept
    } else {
        strength
    }
}

fn open_statement(model: &LogSinkModel) -> Strength {
    let Some(statements) =
        policy_statement::to_statements(&model.additional_policy_statements, "aws")
    else {
        return Strength::Unknown;
    };
    match statements
        .iter()
        .enumerate()
        .find(|(_, statement)| is_open(statement))
    {
        None => Strength::Kept,
        Some((index, statement)) => Strength::Weaker(format!(
            "`{}` lets in everybody, with no condition that says from which account or organization",
            statement.label(index)
        )),
    }
}

macro_rules! table {
    ($($attribute:literal: $controls:expr, $strength:expr;)+) => {
        &[$(Enforced { attribute: $attribute, controls: $controls, strength: $strength }),+]
    };
}

/// The defaults that need an exception to be weakened.
pub(super) const TABLE: &[Enforced<LogSinkModel>] = table! {
    "block_public_acls": PUBLIC, |m| Strength::on(&m.block_public_acls);
    "ignore_public_acls": PUBLIC, |m| Strength::on(&m.ignore_public_acls);
    "block_public_policy": PUBLIC, |m| Strength::on(&m.block_public_policy);
    "restrict_public_buckets": PUBLIC, |m| Strength::on(&m.restrict_public_buckets);
    "object_ownership": OWNERSHIP, |m| is(&m.object_ownership, "BucketOwnerEnforced");
    "versioning": VERSIONING, |m| is(&m.versioning, "Enabled");
    "sse_algorithm": ENCRYPTION, |m| kms(&m.sse_algorithm);
    "bucket_key_enabled": ENCRYPTION, |m| match m.sse_algorithm.as_str() {
        // Two-layer encryption has no bucket keys, and SSE-S3 needs none.
        Some("aws:kms") => Strength::on(&m.bucket_key_enabled),
        _ => Strength::Kept,
    };
    "object_lock_enabled": LOCK, |m| Strength::on(&m.object_lock_enabled);
    "retention_in_days": LOCK, |m| while_on(&m.object_lock_enabled, days(&m.retention_in_days, 365));
    "transition_in_days": LIFECYCLE, |m| Strength::of(&m.transition_in_days, |days| {
        (*days == 0).then(|| "it is 0 (never), the default is 90".to_owned())
    });
    "additional_policy_statements": POLICY, open_statement;
    "access_logging": ACCESS_LOG, |m| Strength::on(&m.access_logging);
    "access_log_block_public_acls": PUBLIC, |m| while_on(&m.access_logging, Strength::on(&m.access_log_block_public_acls));
    "access_log_ignore_public_acls": PUBLIC, |m| while_on(&m.access_logging, Strength::on(&m.access_log_ignore_public_acls));
    "access_log_block_public_policy": PUBLIC, |m| while_on(&m.access_logging, Strength::on(&m.access_log_block_public_policy));
    "access_log_restrict_public_buckets": PUBLIC, |m| while_on(&m.access_logging, Strength::on(&m.access_log_restrict_public_buckets));
    "access_log_object_ownership": OWNERSHIP, |m| while_on(&m.access_logging, is(&m.access_log_object_ownership, "BucketOwnerEnforced"));
    "access_log_versioning": VERSIONING, |m| while_on(&m.access_logging, is(&m.access_log_versioning, "Enabled"));
    "access_log_expiration_in_days": ACCESS_LOG, |m| while_on(&m.access_logging, days(&m.access_log_expiration_in_days, 365));
    "is_multi_region_trail": TRAIL, |m| Strength::on(&m.is_multi_region_trail);
    "enable_log_file_validation": VALIDATION, |m| Strength::on(&m.enable_log_file_validation);
    "enable_logging": TRAIL, |m| Strength::on(&m.enable_logging);
    "include_management_events": TRAIL, |m| Strength::on(&m.include_management_events);
    "include_s3_write_events": DATA_EVENTS, |m| Strength::on(&m.include_s3_write_events);
    "log_group_retention_in_days": LOG_GROUP, |m| days(&m.log_group_retention_in_days, 365);
};

/// One more line, for an account that may have an organization's trail.
pub(super) const ORGANIZATION_TRAIL: Enforced<LogSinkModel> = Enforced {
    attribute: "is_organization_trail",
    controls: TRAIL,
    strength: |m| Strength::on(&m.is_organization_trail),
};

/// The same line where it is not known whether the account may, or known that it may not.
pub(super) const NO_ORGANIZATION_TRAIL: Enforced<LogSinkModel> = Enforced {
    attribute: "is_organization_trail",
    controls: TRAIL,
    strength: |_| Strength::Unknown,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::log_sink::schema::schema;

    fn weaker(model: &LogSinkModel) -> Vec<&'static str> {
        TABLE
            .iter()
            .filter(|line| matches!((line.strength)(model), Strength::Weaker(_)))
            .map(|line| line.attribute)
            .collect()
    }

    #[test]
    fn every_line_is_an_attribute() {
        let schema = schema();
        let names: Vec<&str> = schema
            .all_attributes()
            .iter()
            .map(Attribute::name)
            .collect();
        for line in TABLE.iter().chain([&ORGANIZATION_TRAIL]) {
            assert!(names.contains(&line.attribute), "{}", line.attribute);
        }
    }

    #[test]
    fn each_is_told_alone() {
        type Change = fn(&mut LogSinkModel);
        let cases: &[(&str, Change)] = &[
            ("block_public_acls", |m| m.block_public_acls = false.into()),
            ("object_ownership", |m| {
                m.object_ownership = "ObjectWriter".into()
            }),
            ("versioning", |m| m.versioning = "Suspended".into()),
            ("sse_algorithm", |m| m.sse_algorithm = "AES256".into()),
            ("retention_in_days", |m| m.retention_in_days = 364.into()),
            ("transition_in_days", |m| m.transition_in_days = 0.into()),
            ("access_log_versioning", |m| {
                m.access_log_versioning = "Suspended".into()
            }),
            ("access_log_expiration_in_days", |m| {
                m.access_log_expiration_in_days = 30.into()
            }),
            ("enable_logging", |m| m.enable_logging = false.into()),
            ("log_group_retention_in_days", |m| {
                m.log_group_retention_in_days = 180.into()
            }),
        ];
        assert!(weaker(&LogSinkModel::default()).is_empty());
        for (attribute, change) in cases {
            let mut model = LogSinkModel::default();
            change(&mut model);
            assert_eq!(weaker(&model), [*attribute]);
        }
    }

    #[test]
    fn stronger_is_no_weakness() {
        let model = LogSinkModel {
            sse_algorithm: "aws:kms:dsse".into(),
            bucket_key_enabled: false.into(),
            retention_in_days: 3650.into(),
            access_log_expiration_in_days: 0.into(),
            log_group_retention_in_days: 0.into(),
            ..LogSinkModel::default()
        };
        assert!(weaker(&model).is_empty());
        let off = LogSinkModel {
            access_logging: false.into(),
            access_log_versioning: "Suspended".into(),
            ..LogSinkModel::default()
        };
        assert_eq!(weaker(&off), ["access_logging"]);
    }
}
