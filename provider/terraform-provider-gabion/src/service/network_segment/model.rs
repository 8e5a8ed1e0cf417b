//! The model of `gabion_network_segment`: the names Terraform sees, and nothing that calls AWS.

use gabion_framework::prelude::*;

use crate::shared::exception::Exception;
use crate::shared::location::Place;
use crate::shared::strings::{self, Strings};
use crate::shared::tags::TagMap;

/// A map of strings in a model.
pub(super) type StringMap = Value<std::collections::BTreeMap<String, Value<String>>>;

object! {
    /// Configuration, plan and state of a network segment.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct SegmentModel {
        /// Its name.
        pub(crate) name: Value<String>,
        /// Its range.
        pub(crate) cidr_block: Value<String>,
        /// Its environment.
        pub(crate) environment: Value<String>,
        /// The tier of the data in it.
        pub(crate) data_tier: Value<String>,
        /// Its zones, by name.
        pub(crate) availability_zones: Strings,
        /// How many zones it spans.
        pub(crate) availability_zone_count: Value<i64>,
        /// What may leave it.
        pub(crate) egress: Value<String>,
        /// Ranges that an allowlist names.
        pub(crate) egress_allowed_cidrs: Strings,
        /// Domains that an allowlist names.
        pub(crate) egress_allowed_domains: Strings,
        /// Rule groups by which a firewall inspects.
        pub(crate) inspection_rule_group_arns: Strings,
        /// Whether the firewall is protected from deletion and changes by hand.
        pub(crate) firewall_protection: Value<bool>,
        /// Whether the firewall logs.
        pub(crate) firewall_logs: Value<bool>,
        /// The key of the firewall.
        pub(crate) firewall_kms_key_id: Value<String>,
        /// Whether all zones share one NAT gateway.
        pub(crate) single_nat_gateway: Value<bool>,
        /// What may come in.
        pub(crate) ingress: Value<String>,
        /// Ranges of other segments.
        pub(crate) east_west_cidrs: Strings,
        /// Segments it is connected to, by id.
        pub(crate) connects_to: Strings,
        /// Other environments that it may be connected to.
        pub(crate) allowed_environments: Strings,
        /// AWS services with an interface endpoint.
        pub(crate) interface_endpoints: Strings,
        /// The organization that endpoints are bound to, or `none`.
        pub(crate) organization_id: Value<String>,
        /// Whether traffic is logged.
        pub(crate) flow_logs: Value<bool>,
        /// Where traffic is logged to.
        pub(crate) log_destination: Value<String>,
        /// Which traffic is logged.
        pub(crate) flow_log_traffic_type: Value<String>,
        /// Over how many seconds traffic is summed up.
        pub(crate) flow_log_max_aggregation_interval: Value<i64>,
        /// The role that delivers to a log group.
        pub(crate) flow_log_iam_role_arn: Value<String>,
        /// Whether DNS queries are logged.
        pub(crate) dns_query_logging: Value<bool>,
        /// Where DNS queries are logged to.
        pub(crate) dns_log_destination: Value<String>,
        /// Whether instances have host names.
        pub(crate) enable_dns_hostnames: Value<bool>,
        /// Whether the resolver answers.
        pub(crate) enable_dns_support: Value<bool>,
        /// Whether instances get a public address at launch.
        pub(crate) map_public_ip_on_launch: Value<bool>,
        /// What an update may take away.
        pub(crate) acknowledge_removals: Strings,
        /// The account that holds it.
        pub(crate) account_id: Value<String>,
        /// The region that holds it.
        pub(crate) region: Value<String>,
        /// The user's tags.
        pub(crate) tags: TagMap,
        /// All tags.
        pub(crate) tags_all: TagMap,

        /// The id of the VPC.
        pub(crate) id: Value<String>,
        /// The ARN of the VPC.
        pub(crate) arn: Value<String>,
        /// Ranges of the private subnets.
        pub(crate) private_subnet_cidrs: Strings,
        /// Ids of the private subnets.
        pub(crate) private_subnet_ids: Strings,
        /// Ranges of the public subnets.
        pub(crate) public_subnet_cidrs: Strings,
        /// Ids of the public subnets.
        pub(crate) public_subnet_ids: Strings,
        /// Ranges of the subnets of the firewall's endpoints.
        pub(crate) firewall_subnet_cidrs: Strings,
        /// Ids of the subnets of the firewall's endpoints.
        pub(crate) firewall_subnet_ids: Strings,
        /// The route tables of these subnets.
        pub(crate) firewall_route_table_ids: Strings,
        /// The firewall.
        pub(crate) firewall_arn: Value<String>,
        /// Its policy.
        pub(crate) firewall_policy_arn: Value<String>,
        /// Its own rule groups.
        pub(crate) firewall_rule_group_arns: Strings,
        /// What it does, in order.
        pub(crate) firewall_rules: Strings,
        /// Its endpoints.
        pub(crate) firewall_endpoint_ids: Strings,
        /// What it logs, and where to.
        pub(crate) firewall_log_destinations: Strings,
        /// What private subnets reach beyond the segment.
        pub(crate) private_routes: Strings,
        /// Where public subnets lead to.
        pub(crate) public_routes: Strings,
        /// Where the subnets of the firewall lead to.
        pub(crate) firewall_routes: Strings,
        /// The main route table.
        pub(crate) main_route_table_id: Value<String>,
        /// The route tables of the private subnets.
        pub(crate) private_route_table_ids: Strings,
        /// The route table of the public subnets.
        pub(crate) public_route_table_id: Value<String>,
        /// The default security group.
        pub(crate) default_security_group_id: Value<String>,
        /// How many rules it has.
        pub(crate) default_security_group_rules: Value<i64>,
        /// The network ACL of the private subnets, the VPC's default one.
        pub(crate) network_acl_id: Value<String>,
        /// Its entries.
        pub(crate) network_acl_entries: Strings,
        /// The network ACL of the public subnets.
        pub(crate) public_network_acl_id: Value<String>,
        /// Its entries.
        pub(crate) public_network_acl_entries: Strings,
        /// The internet gateway.
        pub(crate) internet_gateway_id: Value<String>,
        /// The NAT gateways.
        pub(crate) nat_gateway_ids: Strings,
        /// The public addresses of the NAT gateways.
        pub(crate) nat_public_ips: Strings,
        /// All endpoints, by service.
        pub(crate) endpoint_ids: StringMap,
        /// The services with a gateway endpoint.
        pub(crate) gateway_endpoints: Strings,
        /// The policy of the endpoints.
        pub(crate) endpoint_policy: Value<String>,
        /// The policy of the endpoint for S3.
        pub(crate) s3_endpoint_policy: Value<String>,
        /// The security group of the interface endpoints.
        pub(crate) endpoint_security_group_id: Value<String>,
        /// The flow log.
        pub(crate) flow_log_id: Value<String>,
        /// The configuration of the query logs.
        pub(crate) query_log_config_id: Value<String>,
        /// The exclusion from the account's block of public access.
        pub(crate) public_access_exclusion_id: Value<String>,
        /// What it lets through.
        pub(crate) public_access_exclusion_mode: Value<String>,

        /// Reasons for weaker settings.
        pub(crate) exception: Vec<Exception>,
        /// Time-outs.
        pub(crate) timeouts: Value<Timeouts>,
    }
}

impl SegmentModel {
    /// Where it is or will be.
    pub(super) fn place(&self) -> Place {
        Place {
            account_id: self.account_id.clone(),
            region: self.region.clone(),
        }
    }

    /// The id of the VPC; empty while it is not known.
    pub(super) fn vpc(&self) -> &str {
        self.id.as_str().unwrap_or_default()
    }

    /// Type and name for messages.
    pub(super) fn title(&self) -> String {
        let name = self.name.as_str().unwrap_or("(unknown)");
        format!("`{}` `{name}`", super::TYPE)
    }

    /// The zones, in their order, when all are known.
    pub(super) fn zones(&self) -> Option<Vec<String>> {
        ordered(&self.availability_zones)
    }

    /// The services that should have an interface endpoint.
    pub(super) fn services(&self) -> Option<Vec<String>> {
        Some(
            strings::known(&self.interface_endpoints)?
                .into_iter()
                .collect(),
        )
    }

    /// Whether the egress tier it asks for has a firewall.
    pub(super) fn wants_firewall(&self) -> bool {
        match self.egress.as_str() {
            Some("inspected") => true,
            Some("allowlist") => !strings::known_part(&self.egress_allowed_domains).is_empty(),
            _ => false,
        }
    }

    /// Whether it has a firewall, or still has a part of one.
    pub(super) fn may_have_firewall(&self) -> bool {
        let some = |list: &Strings| list.known().is_some_and(|list| !list.is_empty());
        self.wants_firewall()
            || self.firewall_arn.is_known()
            || self.firewall_policy_arn.is_known()
            || some(&self.firewall_rule_group_arns)
            || some(&self.firewall_subnet_cidrs)
    }

    /// Whether it needs an internet gateway, or still has something that goes with one: a change that was cut off
    /// leaves that behind.
    pub(super) fn may_be_wide(&self) -> bool {
        let some = |list: &Strings| list.known().is_some_and(|list| !list.is_empty());
        !matches!(self.egress.as_str(), Some("none" | "aws_only"))
            || self.ingress.as_str() != Some("none")
            || self.internet_gateway_id.is_known()
            || self.public_access_exclusion_id.is_known()
            || self.public_network_acl_id.is_known()
            || self.public_route_table_id.is_known()
            || some(&self.public_subnet_cidrs)
            || some(&self.nat_gateway_ids)
            || some(&self.nat_public_ips)
    }
}

/// The elements of a list in their order, when all are known.
pub(super) fn ordered(list: &Strings) -> Option<Vec<String>> {
    list.known()?
        .iter()
        .map(|item| item.known().cloned())
        .collect()
}
