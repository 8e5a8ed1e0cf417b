//! NW07.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

/// ## What it does
///
/// Finds flow logs of a VPC, a subnet or an interface that do not record all traffic: `traffic_type` is not `ALL`. Those
/// of a transit gateway have no such setting. A `gabion_network_segment` records all traffic, minute by minute, unless it is
/// told otherwise: `flow_logs = false`, another `flow_log_traffic_type` and a longer
/// `flow_log_max_aggregation_interval` are found.
///
/// It judges the resource that carries the setting. That a VPC has no flow log at all is for NW07A.
///
/// Known miss: a `log_format` without the fields that an inquiry needs.
///
/// ## Why it matters
///
/// Refused traffic shows who tries, accepted traffic who got in. After an incident one needs the second, and before it
/// the first.
///
/// ## Example
///
/// ```hcl
/// resource "aws_flow_log" "main" {
///   vpc_id               = "vpc-0123456789abcdef0"
///   traffic_type         = "REJECT"
///   log_destination_type = "s3"
///   log_destination      = "arn:aws:s3:::example-logs"
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_flow_log" "main" {
///   vpc_id               = "vpc-0123456789abcdef0"
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
    code = "NW07",
    title = "flow logs of a part of the traffic",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_flow_log"), gabion("gabion_network_segment")),
    controls(cis_v5("3.7"), cis_v7("4.7"), security_hub("EC2.6"))
)]
pub(crate) fn partial_flow_log(change: &Change) -> Outcome {
    let Some(log) = change.planned() else {
        return NOT_APPLICABLE;
    };
    if change.resource_type() == "gabion_network_segment" {
        return segment(&log);
    }
    let traffic = log.get("traffic_type");
    match traffic.text()?.as_deref() {
        // A transit gateway records all or nothing, and has no such setting.
        None => NOT_APPLICABLE,
        Some("ALL") => PASS,
        Some(_) => found(
            traffic
                .finding("the flow log does not record all traffic")
                .fix("ALL"),
        ),
    }
}

fn segment(segment: &Value) -> Outcome {
    let on = segment.get("flow_logs");
    if on.boolean()? == Some(false) {
        return found(
            on.finding("nothing records the traffic of the segment")
                .fix(true),
        );
    }
    let mut review = Review::new();
    let traffic = segment.get("flow_log_traffic_type");
    review.look(|| {
        let part = traffic.text()?.is_some_and(|kind| kind != "ALL");
        Ok(part.then(|| {
            traffic
                .finding("the flow log does not record all traffic")
                .fix("ALL")
        }))
    });
    let interval = segment.get("flow_log_max_aggregation_interval");
    review.look(|| {
        let long = interval.integer()?.is_some_and(|seconds| seconds > 60);
        Ok(long.then(|| {
            interval
                .finding("the flow log sums up over more than a minute")
                .fix(60)
        }))
    });
    review.outcome()
}
