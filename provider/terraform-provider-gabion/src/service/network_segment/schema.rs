//! The schema of `gabion_network_segment`. Spelling follows the AWS provider where it has a word.

use gabion_framework::prelude::*;

use crate::shared::subnets::{PRIVATE, Range, segment_range};
use crate::shared::{exception, location, tags};

/// The schema.
pub(super) fn schema() -> Schema {
    Schema::new(
        "A closed network: one VPC with private subnets over three zones, an empty default security group, a network ACL \
         that keeps other segments and remote administration out, endpoints bound to the organization, flow logs and \
         DNS query logs.",
    )
    .attributes(shape())
    .attributes(ways())
    .attributes(logs())
    .attributes(rest())
    .attributes(computed())
    .attributes(location::attributes())
    .attributes(tags::attributes())
    .block(exception::block())
    .block(timeouts::block(&["create", "update", "delete"]))
}

fn shape() -> Vec<Attribute> {
    vec![
        Attribute::string("name")
            .required()
            .validate(validate::matches(is_name, "1 to 64 letters, digits, `-`, `_` or `.`"))
            .describe("Name of the segment, and the first part of the `Name` tag of everything in it."),
        Attribute::string("cidr_block").required().requires_replace().validate(SegmentRange).describe(
            "Its IPv4 range: `/16` to `/28`, within RFC 1918 or RFC 6598. The subnets are cut from it: one equal block for \
             each zone, and one kept back for public subnets, so that private subnets never move.",
        ),
        Attribute::string("environment")
            .required()
            .validate(validate::matches(is_name, "1 to 64 letters, digits, `-`, `_` or `.`"))
            .describe("Its environment, such as `prod`. Segments of different environments are connected only where both allow it."),
        Attribute::string("data_tier")
            .required()
            .validate(validate::one_of(&["public", "internal", "confidential", "regulated"]))
            .describe(
                "The highest tier of the data in it: `public`, `internal`, `confidential` or `regulated`. The last two \
                 refuse `egress = \"open\"`.",
            ),
        Attribute::int64("availability_zone_count")
            .default(3_i64)
            .validate(validate::between(1, 6))
            .describe("How many zones it spans, 1 to 6. Default 3. Changing it replaces the segment."),
        Attribute::list("availability_zones", Type::String)
            .optional_computed()
            .validate(validate::unique())
            .validate(validate::each(validate::length(1, 64)))
            .describe(
                "Its zones, by name. Default: the first `availability_zone_count` of the region. Changing them replaces the \
                 segment.",
            ),
    ]
}

fn ways() -> Vec<Attribute> {
    vec![
        Attribute::string("egress").default("none").validate(EgressTier).describe(
            "What may leave it. `none` (default): nothing but S3 and DynamoDB through gateway endpoints. `aws_only`: AWS \
             services through `interface_endpoints`, too. `allowlist`: the ranges of `egress_allowed_cidrs` through NAT \
             gateways, and with `egress_allowed_domains` HTTPS to these domains through a firewall. `inspected`: what a \
             firewall does not know to be malicious. `open`: the internet through NAT gateways; refused for confidential \
             and regulated data.",
        ),
        Attribute::set("egress_allowed_cidrs", Type::String)
            .optional()
            .validate(validate::each(AnyRange))
            .describe(
                "The IPv4 ranges that `egress = \"allowlist\"` lets out to, at most 8, by any protocol. Only there.",
            ),
        Attribute::set("egress_allowed_domains", Type::String)
            .optional()
            .validate(validate::each(Domain))
            .describe(
                "The domains that `egress = \"allowlist\"` lets HTTPS out to, at most 500: `api.example.com`, or \
                 `.example.com` for it and all below it. With them AWS Network Firewall is made in the segment.",
            ),
        Attribute::list("inspection_rule_group_arns", Type::String)
            .optional()
            .validate(validate::unique())
            .validate(validate::each(RuleGroupArn))
            .describe(
                "ARNs of the stateful rule groups of `egress = \"inspected\"`, made for strict order, in the order in which \
                 they decide. Default: AWS's own of known malware and botnet domains.",
            ),
        Attribute::bool("firewall_protection").default(true).describe(
            "Whether the firewall is protected from deletion, and from changes of its subnets and of its policy by \
             another one. This resource lifts that for its own changes. Default `true`.",
        ),
        Attribute::bool("firewall_logs").default(true).describe(
            "Whether the firewall logs its alerts and all flows, to `log_destination`. Default `true`.",
        ),
        Attribute::string("firewall_kms_key_id")
            .optional()
            .validate(validate::arn_of("kms"))
            .describe(
                "ARN of the key that encrypts the firewall, its policy and its rule groups. Default: a key that AWS owns.",
            ),
        Attribute::bool("single_nat_gateway").default(false).describe(
            "Whether all zones share one NAT gateway, which is cheaper and fails with its zone. Default `false`: one for \
             each zone.",
        ),
        Attribute::string("ingress").default("none").validate(validate::one_of(&["none", "internet"])).describe(
            "What may come in. `none` (default): nothing. `internet`: HTTP and HTTPS to public subnets, for load \
             balancers; needs an exception where the data is confidential or regulated.",
        ),
        Attribute::set("east_west_cidrs", Type::String)
            .default(PRIVATE.to_vec())
            .validate(validate::each(AnyRange))
            .describe(
                "The IPv4 ranges that other segments have, such as the organization's supernet, at most 8: the network ACLs \
                 drop traffic from and to them, except with the segments it is connected to. Default: all private ranges.",
            ),
        Attribute::set("interface_endpoints", Type::String)
            .optional()
            .validate(validate::each(validate::matches(is_service, "the name of a service, such as `kms` or `ecr.api`")))
            .describe(
                "The AWS services that get an interface endpoint, such as `kms`, `logs` or `ecr.api`. Not with `egress = \
                 \"none\"`. Those for S3 and DynamoDB are gateway endpoints, free of charge and always there.",
            ),
        Attribute::string("organization_id")
            .optional_computed()
            .use_state_for_unknown()
            .validate(OrganizationId)
            .describe(
                "The organization whose principals alone may use the endpoints. Unset: the organization of the account, \
                 read at plan. `none`: only the account itself.",
            ),
    ]
}

fn logs() -> Vec<Attribute> {
    vec![
        Attribute::bool("flow_logs").default(true).describe("Whether traffic is logged. Default `true`."),
        Attribute::string("log_destination").optional().validate(Destination).describe(
            "ARN of the bucket (a log sink's `arn`) or of the log group that traffic is logged to. Needed unless an \
             exception permits to log nothing.",
        ),
        Attribute::string("flow_log_traffic_type")
            .default("ALL")
            .validate(validate::one_of(&["ALL", "ACCEPT", "REJECT"]))
            .describe("Which traffic is logged. Default `ALL`."),
        Attribute::int64("flow_log_max_aggregation_interval")
            .default(60_i64)
            .validate(Interval)
            .describe("Over how many seconds traffic is summed up: 60 or 600. Default 60."),
        Attribute::string("flow_log_iam_role_arn")
            .optional()
            .validate(validate::arn_of("iam"))
            .describe("Role that delivers flow logs to a log group. Needed for a log group, and not for a bucket."),
        Attribute::bool("dns_query_logging").default(true).describe("Whether DNS queries are logged. Default `true`."),
        Attribute::string("dns_log_destination")
            .optional_computed()
            .validate(Destination)
            .describe(
                "ARN of the bucket or log group that DNS queries are logged to. Default: `log_destination`. All segments of \
                 an account and region that log to one place share one configuration of the resolver.",
            ),
    ]
}

fn rest() -> Vec<Attribute> {
    vec![
        Attribute::bool("enable_dns_hostnames")
            .default(true)
            .describe("Whether instances have host names. Default `true`; interface endpoints need it."),
        Attribute::bool("enable_dns_support")
            .default(true)
            .describe("Whether the resolver of the VPC answers. Default `true`; interface endpoints need it."),
        Attribute::bool("map_public_ip_on_launch")
            .default(false)
            .describe("Whether instances get a public address at launch, in any subnet. Default `false`."),
        Attribute::set("acknowledge_removals", Type::String).optional().describe(
            "What others put into a segment that was imported, and that this resource may take away: ranges of \
             `private_routes`, or the words `network_acl_entries` and `default_security_group_rules`. A plan that would \
             take away anything else is an error that names it.",
        ),
        Attribute::set("connects_to", Type::String)
            .optional()
            .validate(validate::each(validate::matches(
                super::connection::is_id,
                "the id of a segment (`vpc-...`), or `ACCOUNT/REGION/vpc-...` in another account or region",
            )))
            .describe(
                "Ids of the segments that this one is connected to: peering, routes and entries on both sides are made \
                 from here. One in another account or region is written `ACCOUNT/REGION/ID`.",
            ),
        Attribute::set("allowed_environments", Type::String).optional().describe(
            "Other environments whose segments may be connected to this one. A connection between environments needs this \
             on both sides.",
        ),
    ]
}

fn computed() -> Vec<Attribute> {
    let id = |name: &str, what: &str| Attribute::string(name).computed().describe(what);
    let ids = |name: &str, what: &str| {
        Attribute::list(name, Type::String)
            .computed()
            .describe(what)
    };
    vec![
        Attribute::string("id")
            .computed()
            .use_state_for_unknown()
            .describe("Id of the VPC; also the import id."),
        Attribute::string("arn")
            .computed()
            .use_state_for_unknown()
            .describe("ARN of the VPC."),
        ids(
            "private_subnet_cidrs",
            "Ranges of the private subnets, in the order of the zones.",
        ),
        ids(
            "private_subnet_ids",
            "Ids of the private subnets, in the order of the zones.",
        ),
        ids(
            "public_subnet_cidrs",
            "Ranges of the public subnets; empty without an internet gateway.",
        ),
        ids("public_subnet_ids", "Ids of the public subnets."),
        ids(
            "firewall_subnet_cidrs",
            "Ranges of the subnets of the firewall's endpoints; empty without a firewall.",
        ),
        ids(
            "firewall_subnet_ids",
            "Ids of the subnets of the firewall's endpoints.",
        ),
        ids(
            "firewall_route_table_ids",
            "Ids of the route tables of these subnets.",
        ),
        id("firewall_arn", "ARN of the firewall."),
        id("firewall_policy_arn", "ARN of the policy of the firewall."),
        ids(
            "firewall_rule_group_arns",
            "ARNs of the rule groups that this resource made for the firewall.",
        ),
        ids(
            "firewall_rules",
            "What the firewall does with what leaves, in order.",
        ),
        ids(
            "firewall_endpoint_ids",
            "Ids of the endpoints of the firewall, in the order of the zones.",
        ),
        ids(
            "firewall_log_destinations",
            "What the firewall logs, and where to.",
        ),
        ids(
            "private_routes",
            "The ranges beyond the segment that private subnets have a route to, connections left out.",
        ),
        ids(
            "public_routes",
            "The ranges that public subnets have a route to, with the way where it is not the internet gateway.",
        ),
        ids(
            "firewall_routes",
            "The ranges that the subnets of the firewall have a route to, through NAT gateways.",
        ),
        id("main_route_table_id", "Id of the main route table."),
        ids(
            "private_route_table_ids",
            "Ids of the route tables of the private subnets: the main one, or one for each zone.",
        ),
        id(
            "public_route_table_id",
            "Id of the route table of the public subnets.",
        ),
        id(
            "default_security_group_id",
            "Id of the default security group, which is emptied.",
        ),
        Attribute::int64("default_security_group_rules")
            .computed()
            .describe("How many rules the default security group has; planned as 0."),
        id(
            "network_acl_id",
            "Id of the network ACL of the private subnets, the VPC's default one.",
        ),
        ids(
            "network_acl_entries",
            "Its entries, those of connections (200 to 299) left out.",
        ),
        id(
            "public_network_acl_id",
            "Id of the network ACL of the public subnets.",
        ),
        ids("public_network_acl_entries", "Its entries."),
        id("internet_gateway_id", "Id of the internet gateway."),
        ids(
            "nat_gateway_ids",
            "Ids of the NAT gateways, in the order of the zones.",
        ),
        ids("nat_public_ips", "Public addresses of the NAT gateways."),
        Attribute::map("endpoint_ids", Type::String)
            .computed()
            .describe("Ids of all endpoints, by service."),
        ids("gateway_endpoints", "Services with a gateway endpoint."),
        id(
            "endpoint_policy",
            "The policy of the endpoints, generated: the organization's principals only.",
        ),
        id(
            "s3_endpoint_policy",
            "The policy of the endpoint for S3: as the others, and layers of container images where ECR can be reached.",
        ),
        id(
            "endpoint_security_group_id",
            "Id of the security group of the interface endpoints.",
        ),
        id("flow_log_id", "Id of the flow log."),
        id(
            "query_log_config_id",
            "Id of the resolver's configuration that DNS queries are logged by.",
        ),
        id(
            "public_access_exclusion_id",
            "Id of the exclusion, where the account blocks public access of its VPCs.",
        ),
        id(
            "public_access_exclusion_mode",
            "What the exclusion lets through: `allow-egress` or `allow-bidirectional`; `none` where the account blocks and \
             the exclusion is missing.",
        ),
    ]
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_service(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !matches!(text, "s3" | "dynamodb")
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte)
        })
}

/// A check of text by a function.
macro_rules! text_check {
    ($name:ident, $check:expr) => {
        struct $name;

        impl Validator for $name {
            fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
                let check: fn(&str) -> Result<(), String> = $check;
                if let Dynamic::String(text) = value
                    && let Err(fault) = check(text)
                {
                    validate::fail(path, diags, format!("{fault}."));
                }
            }
        }
    };
}

text_check!(SegmentRange, |text| segment_range(text).map(drop));
text_check!(AnyRange, |text| Range::parse(text).map(drop));
text_check!(EgressTier, |text| {
    super::design::Egress::of(text).map(drop).ok_or_else(|| {
        format!("`{text}` is none of `none`, `aws_only`, `allowlist`, `inspected`, `open`")
    })
});
text_check!(Domain, super::firewall::domain);
text_check!(RuleGroupArn, |text| {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "network-firewall", region, owner, group]
            if partition.starts_with("aws")
                && validate::is_region(region)
                && (validate::is_account_id(owner) || *owner == "aws-managed")
                && group.starts_with("stateful-rulegroup/") =>
        {
            Ok(())
        }
        _ => Err(format!(
            "`{text}` is not the ARN of a stateful rule group of Network Firewall"
        )),
    }
});
text_check!(OrganizationId, |text| {
    let id = text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if id || text == super::NO_ORGANIZATION {
        return Ok(());
    }
    Err(format!(
        "`{text}` is not an organization id: expected `o-` and 10 to 32 lower-case letters or digits, or `none`"
    ))
});
text_check!(Destination, |text| {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "s3", "", "", bucket]
            if partition.starts_with("aws") && !bucket.is_empty() =>
        {
            Ok(())
        }
        ["arn", partition, "logs", region, account, group]
            if partition.starts_with("aws")
                && validate::is_region(region)
                && validate::is_account_id(account)
                && group.starts_with("log-group:")
                && !group.ends_with(":*") =>
        {
            Ok(())
        }
        _ => Err(format!(
            "`{text}` is neither the ARN of a bucket nor that of a log group (without `:*` at its end)"
        )),
    }
});

struct Interval;

impl Validator for Interval {
    fn validate(&self, value: &Dynamic, path: &Path, diags: &mut Diagnostics) {
        if let Dynamic::Number(number) = value
            && !matches!(number.to_i64(), Some(60 | 600))
        {
            validate::fail(path, diags, format!("`{number}` is neither 60 nor 600."));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::network_segment::model::SegmentModel;

    #[test]
    fn schema_and_model_agree() {
        let schema = schema();
        let mut names: Vec<&str> = schema
            .all_attributes()
            .iter()
            .map(Attribute::name)
            .collect();
        names.extend(["exception", "timeouts"]);
        names.sort_unstable();
        let mut model = SegmentModel::ATTRIBUTES.to_vec();
        model.sort_unstable();
        assert_eq!(names, model);
        for attribute in schema.all_attributes() {
            assert!(!attribute.description().is_empty(), "{}", attribute.name());
        }
    }
}
