//! What is changed or taken away by hand shows as drift of exactly that attribute, and one apply repairs it all.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use gabion_tests::Aws;
use serde_json::{Value, json};

use super::{SEGMENT, counts, full, vpc_of, world};
use crate::support::World;

/// The attributes that the saved plan changes.
fn changed(world: &World) -> Result<BTreeSet<String>> {
    let plan = world.terraform.saved_plan()?;
    let change = plan["resource_changes"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["address"] == SEGMENT))
        .context("no change of the segment")?["change"]
        .clone();
    let before = change["before"].as_object().context("nothing before")?;
    Ok(before
        .iter()
        .filter(|(name, value)| {
            change["after_unknown"][name.as_str()] == true
                || change["after"][name.as_str()] != **value
        })
        .map(|(name, _)| name.clone())
        .collect())
}

/// Who changes things: the emulator's own client, or one that sees the modelled fake.
struct Hand {
    aws: Aws,
    state: Value,
    vpc: String,
}

impl Hand {
    fn new(world: &World) -> Result<Self> {
        Ok(Self {
            aws: Aws::new(&world.proxy.endpoint())?,
            state: world.terraform.state(SEGMENT)?,
            vpc: vpc_of(world)?,
        })
    }

    fn does(&mut self, service: &str, operation: &str, parameters: Value) -> Result<()> {
        self.aws
            .call(service, operation, parameters)
            .with_context(|| operation.to_owned())?;
        Ok(())
    }

    fn id(&self, attribute: &str) -> Value {
        match &self.state[attribute] {
            Value::Array(all) => all.first().cloned().unwrap_or_default(),
            one => one.clone(),
        }
    }

    fn tag(&mut self, key: &str, value: &str) -> Result<()> {
        let tags = json!({"Resources": [self.vpc], "Tags": [{"Key": key, "Value": value}]});
        self.does("ec2", "create_tags", tags)
    }
}

type Change = (fn(&mut Hand) -> Result<()>, &'static [&'static str]);

/// What somebody changes, and the attributes that then differ.
const CHANGES: &[Change] = &[
    (
        |hand| {
            let off = json!({"VpcId": hand.vpc, "EnableDnsHostnames": {"Value": false}});
            hand.does("ec2", "modify_vpc_attribute", off)
        },
        &["enable_dns_hostnames"],
    ),
    (
        |hand| {
            let on = json!({"SubnetId": hand.id("private_subnet_ids"), "MapPublicIpOnLaunch": {"Value": true}});
            hand.does("ec2", "modify_subnet_attribute", on)
        },
        &["map_public_ip_on_launch"],
    ),
    (
        |hand| {
            let rule = json!({"GroupId": hand.id("default_security_group_id"), "IpProtocol": "tcp", "FromPort": 22,
                "ToPort": 22, "CidrIp": "0.0.0.0/0"});
            hand.does("ec2", "authorize_security_group_ingress", rule)
        },
        &["default_security_group_rules"],
    ),
    (
        |hand| {
            let entry = json!({"NetworkAclId": hand.id("network_acl_id"), "RuleNumber": 10, "Egress": false, "Protocol": "6",
                "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}});
            hand.does("ec2", "replace_network_acl_entry", entry)
        },
        &["network_acl_entries"],
    ),
    (
        |hand| {
            let entry = json!({"NetworkAclId": hand.id("public_network_acl_id"), "RuleNumber": 20, "Egress": false});
            hand.does("ec2", "delete_network_acl_entry", entry)
        },
        &["public_network_acl_entries"],
    ),
    (
        // Past the firewall.
        |hand| {
            let table = hand.id("private_route_table_ids");
            let range = json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"});
            hand.does("ec2", "delete_route", range)?;
            let route = json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0",
                "NatGatewayId": hand.id("nat_gateway_ids")});
            hand.does("ec2", "create_route", route)
        },
        &["private_routes", "private_route_table_ids"],
    ),
    (
        |hand| {
            let range = hand.id("private_subnet_cidrs");
            let range = json!({"RouteTableId": hand.id("public_route_table_id"), "DestinationCidrBlock": range});
            hand.does("ec2", "delete_route", range)
        },
        &["public_routes"],
    ),
    (
        |hand| {
            let range = json!({"RouteTableId": hand.id("firewall_route_table_ids"), "DestinationCidrBlock": "0.0.0.0/0"});
            hand.does("ec2", "delete_route", range)
        },
        &["firewall_routes"],
    ),
    (
        |hand| {
            let policy =
                json!({"VpcEndpointId": hand.state["endpoint_ids"]["kms"], "PolicyDocument": OPEN});
            hand.does("ec2", "modify_vpc_endpoint", policy)
        },
        &["endpoint_policy"],
    ),
    (
        |hand| {
            let policy =
                json!({"VpcEndpointId": hand.state["endpoint_ids"]["s3"], "PolicyDocument": OPEN});
            hand.does("ec2", "modify_vpc_endpoint", policy)
        },
        &["s3_endpoint_policy"],
    ),
    (
        |hand| {
            let logs = json!({"FlowLogIds": [hand.id("flow_log_id")]});
            hand.does("ec2", "delete_flow_logs", logs)
        },
        &["flow_logs", "flow_log_id"],
    ),
    (
        |hand| {
            let pair = json!({"ResolverQueryLogConfigId": hand.id("query_log_config_id"), "ResourceId": hand.vpc});
            hand.does(
                "route53resolver",
                "disassociate_resolver_query_log_config",
                pair,
            )
        },
        &["dns_query_logging", "query_log_config_id"],
    ),
    (|hand| hand.tag("gabion:name", "other"), &["name"]),
    (
        |hand| hand.tag("gabion:environment", "dev"),
        &["environment"],
    ),
    (
        |hand| hand.tag("gabion:data-tier", "public"),
        &["data_tier"],
    ),
    (
        |hand| hand.tag("gabion:allowed-environments", "dev"),
        &["allowed_environments"],
    ),
    (|hand| hand.tag("team", "hand"), &["tags", "tags_all"]),
    (
        |hand| {
            let off = json!({"FirewallArn": hand.id("firewall_arn"), "FirewallName": format!("gabion-{}", hand.vpc),
                "DeleteProtection": false});
            hand.does("network-firewall", "update_firewall_delete_protection", off)
        },
        &["firewall_protection"],
    ),
    (
        |hand| {
            let name = format!("gabion-{}-firewall-domains", hand.vpc);
            let list = json!({"Targets": [".com"], "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": "ALLOWLIST"});
            let group = json!({"RulesSource": {"RulesSourceList": list}, "StatefulRuleOptions": {"RuleOrder": "STRICT_ORDER"}});
            let update = json!({"UpdateToken": "00000000-0000-4000-8000-000000000000", "RuleGroupName": name,
                "Type": "STATEFUL", "RuleGroup": group});
            hand.does("network-firewall", "update_rule_group", update)
        },
        &["firewall_rules"],
    ),
    (
        |hand| {
            let name = format!("gabion-{}", hand.vpc);
            let logs = json!({"FirewallName": name, "LoggingConfiguration": {"LogDestinationConfigs": [
                {"LogType": "ALERT", "LogDestinationType": "S3", "LogDestination": {"bucketName": "gabion-logs"}}]}});
            hand.does("network-firewall", "update_logging_configuration", logs)
        },
        &["firewall_log_destinations"],
    ),
    (
        |hand| {
            let mode = json!({"ExclusionId": hand.id("public_access_exclusion_id"),
                "InternetGatewayExclusionMode": "allow-egress"});
            hand.does("ec2", "modify_vpc_block_public_access_exclusion", mode)
        },
        &["public_access_exclusion_mode"],
    ),
];

const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// What somebody takes away, and an attribute that tells.
const REMOVALS: &[Change] = &[
    (
        |hand| {
            let nat = json!({"NatGatewayId": hand.id("nat_gateway_ids")});
            hand.does("ec2", "delete_nat_gateway", nat)
        },
        &["nat_gateway_ids"],
    ),
    (
        |hand| {
            let ids = json!({"VpcEndpointIds": [hand.state["endpoint_ids"]["kms"], hand.state["endpoint_ids"]["dynamodb"]]});
            hand.does("ec2", "delete_vpc_endpoints", ids)
        },
        &["interface_endpoints", "gateway_endpoints", "endpoint_ids"],
    ),
    (
        |hand| {
            let name = format!("gabion-{}", hand.vpc);
            let off = json!({"FirewallName": name, "DeleteProtection": false});
            hand.does("network-firewall", "update_firewall_delete_protection", off)?;
            hand.does(
                "network-firewall",
                "delete_firewall",
                json!({"FirewallName": name}),
            )
        },
        &[
            "firewall_arn",
            "firewall_endpoint_ids",
            "firewall_rules",
            "private_routes",
        ],
    ),
    (
        // A subnet that does without the entries of its network ACL.
        |hand| {
            let filter = json!({"Filters": [{"Name": "association.subnet-id", "Values": [hand.id("private_subnet_ids")]}]});
            let found = hand.aws.call("ec2", "describe_network_acls", filter)?;
            let subnet = hand.id("private_subnet_ids");
            let association = found["NetworkAcls"][0]["Associations"]
                .as_array()
                .and_then(|all| all.iter().find(|one| one["SubnetId"] == subnet))
                .context("no association")?["NetworkAclAssociationId"]
                .clone();
            let pair = json!({"AssociationId": association, "NetworkAclId": hand.id("public_network_acl_id")});
            hand.does("ec2", "replace_network_acl_association", pair)
        },
        &["network_acl_entries"],
    ),
    (
        |hand| {
            let id = json!({"ExclusionId": hand.id("public_access_exclusion_id")});
            hand.does("ec2", "delete_vpc_block_public_access_exclusion", id)
        },
        &["public_access_exclusion_id", "public_access_exclusion_mode"],
    ),
];

#[test]
fn what_is_changed_by_hand_shows_and_is_repaired() -> Result<()> {
    let Some(mut world) = world()? else {
        return Ok(());
    };
    let mut account = Aws::new(&world.proxy.endpoint())?;
    let block = json!({"InternetGatewayBlockMode": "block-bidirectional"});
    account.call("ec2", "modify_vpc_block_public_access_options", block)?;
    world.init(&full("tags = { team = \"a\" }"))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let whole = world.terraform.state(SEGMENT)?;
    let vpc = vpc_of(&world)?;
    let parts = counts(&mut world, &vpc)?;

    let mut hand = Hand::new(&world)?;
    let mut expected = BTreeSet::new();
    for (change, attributes) in CHANGES {
        change(&mut hand)?;
        expected.extend(attributes.iter().map(|name| (*name).to_owned()));
    }
    assert!(world.terraform.plan(&[])?.changes()?);
    assert_eq!(changed(&world)?, expected);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let mut now = world.terraform.state(SEGMENT)?;
    // A flow log cannot be changed, only made anew.
    now["flow_log_id"] = whole["flow_log_id"].clone();
    assert_eq!(now, whole);

    let mut hand = Hand::new(&world)?;
    let mut expected = BTreeSet::new();
    for (change, attributes) in REMOVALS {
        change(&mut hand)?;
        expected.extend(attributes.iter().map(|name| (*name).to_owned()));
    }
    assert!(world.terraform.plan(&[])?.changes()?);
    let shown = changed(&world)?;
    assert!(expected.is_subset(&shown), "{expected:?} in {shown:?}");
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    assert_eq!(counts(&mut world, &vpc)?, parts);
    let now = world.terraform.state(SEGMENT)?;
    for attribute in [
        "firewall_rules",
        "private_routes",
        "network_acl_entries",
        "public_routes",
        "firewall_routes",
    ] {
        assert_eq!(now[attribute], whole[attribute], "{attribute}");
    }
    world.terraform.destroy(&[])?.ok()?;
    Ok(())
}
