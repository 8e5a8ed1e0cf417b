//! What somebody put into a VPC that AWS made: looked at as a whole, before the first part of it is deleted.

use super::{Ec2, filter, of_vpc, pages};
use crate::error::{AwsError, Result};
use crate::operations;

/// Something in a VPC that AWS does not put there itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependant {
    /// What it is, in words (`network interface`).
    pub what: &'static str,
    /// Its id.
    pub id: String,
}

fn named(
    what: &'static str,
    ids: impl IntoIterator<Item = Option<String>>,
) -> impl Iterator<Item = Dependant> {
    ids.into_iter()
        .flatten()
        .map(move |id| Dependant { what, id })
}

impl Ec2 {
    /// All that is in a default VPC beyond what AWS made with it: its default subnets, main route table, default
    /// network ACL and security group, and its internet gateway. Each would be lost with the VPC, or stop its deletion
    /// half-way.
    pub async fn dependants(&self, vpc: &str) -> Result<Vec<Dependant>> {
        let (used, peerings, endpoints, own, gateways) = futures::try_join!(
            self.interfaces_in(vpc),
            self.peerings(vpc),
            self.endpoints(vpc),
            self.own_parts(vpc),
            self.other_gateways(vpc),
        )?;
        let mut all: Vec<Dependant> = named("network interface", used.into_iter().map(Some))
            .chain(named(
                "peering connection",
                peerings.into_iter().map(|one| Some(one.id)),
            ))
            .chain(named(
                "VPC endpoint",
                endpoints.into_iter().map(|one| Some(one.id)),
            ))
            .chain(own)
            .chain(gateways)
            .collect();
        all.dedup();
        Ok(all)
    }

    /// Security groups, subnets, route tables and network ACLs that AWS did not make.
    async fn own_parts(&self, vpc: &str) -> Result<Vec<Dependant>> {
        let sdk = self.clients.sdk();
        let groups = async {
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_SECURITY_GROUPS,
                sdk.ec2().describe_security_groups().filters(of_vpc(vpc)),
                security_groups
            );
            let own = found
                .into_iter()
                .filter(|group| group.group_name.as_deref() != Some("default"))
                .map(|group| group.group_id);
            Ok::<_, AwsError>(named("security group", own).collect::<Vec<_>>())
        };
        let subnets = async {
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_SUBNETS,
                sdk.ec2().describe_subnets().filters(of_vpc(vpc)),
                subnets
            );
            let own = found
                .into_iter()
                .filter(|subnet| subnet.default_for_az != Some(true))
                .map(|subnet| subnet.subnet_id);
            Ok::<_, AwsError>(named("subnet", own).collect::<Vec<_>>())
        };
        let tables = async {
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_ROUTE_TABLES,
                sdk.ec2().describe_route_tables().filters(of_vpc(vpc)),
                route_tables
            );
            let own = found
                .into_iter()
                .filter(|table| {
                    !table
                        .associations()
                        .iter()
                        .any(|association| association.main == Some(true))
                })
                .map(|table| table.route_table_id);
            Ok::<_, AwsError>(named("route table", own).collect::<Vec<_>>())
        };
        let lists = async {
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_NETWORK_ACLS,
                sdk.ec2().describe_network_acls().filters(of_vpc(vpc)),
                network_acls
            );
            let own = found
                .into_iter()
                .filter(|list| list.is_default != Some(true))
                .map(|list| list.network_acl_id);
            Ok::<_, AwsError>(named("network ACL", own).collect::<Vec<_>>())
        };
        let (groups, subnets, tables, lists) = futures::try_join!(groups, subnets, tables, lists)?;
        Ok([groups, subnets, tables, lists].concat())
    }

    /// Gateways of a VPN, and for IPv6: a VPC that has one cannot be deleted.
    async fn other_gateways(&self, vpc: &str) -> Result<Vec<Dependant>> {
        let sdk = self.clients.sdk();
        let vpn = async {
            let call = sdk
                .ec2()
                .describe_vpn_gateways()
                .filters(filter("attachment.vpc-id", vpc));
            let answer = self
                .clients
                .call(&operations::ec2::DESCRIBE_VPN_GATEWAYS, call.send())
                .await?;
            let held = answer
                .vpn_gateways
                .unwrap_or_default()
                .into_iter()
                // One that was detached is told for a while.
                .filter(|gateway| {
                    gateway.vpc_attachments().iter().any(|attachment| {
                        attachment.vpc_id() == Some(vpc)
                            && attachment.state().is_none_or(|s| s.as_str() != "detached")
                    })
                })
                .map(|gateway| gateway.vpn_gateway_id);
            Ok::<_, AwsError>(named("VPN gateway", held).collect::<Vec<_>>())
        };
        let ipv6 = async {
            // No filter knows the VPC.
            let found = pages!(
                self,
                &operations::ec2::DESCRIBE_EGRESS_ONLY_INTERNET_GATEWAYS,
                sdk.ec2().describe_egress_only_internet_gateways(),
                egress_only_internet_gateways
            );
            let held = found
                .into_iter()
                .filter(|gateway| {
                    gateway.attachments().iter().any(|attachment| {
                        attachment.vpc_id() == Some(vpc)
                            && attachment.state().is_none_or(|s| s.as_str() != "detached")
                    })
                })
                .map(|gateway| gateway.egress_only_internet_gateway_id);
            Ok::<_, AwsError>(named("egress-only internet gateway", held).collect::<Vec<_>>())
        };
        let (vpn, ipv6) = futures::try_join!(vpn, ipv6)?;
        Ok([vpn, ipv6].concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Fake;
    use aws_sdk_ec2::Client;
    use aws_sdk_ec2::types::{
        NetworkAcl, RouteTable, RouteTableAssociation, SecurityGroup, Subnet, VpcEndpoint,
        VpcPeeringConnection, VpcPeeringConnectionStateReason, VpcPeeringConnectionStateReasonCode,
        VpcPeeringConnectionVpcInfo,
    };
    use aws_smithy_mocks::mock;

    #[tokio::test]
    async fn what_aws_made_is_told_from_what_somebody_put_there() {
        let interfaces = mock!(Client::describe_network_interfaces).then_output(|| {
            aws_sdk_ec2::operation::describe_network_interfaces::DescribeNetworkInterfacesOutput::builder().build()
        });
        let peerings = mock!(Client::describe_vpc_peering_connections).then_output(|| {
            let side = || VpcPeeringConnectionVpcInfo::builder().vpc_id("vpc-1").build();
            let one = |id: &str, code| {
                VpcPeeringConnection::builder()
                    .vpc_peering_connection_id(id)
                    .requester_vpc_info(side())
                    .accepter_vpc_info(side())
                    .status(VpcPeeringConnectionStateReason::builder().code(code).build())
                    .build()
            };
            aws_sdk_ec2::operation::describe_vpc_peering_connections::DescribeVpcPeeringConnectionsOutput::builder()
                .vpc_peering_connections(one("pcx-1", VpcPeeringConnectionStateReasonCode::Active))
                .vpc_peering_connections(one("pcx-2", VpcPeeringConnectionStateReasonCode::Deleted))
                .build()
        });
        let endpoints = mock!(Client::describe_vpc_endpoints).then_output(|| {
            aws_sdk_ec2::operation::describe_vpc_endpoints::DescribeVpcEndpointsOutput::builder()
                .vpc_endpoints(
                    VpcEndpoint::builder()
                        .vpc_endpoint_id("vpce-1")
                        .state("available".into())
                        .build(),
                )
                .build()
        });
        let groups = mock!(Client::describe_security_groups).then_output(|| {
            let one = |id: &str, name: &str| {
                SecurityGroup::builder()
                    .group_id(id)
                    .group_name(name)
                    .build()
            };
            aws_sdk_ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput::builder(
            )
            .security_groups(one("sg-0", "default"))
            .security_groups(one("sg-1", "web"))
            .build()
        });
        let subnets = mock!(Client::describe_subnets).then_output(|| {
            let one = |id: &str, made| Subnet::builder().subnet_id(id).default_for_az(made).build();
            aws_sdk_ec2::operation::describe_subnets::DescribeSubnetsOutput::builder()
                .subnets(one("subnet-0", true))
                .subnets(one("subnet-1", false))
                .build()
        });
        let tables = mock!(Client::describe_route_tables).then_output(|| {
            let one = |id: &str, main| {
                RouteTable::builder()
                    .route_table_id(id)
                    .associations(RouteTableAssociation::builder().main(main).build())
                    .build()
            };
            aws_sdk_ec2::operation::describe_route_tables::DescribeRouteTablesOutput::builder()
                .route_tables(one("rtb-0", true))
                .route_tables(one("rtb-1", false))
                .build()
        });
        let lists = mock!(Client::describe_network_acls).then_output(|| {
            let one = |id: &str, made| {
                NetworkAcl::builder()
                    .network_acl_id(id)
                    .is_default(made)
                    .build()
            };
            aws_sdk_ec2::operation::describe_network_acls::DescribeNetworkAclsOutput::builder()
                .network_acls(one("acl-0", true))
                .network_acls(one("acl-1", false))
                .build()
        });
        let vpn = mock!(Client::describe_vpn_gateways).then_output(|| {
            use aws_sdk_ec2::types::{AttachmentStatus, VpcAttachment, VpnGateway};
            let one = |id: &str, state: AttachmentStatus| {
                VpnGateway::builder()
                    .vpn_gateway_id(id)
                    .vpc_attachments(
                        VpcAttachment::builder()
                            .vpc_id("vpc-1")
                            .state(state)
                            .build(),
                    )
                    .build()
            };
            aws_sdk_ec2::operation::describe_vpn_gateways::DescribeVpnGatewaysOutput::builder()
                .vpn_gateways(one("vgw-1", AttachmentStatus::Attached))
                .vpn_gateways(one("vgw-2", AttachmentStatus::Detached))
                .build()
        });
        let ipv6 = mock!(Client::describe_egress_only_internet_gateways).then_output(|| {
            use aws_sdk_ec2::types::{EgressOnlyInternetGateway, InternetGatewayAttachment};
            let one = |id: &str, vpc: &str| {
                EgressOnlyInternetGateway::builder()
                    .egress_only_internet_gateway_id(id)
                    .attachments(InternetGatewayAttachment::builder().vpc_id(vpc).build())
                    .build()
            };
            aws_sdk_ec2::operation::describe_egress_only_internet_gateways::DescribeEgressOnlyInternetGatewaysOutput::builder()
                .egress_only_internet_gateways(one("eigw-1", "vpc-1"))
                .egress_only_internet_gateways(one("eigw-2", "vpc-2"))
                .build()
        });
        let clients = Fake::default()
            .ec2(&[
                &interfaces,
                &peerings,
                &endpoints,
                &groups,
                &subnets,
                &tables,
                &lists,
                &vpn,
                &ipv6,
            ])
            .clients();
        let found = clients.ec2().dependants("vpc-1").await.unwrap();
        let ids: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "pcx-1", "vpce-1", "sg-1", "subnet-1", "rtb-1", "acl-1", "vgw-1", "eigw-1"
            ]
        );
    }
}
