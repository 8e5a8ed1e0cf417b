//! What there is in every account, by kind, and what a destroy may leave.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{MANAGEMENT, Places};

/// What there is: `account kind`, and a line for each object.
pub(super) type Census = BTreeMap<String, Vec<String>>;

/// A kind of object: how it is listed, where the list stands, and the fields that say which it is.
type Kind = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const KINDS: &[Kind] = &[
    ("ec2", "describe_vpcs", "Vpcs", &["IsDefault"]),
    ("ec2", "describe_subnets", "Subnets", &["CidrBlock"]),
    ("ec2", "describe_route_tables", "RouteTables", &["VpcId"]),
    ("ec2", "describe_network_acls", "NetworkAcls", &["VpcId"]),
    (
        "ec2",
        "describe_security_groups",
        "SecurityGroups",
        &["GroupName"],
    ),
    (
        "ec2",
        "describe_internet_gateways",
        "InternetGateways",
        &["InternetGatewayId"],
    ),
    (
        "ec2",
        "describe_nat_gateways",
        "NatGateways",
        &["NatGatewayId"],
    ),
    ("ec2", "describe_addresses", "Addresses", &["AllocationId"]),
    (
        "ec2",
        "describe_network_interfaces",
        "NetworkInterfaces",
        &["NetworkInterfaceId"],
    ),
    (
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        &["ServiceName"],
    ),
    (
        "ec2",
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        &["VpcPeeringConnectionId"],
    ),
    ("ec2", "describe_flow_logs", "FlowLogs", &["LogDestination"]),
    ("ec2", "describe_volumes", "Volumes", &["VolumeId"]),
    ("iam", "list_roles", "Roles", &["RoleName"]),
    ("iam", "list_users", "Users", &["UserName"]),
    ("iam", "list_groups", "Groups", &["GroupName"]),
    (
        "iam",
        "list_instance_profiles",
        "InstanceProfiles",
        &["InstanceProfileName"],
    ),
    (
        "iam",
        "list_open_id_connect_providers",
        "OpenIDConnectProviderList",
        &["Arn"],
    ),
    ("kms", "list_aliases", "Aliases", &["AliasName"]),
    ("s3", "list_buckets", "Buckets", &["Name"]),
    ("cloudtrail", "describe_trails", "trailList", &["Name"]),
    (
        "logs",
        "describe_log_groups",
        "logGroups",
        &["logGroupName"],
    ),
    (
        "route53resolver",
        "list_resolver_query_log_configs",
        "ResolverQueryLogConfigs",
        &["Name"],
    ),
    (
        "route53resolver",
        "list_resolver_query_log_config_associations",
        "ResolverQueryLogConfigAssociations",
        &["ResourceId"],
    ),
    ("accessanalyzer", "list_analyzers", "analyzers", &["name"]),
    ("sns", "list_topics", "Topics", &["TopicArn"]),
    ("sqs", "list_queues", "QueueUrls", &[]),
    ("lambda", "list_functions", "Functions", &["FunctionName"]),
    ("events", "list_rules", "Rules", &["Name"]),
];

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Everything that the emulator holds, in every account.
pub(super) fn census(places: &mut Places) -> Result<Census> {
    let names: Vec<String> = places.clients.keys().cloned().collect();
    let mut all = Census::new();
    for place in names {
        let title = if place == MANAGEMENT {
            "management"
        } else {
            &place
        };
        for (service, operation, list, fields) in KINDS {
            let found = places.call(&place, service, operation, json!({}))?;
            let lines: Vec<String> = found[list]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|one| one["State"] != "deleted")
                // The default network ACL goes with its VPC; moto forgets that.
                .filter(|one| operation != &"describe_network_acls" || one["IsDefault"] != true)
                .map(|one| {
                    let parts: Vec<String> = fields.iter().map(|field| text(&one[field])).collect();
                    parts.join(" ")
                })
                // AWS's own aliases come with the account.
                .filter(|line| !line.starts_with("alias/aws/"))
                .collect();
            let kind = operation
                .split_once('_')
                .map_or(*operation, |(_, kind)| kind);
            put(&mut all, format!("{title} {kind}"), lines);
        }
        let mut keys = Vec::new();
        let listed = places.call(&place, "kms", "list_keys", json!({}))?;
        for key in listed["Keys"].as_array().into_iter().flatten() {
            let about = places.call(
                &place,
                "kms",
                "describe_key",
                json!({"KeyId": key["KeyId"]}),
            )?;
            let about = &about["KeyMetadata"];
            // AWS's own keys come with the first use of a service.
            if about["KeyManager"] == "CUSTOMER" {
                keys.push(format!(
                    "{}: {}",
                    text(&about["KeyState"]),
                    text(&about["Description"])
                ));
            }
        }
        put(&mut all, format!("{title} keys"), keys);
    }
    organization(places, &mut all)?;
    Ok(all)
}

fn put(all: &mut Census, kind: String, mut lines: Vec<String>) {
    lines.sort();
    if !lines.is_empty() {
        all.insert(kind, lines);
    }
}

fn organization(places: &mut Places, all: &mut Census) -> Result<()> {
    let Ok(found) = places.call(MANAGEMENT, "organizations", "list_roots", json!({})) else {
        return Ok(());
    };
    let root = &found["Roots"][0];
    let types = root["PolicyTypes"].as_array().into_iter().flatten();
    put(
        all,
        "organization policy types".to_owned(),
        types.map(|one| text(&one["Type"])).collect(),
    );
    for (kind, operation, parameters, list, fields) in [
        (
            "units",
            "list_organizational_units_for_parent",
            json!({"ParentId": root["Id"]}),
            "OrganizationalUnits",
            &["Name"][..],
        ),
        (
            "accounts",
            "list_accounts",
            json!({}),
            "Accounts",
            &["Name", "Status"],
        ),
        (
            "policies",
            "list_policies",
            json!({"Filter": "SERVICE_CONTROL_POLICY"}),
            "Policies",
            &["Name"],
        ),
        (
            "services",
            "list_aws_service_access_for_organization",
            json!({}),
            "EnabledServicePrincipals",
            &["ServicePrincipal"],
        ),
        (
            "administrators",
            "list_delegated_administrators",
            json!({}),
            "DelegatedAdministrators",
            &["Id"],
        ),
    ] {
        let found = places.call(MANAGEMENT, "organizations", operation, parameters)?;
        let lines = found[list].as_array().into_iter().flatten().map(|one| {
            let parts: Vec<String> = fields.iter().map(|field| text(&one[field])).collect();
            parts.join(" ")
        });
        put(all, format!("organization {kind}"), lines.collect());
    }
    Ok(())
}

/// What remains in the management account and in the organization, and why.
const REMAINS: &[(&str, &str, &str)] = &[
    (
        "management keys",
        "PendingDeletion: Encrypts the log archive example-log-archive.",
        "KMS deletes it in 30 days",
    ),
    (
        "organization policy types",
        "SERVICE_CONTROL_POLICY",
        "the organization stays: AWS deletes none that has closed accounts",
    ),
    (
        "organization services",
        "cloudtrail.amazonaws.com",
        "the organization stays as it is",
    ),
    ("organization policies", "FullAWSAccess", "AWS's own"),
    ("organization units", "dev", "it holds a closed account"),
    ("organization units", "prod", "it holds a closed account"),
    ("organization units", "test", "it holds a closed account"),
    (
        "organization accounts",
        "master ACTIVE",
        "the management account",
    ),
    (
        "organization accounts",
        "example-dev SUSPENDED",
        "AWS keeps a closed account for 90 days",
    ),
    (
        "organization accounts",
        "example-prod SUSPENDED",
        "AWS keeps a closed account for 90 days",
    ),
    (
        "organization accounts",
        "example-test SUSPENDED",
        "AWS keeps a closed account for 90 days",
    ),
    (
        "prod keys",
        "PendingDeletion: Encrypts confidential data of prod.",
        "KMS deletes it in 30 days",
    ),
];

/// What remains in each of the closed accounts, and goes with it.
const CLOSED: &[(&str, &str, &str)] = &[
    (
        "roles",
        "OrganizationAccountAccessRole",
        "AWS makes it with the account",
    ),
    (
        "keys",
        EBS_KEY,
        "volumes may need it, for as long as there is an account",
    ),
    ("aliases", "alias/gabion/ebs", "of that key"),
    (
        "analyzers",
        "gabion-account",
        "the baseline stays in an account",
    ),
];

const EBS_KEY: &str = "Enabled: New EBS volumes of this account";

/// Nothing is there that was not there before, but for what the tables say; and all that they say is there.
pub(super) fn is_what_may_be(
    before: &Census,
    after: &Census,
    accounts: &BTreeMap<String, String>,
) -> Result<()> {
    let mut allowed: BTreeSet<(String, String)> = REMAINS
        .iter()
        .map(|(kind, line, _)| ((*kind).to_owned(), (*line).to_owned()))
        .collect();
    for account in accounts.keys() {
        for (kind, line, _) in CLOSED {
            allowed.insert((format!("{account} {kind}"), (*line).to_owned()));
        }
    }
    for (kind, line, why) in REMAINS {
        println!("remains: {kind}: {line} ({why})");
    }
    for (kind, line, why) in CLOSED {
        println!("remains in each closed account: {kind}: {line} ({why})");
    }
    let mut found = BTreeSet::new();
    let mut more = Vec::new();
    for (kind, lines) in after {
        let mut old = before.get(kind).cloned().unwrap_or_default();
        for line in lines {
            if let Some(at) = old.iter().position(|one| one == line) {
                old.remove(at);
            } else if !found.insert((kind.clone(), line.clone())) {
                more.push(format!("{kind}: another {line}"));
            }
        }
        more.extend(old.iter().map(|line| format!("{kind}: {line} is gone")));
    }
    more.extend(
        before
            .keys()
            .filter(|kind| !after.contains_key(*kind))
            .map(|kind| format!("{kind}: all are gone")),
    );
    more.extend(
        found
            .difference(&allowed)
            .map(|(kind, line)| format!("{kind}: {line} is left")),
    );
    more.extend(
        allowed
            .difference(&found)
            .map(|(kind, line)| format!("{kind}: {line} is not left")),
    );
    ensure!(more.is_empty(), "{more:#?}");
    Ok(())
}
