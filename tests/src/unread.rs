//! Attributes of the tables of secure defaults that no test reads back from an emulator, and what covers them instead.
//! The end-to-end test of the landing zone reads back all others; `cargo xtask gaps` prints these.

/// One attribute: its resource, its name, why an emulator cannot tell it, and what covers it.
pub type Unread = (&'static str, &'static str, &'static str, &'static str);

/// All of them.
pub const UNREAD: &[Unread] = &[
    (
        "account",
        "iam_user_access_to_billing",
        "AWS has no call that reads it",
        "the recorded call that makes the account",
    ),
    (
        "account",
        "deletion_policy",
        "it is the provider's own: what a destroy does",
        "the state, and destroys",
    ),
    (
        "organization",
        "adopt_control_tower",
        "it is the provider's own: what it may adopt",
        "plans that are refused",
    ),
    (
        "kms_key",
        "deletion_window_in_days",
        "KMS tells it only of a key that is pending deletion",
        "the recorded call that schedules the deletion",
    ),
    (
        "kms_key",
        "deletion_protection",
        "it is the provider's own",
        "destroys that are refused",
    ),
    (
        "log_sink",
        "deletion_protection",
        "it is the provider's own",
        "destroys that are refused",
    ),
    (
        "log_sink",
        "additional_policy_statements",
        "none is the default",
        "`policy`, which holds them",
    ),
    (
        "workload_role",
        "service",
        "the role of the landing zone is for people",
        "the tests of the resource, by its trust policy",
    ),
    (
        "workload_role",
        "workload",
        "the role of the landing zone is for people",
        "the tests of the resource, by its trust policy",
    ),
    (
        "workload_role",
        "additional_policy_statements",
        "none is the default",
        "the trust policy, which holds them",
    ),
    (
        "org_guardrail",
        "deletion_protection",
        "it is the provider's own",
        "destroys that are refused",
    ),
    (
        "network_segment",
        "firewall_rules",
        "no segment of the landing zone has a firewall",
        "the tests of the resource: changed by hand in the fake, shown, repaired",
    ),
    (
        "network_segment",
        "egress_allowed_domains",
        "no segment of the landing zone has a firewall",
        "the tests of the resource, by the rule group in the fake",
    ),
    (
        "network_segment",
        "firewall_subnet_ids",
        "no segment of the landing zone has a firewall",
        "the tests of the resource, which count the subnets and their endpoints",
    ),
    (
        "network_segment",
        "firewall_logs",
        "no segment of the landing zone has a firewall",
        "the tests of the resource: changed by hand in the fake, shown, repaired",
    ),
    (
        "network_segment",
        "firewall_protection",
        "no segment of the landing zone has a firewall",
        "the tests of the resource: changed by hand in the fake, shown, repaired",
    ),
];
