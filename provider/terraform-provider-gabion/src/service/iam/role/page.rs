//! The page's list of calls and its least IAM policies come from the table of operations, and this test
//! compares them with the page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gabion_aws::operations::{find, iam_actions};

/// A service, and operations of it.
type Calls = (&'static str, &'static [&'static str]);

/// Which calls are made when.
const STEPS: &[(&str, &[Calls])] = &[
    (
        "refresh, plan, import",
        &[
            ("sts", &["GetCallerIdentity"]),
            (
                "iam",
                &[
                    "GetRole",
                    "ListRolePolicies",
                    "GetRolePolicy",
                    "ListAttachedRolePolicies",
                ],
            ),
        ],
    ),
    (
        "plan of a create, or of a change of boundary, attachments or provider",
        &[(
            "iam",
            &["GetPolicy", "GetOpenIDConnectProvider", "GetSAMLProvider"],
        )],
    ),
    (
        "plan of a destroy",
        &[("iam", &["ListInstanceProfilesForRole"])],
    ),
    (
        "create",
        &[(
            "iam",
            &["CreateRole", "PutRolePolicy", "AttachRolePolicy", "TagRole"],
        )],
    ),
    (
        "update, and a create that goes on where another stopped",
        &[(
            "iam",
            &[
                "PutRolePermissionsBoundary",
                "UpdateAssumeRolePolicy",
                "UpdateRole",
                "PutRolePolicy",
                "DeleteRolePolicy",
                "AttachRolePolicy",
                "DetachRolePolicy",
                "TagRole",
                "UntagRole",
            ],
        )],
    ),
    (
        "destroy",
        &[(
            "iam",
            &["DeleteRolePolicy", "DetachRolePolicy", "DeleteRole"],
        )],
    ),
    ("in another account", &[("sts", &["AssumeRole"])]),
];

fn table() -> String {
    let mut text = String::from("| when | calls |\n|---|---|\n");
    for (when, services) in STEPS {
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

fn policy(steps: &[usize]) -> String {
    let actions: BTreeSet<&str> = steps
        .iter()
        .flat_map(|step| STEPS[*step].1)
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

#[test]
fn every_call_is_one_that_the_clients_make() {
    for (service, name) in STEPS
        .iter()
        .flat_map(|(_, services)| *services)
        .flat_map(|(service, names)| names.iter().map(move |name| (*service, *name)))
    {
        assert!(find(service, name).is_some(), "{service}:{name}");
    }
}

#[test]
fn the_page_lists_the_calls_and_the_least_policies() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/resources/workload_role.md");
    let page = std::fs::read_to_string(page).unwrap();
    for part in [table(), policy(&[0, 1, 2]), policy(&[0, 1, 2, 3, 4, 5])] {
        assert!(page.contains(&part), "the page lacks this:\n{part}");
    }
}
