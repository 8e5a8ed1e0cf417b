//! What no single attribute tells.

use gabion_framework::prelude::*;

use super::model::SegmentModel;
use crate::shared::strings;
use crate::shared::subnets::Range;

/// Most ranges of a list, so that the network ACL stays within the 20 entries that AWS gives each direction.
const MOST_RANGES: usize = 8;

/// Settings that contradict each other. Unknowns are never errors.
pub(super) fn consistent(model: &SegmentModel, diags: &mut Diagnostics) {
    let mut fault = |attribute: &str, summary: &str, detail: String| {
        diags.error_at(Path::root(attribute), summary, detail);
    };
    let egress = model.egress.as_str();
    let tier = model.data_tier.as_str().unwrap_or_default();
    if egress == Some("open") && matches!(tier, "confidential" | "regulated") {
        fault(
            "egress",
            "Open egress is refused for this data tier",
            format!(
                "A segment with {tier} data may not reach the whole internet, and no exception changes that. Take \
                 `allowlist` with `egress_allowed_cidrs`, `aws_only` or `none`."
            ),
        );
    }
    let allowed = strings::known(&model.egress_allowed_cidrs);
    if egress == Some("allowlist")
        && allowed
            .as_ref()
            .is_some_and(std::collections::BTreeSet::is_empty)
    {
        fault(
            "egress_allowed_cidrs",
            "An allowlist needs ranges",
            "`egress` is `allowlist`, and `egress_allowed_cidrs` names no range. Name those that the segment may reach, or \
             take `aws_only`."
                .to_owned(),
        );
    }
    if egress.is_some_and(|egress| egress != "allowlist")
        && allowed.as_ref().is_some_and(|list| !list.is_empty())
    {
        fault(
            "egress_allowed_cidrs",
            "Ranges without an allowlist",
            "`egress_allowed_cidrs` does something only with `egress = \"allowlist\"`. Set that, or leave it out.".to_owned(),
        );
    }
    if let Some(all) = allowed.iter().flatten().find(|range| *range == "0.0.0.0/0") {
        fault(
            "egress_allowed_cidrs",
            "An allowlist of everything",
            format!(
                "`{all}` is the whole internet. Write `egress = \"open\"`, where the data tier permits it."
            ),
        );
    }
    for (attribute, list) in [
        ("egress_allowed_cidrs", &model.egress_allowed_cidrs),
        ("east_west_cidrs", &model.east_west_cidrs),
    ] {
        let count = list.known().map_or(0, Vec::len);
        if count > MOST_RANGES {
            fault(
                attribute,
                "Too many ranges",
                format!(
                    "`{attribute}` has {count} ranges, and AWS gives a network ACL 20 entries for each direction. Write at \
                     most {MOST_RANGES}, by larger ranges."
                ),
            );
        }
    }
    if egress == Some("none")
        && model
            .services()
            .is_some_and(|services| !services.is_empty())
    {
        fault(
            "interface_endpoints",
            "Endpoints need egress to AWS",
            "`egress` is `none`, which has no interface endpoints. Set `egress = \"aws_only\"`."
                .to_owned(),
        );
    }
    let off = |value: &Value<bool>| value.known() == Some(&false);
    if model
        .services()
        .is_some_and(|services| !services.is_empty())
        && (off(&model.enable_dns_hostnames) || off(&model.enable_dns_support))
    {
        fault(
            "interface_endpoints",
            "Endpoints need the resolver",
            "Private names of interface endpoints need `enable_dns_hostnames` and `enable_dns_support`.".to_owned(),
        );
    }
    logs(model, &mut fault);
    zones(model, &mut fault);
}

fn logs(model: &SegmentModel, fault: &mut impl FnMut(&str, &str, String)) {
    let on = |value: &Value<bool>| value.known() == Some(&true);
    if on(&model.flow_logs) && model.log_destination.is_null() {
        fault(
            "log_destination",
            "Flow logs need a destination",
            "Set `log_destination` to the `arn` of a log sink, or to that of a log group."
                .to_owned(),
        );
    }
    if on(&model.dns_query_logging)
        && model.log_destination.is_null()
        && model.dns_log_destination.is_null()
    {
        fault(
            "dns_log_destination",
            "DNS query logs need a destination",
            "Set `log_destination`, or `dns_log_destination` where queries go elsewhere."
                .to_owned(),
        );
    }
    if let (true, Some(destination)) = (on(&model.flow_logs), model.log_destination.as_str()) {
        let bucket = destination.contains(":s3:::");
        if !bucket && model.flow_log_iam_role_arn.is_null() {
            fault(
                "flow_log_iam_role_arn",
                "Flow logs to a log group need a role",
                "Set `flow_log_iam_role_arn` to a role that may write to the log group, or log to a bucket.".to_owned(),
            );
        }
        if bucket && model.flow_log_iam_role_arn.is_known() {
            fault(
                "flow_log_iam_role_arn",
                "Flow logs to a bucket take no role",
                "Flow logs are delivered to a bucket by its policy. Leave `flow_log_iam_role_arn` out.".to_owned(),
            );
        }
    }
}

fn zones(model: &SegmentModel, fault: &mut impl FnMut(&str, &str, String)) {
    if let (Some(zones), Some(region)) = (model.availability_zones.known(), model.region.as_str()) {
        for zone in zones.iter().filter_map(Value::as_str) {
            if zone.strip_prefix(region).is_none_or(|rest| rest.is_empty()) {
                fault(
                    "availability_zones",
                    "Not a zone of the region",
                    format!("`{zone}` is no zone of `{region}`: write for example `{region}a`."),
                );
            }
        }
        if zones.is_empty() || zones.len() > 6 {
            fault(
                "availability_zones",
                "Not a number of zones",
                format!("{} zones are named: name 1 to 6.", zones.len()),
            );
        }
    }
}

/// Ranges that overlap with the segment's own: traffic to them would never leave it.
pub(super) fn own_range(model: &SegmentModel, diags: &mut Diagnostics) {
    let Some(own) = model
        .cidr_block
        .as_str()
        .and_then(|text| Range::parse(text).ok())
    else {
        return;
    };
    for text in strings::known_part(&model.egress_allowed_cidrs) {
        if Range::parse(&text).is_ok_and(|range| range.overlaps(own)) && text != "0.0.0.0/0" {
            diags.error_at(
                Path::root("egress_allowed_cidrs"),
                "A range of the segment itself",
                format!("`{text}` overlaps with `{own}`, the segment itself, so no route can lead there."),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::strings;

    fn paths(change: fn(&mut SegmentModel)) -> Vec<String> {
        let mut model = SegmentModel {
            cidr_block: "10.1.0.0/16".into(),
            region: "eu-central-1".into(),
            egress: "aws_only".into(),
            ingress: "none".into(),
            data_tier: "regulated".into(),
            flow_logs: true.into(),
            dns_query_logging: true.into(),
            log_destination: "arn:aws:s3:::logs".into(),
            enable_dns_hostnames: true.into(),
            enable_dns_support: true.into(),
            ..SegmentModel::default()
        };
        change(&mut model);
        let mut diags = Diagnostics::new();
        consistent(&model, &mut diags);
        own_range(&model, &mut diags);
        diags
            .iter()
            .map(|diag| diag.path.clone().unwrap().to_string())
            .collect()
    }

    #[test]
    fn contradictions() {
        assert!(paths(|_| {}).is_empty());
        assert_eq!(paths(|m| m.egress = "open".into()), ["egress"]);
        assert_eq!(
            paths(|m| m.egress = "allowlist".into()),
            ["egress_allowed_cidrs"]
        );
        assert_eq!(
            paths(|m| m.egress_allowed_cidrs = strings::of(["203.0.113.0/24"])),
            ["egress_allowed_cidrs"]
        );
        assert_eq!(
            paths(|m| {
                m.egress = "allowlist".into();
                m.egress_allowed_cidrs = strings::of(["10.1.2.0/24"]);
            }),
            ["egress_allowed_cidrs"]
        );
        assert_eq!(
            paths(|m| {
                m.egress = "none".into();
                m.interface_endpoints = strings::of(["kms"]);
            }),
            ["interface_endpoints"]
        );
        assert_eq!(
            paths(|m| m.log_destination = Value::Null),
            ["log_destination", "dns_log_destination"]
        );
        assert_eq!(
            paths(
                |m| m.log_destination = "arn:aws:logs:eu-central-1:111122223333:log-group:x".into()
            ),
            ["flow_log_iam_role_arn"]
        );
        assert_eq!(
            paths(|m| m.availability_zones = strings::of(["eu-west-1a"])),
            ["availability_zones"]
        );
        let many = |m: &mut SegmentModel| {
            m.east_west_cidrs = strings::of((0..9).map(|index| format!("10.{index}.0.0/16")));
        };
        assert_eq!(paths(many), ["east_west_cidrs"]);
        // Unknown is no fault.
        assert!(paths(|m| m.log_destination = Value::Unknown).is_empty());
    }
}
