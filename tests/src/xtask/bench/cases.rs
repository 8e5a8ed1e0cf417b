//! The plans that are measured, and the equal rule in the peers' languages.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

/// DT03 for buckets: the older `versioning` block of `aws_s3_bucket`.
pub(super) const REGO: &str = r#"package gabion

import rego.v1

deny contains message if {
	some change in input.resource_changes
	change.type == "aws_s3_bucket"
	some block in change.change.after.versioning
	block.enabled != true
	message := sprintf("%s: the bucket keeps no versions", [change.address])
}
"#;

/// The same for cfn-guard.
pub(super) const CFN_GUARD: &str = r"rule bucket_without_versioning {
    resource_changes[ type == 'aws_s3_bucket' ] {
        change.after.versioning[*].enabled == true
            <<the bucket keeps no versions>>
    }
}
";

/// Where the plan with `count` buckets is.
pub(super) fn plan(folder: &Path, count: usize) -> PathBuf {
    folder.join(format!("plan-{count}.json"))
}

/// Where the plan with `count` buckets and their planned values is.
pub(super) fn whole_plan(folder: &Path, count: usize) -> PathBuf {
    folder.join(format!("whole-plan-{count}.json"))
}

/// Writes that plan. Checkov looks at no resource that the planned values do not list.
pub(super) fn write_whole(folder: &Path, count: usize) -> Result<()> {
    let planned: Vec<_> = (0..count).map(planned).collect();
    let mut plan = contents(count);
    if let Some(plan) = plan.as_object_mut() {
        plan.insert(
            "planned_values".to_owned(),
            json!({"root_module": {"resources": planned}}),
        );
    }
    save(&whole_plan(folder, count), &plan)
}

/// Writes the plan with `count` buckets.
pub(super) fn write(folder: &Path, count: usize) -> Result<()> {
    let path = plan(folder, count);
    if path.is_file() {
        return Ok(());
    }
    save(&path, &contents(count))
}

fn save(path: &Path, plan: &serde_json::Value) -> Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    serde_json::to_writer(&mut file, plan)?;
    file.flush()?;
    Ok(())
}

fn contents(count: usize) -> serde_json::Value {
    let changes: Vec<_> = (0..count).map(bucket).collect();
    let configuration: Vec<_> = (0..count).map(configured).collect();
    json!({
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {
                "name": "aws",
                "full_name": "registry.terraform.io/hashicorp/aws",
                "version_constraint": "5.100.0",
                "expressions": {"region": {"constant_value": "eu-central-1"}},
            }},
            "root_module": {"resources": configuration},
        },
    })
}

/// The bucket's planned values, as `terraform show -json` prints them.
fn planned(number: usize) -> serde_json::Value {
    let bucket = bucket(number);
    json!({
        "address": format!("aws_s3_bucket.bucket_{number}"),
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": format!("bucket_{number}"),
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "schema_version": 0,
        "values": bucket.pointer("/change/after"),
        "sensitive_values": {"tags": {}, "tags_all": {}, "versioning": [{}]},
    })
}

/// A bucket as `terraform show -json` prints it; every tenth keeps no versions.
fn bucket(number: usize) -> serde_json::Value {
    let kept = !number.is_multiple_of(10);
    json!({
        "address": format!("aws_s3_bucket.bucket_{number}"),
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": format!("bucket_{number}"),
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": ["create"],
            "before": null,
            "after": {
                "bucket": format!("team-{}-data-{number}", number % 37),
                "force_destroy": false,
                "tags": {"Environment": "prod", "Owner": format!("team-{}", number % 37), "CostCenter": "4711"},
                "tags_all": {"Environment": "prod", "Owner": format!("team-{}", number % 37), "CostCenter": "4711"},
                "timeouts": null,
                "versioning": [{"enabled": kept, "mfa_delete": false}],
            },
            "after_unknown": {
                "acceleration_status": true, "acl": true, "arn": true, "bucket_domain_name": true,
                "bucket_prefix": true, "bucket_regional_domain_name": true, "cors_rule": true,
                "grant": true, "hosted_zone_id": true, "id": true, "lifecycle_rule": true,
                "logging": true, "object_lock_configuration": true, "object_lock_enabled": true,
                "policy": true, "region": true, "replication_configuration": true,
                "request_payer": true, "server_side_encryption_configuration": true,
                "tags": {}, "tags_all": {}, "versioning": [{}], "website": true,
                "website_domain": true, "website_endpoint": true,
            },
            "before_sensitive": false,
            "after_sensitive": {"tags": {}, "tags_all": {}, "versioning": [{}]},
        },
    })
}

/// The same bucket in the configuration.
fn configured(number: usize) -> serde_json::Value {
    json!({
        "address": format!("aws_s3_bucket.bucket_{number}"),
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": format!("bucket_{number}"),
        "provider_config_key": "aws",
        "expressions": {
            "bucket": {"constant_value": format!("team-{}-data-{number}", number % 37)},
            "tags": {"constant_value": {"Environment": "prod"}},
            "versioning": [{"enabled": {"constant_value": !number.is_multiple_of(10)}}],
        },
        "schema_version": 0,
    })
}
