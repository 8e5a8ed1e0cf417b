//! A segment, and its logs.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Value, json};

use super::{Reader, each};

pub(super) fn segment(r: &mut Reader<'_>) -> Result<()> {
    r.resource(
        "network_segment",
        "prod",
        "module.environment[\"prod\"].gabion_network_segment.this[\"confidential\"]",
    )?;
    let vpc = r.of("id");
    let inside = json!({"Filters": [{"Name": "vpc-id", "Values": [vpc]}]});
    let found = r.ask("ec2", "describe_vpcs", json!({"VpcIds": [vpc]}))?["Vpcs"][0].clone();
    let tags: BTreeMap<String, Value> = found["Tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| {
            (
                tag["Key"].as_str().unwrap_or_default().to_owned(),
                tag["Value"].clone(),
            )
        })
        .collect();
    for (name, tag) in [
        ("environment", "gabion:environment"),
        ("data_tier", "gabion:data-tier"),
    ] {
        r.is(name, tags.get(tag).cloned().unwrap_or_default());
    }
    let subnets = r.ask("ec2", "describe_subnets", inside.clone())?["Subnets"].clone();
    r.is("private_subnet_cidrs", each(&subnets, "CidrBlock"));
    let zones: BTreeSet<String> = each(&subnets, "AvailabilityZone")
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    r.is("availability_zone_count", json!(zones.len()));
    let public = each(&subnets, "MapPublicIpOnLaunch")
        .as_array()
        .is_some_and(|list| list.contains(&json!(true)));
    r.is("map_public_ip_on_launch", json!(public));
    let groups =
        r.ask("ec2", "describe_security_groups", inside.clone())?["SecurityGroups"].clone();
    let rules: usize = groups
        .as_array()
        .into_iter()
        .flatten()
        .filter(|group| group["GroupName"] == "default")
        .flat_map(|group| {
            [
                group["IpPermissions"].as_array(),
                group["IpPermissionsEgress"].as_array(),
            ]
        })
        .flatten()
        .map(Vec::len)
        .sum();
    r.is("default_security_group_rules", json!(rules));
    let acls = r.ask("ec2", "describe_network_acls", inside.clone())?["NetworkAcls"].clone();
    let entries: Vec<Value> = acls[0]["Entries"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["RuleNumber"] != 32767)
        .map(|entry| Value::String(acl_text(entry)))
        .collect();
    let east_west = r.of("east_west_cidrs");
    let closed = east_west.as_array().into_iter().flatten().all(|range| {
        let range = range.as_str().unwrap_or_default();
        entries.iter().any(|entry| {
            entry
                .as_str()
                .is_some_and(|entry| entry.ends_with(&format!("deny all from {range}")))
        })
    });
    r.holds(
        "east_west_cidrs",
        closed && east_west != json!([]),
        &east_west,
    );
    for port in ["22", "3389"] {
        let denied = entries.iter().any(|entry| {
            entry.as_str().is_some_and(|entry| {
                entry.starts_with("ingress")
                    && entry.ends_with(&format!("deny tcp {port} from 0.0.0.0/0"))
            })
        });
        r.holds(
            "network_acl_entries",
            denied,
            format!("{port}: {entries:?}"),
        );
    }
    r.is("network_acl_entries", Value::Array(entries));
    let tables = r.ask("ec2", "describe_route_tables", inside.clone())?["RouteTables"].clone();
    let ways: Vec<Value> = tables
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|table| table["Routes"].as_array().cloned().unwrap_or_default())
        .filter(|route| route["GatewayId"] != "local" && route["DestinationCidrBlock"].is_string())
        .map(|route| route["DestinationCidrBlock"].clone())
        .collect();
    r.holds(
        "egress",
        r.of("egress") == "aws_only" && ways.is_empty(),
        format!("{ways:?}"),
    );
    r.is("private_routes", Value::Array(ways));
    let gateways = r.ask(
        "ec2",
        "describe_internet_gateways",
        json!({"Filters": [{"Name": "attachment.vpc-id", "Values": [vpc]}]}),
    )?;
    r.holds(
        "ingress",
        r.of("ingress") == "none" && gateways["InternetGateways"] == json!([]),
        gateways,
    );
    let endpoints = r.ask("ec2", "describe_vpc_endpoints", inside)?["VpcEndpoints"].clone();
    let mut by_type: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for endpoint in endpoints.as_array().into_iter().flatten() {
        let service = endpoint["ServiceName"]
            .as_str()
            .and_then(|name| name.rsplit('.').next())
            .unwrap_or_default()
            .to_owned();
        let policy = if service == "s3" {
            "s3_endpoint_policy"
        } else {
            "endpoint_policy"
        };
        let document = &endpoint["PolicyDocument"];
        r.is(policy, document.clone());
        let document: Value = serde_json::from_str(document.as_str().unwrap_or_default())?;
        let organization = r.of("organization_id");
        let bound = document["Statement"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|one| one["Condition"]["StringEquals"]["aws:PrincipalOrgID"] == organization);
        r.holds(policy, bound && organization.is_string(), &document);
        by_type
            .entry(
                endpoint["VpcEndpointType"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
            .or_default()
            .push(service.into());
    }
    r.is(
        "gateway_endpoints",
        by_type.remove("Gateway").unwrap_or_default().into(),
    );
    r.is(
        "interface_endpoints",
        by_type.remove("Interface").unwrap_or_default().into(),
    );
    Ok(())
}

pub(super) fn logs(r: &mut Reader<'_>) -> Result<()> {
    let vpc = r.of("id");
    let found = r.ask(
        "ec2",
        "describe_flow_logs",
        json!({"Filters": [{"Name": "resource-id", "Values": [vpc]}]}),
    )?["FlowLogs"]
        .clone();
    r.holds(
        "flow_logs",
        found[0]["FlowLogStatus"] == "ACTIVE" && r.of("flow_logs") == true,
        &found,
    );
    r.is("flow_log_traffic_type", found[0]["TrafficType"].clone());
    r.is(
        "flow_log_max_aggregation_interval",
        found[0]["MaxAggregationInterval"].clone(),
    );
    r.is("log_destination", found[0]["LogDestination"].clone());
    let id = r.of("query_log_config_id");
    let config = r.ask(
        "route53resolver",
        "get_resolver_query_log_config",
        json!({"ResolverQueryLogConfigId": id}),
    )?;
    let uses = r.ask(
        "route53resolver",
        "list_resolver_query_log_config_associations",
        json!({}),
    )?["ResolverQueryLogConfigAssociations"]
        .clone();
    let associated = uses
        .as_array()
        .into_iter()
        .flatten()
        .any(|one| one["ResourceId"] == vpc);
    r.holds(
        "dns_query_logging",
        associated && r.of("dns_query_logging") == true,
        uses,
    );
    r.is(
        "dns_log_destination",
        config["ResolverQueryLogConfig"]["DestinationArn"].clone(),
    );
    Ok(())
}

/// An entry as the provider writes it.
fn acl_text(entry: &Value) -> String {
    let out = entry["Egress"] == true;
    let ports = match (&entry["PortRange"]["From"], &entry["PortRange"]["To"]) {
        (Value::Null, _) => String::new(),
        (from, to) if from == to => format!(" {from}"),
        (from, to) => format!(" {from}-{to}"),
    };
    let protocol = match entry["Protocol"].as_str() {
        Some("6") => "tcp",
        Some("17") => "udp",
        _ => "all",
    };
    format!(
        "{} {} {} {protocol}{ports} {} {}",
        if out { "egress" } else { "ingress" },
        entry["RuleNumber"],
        entry["RuleAction"].as_str().unwrap_or_default(),
        if out { "to" } else { "from" },
        entry["CidrBlock"].as_str().unwrap_or_default()
    )
}
