//! Which settings are weaker than the defaults, and which control each default satisfies.

use super::model::SegmentModel;
use crate::shared::exception::{Enforced, Strength};

const FLOW_LOGS: &[&str] = &["EC2.6", "C5 3.7"];
const PUBLIC_IP: &[&str] = &["EC2.15"];
const FIREWALL_LOGS: &[&str] = &["NetworkFirewall.2"];
const FIREWALL_PROTECTION: &[&str] = &["NetworkFirewall.9", "NetworkFirewall.10"];
const OWN: &[&str] = &["own"];

fn closed(model: &SegmentModel) -> bool {
    matches!(model.data_tier.as_str(), Some("confidential" | "regulated"))
}

macro_rules! table {
    ($($attribute:literal: $controls:expr, $strength:expr;)+) => {
        &[$(Enforced { attribute: $attribute, controls: $controls, strength: $strength }),+]
    };
}

/// The defaults that need an exception to be weakened.
pub(super) const TABLE: &[Enforced<SegmentModel>] = table! {
    "map_public_ip_on_launch": PUBLIC_IP, |m| Strength::of(&m.map_public_ip_on_launch, |on| {
        on.then(|| "it is `true`, the default is `false`".to_owned())
    });
    "flow_logs": FLOW_LOGS, |m| Strength::on(&m.flow_logs);
    "flow_log_traffic_type": FLOW_LOGS, |m| match m.flow_logs.known() {
        Some(false) => Strength::Kept,
        _ => Strength::of(&m.flow_log_traffic_type, |kind| {
            (kind != "ALL").then(|| format!("it is `{kind}`, the default is `ALL`"))
        }),
    };
    "flow_log_max_aggregation_interval": FLOW_LOGS, |m| match m.flow_logs.known() {
        Some(false) => Strength::Kept,
        _ => Strength::of(&m.flow_log_max_aggregation_interval, |seconds| {
            (*seconds > 60).then(|| format!("it is {seconds}, the default is 60"))
        }),
    };
    "dns_query_logging": OWN, |m| Strength::on(&m.dns_query_logging);
    "firewall_logs": FIREWALL_LOGS, |m| Strength::on(&m.firewall_logs);
    "firewall_protection": FIREWALL_PROTECTION, |m| Strength::on(&m.firewall_protection);
    "ingress": OWN, |m| Strength::of(&m.ingress, |ingress| {
        (ingress != "none" && closed(m)).then(|| {
            format!("it is `{ingress}`, and a segment with {} data has none", m.data_tier.as_str().unwrap_or_default())
        })
    });
};

#[cfg(test)]
mod tests {
    use super::*;
    use gabion_framework::prelude::*;

    fn weaker(change: fn(&mut SegmentModel)) -> Vec<&'static str> {
        let mut model = SegmentModel {
            data_tier: "regulated".into(),
            flow_logs: true.into(),
            flow_log_traffic_type: "ALL".into(),
            flow_log_max_aggregation_interval: 60.into(),
            dns_query_logging: true.into(),
            firewall_logs: true.into(),
            firewall_protection: true.into(),
            ingress: "none".into(),
            map_public_ip_on_launch: false.into(),
            ..SegmentModel::default()
        };
        change(&mut model);
        TABLE
            .iter()
            .filter(|line| matches!((line.strength)(&model), Strength::Weaker(_)))
            .map(|line| line.attribute)
            .collect()
    }

    #[test]
    fn each_is_told_alone() {
        assert!(weaker(|_| {}).is_empty());
        assert_eq!(weaker(|m| m.flow_logs = false.into()), ["flow_logs"]);
        assert_eq!(
            weaker(|m| m.flow_log_traffic_type = "REJECT".into()),
            ["flow_log_traffic_type"]
        );
        assert_eq!(
            weaker(|m| m.flow_log_max_aggregation_interval = 600.into()),
            ["flow_log_max_aggregation_interval"]
        );
        assert_eq!(
            weaker(|m| m.dns_query_logging = false.into()),
            ["dns_query_logging"]
        );
        assert_eq!(
            weaker(|m| {
                m.firewall_logs = false.into();
                m.firewall_protection = false.into();
            }),
            ["firewall_logs", "firewall_protection"]
        );
        assert_eq!(
            weaker(|m| m.map_public_ip_on_launch = true.into()),
            ["map_public_ip_on_launch"]
        );
        assert_eq!(weaker(|m| m.ingress = "internet".into()), ["ingress"]);
        assert!(
            weaker(|m| {
                m.ingress = "internet".into();
                m.data_tier = "internal".into();
            })
            .is_empty()
        );
    }

    #[test]
    fn every_line_is_an_attribute() {
        let schema = super::super::schema::schema();
        let names: Vec<&str> = schema
            .all_attributes()
            .iter()
            .map(Attribute::name)
            .collect();
        assert!(TABLE.iter().all(|line| names.contains(&line.attribute)));
    }
}
