//! The shared part of two schemas.

use gabion_framework::prelude::*;

use super::{AWS_EBS_KEY, BLOCK_MODES, DELETED, KEPT, adopt};
use crate::shared::exception;

/// A setting that is on where nothing is said.
fn flag(name: &str, what: &str) -> Attribute {
    Attribute::bool(name)
        .default(true)
        .describe(format!("{what} Default `true`."))
}

/// A key ARN, or EC2's own key.
fn is_ebs_key(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    text == AWS_EBS_KEY
        || matches!(parts.as_slice(), ["arn", _, "kms", region, account, key]
            if validate::is_region(region) && validate::is_account_id(account) && key.starts_with("key/"))
}

/// The attributes of the baseline.
pub(in super::super) fn attributes() -> Vec<Attribute> {
    let mut all = places();
    all.extend(ec2());
    all.extend(passwords());
    all
}

fn places() -> Vec<Attribute> {
    vec![
        Attribute::set("regions", Type::String)
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::each(validate::region()))
            .describe(
                "Regions that get the regional part of the baseline. Default: all regions that need no opt-in, as they are \
                 when the resource is made.",
            ),
        Attribute::object(
            "security_contact",
            vec![
                Attribute::string("name").required().validate(validate::length(1, 64)).describe("Name."),
                Attribute::string("title").required().validate(validate::length(1, 50)).describe("Title."),
                Attribute::string("email_address").required().validate(validate::email()).describe("E-mail address."),
                Attribute::string("phone_number").required().validate(validate::length(1, 25)).describe("Phone number."),
            ],
        )
        .required()
        .describe("Whom AWS writes to about security (C5 1.2, Account.1)."),
        flag("block_public_acls", "Whether S3 refuses public ACLs in the whole account (S3.1)."),
        flag("ignore_public_acls", "Whether S3 ignores public ACLs in the whole account (S3.1)."),
        flag("block_public_policy", "Whether S3 refuses public bucket policies in the whole account (S3.1)."),
        flag(
            "restrict_public_buckets",
            "Whether S3 restricts access to buckets with public policies in the whole account (S3.1).",
        ),
        flag("access_analyzer", "Whether every region has an analyzer of external access (C5 1.19)."),
        Attribute::map("analyzer_arns", Type::String)
            .computed()
            .use_state_for_unknown()
            .describe("The analyzers, by region."),
        Attribute::map("regional_differences", Type::String)
            .computed()
            .describe(
                "Where the regions differ in a setting that is one value for all of them: the attribute, and what it is in \
                 which regions. The attribute itself shows the weakest of them.",
            ),
        adopt::attribute(),
    ]
}

fn ec2() -> Vec<Attribute> {
    vec![
        Attribute::string("default_vpc")
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::one_of(&[DELETED, KEPT]))
            .describe(
                "What becomes of the default VPC of every region: `deleted`, or `kept`. One that anything was put into is \
                 never deleted. Default: `deleted` in accounts that were made here, `kept` in others (EC2.2).",
            ),
        flag("ebs_encryption_by_default", "Whether new EBS volumes are encrypted (EC2.7, C5 5.1.1)."),
        Attribute::map("ebs_default_kms_key_id", Type::String)
            .optional_computed()
            .use_state_for_unknown()
            .validate(EbsKeys)
            .describe(
                "The key for new EBS volumes, by region: a key's ARN, or `alias/aws/ebs` for the one that AWS manages. \
                 Default: a key of the account in every region, made with the alias `alias/gabion/ebs`; in accounts that were \
                 not made here, a key that stands is kept.",
            ),
        Attribute::string("http_tokens")
            .default("required")
            .validate(validate::one_of(&["required", "optional", "no-preference"]))
            .describe("Whether the instance metadata service asks for a token where a launch does not say. Default `required` (EC2.8)."),
        Attribute::int64("http_put_response_hop_limit")
            .default(1_i64)
            .validate(validate::between(-1, 64))
            .describe(
                "How many hops an answer of the instance metadata service may take where a launch does not say, 1 to 64, or \
                 -1 for no preference. Default 1 (EC2.8).",
            ),
        Attribute::string("vpc_block_public_access")
            .optional_computed()
            .use_state_for_unknown()
            .validate(validate::one_of(&BLOCK_MODES))
            .describe(
                "What internet gateways may not let through: `block-bidirectional`, `block-ingress`, or `off`. Default: \
                 `block-bidirectional` in accounts that were made here, as it is in others (EC2.172).",
            ),
    ]
}

fn passwords() -> Vec<Attribute> {
    vec![
        Attribute::int64("minimum_password_length")
            .default(14_i64)
            .validate(validate::between(6, 128))
            .describe(
                "Least length of a password of IAM users. Default 14; in accounts that were not made here, a longer one \
                 that stands is kept (C5 1.7, IAM.7).",
            ),
        flag(
            "require_symbols",
            "Whether a password needs a symbol (IAM.7).",
        ),
        flag(
            "require_numbers",
            "Whether a password needs a digit (IAM.7).",
        ),
        flag(
            "require_uppercase_characters",
            "Whether a password needs a capital letter (IAM.7).",
        ),
        flag(
            "require_lowercase_characters",
            "Whether a password needs a small letter (IAM.7).",
        ),
        Attribute::int64("password_reuse_prevention")
            .default(24_i64)
            .validate(validate::between(0, 24))
            .describe(
                "How many old passwords may not come again; 0 for none. Default 24 (C5 1.8).",
            ),
    ]
}

/// The blocks of the baseline.
pub(in super::super) fn blocks(schema: Schema) -> Schema {
    schema
        .block(exception::block())
        .block(timeouts::block(&["create", "update", "delete"]))
}

/// Checks the keys and values of `ebs_default_kms_key_id`.
struct EbsKeys;

impl Validator for EbsKeys {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        let Dynamic::Map(keys) = value else {
            return;
        };
        for (region, key) in keys {
            let at = path.key(region.clone());
            if !validate::is_region(region) {
                validate::fail(
                    &at,
                    diags,
                    format!("`{region}` is not a region name; write for example `eu-central-1`"),
                );
            }
            if let Dynamic::String(key) = key {
                if !is_ebs_key(key) {
                    validate::fail(
                        &at,
                        diags,
                        format!(
                            "`{key}` is neither the ARN of a key (`arn:aws:kms:REGION:ACCOUNT:key/ID`) nor `{AWS_EBS_KEY}`"
                        ),
                    );
                } else if key != AWS_EBS_KEY && key.split(':').nth(3) != Some(region.as_str()) {
                    validate::fail(
                        &at,
                        diags,
                        format!("`{key}` is a key of another region than `{region}`"),
                    );
                }
            }
        }
    }
}
