//! The pages' lists of calls and their least IAM policies come from the table of operations, and these tests compare
//! them with the pages.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gabion_aws::operations::{find, iam_actions};

/// Operations by service.
type Calls = &'static [(&'static str, &'static [&'static str])];
/// When which calls are made.
type Steps = &'static [(&'static str, Calls)];

const ORGANIZATION: Steps = &[
    (
        "refresh, plan, import",
        &[
            ("sts", &["GetCallerIdentity"]),
            (
                "organizations",
                &[
                    "DescribeOrganization",
                    "ListRoots",
                    "ListAWSServiceAccessForOrganization",
                    "ListDelegatedAdministrators",
                    "ListDelegatedServicesForAccount",
                    "ListOrganizationalUnitsForParent",
                    "ListAccountsForParent",
                    "ListTagsForResource",
                ],
            ),
        ],
    ),
    (
        "create, update",
        &[(
            "organizations",
            &[
                "CreateOrganization",
                "TagResource",
                "EnablePolicyType",
                "EnableAWSServiceAccess",
                "CreateOrganizationalUnit",
                "RegisterDelegatedAdministrator",
                "DeregisterDelegatedAdministrator",
                "DisableAWSServiceAccess",
                "DisablePolicyType",
                "DeleteOrganizationalUnit",
            ],
        )],
    ),
    (
        "destroy",
        &[(
            "organizations",
            &["DeleteOrganizationalUnit", "DeleteOrganization"],
        )],
    ),
];

/// What the baseline reads.
const BASELINE_READS: Calls = &[
    ("account", &["GetAlternateContact"]),
    ("s3control", &["GetPublicAccessBlock"]),
    ("iam", &["GetAccountPasswordPolicy"]),
    (
        "ec2",
        &[
            "DescribeVpcs",
            "DescribeNetworkInterfaces",
            "DescribeVpcPeeringConnections",
            "DescribeVpcEndpoints",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeRouteTables",
            "DescribeNetworkAcls",
            "DescribeVpnGateways",
            "DescribeEgressOnlyInternetGateways",
            "GetEbsEncryptionByDefault",
            "GetEbsDefaultKmsKeyId",
            "GetInstanceMetadataDefaults",
            "DescribeVpcBlockPublicAccessOptions",
        ],
    ),
    ("accessanalyzer", &["ListAnalyzers"]),
];

/// What the baseline writes, and reads on the way.
const BASELINE_WRITES: Calls = &[
    ("account", &["PutAlternateContact"]),
    ("s3control", &["PutPublicAccessBlock"]),
    ("iam", &["UpdateAccountPasswordPolicy"]),
    (
        "ec2",
        &[
            "EnableEbsEncryptionByDefault",
            "DisableEbsEncryptionByDefault",
            "ModifyEbsDefaultKmsKeyId",
            "ResetEbsDefaultKmsKeyId",
            "ModifyInstanceMetadataDefaults",
            "ModifyVpcBlockPublicAccessOptions",
            "DeleteSubnet",
            "DescribeInternetGateways",
            "DetachInternetGateway",
            "DeleteInternetGateway",
            "DeleteVpc",
        ],
    ),
    (
        "accessanalyzer",
        &[
            "CreateAnalyzer",
            "DeleteAnalyzer",
            "TagResource",
            "UntagResource",
        ],
    ),
    (
        "kms",
        &[
            "DescribeKey",
            "ListResourceTags",
            "ListKeys",
            "CreateKey",
            "CreateAlias",
            "EnableKeyRotation",
            "TagResource",
            "UntagResource",
        ],
    ),
];

const ACCOUNT: Steps = &[
    (
        "refresh, plan, import, in the management account",
        &[
            ("sts", &["GetCallerIdentity", "AssumeRole"]),
            ("ec2", &["DescribeRegions"]),
            (
                "organizations",
                &[
                    "DescribeOrganization",
                    "ListAWSServiceAccessForOrganization",
                    "DescribeAccount",
                    "ListAccounts",
                    "ListParents",
                    "ListTagsForResource",
                    "ListPoliciesForTarget",
                    "ListRoots",
                    "ListOrganizationalUnitsForParent",
                    "DescribeOrganizationalUnit",
                ],
            ),
        ],
    ),
    (
        "create, update, destroy, in the management account",
        &[(
            "organizations",
            &[
                "CreateAccount",
                "DescribeCreateAccountStatus",
                "ListCreateAccountStatus",
                "CreatePolicy",
                "AttachPolicy",
                "ListPolicies",
                "DetachPolicy",
                "DeletePolicy",
                "MoveAccount",
                "TagResource",
                "UntagResource",
                "CloseAccount",
            ],
        )],
    ),
    ("refresh, plan, in the account", BASELINE_READS),
    ("create, update, in the account", BASELINE_WRITES),
];

const BASELINE: Steps = &[
    (
        "refresh, plan, import, in the provider's account",
        &[("sts", &["GetCallerIdentity", "AssumeRole"])],
    ),
    (
        "import, and plan without `regions`, in the account",
        &[("ec2", &["DescribeRegions"])],
    ),
    ("refresh, plan, import, in the account", BASELINE_READS),
    ("create, update, in the account", BASELINE_WRITES),
];

fn table(steps: Steps) -> String {
    let mut text = String::from("| when | calls |\n|---|---|\n");
    for (when, services) in steps {
        let calls: Vec<String> = services
            .iter()
            .flat_map(|(service, names)| {
                names.iter().map(move |name| format!("`{service}:{name}`"))
            })
            .collect();
        writeln!(text, "| {when} | {} |", calls.join(", ")).unwrap();
    }
    text
}

fn policy(steps: Steps, which: &[usize]) -> String {
    let actions: BTreeSet<&str> = which
        .iter()
        .flat_map(|step| steps[*step].1)
        .flat_map(|(service, names)| iam_actions(service, names))
        .collect();
    let list: Vec<String> = actions
        .iter()
        .map(|action| format!("        {action:?}"))
        .collect();
    format!(
        "```json\n{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {{\n      \"Effect\": \"Allow\",\n      \"Action\": [\n{}\n      ],\n      \"Resource\": \"*\"\n    }}\n  ]\n}}\n```\n",
        list.join(",\n")
    )
}

fn check(page: &str, steps: Steps, policies: &[&[usize]]) {
    for (service, names) in steps.iter().flat_map(|(_, services)| *services) {
        for name in *names {
            assert!(find(service, name).is_some(), "{service}:{name}");
        }
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/resources");
    let text = std::fs::read_to_string(path.join(page)).unwrap();
    let parts =
        std::iter::once(table(steps)).chain(policies.iter().map(|which| policy(steps, which)));
    for part in parts {
        assert!(text.contains(&part), "{page} lacks this:\n{part}");
    }
}

#[test]
fn the_pages_list_the_calls_and_the_least_policies() {
    check("organization.md", ORGANIZATION, &[&[0], &[0, 1, 2]]);
    check("account.md", ACCOUNT, &[&[0], &[0, 1], &[2], &[2, 3]]);
    check(
        "account_baseline.md",
        BASELINE,
        &[&[0], &[1, 2], &[1, 2, 3]],
    );
}
