"""EC2 networks and the resolver's query logs."""

import json

from common import account, client, expect, new_bucket, probe, refused

ec2, resolver = client("ec2"), client("route53resolver")
MADE = {}
TAGS = [{"Key": "part", "Value": "probe"}]
FILTER = [{"Name": "tag:part", "Values": ["probe"]}]


def tags(kind):
    return [{"ResourceType": kind, "Tags": TAGS}]


def once(name, make):
    if name not in MADE:
        MADE[name] = make()
    return MADE[name]


def new_vpc(cidr):
    return ec2.create_vpc(CidrBlock=cidr, TagSpecifications=tags("vpc"))["Vpc"]["VpcId"]


def vpc():
    return once("vpc", lambda: new_vpc("10.200.0.0/16"))


def other_vpc():
    return once("other", lambda: new_vpc("10.201.0.0/16"))


def of_vpc(vpc_id=None):
    return [{"Name": "vpc-id", "Values": [vpc_id or vpc()]}]


def new_subnet(cidr="10.200.1.0/24"):
    made = ec2.create_subnet(
        VpcId=vpc(), CidrBlock=cidr, AvailabilityZone="eu-central-1a", TagSpecifications=tags("subnet")
    )
    return made["Subnet"]["SubnetId"]


def subnet():
    return once("subnet", new_subnet)


def new_table():
    made = ec2.create_route_table(VpcId=vpc(), TagSpecifications=tags("route-table"))
    return made["RouteTable"]["RouteTableId"]


def table():
    return once("table", new_table)


def new_gateway():
    made = ec2.create_internet_gateway(TagSpecifications=tags("internet-gateway"))
    return made["InternetGateway"]["InternetGatewayId"]


def acl(default=False):
    found = ec2.describe_network_acls(Filters=of_vpc())["NetworkAcls"]
    return next(one for one in found if one["IsDefault"] == default)


def group(name="default"):
    found = ec2.describe_security_groups(Filters=of_vpc())["SecurityGroups"]
    return next(one for one in found if one["GroupName"] == name)


@probe("ec2:DescribeAvailabilityZones")
def _():
    zones = ec2.describe_availability_zones(Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}])
    expect(len(zones["AvailabilityZones"]) >= 3, "too few zones")


@probe("ec2:CreateVpc tags, DescribeVpcs by tag")
def _():
    found = ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc()]}, *FILTER])["Vpcs"]
    expect(found and found[0]["CidrBlock"] == "10.200.0.0/16", "not found by its tag")


@probe("ec2:CreateVpc of a public size")
def _():
    refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/8"), "InvalidVpc.Range")


@probe("ec2:ModifyVpcAttribute, DescribeVpcAttribute")
def _():
    ec2.modify_vpc_attribute(VpcId=vpc(), EnableDnsHostnames={"Value": True})
    found = ec2.describe_vpc_attribute(VpcId=vpc(), Attribute="enableDnsHostnames")
    expect(found["EnableDnsHostnames"]["Value"], "still off")


@probe("ec2:CreateTags, DeleteTags")
def _():
    ec2.create_tags(Resources=[vpc()], Tags=[{"Key": "more", "Value": "1"}])
    ec2.delete_tags(Resources=[vpc()], Tags=[{"Key": "more"}])
    found = ec2.describe_vpcs(VpcIds=[vpc()])["Vpcs"][0]["Tags"]
    expect([tag["Key"] for tag in found] == ["part"], "other tags")


@probe("ec2:CreateSubnet, DescribeSubnets, ModifySubnetAttribute")
def _():
    ec2.modify_subnet_attribute(SubnetId=subnet(), MapPublicIpOnLaunch={"Value": True})
    found = ec2.describe_subnets(Filters=of_vpc())["Subnets"]
    expect(found[0]["MapPublicIpOnLaunch"], "still off")


@probe("ec2:CreateSubnet that overlaps")
def _():
    subnet()
    refused(lambda: new_subnet("10.200.1.0/25"), "InvalidSubnet.Conflict")


@probe("ec2:DeleteSubnet")
def _():
    made = new_subnet("10.200.9.0/24")
    ec2.delete_subnet(SubnetId=made)
    expect(all(one["SubnetId"] != made for one in ec2.describe_subnets(Filters=of_vpc())["Subnets"]), "still there")


@probe("ec2:CreateRouteTable, DescribeRouteTables, DeleteRouteTable")
def _():
    made = new_table()
    ec2.delete_route_table(RouteTableId=made)
    found = ec2.describe_route_tables(Filters=of_vpc())["RouteTables"]
    expect(all(one["RouteTableId"] != made for one in found), "still there")


@probe("ec2:AssociateRouteTable, DisassociateRouteTable")
def _():
    made = ec2.associate_route_table(RouteTableId=table(), SubnetId=subnet())["AssociationId"]
    ec2.disassociate_route_table(AssociationId=made)
    found = ec2.describe_route_tables(RouteTableIds=[table()])["RouteTables"][0]["Associations"]
    expect(not found, "still associated")


@probe("ec2:CreateInternetGateway, AttachInternetGateway, DescribeInternetGateways by tag")
def _():
    made = once("gateway", new_gateway)
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc())
    found = ec2.describe_internet_gateways(Filters=FILTER)["InternetGateways"]
    expect(found[0]["Attachments"][0]["VpcId"] == vpc(), "not attached")


@probe("ec2:CreateRoute, DeleteRoute")
def _():
    ec2.create_route(RouteTableId=table(), DestinationCidrBlock="203.0.113.0/24", GatewayId=MADE["gateway"])
    ec2.delete_route(RouteTableId=table(), DestinationCidrBlock="203.0.113.0/24")
    found = ec2.describe_route_tables(RouteTableIds=[table()])["RouteTables"][0]["Routes"]
    expect(len(found) == 1, "still there")


@probe("ec2:CreateNetworkAcl, DescribeNetworkAcls, DeleteNetworkAcl")
def _():
    made = ec2.create_network_acl(VpcId=vpc(), TagSpecifications=tags("network-acl"))["NetworkAcl"]["NetworkAclId"]
    ec2.delete_network_acl(NetworkAclId=made)
    found = ec2.describe_network_acls(Filters=of_vpc())["NetworkAcls"]
    expect(all(one["NetworkAclId"] != made for one in found), "still there")


@probe("ec2:CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry")
def _():
    entry = {"NetworkAclId": acl(True)["NetworkAclId"], "RuleNumber": 10, "Egress": False}
    rest = {"Protocol": "6", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}}
    ec2.create_network_acl_entry(**entry, **rest, RuleAction="allow")
    ec2.replace_network_acl_entry(**entry, **rest, RuleAction="deny")
    found = next(one for one in acl(True)["Entries"] if one["RuleNumber"] == 10)
    expect(found["RuleAction"] == "deny" and found["PortRange"] == {"From": 22, "To": 22}, f"reads back {found}")
    ec2.delete_network_acl_entry(**entry)
    expect(all(one["RuleNumber"] != 10 for one in acl(True)["Entries"]), "still there")


@probe("ec2:ReplaceNetworkAclAssociation")
def _():
    subnet()
    made = ec2.create_network_acl(VpcId=vpc())["NetworkAcl"]["NetworkAclId"]
    now = acl(True)["Associations"][0]["NetworkAclAssociationId"]
    ec2.replace_network_acl_association(AssociationId=now, NetworkAclId=made)
    found = ec2.describe_network_acls(NetworkAclIds=[made])["NetworkAcls"][0]["Associations"]
    expect(len(found) == 1, "not associated")


@probe("ec2:DescribeSecurityGroups, RevokeSecurityGroupIngress, RevokeSecurityGroupEgress of the default group")
def _():
    found = group()
    for call, rules in (
        (ec2.revoke_security_group_ingress, found["IpPermissions"]),
        (ec2.revoke_security_group_egress, found["IpPermissionsEgress"]),
    ):
        if rules:
            call(GroupId=found["GroupId"], IpPermissions=rules)
    found = group()
    expect(not found["IpPermissions"] and not found["IpPermissionsEgress"], "rules are left")


@probe("ec2:CreateSecurityGroup, AuthorizeSecurityGroupIngress, DeleteSecurityGroup")
def _():
    made = ec2.create_security_group(GroupName="probe", Description="d", VpcId=vpc())["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.200.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
    expect(group("probe")["IpPermissions"][0]["FromPort"] == 443, "no rule")
    ec2.delete_security_group(GroupId=made)


@probe("ec2:CreateVpcEndpoint with a policy, DescribeVpcEndpoints, ModifyVpcEndpoint, DeleteVpcEndpoints")
def _():
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    made = ec2.create_vpc_endpoint(
        VpcId=vpc(),
        ServiceName="com.amazonaws.eu-central-1.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[table()],
        PolicyDocument=policy,
        TagSpecifications=tags("vpc-endpoint"),
    )["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=made, RemoveRouteTableIds=[table()])
    found = ec2.describe_vpc_endpoints(Filters=of_vpc())["VpcEndpoints"][0]
    expect(not found["RouteTableIds"] and found["PolicyDocument"] == policy, "reads back otherwise")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])


@probe("ec2:CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs")
def _():
    made = ec2.create_flow_logs(
        ResourceIds=[vpc()],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{new_bucket()}",
        MaxAggregationInterval=60,
        TagSpecifications=tags("vpc-flow-log"),
    )["FlowLogIds"]
    found = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc()]}])["FlowLogs"]
    expect(found[0]["MaxAggregationInterval"] == 60, "another interval")
    ec2.delete_flow_logs(FlowLogIds=made)


@probe("ec2:AllocateAddress, DescribeAddresses by tag, ReleaseAddress")
def _():
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip"))["AllocationId"]
    expect(ec2.describe_addresses(Filters=FILTER)["Addresses"][0]["AllocationId"] == made, "not found")
    ec2.release_address(AllocationId=made)


@probe("ec2:CreateNatGateway, DescribeNatGateways, DeleteNatGateway")
def _():
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet(), AllocationId=address, TagSpecifications=tags("natgateway"))
    made = made["NatGateway"]["NatGatewayId"]
    expect(ec2.describe_nat_gateways(Filters=of_vpc())["NatGateways"][0]["State"] == "available", "not available")
    ec2.delete_nat_gateway(NatGatewayId=made)


@probe("ec2:DetachInternetGateway, DeleteInternetGateway")
def _():
    ec2.detach_internet_gateway(InternetGatewayId=MADE["gateway"], VpcId=vpc())
    ec2.delete_internet_gateway(InternetGatewayId=MADE["gateway"])
    expect(not ec2.describe_internet_gateways(Filters=FILTER)["InternetGateways"], "still there")


@probe("ec2:CreateVpcPeeringConnection, DescribeVpcPeeringConnections, AcceptVpcPeeringConnection, DeleteVpcPeeringConnection")
def _():
    made = ec2.create_vpc_peering_connection(VpcId=vpc(), PeerVpcId=other_vpc(), PeerOwnerId=account())
    made = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=made)
    found = ec2.describe_vpc_peering_connections(
        Filters=[{"Name": "requester-vpc-info.vpc-id", "Values": [vpc()]}]
    )["VpcPeeringConnections"]
    expect(found and found[0]["Status"]["Code"] == "active", "not active")
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=made)


@probe("ec2:DescribeNetworkInterfaces")
def _():
    ec2.describe_network_interfaces(Filters=of_vpc())


@probe("ec2:CreateVpcBlockPublicAccessExclusion, DescribeVpcBlockPublicAccessExclusions")
def _():
    ec2.create_vpc_block_public_access_exclusion(VpcId=vpc(), InternetGatewayExclusionMode="allow-egress")
    expect(ec2.describe_vpc_block_public_access_exclusions()["VpcBlockPublicAccessExclusions"], "none")


@probe("ec2:ModifyVpcBlockPublicAccessExclusion, DeleteVpcBlockPublicAccessExclusion")
def _():
    ec2.delete_vpc_block_public_access_exclusion(ExclusionId="vpcbpa-exclude-00000000000000001")


@probe("ec2:DescribeVpcBlockPublicAccessOptions")
def _():
    expect(ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"], "none")


firewall = client("network-firewall")


@probe("network-firewall:CreateRuleGroup, DescribeRuleGroup, UpdateRuleGroup, DeleteRuleGroup")
def _():
    targets = {"Targets": ["example.com"], "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": "ALLOWLIST"}
    firewall.create_rule_group(
        RuleGroupName="probe", Type="STATEFUL", Capacity=10, RuleGroup={"RulesSource": {"RulesSourceList": targets}}
    )
    firewall.describe_rule_group(RuleGroupName="probe", Type="STATEFUL")


@probe("network-firewall:CreateFirewallPolicy, DescribeFirewallPolicy, UpdateFirewallPolicy, DeleteFirewallPolicy")
def _():
    forward = ["aws:forward_to_sfe"]
    policy = {"StatelessDefaultActions": forward, "StatelessFragmentDefaultActions": forward}
    firewall.create_firewall_policy(FirewallPolicyName="probe", FirewallPolicy=policy)
    firewall.describe_firewall_policy(FirewallPolicyName="probe")


@probe("network-firewall:CreateFirewall, DescribeFirewall with the endpoints of its subnets")
def _():
    arn = "arn:aws:network-firewall:eu-central-1:123456789012:firewall-policy/probe"
    firewall.create_firewall(
        FirewallName="probe", FirewallPolicyArn=arn, VpcId=vpc(), SubnetMappings=[{"SubnetId": subnet()}]
    )
    status = firewall.describe_firewall(FirewallName="probe")["FirewallStatus"]
    expect(status.get("SyncStates"), "no endpoints")


@probe("network-firewall:UpdateLoggingConfiguration, DescribeLoggingConfiguration")
def _():
    log = {"LogType": "FLOW", "LogDestinationType": "S3", "LogDestination": {"bucketName": "probe"}}
    configs = {"LogDestinationConfigs": [log]}
    firewall.update_logging_configuration(FirewallName="probe", LoggingConfiguration=configs)
    found = firewall.describe_logging_configuration(FirewallName="probe")["LoggingConfiguration"]
    expect(found["LogDestinationConfigs"], "none")


@probe("network-firewall:UpdateFirewallDeleteProtection, UpdateSubnetChangeProtection, UpdateFirewallPolicyChangeProtection")
def _():
    firewall.update_firewall_delete_protection(FirewallName="probe", DeleteProtection=False)


@probe("network-firewall:AssociateFirewallPolicy, AssociateSubnets, UpdateFirewallEncryptionConfiguration")
def _():
    arn = "arn:aws:network-firewall:eu-central-1:123456789012:firewall-policy/probe"
    firewall.associate_firewall_policy(FirewallName="probe", FirewallPolicyArn=arn)


@probe("network-firewall:TagResource, UntagResource")
def _():
    arn = firewall.describe_firewall(FirewallName="probe")["Firewall"]["FirewallArn"]
    firewall.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])


@probe("network-firewall:DeleteFirewall")
def _():
    firewall.delete_firewall(FirewallName="probe")


@probe("ec2:DeleteVpc while a subnet is left")
def _():
    subnet()
    refused(lambda: ec2.delete_vpc(VpcId=vpc()), "DependencyViolation")


@probe("ec2:DeleteVpc")
def _():
    made = new_vpc("10.203.0.0/16")
    ec2.delete_vpc(VpcId=made)
    expect(not ec2.describe_vpcs(Filters=of_vpc(made))["Vpcs"], "still there")


def config():
    def make():
        answer = resolver.create_resolver_query_log_config(
            Name="probe", DestinationArn=f"arn:aws:s3:::{new_bucket()}", CreatorRequestId="probe"
        )
        return answer["ResolverQueryLogConfig"]["Id"]

    return once("config", make)


@probe("route53resolver:CreateResolverQueryLogConfig, GetResolverQueryLogConfig, ListResolverQueryLogConfigs")
def _():
    found = resolver.get_resolver_query_log_config(ResolverQueryLogConfigId=config())["ResolverQueryLogConfig"]
    listed = resolver.list_resolver_query_log_configs(Filters=[{"Name": "Name", "Values": ["probe"]}])
    expect(found["Name"] == "probe" and listed["ResolverQueryLogConfigs"], "not found")


@probe("route53resolver:AssociateResolverQueryLogConfig, ListResolverQueryLogConfigAssociations")
def _():
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=config(), ResourceId=vpc())
    found = resolver.list_resolver_query_log_config_associations(
        Filters=[{"Name": "ResourceId", "Values": [vpc()]}]
    )
    expect(found["ResolverQueryLogConfigAssociations"], "none")


@probe("route53resolver:DisassociateResolverQueryLogConfig")
def _():
    resolver.disassociate_resolver_query_log_config(ResolverQueryLogConfigId=config(), ResourceId=vpc())


@probe("route53resolver:DeleteResolverQueryLogConfig")
def _():
    resolver.delete_resolver_query_log_config(ResolverQueryLogConfigId=config())
