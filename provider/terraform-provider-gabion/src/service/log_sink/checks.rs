//! What no single attribute tells.

use gabion_aws::Clients;
use gabion_framework::prelude::*;

use super::model::LogSinkModel;
use crate::shared::acknowledge;

/// Days that S3 wants an object to be in the first class before it goes to an infrequent one.
const INFREQUENT_ACCESS_DAYS: i64 = 30;

/// Settings that contradict each other, or cannot be undone.
pub(super) fn consistent(planned: &LogSinkModel, diags: &mut Diagnostics) {
    let on = |value: &Value<bool>| value.known() == Some(&true);
    let off = |value: &Value<bool>| value.known() == Some(&false);
    let mut fault = |attribute: &str, summary: &str, detail: String| {
        diags.error_at(Path::root(attribute), summary, detail);
    };
    let locked = on(&planned.object_lock_enabled);
    if locked && planned.versioning.as_str() == Some("Suspended") {
        fault(
            "versioning",
            "Object Lock needs versioning",
            "S3 refuses to suspend versioning on a bucket with Object Lock: leave `versioning` at `Enabled`.".to_owned(),
        );
    }
    if let (Some(expires), Some(retained)) = (
        planned.expiration_in_days.known(),
        planned.retention_in_days.known(),
    ) && *expires > 0
        && expires < retained
        && !off(&planned.object_lock_enabled)
    {
        fault(
            "expiration_in_days",
            "Logs would expire before their retention ends",
            format!(
                "`expiration_in_days` is {expires} and `retention_in_days` is {retained}: choose at least {retained}, or 0 \
                 for never."
            ),
        );
    }
    if let (Some(moves), Some(expires)) = (
        planned.transition_in_days.known(),
        planned.expiration_in_days.known(),
    ) && *moves > 0
        && *expires > 0
        && expires <= moves
    {
        fault(
            "transition_in_days",
            "Logs would expire before they move",
            format!(
                "`transition_in_days` is {moves} and `expiration_in_days` is {expires}: S3 wants the transition first. \
                 Choose less than {expires}, or 0 for never."
            ),
        );
    }
    if let (Some(moves), Some(class)) = (
        planned.transition_in_days.known(),
        planned.transition_storage_class.as_str(),
    ) && (1..INFREQUENT_ACCESS_DAYS).contains(moves)
        && matches!(class, "STANDARD_IA" | "ONEZONE_IA")
    {
        fault(
            "transition_in_days",
            "Too early for the storage class",
            format!(
                "S3 moves objects to `{class}` after {INFREQUENT_ACCESS_DAYS} days at the earliest, and this is {moves}."
            ),
        );
    }
    if planned.bucket.is_known() && planned.bucket == planned.access_log_bucket {
        fault(
            "access_log_bucket",
            "A bucket cannot keep its own access logs",
            "Every log written would make another one, and a locked bucket cannot receive access logs: choose another \
             name."
                .to_owned(),
        );
    }
    if off(&planned.include_management_events) && off(&planned.include_s3_write_events) {
        fault(
            "include_management_events",
            "The trail would record nothing",
            "`include_management_events` and `include_s3_write_events` are both `false`, and CloudTrail refuses a trail \
             without events. To stop it from recording, set `enable_logging = false`."
                .to_owned(),
        );
    }
    if on(&planned.is_organization_trail)
        && planned.organization_id.is_known()
        && planned.organization().is_none()
    {
        fault(
            "is_organization_trail",
            "The organization's trail could not write to the bucket",
            "`organization_id` is `none`, so the bucket policy admits this account alone. Leave `organization_id` out, or \
             set `is_organization_trail = false`."
                .to_owned(),
        );
    }
    if locked
        && planned.object_lock_mode.as_str() == Some("COMPLIANCE")
        && let Some(bucket) = planned.bucket.as_str()
    {
        let clause = "Nobody, the account's root included, can shorten or remove a COMPLIANCE lock";
        acknowledge::check(
            &planned.acknowledge_irreversible,
            bucket,
            Path::root("object_lock_mode"),
            clause,
            diags,
        );
    }
}

/// S3 and CloudTrail use keys of their own region only.
pub(super) fn key(clients: &Clients, planned: &LogSinkModel, diags: &mut Diagnostics) {
    let Some(arn) = planned.kms_key_id.as_str() else {
        return;
    };
    let region = arn.split(':').nth(3).unwrap_or_default();
    if region != clients.region() {
        diags.error_at(
            Path::root("kms_key_id"),
            "The key is in another region",
            format!(
                "`{arn}` is in `{region}`, and the sink in `{}`: use a key of that region.",
                clients.region()
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(change: fn(&mut LogSinkModel)) -> Vec<String> {
        let mut model = LogSinkModel {
            bucket: "logs".into(),
            access_log_bucket: "logs-access-logs".into(),
            organization_id: "none".into(),
            is_organization_trail: false.into(),
            object_lock_enabled: true.into(),
            object_lock_mode: "GOVERNANCE".into(),
            retention_in_days: 365.into(),
            transition_in_days: 90.into(),
            transition_storage_class: "GLACIER_IR".into(),
            expiration_in_days: 0.into(),
            include_management_events: true.into(),
            include_s3_write_events: true.into(),
            ..LogSinkModel::default()
        };
        change(&mut model);
        let mut diags = Diagnostics::new();
        consistent(&model, &mut diags);
        diags
            .iter()
            .map(|diag| diag.path.clone().unwrap().to_string())
            .collect()
    }

    #[test]
    fn contradictions() {
        assert!(paths(|_| {}).is_empty());
        assert_eq!(paths(|m| m.versioning = "Suspended".into()), ["versioning"]);
        assert_eq!(
            paths(|m| m.expiration_in_days = 364.into()),
            ["expiration_in_days"]
        );
        assert!(paths(|m| m.expiration_in_days = 365.into()).is_empty());
        assert_eq!(
            paths(|m| m.access_log_bucket = "logs".into()),
            ["access_log_bucket"]
        );
        assert_eq!(
            paths(|m| m.is_organization_trail = true.into()),
            ["is_organization_trail"]
        );
        assert_eq!(
            paths(|m| {
                m.retention_in_days = 10.into();
                m.expiration_in_days = 90.into();
            }),
            ["transition_in_days"]
        );
        assert_eq!(
            paths(|m| {
                m.transition_in_days = 29.into();
                m.transition_storage_class = "STANDARD_IA".into();
            }),
            ["transition_in_days"]
        );
        assert_eq!(
            paths(|m| {
                m.include_management_events = false.into();
                m.include_s3_write_events = false.into();
            }),
            ["include_management_events"]
        );
    }

    #[test]
    fn compliance_is_acknowledged_by_name() {
        assert_eq!(
            paths(|m| m.object_lock_mode = "COMPLIANCE".into()),
            ["object_lock_mode"]
        );
        let named = |m: &mut LogSinkModel| {
            m.object_lock_mode = "COMPLIANCE".into();
            m.acknowledge_irreversible = "logs".into();
        };
        assert!(paths(named).is_empty());
        // Not known yet: asked again at apply.
        assert!(
            paths(|m| {
                m.object_lock_mode = "COMPLIANCE".into();
                m.bucket = Value::Unknown;
            })
            .is_empty()
        );
    }
}
