//! Each enforced setting, changed by hand, shows as drift on exactly that attribute, and an apply repairs it.

use anyhow::Result;
use gabion_tests::Kind;
use serde_json::{Value, json};

use super::{applied, changed, through_fake};
use crate::support::World;

const BUCKET: &str = "gabion-audit-logs";
const ACCESS: &str = "gabion-audit-logs-access-logs";

/// A call behind Terraform's back, and the attributes that then differ.
struct Case {
    service: &'static str,
    operation: &'static str,
    parameters: Value,
    attributes: &'static [&'static str],
}

fn case(
    service: &'static str,
    operation: &'static str,
    parameters: Value,
    attributes: &'static [&'static str],
) -> Case {
    Case {
        service,
        operation,
        parameters,
        attributes,
    }
}

/// The public access block with one setting off.
fn open(bucket: &str, off: &str) -> Value {
    let mut block = json!({
        "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true,
    });
    block[off] = json!(false);
    json!({"Bucket": bucket, "PublicAccessBlockConfiguration": block})
}

fn ownership(bucket: &str) -> Value {
    json!({"Bucket": bucket, "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}})
}

fn sse(bucket: &str, rule: &Value) -> Value {
    json!({"Bucket": bucket, "ServerSideEncryptionConfiguration": {"Rules": [rule]}})
}

fn lock(mode: &str, days: i64) -> Value {
    json!({
        "Bucket": BUCKET,
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}},
        },
    })
}

fn lifecycle(bucket: &str, rules: &Value) -> Value {
    json!({"Bucket": bucket, "LifecycleConfiguration": {"Rules": rules}})
}

fn cold(id: &str, days: i64, class: &str) -> Value {
    json!({
        "ID": id, "Status": "Enabled", "Filter": {"Prefix": ""},
        "Transitions": [{"Days": days, "StorageClass": class}],
    })
}

/// What is left of a policy without one statement.
fn without(world: &mut World, bucket: &str, sid: &str) -> Result<String> {
    let answer = world
        .aws
        .call("s3", "get_bucket_policy", json!({"Bucket": bucket}))?;
    let mut policy: Value = serde_json::from_str(answer["Policy"].as_str().unwrap())?;
    policy["Statement"]
        .as_array_mut()
        .unwrap()
        .retain(|statement| statement["Sid"] != sid);
    Ok(policy.to_string())
}

/// Applies a sink and runs the cases one after another: that the next plan shows nothing but its own drift proves
/// that the one before was repaired.
fn run(kind: Kind, cases: impl FnOnce(&mut World) -> Result<Vec<Case>>) -> Result<()> {
    let Some(mut world) = World::start(kind)? else {
        return Ok(());
    };
    applied(&world, "")?;
    let cases = cases(&mut world)?;
    let mut aws = through_fake(&world)?;
    for Case {
        service,
        operation,
        parameters,
        attributes,
    } in cases
    {
        aws.call(service, operation, parameters.clone())?;
        let plan = world.terraform.plan(&[])?;
        assert!(plan.changes()?, "no drift after {operation} {parameters}");
        assert_eq!(
            changed(&world)?,
            attributes,
            "after {operation} {parameters}"
        );
        world.terraform.apply(&["plan.tfplan"])?.ok()?;
    }
    world.terraform.settled()
}

#[test]
fn of_the_main_bucket() -> Result<()> {
    run(Kind::Ministack, |world| {
        let key = world.terraform.state(super::SINK)?["kms_key_id"].clone();
        let other = world.aws.call("kms", "create_key", json!({}))?["KeyMetadata"]["Arn"].clone();
        let kms = |key: &Value, bucket_key: bool| {
            json!({
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
                "BucketKeyEnabled": bucket_key,
            })
        };
        let plain = without(world, BUCKET, "DenyInsecureTransport")?;
        Ok(vec![
            case(
                "s3",
                "put_public_access_block",
                open(BUCKET, "BlockPublicAcls"),
                &["block_public_acls"],
            ),
            case(
                "s3",
                "put_public_access_block",
                open(BUCKET, "IgnorePublicAcls"),
                &["ignore_public_acls"],
            ),
            case(
                "s3",
                "put_public_access_block",
                open(BUCKET, "BlockPublicPolicy"),
                &["block_public_policy"],
            ),
            case(
                "s3",
                "put_public_access_block",
                open(BUCKET, "RestrictPublicBuckets"),
                &["restrict_public_buckets"],
            ),
            case(
                "s3",
                "put_bucket_ownership_controls",
                ownership(BUCKET),
                &["object_ownership"],
            ),
            case(
                "s3",
                "put_bucket_encryption",
                sse(
                    BUCKET,
                    &json!({"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}),
                ),
                &["sse_algorithm"],
            ),
            case(
                "s3",
                "put_bucket_encryption",
                sse(BUCKET, &kms(&key, false)),
                &["bucket_key_enabled"],
            ),
            case(
                "s3",
                "put_bucket_encryption",
                sse(BUCKET, &kms(&other, true)),
                &["kms_key_id"],
            ),
            case(
                "s3",
                "put_object_lock_configuration",
                lock("COMPLIANCE", 365),
                &["object_lock_mode"],
            ),
            case(
                "s3",
                "put_object_lock_configuration",
                lock("GOVERNANCE", 30),
                &["retention_in_days"],
            ),
            case(
                "s3",
                "delete_bucket_lifecycle",
                json!({"Bucket": BUCKET}),
                &["transition_in_days"],
            ),
            case(
                "s3",
                "put_bucket_lifecycle_configuration",
                lifecycle(
                    BUCKET,
                    &json!([cold("gabion-log-sink", 90, "DEEP_ARCHIVE")]),
                ),
                &["transition_storage_class"],
            ),
            case(
                "s3",
                "put_bucket_lifecycle_configuration",
                lifecycle(
                    BUCKET,
                    &json!([
                        cold("gabion-log-sink", 90, "GLACIER_IR"),
                        {"ID": "early", "Status": "Enabled", "Filter": {"Prefix": "AWSLogs/"}, "Expiration": {"Days": 7}},
                    ]),
                ),
                &["expiration_in_days"],
            ),
            case(
                "s3",
                "put_bucket_policy",
                json!({"Bucket": BUCKET, "Policy": plain}),
                &["policy"],
            ),
            case(
                "s3",
                "delete_bucket_policy",
                json!({"Bucket": BUCKET}),
                &["policy"],
            ),
            case(
                "s3",
                "put_bucket_logging",
                json!({"Bucket": BUCKET, "BucketLoggingStatus": {}}),
                &["access_logging"],
            ),
            case(
                "s3",
                "put_bucket_logging",
                json!({
                    "Bucket": BUCKET,
                    "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": ACCESS, "TargetPrefix": "x/"}},
                }),
                &["access_log_prefix"],
            ),
            case(
                "s3",
                "put_bucket_tagging",
                json!({"Bucket": BUCKET, "Tagging": {"TagSet": [{"Key": "by", "Value": "hand"}]}}),
                &["tags", "tags_all"],
            ),
        ])
    })
}

#[test]
fn of_the_access_log_bucket() -> Result<()> {
    run(Kind::Ministack, |world| {
        let plain = without(world, ACCESS, "DenyInsecureTransport")?;
        Ok(vec![
            case(
                "s3",
                "put_public_access_block",
                open(ACCESS, "BlockPublicAcls"),
                &["access_log_block_public_acls"],
            ),
            case(
                "s3",
                "put_public_access_block",
                open(ACCESS, "IgnorePublicAcls"),
                &["access_log_ignore_public_acls"],
            ),
            case(
                "s3",
                "put_public_access_block",
                open(ACCESS, "BlockPublicPolicy"),
                &["access_log_block_public_policy"],
            ),
            case(
                "s3",
                "put_public_access_block",
                open(ACCESS, "RestrictPublicBuckets"),
                &["access_log_restrict_public_buckets"],
            ),
            case(
                "s3",
                "put_bucket_ownership_controls",
                ownership(ACCESS),
                &["access_log_object_ownership"],
            ),
            case(
                "s3",
                "put_bucket_versioning",
                json!({"Bucket": ACCESS, "VersioningConfiguration": {"Status": "Suspended"}}),
                &["access_log_versioning"],
            ),
            case(
                "s3",
                "put_bucket_encryption",
                sse(
                    ACCESS,
                    &json!({"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}),
                ),
                &["access_log_sse_algorithm"],
            ),
            case(
                "s3",
                "delete_bucket_lifecycle",
                json!({"Bucket": ACCESS}),
                &["access_log_expiration_in_days"],
            ),
            case(
                "s3",
                "put_bucket_policy",
                json!({"Bucket": ACCESS, "Policy": plain}),
                &["access_log_policy"],
            ),
        ])
    })
}

#[test]
fn of_trail_and_log_group() -> Result<()> {
    for kind in [Kind::Ministack, Kind::Moto] {
        run(kind, |world| {
            let other =
                world.aws.call("kms", "create_key", json!({}))?["KeyMetadata"]["Arn"].clone();
            let selectors =
                |fields: Value| json!({"TrailName": BUCKET, "AdvancedEventSelectors": fields});
            let management = json!({
                "Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
            });
            let writes = json!({
                "Name": "Writes",
                "FieldSelectors": [
                    {"Field": "eventCategory", "Equals": ["Data"]},
                    {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                    {"Field": "readOnly", "Equals": ["false"]},
                ],
            });
            let mut hidden = writes.clone();
            hidden["FieldSelectors"]
                .as_array_mut()
                .unwrap()
                .push(json!({"Field": "resources.ARN", "NotStartsWith": ["arn:aws:s3:::secret/"]}));
            let group = "/gabion/gabion-audit-logs";
            let mut cases = vec![
                case(
                    "cloudtrail",
                    "stop_logging",
                    json!({"Name": BUCKET}),
                    &["enable_logging"],
                ),
                case(
                    "cloudtrail",
                    "update_trail",
                    json!({"Name": BUCKET, "IsMultiRegionTrail": false}),
                    &["is_multi_region_trail"],
                ),
                case(
                    "cloudtrail",
                    "update_trail",
                    json!({"Name": BUCKET, "EnableLogFileValidation": false}),
                    &["enable_log_file_validation"],
                ),
                case(
                    "cloudtrail",
                    "update_trail",
                    json!({"Name": BUCKET, "IsOrganizationTrail": false}),
                    &["is_organization_trail"],
                ),
                case(
                    "cloudtrail",
                    "update_trail",
                    json!({"Name": BUCKET, "KmsKeyId": other}),
                    &["trail_kms_key_id"],
                ),
                case(
                    "cloudtrail",
                    "update_trail",
                    json!({"Name": BUCKET, "S3BucketName": ACCESS}),
                    &["trail_bucket"],
                ),
                case(
                    "cloudtrail",
                    "put_event_selectors",
                    selectors(json!([writes])),
                    &["include_management_events"],
                ),
                case(
                    "cloudtrail",
                    "put_event_selectors",
                    selectors(json!([management])),
                    &["include_s3_write_events"],
                ),
                case(
                    "cloudtrail",
                    "put_event_selectors",
                    selectors(json!([management, hidden])),
                    &["include_s3_write_events"],
                ),
                case(
                    "logs",
                    "put_retention_policy",
                    json!({"logGroupName": group, "retentionInDays": 30}),
                    &["log_group_retention_in_days"],
                ),
                case(
                    "logs",
                    "associate_kms_key",
                    json!({"logGroupName": group, "kmsKeyId": other}),
                    &["log_group_kms_key_id"],
                ),
                case(
                    "logs",
                    "disassociate_kms_key",
                    json!({"logGroupName": group}),
                    &["log_group_kms_key_id"],
                ),
                case(
                    "logs",
                    "delete_retention_policy",
                    json!({"logGroupName": group}),
                    &["log_group_retention_in_days"],
                ),
            ];
            // A trail of the organization needs one: only a managing account has it.
            if world.terraform.state(super::SINK)?["is_organization_trail"] == json!(false) {
                cases.retain(|case| case.attributes != ["is_organization_trail"]);
            }
            Ok(cases)
        })?;
    }
    Ok(())
}

/// What others added without weakening anything stays when drift beside it is repaired.
#[test]
fn rules_and_selectors_of_others_stay() -> Result<()> {
    let Some(mut world) = World::start(Kind::Ministack)? else {
        return Ok(());
    };
    applied(&world, "")?;
    let hand = json!({
        "ID": "by-hand", "Status": "Enabled", "Filter": {"Prefix": "tmp/"},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
    });
    world.aws.call(
        "s3",
        "put_bucket_lifecycle_configuration",
        lifecycle(BUCKET, &json!([hand])),
    )?;
    let lambda = json!({
        "Name": "Lambda",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::Lambda::Function"]},
        ],
    });
    let selectors = json!({"TrailName": BUCKET, "AdvancedEventSelectors": [lambda]});
    world
        .aws
        .call("cloudtrail", "put_event_selectors", selectors)?;

    assert!(world.terraform.plan(&[])?.changes()?);
    assert_eq!(
        changed(&world)?,
        [
            "include_management_events",
            "include_s3_write_events",
            "transition_in_days"
        ]
    );
    world.terraform.apply(&["plan.tfplan"])?.ok()?;
    world.terraform.settled()?;
    let rules = world.aws.call(
        "s3",
        "get_bucket_lifecycle_configuration",
        json!({"Bucket": BUCKET}),
    )?;
    let ids: Vec<&str> = rules["Rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|rule| rule["ID"].as_str())
        .collect();
    assert_eq!(ids, ["by-hand", "gabion-log-sink"]);
    let selectors = world.aws.call(
        "cloudtrail",
        "get_event_selectors",
        json!({"TrailName": BUCKET}),
    )?;
    assert_eq!(
        selectors["AdvancedEventSelectors"]
            .as_array()
            .map_or(0, Vec::len),
        3,
        "{selectors}"
    );

    // A rule that cannot be written back as it is is named first.
    let by_size = json!({
        "ID": "by-size", "Status": "Enabled",
        "Filter": {"And": {"Prefix": "tmp/", "ObjectSizeGreaterThan": 1024}},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
    });
    world.aws.call(
        "s3",
        "put_bucket_lifecycle_configuration",
        lifecycle(BUCKET, &json!([by_size])),
    )?;
    world
        .terraform
        .plan(&[])?
        .refused()?
        .says(&["`by-size`", "acknowledge_removals = [\"by-size\"]"])?;
    world.terraform.write(
        "main.tf",
        &super::sink("acknowledge_removals = [\"by-size\"]"),
    )?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()
}
