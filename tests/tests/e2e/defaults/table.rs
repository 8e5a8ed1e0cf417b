//! Every setting that an exception is for, how to weaken it, and which rule finds that.

/// Which rules find a weakening.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caught {
    /// These, and no other.
    By(&'static [&'static str]),
    /// None, and why.
    ByNone(&'static str),
}

use Caught::{By, ByNone};

/// One weakening.
pub(super) struct Weak {
    pub(super) attribute: &'static str,
    /// What is written.
    pub(super) hcl: &'static str,
    /// A control that the setting satisfies.
    pub(super) control: &'static str,
    pub(super) caught: Caught,
}

/// One composite.
pub(super) struct Composite {
    pub(super) kind: &'static str,
    /// The arguments without which it is none, those aside that the text brings; a number tells blocks apart.
    pub(super) shortest: fn(usize, &str) -> String,
    pub(super) weak: &'static [Weak],
    /// Settings in the list of exceptions that nothing weakens here.
    pub(super) never: &'static [&'static str],
}

const fn weak(
    attribute: &'static str,
    hcl: &'static str,
    control: &'static str,
    caught: Caught,
) -> Weak {
    Weak {
        attribute,
        hcl,
        control,
        caught,
    }
}

/// The control is the project's own, and the catalogue has no rule for it.
const OWN: Caught = ByNone("the control is our own, and no rule of the catalogue cites it");

const KEY: &[Weak] = &[
    weak(
        "enable_key_rotation",
        "enable_key_rotation = false",
        "KMS.4",
        By(&["DT08"]),
    ),
    weak(
        "rotation_period_in_days",
        "rotation_period_in_days = 1000",
        "C5 3.6",
        By(&["DT08"]),
    ),
    weak(
        "deletion_window_in_days",
        "deletion_window_in_days = 7",
        "KMS.3",
        By(&["DT09"]),
    ),
    weak("multi_region", "multi_region = true", "own", OWN),
    weak(
        "additional_policy_statements",
        "additional_policy_statements = [{ sid = \"Open\", principals = { AWS = [\"*\"] }, actions = [\"kms:Decrypt\"] }]",
        "KMS.5",
        By(&["DT10"]),
    ),
];

const NO_DT04: Caught = ByNone("DT04 of the catalogue is not built yet");
const NO_DT06: Caught = ByNone("DT06 of the catalogue is not built yet");
const NO_LG04: Caught = ByNone("LG04 of the catalogue is not built yet");

const SINK: &[Weak] = &[
    weak(
        "block_public_acls",
        "block_public_acls = false",
        "S3.8",
        By(&["DT01"]),
    ),
    weak(
        "ignore_public_acls",
        "ignore_public_acls = false",
        "S3.8",
        By(&["DT01"]),
    ),
    weak(
        "block_public_policy",
        "block_public_policy = false",
        "S3.8",
        By(&["DT01"]),
    ),
    weak(
        "restrict_public_buckets",
        "restrict_public_buckets = false",
        "S3.8",
        By(&["DT01"]),
    ),
    weak(
        "object_ownership",
        "object_ownership = \"BucketOwnerPreferred\"",
        "S3.12",
        By(&["DT05"]),
    ),
    weak(
        "versioning",
        "versioning = \"Suspended\"\n  object_lock_enabled = false\n  exception {\n    attribute = \"object_lock_enabled\"\n    control = \"S3.15\"\n    reason = \"a test\"\n    expires = \"2099-01-01T00:00:00Z\"\n  }",
        "S3.14",
        By(&["DT03", "LG11"]),
    ),
    weak(
        "sse_algorithm",
        "sse_algorithm = \"AES256\"",
        "S3.17",
        NO_DT06,
    ),
    weak(
        "bucket_key_enabled",
        "bucket_key_enabled = false",
        "S3.17",
        NO_DT06,
    ),
    weak(
        "object_lock_enabled",
        "object_lock_enabled = false",
        "S3.15",
        By(&["LG11"]),
    ),
    weak(
        "retention_in_days",
        "retention_in_days = 30",
        "S3.15",
        By(&["LG11"]),
    ),
    weak(
        "transition_in_days",
        "transition_in_days = 0",
        "S3.13",
        NO_DT04,
    ),
    weak(
        "additional_policy_statements",
        "additional_policy_statements = [{ sid = \"Open\", principals = { AWS = [\"*\"] }, actions = [\"s3:ListBucket\"] }]",
        "C7 2.21",
        By(&["ID15"]),
    ),
    weak(
        "access_logging",
        "access_logging = false",
        "C5 3.4",
        NO_LG04,
    ),
    weak(
        "access_log_block_public_acls",
        "access_log_block_public_acls = false",
        "S3.8",
        By(&["DT01"]),
    ),
    weak(
        "access_log_ignore_public_acls",
        "access_log_ignore_public_acls = false",
        "S3.8",
        By(&["DT01"]),
    ),
    weak(
        "access_log_block_public_policy",
        "access_log_block_public_policy = false",
        "S3.8",
        By(&["DT01"]),
    ),
    weak(
        "access_log_restrict_public_buckets",
        "access_log_restrict_public_buckets = false",
        "S3.8",
        By(&["DT01"]),
    ),
    weak(
        "access_log_object_ownership",
        "access_log_object_ownership = \"BucketOwnerPreferred\"",
        "S3.12",
        By(&["DT05"]),
    ),
    weak(
        "access_log_versioning",
        "access_log_versioning = \"Suspended\"",
        "S3.14",
        By(&["DT03"]),
    ),
    weak(
        "access_log_expiration_in_days",
        "access_log_expiration_in_days = 30",
        "C5 3.4",
        NO_LG04,
    ),
    weak(
        "is_multi_region_trail",
        "is_multi_region_trail = false",
        "CloudTrail.1",
        By(&["LG01"]),
    ),
    weak(
        "is_organization_trail",
        "is_organization_trail = false",
        "CloudTrail.1",
        ByNone(
            "LG01 asks for all regions, not for all accounts: whether an account may have the organization's trail is not in its plan",
        ),
    ),
    weak(
        "enable_log_file_validation",
        "enable_log_file_validation = false",
        "CloudTrail.4",
        By(&["LG02"]),
    ),
    weak(
        "enable_logging",
        "enable_logging = false",
        "CloudTrail.1",
        By(&["LG01"]),
    ),
    weak(
        "include_management_events",
        "include_management_events = false",
        "CloudTrail.1",
        By(&["LG01"]),
    ),
    weak(
        "include_s3_write_events",
        "include_s3_write_events = false",
        "C5 3.8",
        ByNone("LG05 of the catalogue is not built yet"),
    ),
    weak(
        "log_group_retention_in_days",
        "log_group_retention_in_days = 30",
        "AU-11",
        By(&["LG10"]),
    ),
];

const CONTACT: &str = "  security_contact = {\n    name = \"Security\"\n    title = \"CISO\"\n    email_address = \"security@example.com\"\n    phone_number = \"+49 30 1234\"\n  }\n  regions = [\"eu-central-1\"]\n";
const NO_ID12: Caught = ByNone("ID12 of the catalogue is not built yet");

/// What `gabion_account` and `gabion_account_baseline` share.
macro_rules! baseline {
    ($($more:expr),*) => {
        &[
            weak("block_public_acls", "block_public_acls = false", "S3.1", By(&["DT01"])),
            weak("ignore_public_acls", "ignore_public_acls = false", "S3.1", By(&["DT01"])),
            weak("block_public_policy", "block_public_policy = false", "S3.1", By(&["DT01"])),
            weak("restrict_public_buckets", "restrict_public_buckets = false", "S3.1", By(&["DT01"])),
            weak("ebs_encryption_by_default", "ebs_encryption_by_default = false", "EC2.7", By(&["DT13"])),
            weak(
                "ebs_default_kms_key_id",
                "ebs_default_kms_key_id = { eu-central-1 = \"alias/aws/ebs\" }",
                "C5 5.1.1",
                By(&["DT13"]),
            ),
            weak("http_tokens", "http_tokens = \"optional\"", "EC2.8", By(&["CK01"])),
            weak("http_put_response_hop_limit", "http_put_response_hop_limit = 2", "EC2.8", By(&["CK01"])),
            weak("minimum_password_length", "minimum_password_length = 8", "C5 1.7", By(&["ID05"])),
            weak("require_symbols", "require_symbols = false", "IAM.7", By(&["ID05"])),
            weak("require_numbers", "require_numbers = false", "IAM.7", By(&["ID05"])),
            weak("require_uppercase_characters", "require_uppercase_characters = false", "IAM.7", By(&["ID05"])),
            weak("require_lowercase_characters", "require_lowercase_characters = false", "IAM.7", By(&["ID05"])),
            weak("password_reuse_prevention", "password_reuse_prevention = 5", "C5 1.8", By(&["ID05"])),
            weak("access_analyzer", "access_analyzer = false", "C5 1.19", NO_ID12),
            $($more),*
        ]
    };
}

const ACCOUNT: &[Weak] = baseline!(
    weak(
        "default_vpc",
        "default_vpc = \"kept\"",
        "EC2.2",
        By(&["NW01"])
    ),
    weak(
        "vpc_block_public_access",
        "vpc_block_public_access = \"block-ingress\"",
        "EC2.172",
        By(&["NW09"])
    ),
    weak(
        "vpc_block_public_access",
        "vpc_block_public_access = \"off\"",
        "EC2.172",
        By(&["NW09"])
    ),
    weak("quarantine", "quarantine = false", "own", OWN),
    weak(
        "iam_user_access_to_billing",
        "iam_user_access_to_billing = \"ALLOW\"",
        "own",
        OWN
    )
);
const BASELINE: &[Weak] = baseline!();

const SEGMENT: &[Weak] = &[
    weak(
        "map_public_ip_on_launch",
        "map_public_ip_on_launch = true",
        "EC2.15",
        By(&["NW08"]),
    ),
    weak("flow_logs", "flow_logs = false", "EC2.6", By(&["NW07"])),
    weak(
        "flow_log_traffic_type",
        "flow_log_traffic_type = \"REJECT\"",
        "C5 3.7",
        By(&["NW07"]),
    ),
    weak(
        "flow_log_max_aggregation_interval",
        "flow_log_max_aggregation_interval = 600",
        "EC2.6",
        By(&["NW07"]),
    ),
    weak("dns_query_logging", "dns_query_logging = false", "own", OWN),
    weak(
        "firewall_logs",
        "firewall_logs = false",
        "NetworkFirewall.2",
        ByNone("NW13 of the catalogue is not built yet"),
    ),
    weak(
        "firewall_protection",
        "firewall_protection = false",
        "NetworkFirewall.9",
        ByNone("NW13 of the catalogue is not built yet"),
    ),
    weak("ingress", "ingress = \"internet\"", "own", OWN),
];

const ROLE: &[Weak] = &[
    weak(
        "max_session_duration",
        "max_session_duration = 7200",
        "own",
        ByNone("ID19 judges privileged roles, and this one may do nothing"),
    ),
    weak(
        "permissions_boundary",
        "permissions_boundary = \"arn:aws:iam::aws:policy/AdministratorAccess\"",
        "own",
        By(&["ID18"]),
    ),
    weak(
        "service",
        "principal_kind = \"service\"\n  service = { principal = \"ecs-tasks.amazonaws.com\", bind_source = false }",
        "own",
        By(&["ID17"]),
    ),
    weak(
        "human",
        "principal_kind = \"human\"\n  human = { principal = \"arn:aws:iam::123456789012:user/ada\", require_mfa = false }",
        "own",
        OWN,
    ),
    weak(
        "statement",
        "statement {\n    actions = [\"*\"]\n    resources = [\"*\"]\n  }",
        "IAM.1",
        By(&["ID01"]),
    ),
    weak(
        "statement",
        "statement {\n    actions = [\"s3:*\"]\n    resources = [\"arn:aws:s3:::orders/*\"]\n  }",
        "IAM.21",
        By(&["ID02"]),
    ),
    weak(
        "statement",
        "statement {\n    actions = [\"kms:Decrypt\"]\n    resources = [\"*\"]\n  }",
        "KMS.1",
        By(&["DT11"]),
    ),
    weak(
        "statement",
        "statement {\n    actions = [\"iam:PassRole\"]\n    resources = [\"*\"]\n  }",
        "C5 1.15",
        ByNone("ID01 cites C5 1.15, and asks for everything on everything"),
    ),
    weak(
        "managed_policy_arns",
        "managed_policy_arns = [\"arn:aws:iam::aws:policy/AdministratorAccess\"]",
        "IAM.1",
        By(&["ID01"]),
    ),
    weak(
        "managed_policy_arns",
        "managed_policy_arns = [\"arn:aws:iam::aws:policy/IAMFullAccess\"]",
        "IAM.1",
        By(&["ID01"]),
    ),
    weak(
        "additional_policy_statements",
        "additional_policy_statements = [{ sid = \"Open\", principals = { AWS = [\"*\"] }, actions = [\"sts:AssumeRole\"] }]",
        "own",
        By(&["ID15"]),
    ),
    weak(
        "additional_policy_statements",
        "additional_policy_statements = [{ sid = \"Forge\", principals = { Federated = [\"arn:aws:iam::123456789012:oidc-provider/forge.example.com\"] }, actions = [\"sts:AssumeRoleWithWebIdentity\"] }]",
        "own",
        By(&["ID16"]),
    ),
    weak(
        "additional_policy_statements",
        "additional_policy_statements = [{ sid = \"Flow\", principals = { Service = [\"states.amazonaws.com\"] }, actions = [\"sts:AssumeRole\"] }]",
        "own",
        By(&["ID17"]),
    ),
    weak(
        "additional_policy_statements",
        "additional_policy_statements = [{ sid = \"Theirs\", principals = { AWS = [\"arn:aws:iam::444455556666:root\"] }, actions = [\"sts:AssumeRole\"] }]",
        "own",
        OWN,
    ),
];

const GUARDRAIL: &[Weak] = &[weak(
    "exempt_principals",
    "exempt_principals = [\"arn:aws:iam::*:role/*\"]",
    "own",
    OWN,
)];

const ORGANIZATION: &[Weak] = &[weak(
    "enabled_policy_types",
    "enabled_policy_types = [\"TAG_POLICY\"]",
    "own",
    OWN,
)];

fn role(number: usize, more: &str) -> String {
    let mut text = format!("  name = \"role{number}\"\n");
    if !more.contains("principal_kind") {
        text.push_str("  principal_kind = \"service\"\n  service = { principal = \"ecs-tasks.amazonaws.com\" }\n");
    }
    if !more.contains("  permissions_boundary") {
        text.push_str("  permissions_boundary = \"arn:aws:iam::aws:policy/PowerUserAccess\"\n");
    }
    text
}

/// All composites that have secure defaults.
pub(super) fn composites() -> Vec<Composite> {
    vec![
        Composite {
            kind: "gabion_kms_key",
            shortest: |number, _| format!("  alias = \"key{number}\"\n"),
            weak: KEY,
            never: &[],
        },
        Composite {
            kind: "gabion_log_sink",
            shortest: |number, _| {
                format!(
                    "  bucket = \"defaults-sink{number}\"\n  kms_key_id = \"arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555\"\n"
                )
            },
            weak: SINK,
            never: &[],
        },
        Composite {
            kind: "gabion_account",
            shortest: |number, _| {
                format!(
                    "  name = \"app{number}\"\n  email = \"app{number}@example.com\"\n  organizational_unit = \"prod\"\n{CONTACT}"
                )
            },
            weak: ACCOUNT,
            never: &[],
        },
        Composite {
            kind: "gabion_account_baseline",
            shortest: |_, _| {
                format!(
                    "{CONTACT}  acknowledge_removals = [\"block_public_acls\", \"block_public_policy\", \"ignore_public_acls\", \"restrict_public_buckets\"]\n"
                )
            },
            weak: BASELINE,
            // The account was there: these two stay as its owner has them, unless asked for.
            never: &["default_vpc", "vpc_block_public_access"],
        },
        Composite {
            kind: "gabion_network_segment",
            shortest: |number, _| {
                format!(
                    "  name = \"segment{number}\"\n  cidr_block = \"10.{number}.0.0/16\"\n  environment = \"prod\"\n  data_tier = \"confidential\"\n  log_destination = \"arn:aws:s3:::gabion-logs\"\n"
                )
            },
            weak: SEGMENT,
            never: &[],
        },
        Composite {
            kind: "gabion_workload_role",
            shortest: role,
            weak: ROLE,
            never: &[],
        },
        Composite {
            kind: "gabion_org_guardrail",
            shortest: |number, _| {
                format!(
                    "  name = \"guardrail{number}\"\n  targets = [terraform_data.unit.output]\n  deny_leaving_organization = true\n"
                )
            },
            weak: GUARDRAIL,
            never: &[],
        },
        Composite {
            kind: "gabion_organization",
            shortest: |_, _| String::new(),
            weak: ORGANIZATION,
            never: &[],
        },
    ]
}
