//! Every composite in one configuration: what is promised of all of them, under faults, with the least permissions,
//! and many at once.

mod killed;
mod least;
mod lost;
mod many;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use gabion_tests::{Aws, Kind};
use serde_json::{Value, json};

use crate::support::World;

/// One configuration with every composite.
const ESTATE: &str = include_str!("estate.tf");

/// What there is after an apply.
const AFTER_APPLY: &str = "\
NAT gateways: 3
VPCs: 2
accounts: 2
addresses: 3
aliases: 3
analyzers: 1
app: aliases: 1
app: analyzers: 1
app: keys: Enabled: 1
buckets: 2
endpoints: 5
exclusions: 1
flow logs: 2
internet gateways: 1
keys: Enabled: 3
log groups: 1
network ACLs: 1
peerings: 1
policies: 1
query log associations: 2
query log configurations: 1
roles: 2
route tables: 7
security groups: 4
subnets: 9
trails: 1
units: 2";

/// What is left after a destroy: accounts, their units and their baselines stay, keys wait for their deletion, and a
/// default VPC has a route table and a security group.
const AFTER_DESTROY: &str = "\
accounts: 2
aliases: 1
analyzers: 1
app: aliases: 1
app: analyzers: 1
app: keys: Enabled: 1
keys: Enabled: 1
keys: PendingDeletion: 2
route tables: 1
security groups: 1
units: 1";

/// A configuration with parts replaced, each of which must be there.
fn changed(text: &str, parts: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (from, to) in parts {
        assert!(text.contains(from), "no `{from}`");
        text = text.replace(from, to);
    }
    text
}

/// An `exception` block that holds for long.
fn exception(attribute: &str, control: &str) -> String {
    format!(
        "  exception {{\n    attribute = \"{attribute}\"\n    control   = \"{control}\"\n    reason    = \"test\"\n    expires   = \"2099-01-01T00:00:00Z\"\n  }}\n"
    )
}

/// A world in which the account blocks public access: segments get their exclusions.
fn world() -> Result<Option<World>> {
    let Some(world) = World::start(Kind::Moto)? else {
        return Ok(None);
    };
    block_public_access(&world)?;
    Ok(Some(world))
}

fn block_public_access(world: &World) -> Result<()> {
    Aws::new(&world.proxy.endpoint())?.call(
        "ec2",
        "modify_vpc_block_public_access_options",
        json!({"InternetGatewayBlockMode": "block-bidirectional"}),
    )?;
    Ok(())
}

/// A session of the tests in another account, through the fake.
fn inside(world: &World, account: &str) -> Result<Aws> {
    let mut here = Aws::new(&world.proxy.endpoint())?;
    let session = here.call(
        "sts",
        "assume_role",
        json!({
            "RoleArn": format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole"),
            "RoleSessionName": "test",
        }),
    )?;
    let key = session["Credentials"]["AccessKeyId"]
        .as_str()
        .context("no session")?;
    Aws::with_key(&world.proxy.endpoint(), key)
}

/// What is counted: a name, the call, its list, and what does not count (those of AWS, and what has ended).
type Counted = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    fn(&Value) -> bool,
);

fn any(_: &Value) -> bool {
    true
}

fn not_default(one: &Value) -> bool {
    one["IsDefault"] != true && one["DefaultForAz"] != true
}

fn lives(one: &Value) -> bool {
    let state = one["State"].as_str().or(one["Status"]["Code"].as_str());
    !matches!(state, Some("deleted" | "deleting" | "rejected"))
}

const KINDS: &[Counted] = &[
    ("buckets", "s3", "list_buckets", "Buckets", any),
    ("trails", "cloudtrail", "describe_trails", "trailList", any),
    (
        "log groups",
        "logs",
        "describe_log_groups",
        "logGroups",
        any,
    ),
    ("VPCs", "ec2", "describe_vpcs", "Vpcs", not_default),
    ("subnets", "ec2", "describe_subnets", "Subnets", not_default),
    (
        "route tables",
        "ec2",
        "describe_route_tables",
        "RouteTables",
        any,
    ),
    (
        "network ACLs",
        "ec2",
        "describe_network_acls",
        "NetworkAcls",
        not_default,
    ),
    (
        "security groups",
        "ec2",
        "describe_security_groups",
        "SecurityGroups",
        any,
    ),
    (
        "endpoints",
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        lives,
    ),
    ("flow logs", "ec2", "describe_flow_logs", "FlowLogs", any),
    (
        "NAT gateways",
        "ec2",
        "describe_nat_gateways",
        "NatGateways",
        lives,
    ),
    ("addresses", "ec2", "describe_addresses", "Addresses", any),
    (
        "internet gateways",
        "ec2",
        "describe_internet_gateways",
        "InternetGateways",
        any,
    ),
    (
        "peerings",
        "ec2",
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        lives,
    ),
    (
        "exclusions",
        "ec2",
        "describe_vpc_block_public_access_exclusions",
        "VpcBlockPublicAccessExclusions",
        any,
    ),
    (
        "query log configurations",
        "route53resolver",
        "list_resolver_query_log_configs",
        "ResolverQueryLogConfigs",
        any,
    ),
    (
        "query log associations",
        "route53resolver",
        "list_resolver_query_log_config_associations",
        "ResolverQueryLogConfigAssociations",
        any,
    ),
    (
        "analyzers",
        "accessanalyzer",
        "list_analyzers",
        "analyzers",
        any,
    ),
    ("aliases", "kms", "list_aliases", "Aliases", |one| {
        one["TargetKeyId"].is_string() && !one["AliasName"].to_string().contains("alias/aws/")
    }),
];

/// How many objects of each kind there are, where the caller of `aws` is.
fn count(aws: &mut Aws) -> Result<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    for (name, service, operation, list, counted) in KINDS {
        let answer = aws.call(service, operation, json!({}))?;
        let all = answer[*list].as_array().cloned().unwrap_or_default();
        let found = all.iter().filter(|one| counted(one)).count();
        if found > 0 {
            counts.insert((*name).to_owned(), found);
        }
    }
    let listed = aws.call("kms", "list_keys", json!({}))?;
    for key in listed["Keys"].as_array().into_iter().flatten() {
        let key = aws.call("kms", "describe_key", json!({"KeyId": key["KeyId"]}))?;
        let key = &key["KeyMetadata"];
        if key["KeyManager"] == "CUSTOMER" {
            let state = key["KeyState"].as_str().unwrap_or_default();
            *counts.entry(format!("keys: {state}")).or_default() += 1;
        }
    }
    let roles = aws.call("iam", "list_roles", json!({}))?;
    let roles = roles["Roles"].as_array().cloned().unwrap_or_default();
    let ours = |role: &&Value| {
        let name = role["RoleName"].as_str().unwrap_or_default();
        !name.starts_with("AWSServiceRole") && name != "OrganizationAccountAccessRole"
    };
    match roles.iter().filter(ours).count() {
        0 => {}
        found => {
            counts.insert("roles".to_owned(), found);
        }
    }
    Ok(counts)
}

/// What stands of the estate: in the management account, in its organization, and in the accounts that were made.
fn census(world: &World) -> Result<BTreeMap<String, usize>> {
    let mut aws = Aws::new(&world.proxy.endpoint())?;
    let mut all = count(&mut aws)?;
    let Ok(roots) = aws.call("organizations", "list_roots", json!({})) else {
        return Ok(all);
    };
    let units = aws.call(
        "organizations",
        "list_organizational_units_for_parent",
        json!({"ParentId": roots["Roots"][0]["Id"]}),
    )?;
    let policies = aws.call(
        "organizations",
        "list_policies",
        json!({"Filter": "SERVICE_CONTROL_POLICY"}),
    )?;
    let accounts = aws.call("organizations", "list_accounts", json!({}))?;
    let list = |answer: &Value, list: &str| answer[list].as_array().cloned().unwrap_or_default();
    let units = list(&units, "OrganizationalUnits").len();
    let policies = list(&policies, "Policies")
        .iter()
        .filter(|one| one["AwsManaged"] != true)
        .count();
    let accounts = list(&accounts, "Accounts");
    for (name, found) in [
        ("units", units),
        ("policies", policies),
        ("accounts", accounts.len()),
    ] {
        if found > 0 {
            all.insert(name.to_owned(), found);
        }
    }
    for account in accounts {
        let id = account["Id"].as_str().unwrap_or_default();
        if id == world.proxy.emulator().kind().account() {
            continue;
        }
        let name = account["Name"].as_str().unwrap_or_default();
        for (kind, found) in count(&mut inside(world, id)?)? {
            // The fake shows those of one account to all.
            if kind == "exclusions" {
                continue;
            }
            all.insert(format!("{name}: {kind}"), found);
        }
    }
    Ok(all)
}

/// A census as text, for a snapshot.
fn shown(census: &BTreeMap<String, usize>) -> String {
    let lines: Vec<String> = census
        .iter()
        .map(|(kind, found)| format!("{kind}: {found}"))
        .collect();
    lines.join("\n")
}
