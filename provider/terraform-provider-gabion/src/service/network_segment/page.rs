//! The page's list of calls, its least IAM policies and its table of defaults come from the code, and these tests
//! compare them with the page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gabion_aws::operations::{find, iam_actions};
use gabion_framework::prelude::*;

use super::{schema, weaker};

/// Operations by service.
type Calls = &'static [(&'static str, &'static [&'static str])];

/// Which calls are made when.
const STEPS: &[(&str, Calls)] = &[
    (
        "refresh, plan, import",
        &[
            ("sts", &["GetCallerIdentity"]),
            ("organizations", &["DescribeOrganization"]),
            (
                "ec2",
                &[
                    "DescribeAddresses",
                    "DescribeAvailabilityZones",
                    "DescribeFlowLogs",
                    "DescribeInternetGateways",
                    "DescribeNatGateways",
                    "DescribeNetworkAcls",
                    "DescribeRouteTables",
                    "DescribeSecurityGroups",
                    "DescribeSubnets",
                    "DescribeVpcAttribute",
                    "DescribeVpcBlockPublicAccessExclusions",
                    "DescribeVpcBlockPublicAccessOptions",
                    "DescribeVpcEndpoints",
                    "DescribeVpcPeeringConnections",
                    "DescribeVpcs",
                ],
            ),
            (
                "route53resolver",
                &[
                    "GetResolverQueryLogConfig",
                    "ListResolverQueryLogConfigAssociations",
                    "ListResolverQueryLogConfigs",
                ],
            ),
            (
                "network-firewall",
                &[
                    "DescribeFirewall",
                    "DescribeFirewallPolicy",
                    "DescribeLoggingConfiguration",
                    "DescribeRuleGroup",
                ],
            ),
        ],
    ),
    (
        "plan of a destroy",
        &[("ec2", &["DescribeNetworkInterfaces"])],
    ),
    (
        "create",
        &[
            (
                "ec2",
                &[
                    "CreateFlowLogs",
                    "CreateNetworkAclEntry",
                    "CreateSubnet",
                    "CreateTags",
                    "CreateVpc",
                    "CreateVpcEndpoint",
                    "DeleteNetworkAclEntry",
                    "ModifyVpcAttribute",
                    "ReplaceNetworkAclEntry",
                    "RevokeSecurityGroupEgress",
                    "RevokeSecurityGroupIngress",
                ],
            ),
            (
                "route53resolver",
                &[
                    "AssociateResolverQueryLogConfig",
                    "CreateResolverQueryLogConfig",
                ],
            ),
        ],
    ),
    (
        "create with `interface_endpoints`",
        &[(
            "ec2",
            &["AuthorizeSecurityGroupIngress", "CreateSecurityGroup"],
        )],
    ),
    (
        "create with `egress` beyond AWS, or with `ingress`",
        &[(
            "ec2",
            &[
                "AllocateAddress",
                "AssociateRouteTable",
                "AttachInternetGateway",
                "CreateInternetGateway",
                "CreateNatGateway",
                "CreateNetworkAcl",
                "CreateRoute",
                "CreateRouteTable",
                "CreateVpcBlockPublicAccessExclusion",
                "ReplaceNetworkAclAssociation",
            ],
        )],
    ),
    (
        "create with a firewall: `egress_allowed_domains`, or `egress = \"inspected\"`",
        &[(
            "network-firewall",
            &[
                "CreateFirewall",
                "CreateFirewallPolicy",
                "CreateRuleGroup",
                "TagResource",
                "UpdateLoggingConfiguration",
            ],
        )],
    ),
    (
        "create with `connects_to`",
        &[(
            "ec2",
            &[
                "AcceptVpcPeeringConnection",
                "CreateVpcPeeringConnection",
                "CreateRoute",
            ],
        )],
    ),
    (
        "update: those of create and destroy, and",
        &[
            (
                "ec2",
                &[
                    "DeleteRoute",
                    "DeleteTags",
                    "ModifySubnetAttribute",
                    "ModifyVpcBlockPublicAccessExclusion",
                    "ModifyVpcEndpoint",
                ],
            ),
            (
                "network-firewall",
                &[
                    "AssociateFirewallPolicy",
                    "AssociateSubnets",
                    "UntagResource",
                    "UpdateFirewallDeleteProtection",
                    "UpdateFirewallEncryptionConfiguration",
                    "UpdateFirewallPolicy",
                    "UpdateFirewallPolicyChangeProtection",
                    "UpdateRuleGroup",
                    "UpdateSubnetChangeProtection",
                ],
            ),
        ],
    ),
    (
        "destroy",
        &[
            (
                "ec2",
                &[
                    "DeleteFlowLogs",
                    "DeleteInternetGateway",
                    "DeleteNatGateway",
                    "DeleteNetworkAcl",
                    "DeleteRoute",
                    "DeleteRouteTable",
                    "DeleteSecurityGroup",
                    "DeleteSubnet",
                    "DeleteVpc",
                    "DeleteVpcBlockPublicAccessExclusion",
                    "DeleteVpcEndpoints",
                    "DeleteVpcPeeringConnection",
                    "DetachInternetGateway",
                    "DisassociateRouteTable",
                    "ReleaseAddress",
                ],
            ),
            (
                "network-firewall",
                &[
                    "DeleteFirewall",
                    "DeleteFirewallPolicy",
                    "DeleteRuleGroup",
                    "UpdateFirewallDeleteProtection",
                    "UpdateLoggingConfiguration",
                    "UpdateSubnetChangeProtection",
                ],
            ),
            (
                "route53resolver",
                &[
                    "DeleteResolverQueryLogConfig",
                    "DisassociateResolverQueryLogConfig",
                ],
            ),
        ],
    ),
    ("in another account", &[("sts", &["AssumeRole"])]),
];

fn calls() -> String {
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

fn page() -> String {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/resources/network_segment.md");
    std::fs::read_to_string(page).unwrap()
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
    let page = page();
    for part in [
        calls(),
        policy(&[0, 1]),
        policy(&[0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ] {
        assert!(page.contains(&part), "the page lacks this:\n{part}");
    }
}

/// The row of every setting that needs an exception names its controls.
#[test]
fn the_page_names_every_default_with_its_controls() {
    let page = page();
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for line in weaker::TABLE.iter() {
        let name = format!("`{}`", line.attribute);
        let row = rows.iter().find(|row| {
            row.split(" | ")
                .next()
                .is_some_and(|cell| cell.contains(&name))
        });
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        for control in line.controls {
            assert!(row.contains(control), "{name} without {control}: {row}");
        }
    }
}

#[test]
fn the_page_explains_every_attribute() {
    let page = page();
    for attribute in schema::schema().all_attributes() {
        assert!(
            page.contains(&format!("`{}`", attribute.name())),
            "{}",
            Attribute::name(attribute)
        );
    }
}
