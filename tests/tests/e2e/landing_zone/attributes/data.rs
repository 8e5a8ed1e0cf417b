//! The log archive.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::MANAGEMENT;
use super::Reader;

pub(super) fn buckets(r: &mut Reader<'_>) -> Result<()> {
    r.resource(
        "log_sink",
        MANAGEMENT,
        "module.log_archive.gabion_log_sink.this",
    )?;
    let (main, access) = (
        json!({"Bucket": r.of("id")}),
        json!({"Bucket": r.of("access_log_bucket")}),
    );
    for (bucket, names) in [
        (
            &main,
            [
                "block_public_acls",
                "ignore_public_acls",
                "block_public_policy",
                "restrict_public_buckets",
            ],
        ),
        (
            &access,
            [
                "access_log_block_public_acls",
                "access_log_ignore_public_acls",
                "access_log_block_public_policy",
                "access_log_restrict_public_buckets",
            ],
        ),
    ] {
        let block = r.ask("s3", "get_public_access_block", bucket.clone())?["PublicAccessBlockConfiguration"].clone();
        let fields = [
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
        ];
        for (name, field) in names.into_iter().zip(fields) {
            r.is(name, block[field].clone());
        }
    }
    for (bucket, ownership, versioning, algorithm) in [
        (&main, "object_ownership", "versioning", "sse_algorithm"),
        (
            &access,
            "access_log_object_ownership",
            "access_log_versioning",
            "access_log_sse_algorithm",
        ),
    ] {
        let found = r.ask("s3", "get_bucket_ownership_controls", bucket.clone())?;
        r.is(
            ownership,
            found["OwnershipControls"]["Rules"][0]["ObjectOwnership"].clone(),
        );
        let found = r.ask("s3", "get_bucket_versioning", bucket.clone())?;
        r.is(versioning, found["Status"].clone());
        let found = r.ask("s3", "get_bucket_encryption", bucket.clone())?;
        let rule = &found["ServerSideEncryptionConfiguration"]["Rules"][0];
        r.is(
            algorithm,
            rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"].clone(),
        );
        if bucket == &main {
            r.is("bucket_key_enabled", rule["BucketKeyEnabled"].clone());
            r.is(
                "kms_key_id",
                rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].clone(),
            );
        }
    }
    let lock =
        r.ask("s3", "get_object_lock_configuration", main.clone())?["ObjectLockConfiguration"]
            .clone();
    r.holds(
        "object_lock_enabled",
        lock["ObjectLockEnabled"] == "Enabled",
        &lock,
    );
    r.is(
        "object_lock_mode",
        lock["Rule"]["DefaultRetention"]["Mode"].clone(),
    );
    r.is(
        "retention_in_days",
        lock["Rule"]["DefaultRetention"]["Days"].clone(),
    );
    let policy = r.ask("s3", "get_bucket_policy", main.clone())?;
    r.is("policy", policy["Policy"].clone());
    let document: Value = serde_json::from_str(policy["Policy"].as_str().unwrap_or_default())?;
    let statements = document["Statement"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let denied = |test: &str, key: &str| {
        statements.iter().any(|one| {
            one["Effect"] == "Deny"
                && one["Action"] == "s3:*"
                && one["Condition"][test][key].is_string()
        })
    };
    let services_only = statements
        .iter()
        .filter(|one| one["Effect"] == "Allow")
        .all(|one| {
            one["Principal"]["Service"].is_string() || one["Principal"]["Service"].is_array()
        });
    r.holds(
        "policy",
        denied("Bool", "aws:SecureTransport")
            && denied("StringNotEquals", "aws:PrincipalOrgID")
            && services_only,
        &document,
    );
    let rules = r.ask("s3", "get_bucket_lifecycle_configuration", main.clone())?["Rules"].clone();
    r.is(
        "transition_in_days",
        rules[0]["Transitions"][0]["Days"].clone(),
    );
    let expires = rules
        .as_array()
        .into_iter()
        .flatten()
        .any(|rule| rule["Expiration"]["Days"].is_number());
    r.holds(
        "expiration_in_days",
        r.of("expiration_in_days") == 0 && !expires,
        &rules,
    );
    let rules = r.ask("s3", "get_bucket_lifecycle_configuration", access)?["Rules"].clone();
    r.is(
        "access_log_expiration_in_days",
        rules[0]["Expiration"]["Days"].clone(),
    );
    let logging = r.ask("s3", "get_bucket_logging", main)?["LoggingEnabled"].clone();
    r.holds(
        "access_logging",
        logging["TargetBucket"] == r.of("access_log_bucket"),
        &logging,
    );
    Ok(())
}

pub(super) fn trail(r: &mut Reader<'_>) -> Result<()> {
    let name = r.of("trail_name");
    let trail = r.ask("cloudtrail", "get_trail", json!({"Name": name}))?["Trail"].clone();
    r.is("is_multi_region_trail", trail["IsMultiRegionTrail"].clone());
    r.is(
        "is_organization_trail",
        trail["IsOrganizationTrail"].clone(),
    );
    r.is(
        "enable_log_file_validation",
        trail["LogFileValidationEnabled"].clone(),
    );
    r.is("trail_kms_key_id", trail["KmsKeyId"].clone());
    r.is("trail_bucket", trail["S3BucketName"].clone());
    let status = r.ask("cloudtrail", "get_trail_status", json!({"Name": name}))?;
    r.is("enable_logging", status["IsLogging"].clone());
    let events = r.ask(
        "cloudtrail",
        "get_event_selectors",
        json!({"TrailName": name}),
    )?["AdvancedEventSelectors"]
        .clone();
    // Of management events all, reads and writes; of data events the writes of objects, but for the sink's own buckets.
    let management = records(&events, &[("eventCategory", json!(["Management"]))], &[]);
    r.holds("include_management_events", management, &events);
    let writes = records(
        &events,
        &[
            ("eventCategory", json!(["Data"])),
            ("resources.type", json!(["AWS::S3::Object"])),
            ("readOnly", json!(["false"])),
        ],
        &["resources.ARN"],
    );
    r.holds("include_s3_write_events", writes, &events);
    let group = r.of("log_group_name");
    let groups = r.ask(
        "logs",
        "describe_log_groups",
        json!({"logGroupNamePrefix": group}),
    )?["logGroups"]
        .clone();
    r.is(
        "log_group_retention_in_days",
        groups[0]["retentionInDays"].clone(),
    );
    r.is("log_group_kms_key_id", groups[0]["kmsKeyId"].clone());
    Ok(())
}

/// Whether a selector asks for exactly these fields, and besides leaves out what `but` names.
fn records(selectors: &Value, fields: &[(&str, Value)], but: &[&str]) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(selectors).iter().any(|selector| {
        let asked = list(&selector["FieldSelectors"]);
        fields.iter().all(|(field, values)| {
            asked
                .iter()
                .any(|one| one["Field"] == *field && one["Equals"] == *values)
        }) && asked.iter().all(|one| {
            let name = one["Field"].as_str().unwrap_or_default();
            let leaves_out = but.contains(&name) && one["Equals"].is_null();
            leaves_out || fields.iter().any(|(field, _)| *field == name)
        })
    })
}
