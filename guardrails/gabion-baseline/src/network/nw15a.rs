//! NW15A.

use gabion_guardrail::prelude::*;

use super::estate::{is_confidential, tag};
use crate::settings::Baseline;
use crate::target::aws;
use crate::world::{cidr, is_world};

/// Ways out that look at nothing.
const GATEWAYS: [&str; 5] = [
    "gateway_id",
    "nat_gateway_id",
    "egress_only_gateway_id",
    "network_interface_id",
    "carrier_gateway_id",
];

/// ## What it does
///
/// Finds routes to the whole internet in the route tables of VPCs for confidential or regulated data (tag `data_tier`):
/// `0.0.0.0/0`, `::/0` or a large part of them, in `aws_route`, or in `route` of `aws_route_table` and
/// `aws_default_route_table`, to an internet gateway, a NAT gateway, an egress-only gateway or an interface. It joins
/// route, table and VPC by reference, also on a first create, else by id.
///
/// A VPC whose tag `egress` says `allowlist` or `inspected` passes: there the route belongs to the subnets of the
/// firewall. A route to a firewall or a transit gateway passes as well. The settings `data_tier_tag` and `egress_tag` of
/// the pack name other tags.
///
/// Known misses: a route to a prefix list, a transit gateway behind which there is no firewall, and an
/// `aws_default_route_table` that names its table in another way than by `aws_vpc.NAME.default_route_table_id`.
///
/// ## Why it matters
///
/// With such a route, every machine that reads the data can send it anywhere.
///
/// ## Example
///
/// ```hcl
/// resource "aws_vpc" "orders" {
///   cidr_block = "10.0.0.0/16"
///   tags = {
///     data_tier = "confidential"
///     egress    = "none"
///   }
/// }
///
/// resource "aws_route_table" "private" {
///   vpc_id = aws_vpc.orders.id
/// }
///
/// resource "aws_route" "out" {
///   route_table_id         = aws_route_table.private.id
///   destination_cidr_block = "0.0.0.0/0"
///   nat_gateway_id         = "nat-0123456789abcdef0"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_vpc" "orders" {
///   cidr_block = "10.0.0.0/16"
///   tags = {
///     data_tier = "confidential"
///     egress    = "aws_only"
///   }
/// }
///
/// resource "aws_vpc_endpoint" "s3" {
///   vpc_id       = aws_vpc.orders.id
///   service_name = "com.amazonaws.eu-central-1.s3"
/// }
/// ```
///
/// ## References
///
/// - [Security pillar: protecting networks](https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/protecting-networks.html)
#[rule(
    code = "NW15A",
    title = "a route to the internet in a confidential segment",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_vpc")),
    controls(own("NW15"))
)]
pub(crate) fn confidential_route_to_internet(graph: &Graph) -> Outcome {
    let settings = settings::<Baseline>()?;
    let mut review = Review::new();
    let mut looked = false;
    let tables = graph.companions("aws_route_table", "vpc_id");
    let defaults = graph.companions("aws_default_route_table", "default_route_table_id");
    let routes = graph.companions("aws_route", "route_table_id");
    for vpc in graph.of("aws_vpc") {
        let after = vpc.after();
        match tag(&after, &settings.data_tier_tag) {
            Ok(Some(tier)) if is_confidential(&tier) => {}
            Ok(_) => continue,
            Err(stop) => {
                looked = true;
                review.look(|| Err(stop));
                continue;
            }
        }
        looked = true;
        review.look_at(|found| {
            let egress = tag(&after, &settings.egress_tag)?;
            if matches!(egress.as_deref(), Some("allowlist" | "inspected")) {
                return Ok(());
            }
            let mut all = tables.of(&vpc, &["id"]).settled()?;
            all.extend(defaults.of(&vpc, &["default_route_table_id"]).settled()?);
            for table in all {
                for route in table.after().get("route").elements()? {
                    found.extend(open(&route, "cidr_block", "ipv6_cidr_block", table)?);
                }
                for route in routes.of(table, &["id"]).settled()? {
                    let (v4, v6) = ("destination_cidr_block", "destination_ipv6_cidr_block");
                    found.extend(open(&route.after(), v4, v6, route)?);
                }
            }
            for route in of_main_table(graph, &vpc) {
                let (v4, v6) = ("destination_cidr_block", "destination_ipv6_cidr_block");
                found.extend(open(&route.after(), v4, v6, &route)?);
            }
            Ok(())
        });
    }
    if looked {
        review.outcome()
    } else {
        NOT_APPLICABLE
    }
}

/// The finding that a route leads to the internet.
fn open(route: &Value, v4: &str, v6: &str, of: &Change) -> Result<Option<Finding>, Stop> {
    for attribute in [v4, v6] {
        let at = route.get(attribute);
        let Some(block) = cidr(&at)?.filter(is_world) else {
            continue;
        };
        for gateway in GATEWAYS {
            let gateway = route.get(gateway);
            let set = gateway.kind() == Kind::Unknown || gateway.filled()?.is_some();
            if set {
                let message = "a route of a VPC for confidential data leads to the internet";
                let finding = at.finding(message).observed(block.to_string());
                return Ok(Some(finding.on(of.address())));
            }
        }
    }
    Ok(None)
}

/// The routes that name the table which AWS makes with the VPC. Instances of a VPC with keys are not told apart there.
fn of_main_table(graph: &Graph, vpc: &Change) -> Vec<Change> {
    let address = vpc.address();
    let mut routes = graph.of("aws_route");
    routes.retain(|route| {
        graph.references(route).iter().any(|reference| {
            reference.path == "route_table_id"
                && reference.attribute.ends_with("_route_table_id")
                && Some(&reference.address) == address.as_ref()
        })
    });
    routes
}
