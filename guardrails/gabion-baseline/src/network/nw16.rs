//! NW16.

use gabion_guardrail::prelude::*;

use super::estate::tag;
use super::segments;
use crate::settings::Baseline;
use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds peerings with routes between VPCs of different environments: an `aws_vpc_peering_connection` whose two VPCs
/// have different values of the tag `environment`, and to which an `aws_route`, or a `route` of an `aws_route_table`,
/// leads. It joins them by reference, also on a first create, else by id.
///
/// A `gabion_network_segment` that `connects_to` one of another `environment` is found in the same way, also where
/// `allowed_environments` lets both: who may write that for two segments is not for them to say.
///
/// A peering of which one side is in another configuration, or has no tag, cannot be told. VPCs without the tag on both
/// sides are not asked. The setting `environment_tag` of the pack names another tag.
///
/// Known miss: a transit gateway, or a cloud WAN, that joins two environments.
///
/// ## Why it matters
///
/// The test environment has the weaker passwords and the newer code. With a route, it is a way into production.
///
/// ## Example
///
/// ```hcl
/// resource "aws_vpc" "test" {
///   cidr_block = "10.0.0.0/16"
///   tags       = { environment = "test" }
/// }
///
/// resource "aws_vpc" "prod" {
///   cidr_block = "10.1.0.0/16"
///   tags       = { environment = "prod" }
/// }
///
/// resource "aws_vpc_peering_connection" "both" {
///   vpc_id      = aws_vpc.test.id
///   peer_vpc_id = aws_vpc.prod.id
///   auto_accept = true
/// }
///
/// resource "aws_route" "to_prod" {
///   route_table_id            = aws_vpc.test.main_route_table_id
///   destination_cidr_block    = "10.1.0.0/16"
///   vpc_peering_connection_id = aws_vpc_peering_connection.both.id
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_vpc" "test" {
///   cidr_block = "10.0.0.0/16"
///   tags       = { environment = "test" }
/// }
///
/// resource "aws_vpc" "prod" {
///   cidr_block = "10.1.0.0/16"
///   tags       = { environment = "prod" }
/// }
/// ```
///
/// ## References
///
/// - [Separating workloads into environments](https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/aws-account-management-and-separation.html)
#[rule(
    code = "NW16",
    title = "a route between environments",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_vpc_peering_connection"), gabion("gabion_network_segment")),
    controls(own("NW16"))
)]
pub(crate) fn route_between_environments(graph: &Graph) -> Outcome {
    let peerings = graph.of("aws_vpc_peering_connection");
    let segments = graph.of("gabion_network_segment");
    if peerings.is_empty() && segments.is_empty() {
        return NOT_APPLICABLE;
    }
    let settings = settings::<Baseline>()?;
    let routes = graph.companions("aws_route", "vpc_peering_connection_id");
    let mut vpcs = graph.of("aws_vpc");
    vpcs.extend(graph.of("aws_default_vpc"));
    let near = Side::of(graph, "vpc_id", &vpcs, &settings.environment_tag);
    let far = Side::of(graph, "peer_vpc_id", &vpcs, &settings.environment_tag);
    let mut review = Review::new();
    segments::connections(graph, &segments, &mut review);
    for peering in &peerings {
        review.look(|| {
            let (from, to) = match (near.environment(peering), far.environment(peering)) {
                (Ok(Some(from)), Ok(Some(to))) => (from, to),
                // Who has no tags is not asked for them.
                (Ok(None), Ok(None) | Err(_)) | (Err(_), Ok(None)) => return Ok(None),
                (Err(stop), _) | (_, Err(stop)) => return Err(stop),
                (Ok(Some(_)), Ok(None)) | (Ok(None), Ok(Some(_))) => {
                    let why =
                        "one side of the peering does not say to which environment it belongs";
                    return Err(Stop::Undetermined(why.to_owned()));
                }
            };
            if from == to {
                return Ok(None);
            }
            let leads =
                in_table(graph, peering)? || !routes.of(peering, &["id"]).settled()?.is_empty();
            let message = ["a route leads from ", from, " to ", to].concat();
            Ok(leads.then(|| Finding::new("", message).on(peering.address())))
        });
    }
    review.outcome()
}

/// What the tag of a VPC says, where it can be read.
type Environment = Result<Option<String>, Stop>;

/// The VPCs at one end of all peerings.
struct Side {
    /// Address of the peering, environment of the VPC.
    known: Vec<(Option<String>, Environment)>,
    unclear: Option<String>,
}

impl Side {
    fn of(graph: &Graph, attribute: &str, vpcs: &[Change], key: &str) -> Self {
        let peerings = graph.companions("aws_vpc_peering_connection", attribute);
        let mut side = Self {
            known: Vec::new(),
            unclear: None,
        };
        for vpc in vpcs {
            match peerings.of(vpc, &["id"]) {
                Join::Found(found) => {
                    let environment = tag(&vpc.after(), key);
                    for peering in found {
                        side.known.push((peering.address(), environment.clone()));
                    }
                }
                Join::Absent => {}
                Join::Undetermined(why) => side.unclear = Some(why),
            }
        }
        side
    }

    /// The environment of the VPC at this end of a peering; `None` where it does not say.
    fn environment(&self, peering: &Change) -> Result<Option<&str>, Stop> {
        let address = peering.address();
        if let Some((_, environment)) = self.known.iter().find(|(known, _)| *known == address) {
            return environment
                .as_ref()
                .map(Option::as_deref)
                .map_err(Clone::clone);
        }
        let elsewhere = || "a VPC of the peering is in another configuration".to_owned();
        Err(Stop::Undetermined(
            self.unclear.clone().unwrap_or_else(elsewhere),
        ))
    }
}

/// Whether a route within a route table leads to the peering.
fn in_table(graph: &Graph, peering: &Change) -> Result<bool, Stop> {
    let id = peering.after().get("id").filled()?;
    for kind in ["aws_route_table", "aws_default_route_table"] {
        if graph
            .referrers(peering)
            .iter()
            .any(|change| change.stays() && change.resource_type() == kind)
        {
            return Ok(true);
        }
        if id.is_none() {
            continue;
        }
        for table in graph.of(kind) {
            for route in table.after().get("route").elements()? {
                if route.get("vpc_peering_connection_id").filled()? == id {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}
