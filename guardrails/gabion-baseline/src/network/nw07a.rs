//! NW07A.

use gabion_guardrail::prelude::*;

use crate::companion::Companion;
use crate::target::aws;

/// ## What it does
///
/// Finds VPCs to which no `aws_flow_log` of the plan belongs. It joins them by reference (`vpc_id = aws_vpc.main.id`, also
/// on a first create), else by id. What the flow log that is there records is for NW07.
///
/// Where another configuration holds the flow logs, name the type in
/// `pack "baseline" { settings = { companions_elsewhere = ["aws_flow_log"] } }`.
///
/// Known miss: a VPC of which each subnet has a flow log of its own is found all the same.
///
/// ## Why it matters
///
/// Flow logs cannot be made afterwards. Without them nobody can say what left the network.
///
/// ## Example
///
/// ```hcl
/// resource "aws_vpc" "main" {
///   cidr_block = "10.0.0.0/16"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_vpc" "main" {
///   cidr_block = "10.0.0.0/16"
/// }
///
/// resource "aws_flow_log" "main" {
///   vpc_id               = aws_vpc.main.id
///   traffic_type         = "ALL"
///   log_destination_type = "s3"
///   log_destination      = "arn:aws:s3:::example-logs"
/// }
/// ```
///
/// ## References
///
/// - [Logging IP traffic using VPC Flow Logs](https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html)
/// - CIS AWS Foundations v5 3.7, v7 4.7; Security Hub EC2.6
#[rule(
    code = "NW07A",
    title = "a VPC without flow logs",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_vpc"), aws("aws_default_vpc")),
    controls(cis_v5("3.7"), cis_v7("4.7"), security_hub("EC2.6"))
)]
pub(crate) fn vpc_without_flow_log(graph: &Graph) -> Outcome {
    let mut vpcs = graph.of("aws_vpc");
    vpcs.extend(graph.of("aws_default_vpc"));
    if vpcs.is_empty() {
        return NOT_APPLICABLE;
    }
    let logs = Companion::by(graph, "aws_flow_log", "vpc_id");
    let mut review = Review::new();
    for vpc in &vpcs {
        review.look(|| {
            logs.missing_by(
                vpc,
                &["id"],
                |_| Ok(false),
                "nothing records the traffic of the VPC",
            )
        });
    }
    review.outcome()
}
