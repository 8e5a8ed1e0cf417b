//! Faults in the middle of creates, updates and destroys of a segment: nothing twice, nothing orphaned.

use anyhow::{Context as _, Result};
use gabion_tests::{Aws, Fault};
use serde_json::{Value, json};

use super::{SEGMENT, counts, full, full_counts, segment, vpc_of, world};
use crate::support::World;

/// Every call by which a segment with all its parts makes something.
const CREATES: &[&str] = &[
    "ec2:AcceptVpcPeeringConnection",
    "ec2:AllocateAddress",
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateFlowLogs",
    "ec2:CreateInternetGateway",
    "ec2:CreateNatGateway",
    "ec2:CreateNetworkAcl",
    "ec2:CreateNetworkAclEntry",
    "ec2:CreateRoute",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateTags",
    "ec2:CreateVpc",
    "ec2:CreateVpcBlockPublicAccessExclusion",
    "ec2:CreateVpcEndpoint",
    "ec2:CreateVpcPeeringConnection",
    "ec2:ReplaceNetworkAclAssociation",
    "network-firewall:CreateFirewall",
    "network-firewall:CreateFirewallPolicy",
    "network-firewall:CreateRuleGroup",
    "network-firewall:UpdateLoggingConfiguration",
    "route53resolver:AssociateResolverQueryLogConfig",
    "route53resolver:CreateResolverQueryLogConfig",
];

/// The segment with all its parts, and one that it is connected to.
fn connected() -> String {
    let other = segment("availability_zone_count = 1")
        .replace("\"orders\"", "\"stock\"")
        .replace("10.20.0.0/16", "10.21.0.0/16");
    format!(
        "{other}{}",
        full("connects_to = [gabion_network_segment.stock.id]")
    )
}

/// The account blocks public access of its VPCs.
fn block(world: &World) -> Result<()> {
    let mut aws = Aws::new(&world.proxy.endpoint())?;
    aws.call(
        "ec2",
        "modify_vpc_block_public_access_options",
        json!({"InternetGatewayBlockMode": "block-bidirectional"}),
    )?;
    world.proxy.forget();
    Ok(())
}

fn number(world: &mut World, operation: &str, list: &str) -> Result<usize> {
    let all = world.aws.call("ec2", operation, json!({}))?;
    let all = all[list].as_array().context("no list")?;
    let gone = |one: &Value| one["State"] == "deleted" || one["Status"]["Code"] == "deleted";
    Ok(all.iter().filter(|one| !gone(one)).count())
}

#[test]
fn a_reply_lost_in_any_create_makes_nothing_twice() -> Result<()> {
    let Some(mut world) = world()? else {
        return Ok(());
    };
    block(&world)?;
    let before = number(&mut world, "describe_vpcs", "Vpcs")?;
    world.init(&connected())?;
    let rules: Vec<_> = CREATES
        .iter()
        .map(|call| (call, world.proxy.on(call).fault(Fault::LoseReply)))
        .collect();
    world.terraform.apply(&[])?.ok()?;
    for (call, rule) in &rules {
        assert_eq!(rule.hits(), 1, "{call} was not met");
    }
    for call in world.proxy.writes() {
        let name = &call.operation.name;
        let makes = ["Create", "Allocate", "Associate", "Attach", "Accept"];
        assert!(
            !makes.iter().any(|start| name.starts_with(start))
                || CREATES.contains(&call.operation.to_string().as_str()),
            "{name} has no row"
        );
    }
    world.proxy.clear();
    world.terraform.settled()?;
    let vpc = vpc_of(&world)?;
    assert_eq!(counts(&mut world, &vpc)?, full_counts());
    let lists = [
        ("describe_vpcs", "Vpcs", before + 2),
        ("describe_addresses", "Addresses", 2),
        (
            "describe_vpc_peering_connections",
            "VpcPeeringConnections",
            1,
        ),
    ];
    for (operation, list, count) in lists {
        assert_eq!(number(&mut world, operation, list)?, count, "{list}");
    }
    // Every tag arrived, the one that says that all parts stand above all.
    let found = world
        .aws
        .call("ec2", "describe_vpcs", json!({"VpcIds": [vpc]}))?;
    assert!(
        found.to_string().contains("created gabion_network_segment"),
        "{found}"
    );
    world.terraform.destroy(&[])?.ok()?;
    assert_eq!(number(&mut world, "describe_vpcs", "Vpcs")?, before);
    assert_eq!(number(&mut world, "describe_addresses", "Addresses")?, 0);
    Ok(())
}

#[test]
fn what_stopped_half_way_is_continued() -> Result<()> {
    let Some(mut world) = world()? else {
        return Ok(());
    };
    let before = number(&mut world, "describe_vpcs", "Vpcs")?;
    world.init(&full(""))?;
    // In the order in which a create comes to them.
    let denied = [
        "network-firewall:CreateFirewallPolicy",
        "ec2:CreateNatGateway",
        "ec2:CreateRoute",
        "ec2:CreateTags",
    ];
    let mut vpc = None;
    for call in denied {
        let rule = world.proxy.on(call).always().fault(Fault::AccessDenied);
        let name = call.split(':').next_back().unwrap_or_default();
        world.terraform.apply(&[])?.refused()?.says(&[name])?;
        assert!(rule.hits() > 0, "{call} was not met");
        world.proxy.clear();
        let now = vpc_of(&world)?;
        assert_eq!(vpc.get_or_insert(now.clone()), &now, "{call}: the same VPC");
    }
    // As after `kill -9`: AWS has the parts, the state does not.
    world.terraform.run(&["state", "rm", SEGMENT])?.ok()?;
    world.terraform.apply(&[])?.ok()?;
    assert_eq!(Some(vpc_of(&world)?), vpc);
    world.terraform.settled()?;
    let vpc = vpc.unwrap_or_default();
    assert_eq!(counts(&mut world, &vpc)?, full_counts());
    assert_eq!(number(&mut world, "describe_vpcs", "Vpcs")?, before + 1);

    // A destroy that stops half-way, too; and what went by hand meanwhile, in the wrong order, is not missed.
    let rule = world
        .proxy
        .on("ec2:DeleteRouteTable")
        .always()
        .fault(Fault::AccessDenied);
    world.terraform.destroy(&[])?.refused()?;
    assert!(rule.hits() > 0);
    world.proxy.clear();
    by_hand(&mut world, &vpc)?;
    world.terraform.destroy(&[])?.ok()?;
    assert_eq!(number(&mut world, "describe_vpcs", "Vpcs")?, before);
    assert_eq!(number(&mut world, "describe_addresses", "Addresses")?, 0);
    Ok(())
}

/// Deletes by hand what AWS lets go: a subnet, the internet gateway.
fn by_hand(world: &mut World, vpc: &str) -> Result<()> {
    let filter = json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]}]});
    let subnets = world.aws.call("ec2", "describe_subnets", filter)?;
    let subnet = subnets["Subnets"][0]["SubnetId"].clone();
    world
        .aws
        .call("ec2", "delete_subnet", json!({"SubnetId": subnet}))?;
    let filter = json!({"Filters": [{"Name": "attachment.vpc-id", "Values": [vpc]}]});
    let found = world
        .aws
        .call("ec2", "describe_internet_gateways", filter)?;
    let gateway = found["InternetGateways"][0]["InternetGatewayId"].clone();
    let pair = json!({"InternetGatewayId": gateway, "VpcId": vpc});
    world.aws.call("ec2", "detach_internet_gateway", pair)?;
    Ok(())
}
