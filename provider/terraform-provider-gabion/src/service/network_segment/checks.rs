//! What no single attribute tells.

use gabion_framework::prelude::*;

use super::firewall::MOST_DOMAINS;
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
    let domains = strings::known(&model.egress_allowed_domains);
    let empty = |list: &Option<std::collections::BTreeSet<String>>| {
        list.as_ref()
            .is_some_and(std::collections::BTreeSet::is_empty)
    };
    let some = |list: &Option<std::collections::BTreeSet<String>>| {
        list.as_ref().is_some_and(|list| !list.is_empty())
    };
    if egress == Some("allowlist") && empty(&allowed) && empty(&domains) {
        fault(
            "egress_allowed_cidrs",
            "An allowlist needs ranges or domains",
            "`egress` is `allowlist`, and neither `egress_allowed_cidrs` nor `egress_allowed_domains` names anything. Name \
             what the segment may reach, or take `aws_only`."
                .to_owned(),
        );
    }
    if egress.is_some_and(|egress| egress != "allowlist") {
        for (attribute, list) in [
            ("egress_allowed_cidrs", &allowed),
            ("egress_allowed_domains", &domains),
        ] {
            if some(list) {
                fault(
                    attribute,
                    "A list without an allowlist",
                    format!(
                        "`{attribute}` does something only with `egress = \"allowlist\"`. Set that, or leave it out."
                    ),
                );
            }
        }
    }
    firewall(model, &mut fault);
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

fn firewall(model: &SegmentModel, fault: &mut impl FnMut(&str, &str, String)) {
    let egress = model.egress.as_str();
    let domains = model.egress_allowed_domains.known().map_or(0, Vec::len);
    if domains > MOST_DOMAINS {
        fault(
            "egress_allowed_domains",
            "Too many domains",
            format!(
                "{domains} domains are named, and the rule group has room for {MOST_DOMAINS}. Write `.example.com` for all \
                 domains below `example.com`."
            ),
        );
    }
    if let Some(groups) = model.inspection_rule_group_arns.known() {
        if egress.is_some_and(|egress| egress != "inspected") {
            fault(
                "inspection_rule_group_arns",
                "Rule groups without an inspection",
                "`inspection_rule_group_arns` does something only with `egress = \"inspected\"`. Set that, or leave it \
                 out."
                    .to_owned(),
            );
        } else if groups.is_empty() || groups.len() > 20 {
            fault(
                "inspection_rule_group_arns",
                "Not a number of rule groups",
                format!(
                    "{} rule groups are named: a firewall takes 1 to 20. Leave the attribute out for those of AWS.",
                    groups.len()
                ),
            );
        }
    }
    let plain = match egress {
        None | Some("inspected") => false,
        Some("allowlist") => {
            strings::known(&model.egress_allowed_domains).is_some_and(|list| list.is_empty())
        }
        Some(_) => true,
    };
    if plain && model.firewall_kms_key_id.is_known() {
        fault(
            "firewall_kms_key_id",
            "A key without a firewall",
            "`firewall_kms_key_id` does something only with a firewall: with `egress = \"inspected\"`, or with \
             `egress_allowed_domains`. Leave it out."
                .to_owned(),
        );
    }
    let logs = model.firewall_logs.known() == Some(&true);
    if model.wants_firewall() && logs && model.log_destination.is_null() {
        fault(
            "log_destination",
            "The logs of the firewall need a destination",
            "Set `log_destination` to the `arn` of a log sink, or to that of a log group."
                .to_owned(),
        );
    }
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
        assert!(
            paths(|m| {
                m.egress = "allowlist".into();
                m.egress_allowed_domains = strings::of(["example.com"]);
                m.firewall_kms_key_id = "key".into();
            })
            .is_empty()
        );
        assert_eq!(
            paths(|m| m.egress_allowed_domains = strings::of(["example.com"])),
            ["egress_allowed_domains"]
        );
        assert_eq!(
            paths(|m| {
                m.inspection_rule_group_arns = strings::of(["arn"]);
                m.firewall_kms_key_id = "key".into();
            }),
            ["inspection_rule_group_arns", "firewall_kms_key_id"]
        );
        assert_eq!(
            paths(|m| {
                m.egress = "inspected".into();
                m.inspection_rule_group_arns = Value::Known(Vec::new());
            }),
            ["inspection_rule_group_arns"]
        );
        assert_eq!(
            paths(|m| {
                m.egress = "inspected".into();
                m.flow_logs = false.into();
                m.dns_query_logging = false.into();
                m.firewall_logs = true.into();
                m.log_destination = Value::Null;
            }),
            ["log_destination"]
        );
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
