//! The schema of `gabion_log_sink`. Spelling follows the AWS provider where it has a word.

use gabion_framework::prelude::*;

use super::names;
use crate::shared::{acknowledge, deletion, exception, live, location, policy_statement, tags};

/// How many days a log group may keep events, as CloudWatch Logs allows; 0 is for ever.
pub(super) const LOG_GROUP_RETENTION: [i64; 23] = [
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// Days after which AWS refuses a retention: 100 years.
const MOST_DAYS: i64 = 36_500;

/// The schema.
pub(super) fn schema() -> Schema {
    Schema::new(
        "An immutable place for logs: a locked, encrypted bucket that only log services write to, a bucket for its \
         own access logs, a multi-region trail with log file validation, and a log group that keeps a year.",
    )
    .attributes(bucket())
    .attributes(access_log())
    .attributes(trail())
    .attributes(common())
    .attributes(location::attributes())
    .attributes(tags::attributes())
    .block(exception::block())
    .block(timeouts::block(&["create", "update", "delete"]))
}

/// A setting that is on where nothing is said.
fn flag(name: &str, what: &str) -> Attribute {
    Attribute::bool(name)
        .default(true)
        .describe(format!("{what} Default `true`."))
}

fn bucket() -> Vec<Attribute> {
    vec![
        Attribute::string("bucket")
            .required()
            .requires_replace()
            .validate(validate::bucket_name())
            .describe("Name of the main bucket."),
        Attribute::string("kms_key_id")
            .required()
            .validate(validate::matches(is_key_arn, "the ARN of a KMS key: `arn:aws:kms:REGION:ACCOUNT:key/ID`"))
            .describe(
                "ARN of the customer managed key that encrypts the main bucket, the trail and the log group. Its policy \
                 must let CloudTrail and CloudWatch Logs use it: `service_users` of `gabion_kms_key` does that.",
            ),
        Attribute::string("organization_id")
            .optional_computed()
            .use_state_for_unknown()
            .validate(OrganizationId)
            .describe(
                "Organization whose principals alone may use the bucket. Unset: the organization of the account, read \
                 at plan. `none`: only the account itself.",
            ),
        flag("block_public_acls", "Whether S3 refuses public ACLs on the main bucket."),
        flag("ignore_public_acls", "Whether S3 ignores public ACLs on the main bucket."),
        flag("block_public_policy", "Whether S3 refuses public policies on the main bucket."),
        flag("restrict_public_buckets", "Whether S3 restricts access to the main bucket while its policy is public."),
        Attribute::string("object_ownership")
            .default("BucketOwnerEnforced")
            .validate(validate::one_of(&["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]))
            .describe("Object ownership of the main bucket. Default `BucketOwnerEnforced`: ACLs do nothing."),
        Attribute::string("versioning")
            .default("Enabled")
            .validate(validate::one_of(&["Enabled", "Suspended"]))
            .describe("Versioning of the main bucket. Default `Enabled`; Object Lock needs it."),
        Attribute::string("sse_algorithm")
            .default("aws:kms")
            .validate(validate::one_of(&["aws:kms", "aws:kms:dsse", "AES256"]))
            .describe("Default encryption of the main bucket. Default `aws:kms`, with `kms_key_id`."),
        Attribute::bool("bucket_key_enabled")
            .default(true)
            .describe("Whether an S3 bucket key saves calls to KMS. Default `true`."),
        Attribute::bool("object_lock_enabled")
            .default(true)
            .describe(
                "Whether the main bucket has Object Lock. It can be turned on later, and never off: that replaces the \
                 sink. Default `true`.",
            ),
        Attribute::string("object_lock_mode")
            .default("GOVERNANCE")
            .validate(validate::one_of(&["GOVERNANCE", "COMPLIANCE"]))
            .describe(
                "Mode of the default retention. `COMPLIANCE` cannot be undone by anybody and needs \
                 `acknowledge_irreversible`. Default `GOVERNANCE`.",
            ),
        Attribute::int64("retention_in_days")
            .default(365_i64)
            .validate(validate::between(1, MOST_DAYS))
            .describe("How many days objects stay locked, 1 to 36500. Default 365."),
        Attribute::int64("transition_in_days")
            .default(90_i64)
            .validate(validate::between(0, MOST_DAYS))
            .describe("After how many days objects move to `transition_storage_class`; 0 is never. Default 90."),
        Attribute::string("transition_storage_class")
            .default("GLACIER_IR")
            .validate(validate::one_of(&[
                "STANDARD_IA",
                "ONEZONE_IA",
                "INTELLIGENT_TIERING",
                "GLACIER_IR",
                "GLACIER",
                "DEEP_ARCHIVE",
            ]))
            .describe("The colder class. Default `GLACIER_IR`, which is read at once when it matters."),
        Attribute::int64("expiration_in_days")
            .default(0_i64)
            .validate(validate::between(0, MOST_DAYS))
            .describe("After how many days objects expire; never before `retention_in_days`. 0 is never, the default."),
        Attribute::string("policy")
            .computed()
            .describe("The bucket policy, generated: TLS only, the organization only, written by log services only."),
        policy_statement::attribute("s3"),
        live::attribute(),
    ]
}

fn access_log() -> Vec<Attribute> {
    vec![
        Attribute::bool("access_logging")
            .default(true)
            .describe("Whether requests to the main bucket are logged to a second bucket. Default `true`."),
        Attribute::string("access_log_bucket")
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::bucket_name())
            .describe(
                "Name of the second bucket: SSE-S3 and no Object Lock, as S3 cannot deliver access logs otherwise. \
                 Default: the name of the main bucket and `-access-logs`. Changing it replaces the sink.",
            ),
        Attribute::string("access_log_prefix")
            .default("s3/")
            .validate(validate::length(0, 512))
            .describe("Prefix of the access logs. Default `s3/`."),
        Attribute::int64("access_log_expiration_in_days")
            .default(365_i64)
            .validate(validate::between(0, MOST_DAYS))
            .describe("After how many days access logs expire; 0 is never. Default 365."),
        flag("access_log_block_public_acls", "Whether S3 refuses public ACLs on the second bucket."),
        flag("access_log_ignore_public_acls", "Whether S3 ignores public ACLs on the second bucket."),
        flag("access_log_block_public_policy", "Whether S3 refuses public policies on the second bucket."),
        flag(
            "access_log_restrict_public_buckets",
            "Whether S3 restricts access to the second bucket while its policy is public.",
        ),
        Attribute::string("access_log_object_ownership")
            .default("BucketOwnerEnforced")
            .validate(validate::one_of(&["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]))
            .describe("Object ownership of the second bucket. Default `BucketOwnerEnforced`."),
        Attribute::string("access_log_versioning")
            .default("Enabled")
            .validate(validate::one_of(&["Enabled", "Suspended"]))
            .describe("Versioning of the second bucket. Default `Enabled`."),
        Attribute::string("access_log_sse_algorithm")
            .default("AES256")
            .validate(validate::one_of(&["AES256"]))
            .describe("Default encryption of the second bucket: `AES256`, the only one S3 delivers access logs to."),
        Attribute::string("access_log_policy").computed().describe("The policy of the second bucket, generated."),
    ]
}

fn trail() -> Vec<Attribute> {
    vec![
        Attribute::string("trail_name")
            .optional_computed()
            .use_state_for_unknown()
            .validate(TrailName)
            .describe("Name of the trail. Default: the name of the main bucket. Changing it replaces the sink."),
        Attribute::bool("is_multi_region_trail")
            .default(true)
            .describe("Whether the trail records all regions. Default `true`."),
        Attribute::bool("is_organization_trail").optional_computed().describe(
            "Whether the trail records every account of the organization. Default: `true` in the management account \
             of an organization, `false` elsewhere.",
        ),
        Attribute::bool("enable_log_file_validation")
            .default(true)
            .describe("Whether CloudTrail signs digests that prove the files unchanged. Default `true`."),
        Attribute::bool("enable_logging").default(true).describe("Whether the trail records. Default `true`."),
        Attribute::bool("include_management_events")
            .default(true)
            .describe("Whether management events are recorded. Default `true`."),
        Attribute::bool("include_s3_write_events").default(true).describe(
            "Whether writes to S3 objects are recorded, those to the sink's own buckets excepted. Default `true`.",
        ),
        Attribute::string("cloud_watch_logs_role_arn")
            .optional()
            .validate(validate::arn_of("iam"))
            .describe(
                "Role by which CloudTrail writes its events to the log group, too (CloudTrail.5). Unset: the trail \
                 writes to the bucket only, and the log group is there for what else logs.",
            ),
        Attribute::string("trail_bucket")
            .computed()
            .describe("The bucket that the trail writes to; planned as `bucket`."),
        Attribute::string("trail_kms_key_id")
            .computed()
            .describe("The key that encrypts the trail's files; planned as `kms_key_id`."),
        Attribute::string("log_group_name")
            .optional_computed()
            .use_state_for_unknown()
            .validate(LogGroupName)
            .describe(
                "Name of the log group. Default `/gabion/` and the name of the main bucket. Changing it replaces the \
                 sink.",
            ),
        Attribute::int64("log_group_retention_in_days")
            .default(365_i64)
            .validate(RetentionDays)
            .describe("How many days the log group keeps events, of those CloudWatch Logs allows; 0 is for ever. Default 365."),
        Attribute::string("log_group_kms_key_id")
            .computed()
            .describe("The key that encrypts the log group; planned as `kms_key_id`."),
    ]
}

fn common() -> Vec<Attribute> {
    vec![
        deletion::attribute(),
        Attribute::string("deletion_policy")
            .default("delete")
            .validate(validate::one_of(&["delete", "retain", "purge"]))
            .describe(
                "What a destroy does. `delete` (default): removes everything, and is refused while a bucket holds \
                 objects. `retain`: stops and removes the trail, keeps the buckets and the log group. `purge`: deletes \
                 the objects too, past GOVERNANCE locks; needs `acknowledge_irreversible`.",
            ),
        acknowledge::attribute("the name of the bucket", "`COMPLIANCE` locks or the deletion policy `purge`"),
        Attribute::string("id").computed().use_state_for_unknown().describe("Name of the main bucket."),
        Attribute::string("arn").computed().use_state_for_unknown().describe("ARN of the main bucket."),
        Attribute::string("access_log_bucket_arn").computed().use_state_for_unknown().describe("ARN of the second bucket."),
        Attribute::string("trail_arn").computed().describe("ARN of the trail."),
        Attribute::string("log_group_arn").computed().describe("ARN of the log group."),
    ]
}

struct OrganizationId;

impl Validator for OrganizationId {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::String(text) = value
            && !names::is_organization_id(text)
            && text != super::NO_ORGANIZATION
        {
            let detail = format!(
                "`{text}` is not an organization id: expected `o-` and 10 to 32 lower-case letters or digits, or `none`."
            );
            validate::fail(path, diags, detail);
        }
    }
}

struct TrailName;

impl Validator for TrailName {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::String(text) = value
            && !names::is_trail_name(text)
        {
            validate::fail(
                path,
                diags,
                format!(
                    "`{text}` is not a trail name: expected {}.",
                    names::TRAIL_NAME
                ),
            );
        }
    }
}

struct LogGroupName;

impl Validator for LogGroupName {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::String(text) = value
            && !names::is_log_group_name(text)
        {
            let detail = format!(
                "`{text}` is not a log group name: expected 1 to 512 letters, digits, `_`, `-`, `/`, `.` or `#`, not \
                 beginning with `aws/`."
            );
            validate::fail(path, diags, detail);
        }
    }
}

struct RetentionDays;

impl Validator for RetentionDays {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::Number(number) = value
            && !number
                .to_i64()
                .is_some_and(|days| LOG_GROUP_RETENTION.contains(&days))
        {
            let allowed: Vec<String> = LOG_GROUP_RETENTION
                .iter()
                .map(ToString::to_string)
                .collect();
            let detail = format!(
                "`{}` is not a retention that CloudWatch Logs allows: choose one of {}.",
                number.as_str(),
                allowed.join(", ")
            );
            validate::fail(path, diags, detail);
        }
    }
}

/// An alias would do for S3, but is read back as the key by CloudTrail, and refused by CloudWatch Logs.
fn is_key_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, "kms", region, account, resource]
        if partition.starts_with("aws")
            && validate::is_region(region)
            && validate::is_account_id(account)
            && resource.strip_prefix("key/").is_some_and(|id| !id.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::log_sink::model::LogSinkModel;

    #[test]
    fn model_and_schema_have_the_same_names() {
        let schema = schema();
        let mut names: Vec<&str> = schema
            .all_attributes()
            .iter()
            .map(Attribute::name)
            .collect();
        names.extend(["exception", "timeouts"]);
        names.sort_unstable();
        let mut model = LogSinkModel::ATTRIBUTES.to_vec();
        model.sort_unstable();
        assert_eq!(names, model);
    }

    #[test]
    fn every_attribute_says_what_it_is() {
        for attribute in schema().all_attributes() {
            assert!(!attribute.description().is_empty(), "{}", attribute.name());
        }
    }

    #[test]
    fn key_arns() {
        assert!(is_key_arn("arn:aws:kms:eu-central-1:111122223333:key/1234"));
        for wrong in [
            "arn:aws:kms:eu-central-1:111122223333:alias/logs",
            "arn:aws:s3:::bucket",
            "1234",
            "arn:aws:kms:eu-central-1:1:key/1234",
            "arn:aws:kms:eu-central-1:111122223333:key/",
        ] {
            assert!(!is_key_arn(wrong), "{wrong}");
        }
    }
}
