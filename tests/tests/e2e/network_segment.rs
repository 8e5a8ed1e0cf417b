//! `gabion_network_segment` from end to end: every tier of egress and back, import, connections, bad
//! input, and a destroy that leaves nothing.

mod drift;
mod faults;

use anyhow::{Context as _, Result};
use gabion_tests::Kind;
use serde_json::{Value, json};

use crate::support::World;

const SEGMENT: &str = "gabion_network_segment.orders";

/// A segment with these further lines.
fn segment(more: &str) -> String {
    format!(
        "resource \"gabion_network_segment\" \"orders\" {{
  name            = \"orders\"
  cidr_block      = \"10.20.0.0/16\"
  environment     = \"prod\"
  data_tier       = \"internal\"
  log_destination = \"arn:aws:s3:::gabion-logs\"
  {more}
}}
"
    )
}

/// A segment with every part that there is, and these further lines: a firewall, gateways in two zones, an interface
/// endpoint.
fn full(more: &str) -> String {
    segment(&format!(
        "availability_zone_count = 2
  egress                  = \"allowlist\"
  egress_allowed_domains  = [\"api.example.com\", \".example.org\"]
  egress_allowed_cidrs    = [\"203.0.113.0/24\"]
  ingress                 = \"internet\"
  interface_endpoints     = [\"kms\"]
  {more}"
    ))
}

/// How many there are of each kind in it. The endpoints of the firewall count, too.
fn full_counts() -> Value {
    json!({"subnets": 6, "tables": 6, "acls": 2, "groups": 2, "endpoints": 5, "flow_logs": 1, "nats": 2, "addresses": 2, "gateways": 1})
}

/// The VPC of the segment in the state.
fn vpc_of(world: &World) -> Result<String> {
    let state = world.terraform.state(SEGMENT)?;
    let id = state["id"].as_str().context("the state has no id")?;
    Ok(id.to_owned())
}

fn world() -> Result<Option<World>> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(None);
    };
    let place = json!({"Bucket": "gabion-logs", "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}});
    world.aws.call("s3", "create_bucket", place)?;
    Ok(Some(world))
}

fn apply(world: &World, more: &str) -> Result<()> {
    world.terraform.write("main.tf", &segment(more))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()
}

/// How many there are of each kind in the segment's VPC.
fn counts(world: &mut World, vpc: &str) -> Result<Value> {
    let mut count = |operation: &str, list: &str, filter: &str| -> Result<usize> {
        let filters = json!([{"Name": filter, "Values": [vpc]}]);
        let key = if operation == "describe_nat_gateways" {
            "Filter"
        } else {
            "Filters"
        };
        let answer = world.aws.call("ec2", operation, json!({key: filters}))?;
        let all = answer[list].as_array().cloned().unwrap_or_default();
        Ok(all.iter().filter(|one| one["State"] != "deleted").count())
    };
    Ok(json!({
        "subnets": count("describe_subnets", "Subnets", "vpc-id")?,
        "tables": count("describe_route_tables", "RouteTables", "vpc-id")?,
        "acls": count("describe_network_acls", "NetworkAcls", "vpc-id")?,
        "groups": count("describe_security_groups", "SecurityGroups", "vpc-id")?,
        "endpoints": count("describe_vpc_endpoints", "VpcEndpoints", "vpc-id")?,
        "flow_logs": count("describe_flow_logs", "FlowLogs", "resource-id")?,
        "nats": count("describe_nat_gateways", "NatGateways", "vpc-id")?,
        "addresses": count("describe_addresses", "Addresses", "tag:gabion:segment")?,
        "gateways": count("describe_internet_gateways", "InternetGateways", "attachment.vpc-id")?,
    }))
}

fn closed() -> Value {
    json!({"subnets": 3, "tables": 1, "acls": 1, "groups": 1, "endpoints": 2, "flow_logs": 1, "nats": 0, "addresses": 0, "gateways": 0})
}

#[test]
fn every_tier_import_and_a_destroy_that_leaves_nothing() -> Result<()> {
    let Some(mut world) = world()? else {
        return Ok(());
    };
    world.init(&segment(""))?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    let state = world.terraform.state(SEGMENT)?;
    let vpc = state["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        state["private_subnet_cidrs"],
        json!(["10.20.0.0/18", "10.20.64.0/18", "10.20.128.0/18"])
    );
    assert_eq!(state["default_security_group_rules"], 0);
    assert_eq!(
        state["availability_zones"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(counts(&mut world, &vpc)?, closed());

    apply(
        &world,
        "egress = \"aws_only\"\n  interface_endpoints = [\"kms\", \"ecr.api\"]\n  tags = { team = \"a\" }",
    )?;
    assert_eq!(counts(&mut world, &vpc)?["endpoints"], 4);
    let found = world.aws.call(
        "ec2",
        "describe_subnets",
        json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}),
    )?;
    assert!(found.to_string().contains("team"), "{found}");
    apply(&world, "egress = \"open\"\n  tags = { team = \"b\" }")?;
    let mut open = closed();
    for (kind, count) in [
        ("subnets", 6),
        ("tables", 5),
        ("acls", 2),
        ("nats", 3),
        ("addresses", 3),
        ("gateways", 1),
    ] {
        open[kind] = json!(count);
    }
    assert_eq!(counts(&mut world, &vpc)?, open);

    apply(&world, "egress = \"inspected\"\n  tags = { team = \"b\" }")?;
    for (kind, count) in [("subnets", 9), ("tables", 8), ("endpoints", 5)] {
        open[kind] = json!(count);
    }
    assert_eq!(counts(&mut world, &vpc)?, open);
    let state = world.terraform.state(SEGMENT)?;
    let group = "arn:aws:network-firewall:eu-central-1:aws-managed:stateful-rulegroup";
    assert_eq!(
        state["firewall_rules"],
        json!([
            format!("rules of {group}/MalwareDomainsStrictOrder"),
            format!("rules of {group}/BotNetCommandAndControlDomainsStrictOrder")
        ])
    );
    assert_eq!(
        state["firewall_log_destinations"],
        json!(["alert to bucket gabion-logs", "flow to bucket gabion-logs"])
    );

    world.terraform.run(&["state", "rm", SEGMENT])?.ok()?;
    world.terraform.import(SEGMENT, &vpc)?.ok()?;
    world.terraform.settled()?;

    apply(&world, "")?;
    assert_eq!(counts(&mut world, &vpc)?, closed());
    world.calls_are_on_the_page("network_segment")?;
    world.terraform.destroy(&[])?.ok()?;
    let left = world.aws.call(
        "ec2",
        "describe_vpcs",
        json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}),
    )?;
    assert_eq!(left["Vpcs"], json!([]));
    assert_eq!(
        world
            .proxy
            .count("route53resolver:DeleteResolverQueryLogConfig"),
        1
    );
    world.calls_are_on_the_page("network_segment")
}

#[test]
fn connections_are_made_from_one_side_for_both() -> Result<()> {
    let Some(mut world) = world()? else {
        return Ok(());
    };
    let other = |environment: &str, allows: &str| {
        segment(allows)
            .replace("\"orders\"", "\"stock\"")
            .replace("10.20.0.0/16", "10.21.0.0/16")
            .replace("= \"prod\"", &format!("= \"{environment}\""))
    };
    let both = |environment: &str, allows: &str, more: &str| {
        format!("{}{}", segment(more), other(environment, allows))
    };
    let to_stock = "connects_to = [gabion_network_segment.stock.id]";
    world.init(&both("test", "", to_stock))?;
    world
        .terraform
        .apply(&[])?
        .refused()?
        .says(&["neither of the two allows"])?;
    let allowed = both(
        "test",
        "allowed_environments = [\"prod\"]",
        &format!("{to_stock}\n  allowed_environments = [\"test\"]"),
    );
    world.terraform.write("main.tf", &allowed)?;
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    // What all segments of a region have is listed once for all of them.
    world.proxy.forget();
    assert!(!world.terraform.plan(&[])?.changes()?);
    for call in [
        "ec2:DescribeSubnets",
        "ec2:DescribeRouteTables",
        "ec2:DescribeVpcs",
        "route53resolver:ListResolverQueryLogConfigAssociations",
    ] {
        assert_eq!(world.proxy.count(call), 1, "{call}");
    }
    let tables = world.aws.call("ec2", "describe_route_tables", json!({}))?;
    assert_eq!(tables.to_string().matches("pcx-").count(), 2, "{tables}");
    let peering = world
        .aws
        .call("ec2", "describe_vpc_peering_connections", json!({}))?;
    let id = peering["VpcPeeringConnections"][0]["VpcPeeringConnectionId"].clone();
    world.aws.call(
        "ec2",
        "delete_vpc_peering_connection",
        json!({"VpcPeeringConnectionId": id}),
    )?;
    assert!(world.terraform.plan(&[])?.changes()?);
    world.terraform.apply(&[])?.ok()?;
    world.terraform.settled()?;
    world.terraform.destroy(&[])?.ok()?;
    Ok(())
}

#[test]
fn what_cannot_be_is_refused_at_plan() -> Result<()> {
    let Some(world) = world()? else {
        return Ok(());
    };
    world.init(&segment(""))?;
    let with = |from: &str, to: &str| segment("").replace(from, to);
    let second = segment("").replace(
        "\"gabion_network_segment\" \"orders\"",
        "\"gabion_network_segment\" \"other\"",
    );
    let cases = [
        (with("10.20.0.0/16", "10.0.0.0/8"), "is too large"),
        (
            with("10.20.0.0/16", "10.20.0.0/27"),
            "needs a `/26` at least",
        ),
        (with("10.20.0.0/16", "fd00::/56"), "is an IPv6 range"),
        (
            with("10.20.0.0/16", "10.20.0.1/16"),
            "has bits set beyond its prefix",
        ),
        (
            with("10.20.0.0/16", "198.51.100.0/24"),
            "is not a private range",
        ),
        (
            segment("egress = \"open\"").replace("internal", "confidential"),
            "Open egress is refused",
        ),
        (segment("egress = \"filtered\""), "is none of"),
        (
            segment("egress = \"inspected\"").replace("/16", "/24"),
            "no room for the subnets of a firewall",
        ),
        (
            segment("egress = \"allowlist\"\n  egress_allowed_domains = [\"*.example.com\"]"),
            "write `.example.com`",
        ),
        (segment("egress = \"allowlist\""), "needs ranges or domains"),
        (
            format!("{}{second}", segment("")),
            "Two segments of one name",
        ),
        (
            segment("availability_zones = [\"eu-central-1x\"]"),
            "No such zone",
        ),
        (segment("availability_zone_count = 6"), "Too few zones"),
        (
            segment("flow_logs = false"),
            "weaker than its secure default",
        ),
        (
            format!(
                "{}{}",
                segment(""),
                second.replace("10.20.0.0", "10.22.0.0")
            ),
            "Two segments of one name",
        ),
        (
            format!(
                "{}{}",
                segment(""),
                second
                    .replace("\"orders\"", "\"other\"")
                    .replace("10.20.0.0/16", "10.20.8.0/24")
            ),
            "Segments overlap",
        ),
    ];
    for (text, told) in cases {
        world.terraform.write("main.tf", &text)?;
        world.terraform.plan(&[])?.refused()?.says(&[told])?;
    }
    assert!(world.proxy.writes().is_empty());
    Ok(())
}
