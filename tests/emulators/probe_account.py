"""Organizations, and the settings that hold for a whole account. After the probes that begin without an organization."""

import json

from common import account, client, expect, iam, kms, orgs, probe, refused, sts

ec2, contacts, analyzer = client("ec2"), client("account"), client("accessanalyzer")
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)
SCP = "SERVICE_CONTROL_POLICY"
COUNT = [0]
MADE = {}


def root():
    try:
        orgs.create_organization(FeatureSet="ALL")
    except orgs.exceptions.AlreadyInOrganizationException:
        pass
    return orgs.list_roots()["Roots"][0]


def new_account(**extra):
    COUNT[0] += 1
    status = orgs.create_account(
        AccountName=f"probe-{COUNT[0]}", Email=f"probe-{COUNT[0]}@example.com", **extra
    )["CreateAccountStatus"]
    return status


def an_account():
    if "account" not in MADE:
        MADE["account"] = new_account()["AccountId"]
    return MADE["account"]


def a_unit():
    COUNT[0] += 1
    made = orgs.create_organizational_unit(
        ParentId=root()["Id"], Name=f"unit-{COUNT[0]}", Tags=[{"Key": "a", "Value": "1"}]
    )
    return made["OrganizationalUnit"]["Id"]


def a_policy():
    COUNT[0] += 1
    made = orgs.create_policy(
        Name=f"policy-{COUNT[0]}", Description="d", Content=POLICY, Type=SCP, Tags=[{"Key": "a", "Value": "1"}]
    )
    return made["Policy"]["PolicySummary"]["Id"]


@probe("organizations:ListRoots")
def _():
    expect(root()["Id"].startswith("r-"), "no root")


@probe("organizations:CreateOrganization that exists")
def _():
    root()
    refused(lambda: orgs.create_organization(FeatureSet="ALL"), "AlreadyInOrganizationException")


@probe("organizations:EnablePolicyType, DisablePolicyType")
def _():
    types = lambda: [found["Type"] for found in root()["PolicyTypes"]]
    if SCP in types():
        orgs.disable_policy_type(RootId=root()["Id"], PolicyType=SCP)
    orgs.enable_policy_type(RootId=root()["Id"], PolicyType=SCP)
    expect(SCP in types(), "not enabled")
    orgs.disable_policy_type(RootId=root()["Id"], PolicyType=SCP)
    expect(SCP not in types(), "still enabled")
    orgs.enable_policy_type(RootId=root()["Id"], PolicyType=SCP)


@probe("organizations:EnableAWSServiceAccess, DisableAWSServiceAccess, ListAWSServiceAccessForOrganization")
def _():
    name = "cloudtrail.amazonaws.com"
    found = lambda: orgs.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    orgs.enable_aws_service_access(ServicePrincipal=name)
    expect([one["ServicePrincipal"] for one in found()] == [name], "not enabled")
    orgs.disable_aws_service_access(ServicePrincipal=name)
    expect(found() == [], "still enabled")


@probe("organizations:CreateAccount, DescribeCreateAccountStatus, ListAccounts, DescribeAccount")
def _():
    status = new_account(Tags=[{"Key": "a", "Value": "1"}])
    found = orgs.describe_create_account_status(CreateAccountRequestId=status["Id"])
    id = found["CreateAccountStatus"]["AccountId"]
    expect(orgs.describe_account(AccountId=id)["Account"]["Name"] == status["AccountName"], "another name")
    expect(id in [one["Id"] for one in orgs.list_accounts()["Accounts"]], "not listed")
    expect(orgs.list_tags_for_resource(ResourceId=id)["Tags"] == [{"Key": "a", "Value": "1"}], "no tags")


@probe("organizations:CreateAccount is under way at first, ListCreateAccountStatus")
def _():
    status = new_account()
    expect(status["State"] == "IN_PROGRESS", f"answers {status['State']} at once")
    orgs.list_create_account_status(States=["IN_PROGRESS"])


@probe("organizations:CreateAccount with an address that is in use")
def _():
    status = orgs.create_account(AccountName="other", Email="probe-1@example.com")["CreateAccountStatus"]
    found = orgs.describe_create_account_status(CreateAccountRequestId=status["Id"])["CreateAccountStatus"]
    expect(found["State"] == "FAILED" and found["FailureReason"] == "EMAIL_ALREADY_EXISTS", "a second account")


@probe("organizations:CreateOrganizationalUnit, DescribeOrganizationalUnit, ListOrganizationalUnitsForParent")
def _():
    unit = a_unit()
    expect(orgs.describe_organizational_unit(OrganizationalUnitId=unit)["OrganizationalUnit"], "nothing")
    below = orgs.list_organizational_units_for_parent(ParentId=root()["Id"])["OrganizationalUnits"]
    expect(unit in [one["Id"] for one in below], "not listed")


@probe("organizations:CreateOrganizationalUnit that exists")
def _():
    unit = a_unit()
    name = orgs.describe_organizational_unit(OrganizationalUnitId=unit)["OrganizationalUnit"]["Name"]
    refused(
        lambda: orgs.create_organizational_unit(ParentId=root()["Id"], Name=name),
        "DuplicateOrganizationalUnitException",
    )


@probe("organizations:MoveAccount, ListParents, ListAccountsForParent")
def _():
    unit = a_unit()
    orgs.move_account(AccountId=an_account(), SourceParentId=root()["Id"], DestinationParentId=unit)
    expect(orgs.list_parents(ChildId=an_account())["Parents"][0]["Id"] == unit, "elsewhere")
    expect(len(orgs.list_accounts_for_parent(ParentId=unit)["Accounts"]) == 1, "not listed")
    orgs.move_account(AccountId=an_account(), SourceParentId=unit, DestinationParentId=root()["Id"])


@probe("organizations:DeleteOrganizationalUnit")
def _():
    unit = a_unit()
    orgs.delete_organizational_unit(OrganizationalUnitId=unit)
    below = orgs.list_organizational_units_for_parent(ParentId=root()["Id"])["OrganizationalUnits"]
    expect(unit not in [one["Id"] for one in below], "still there")


@probe("organizations:CreatePolicy, DescribePolicy, ListPolicies, UpdatePolicy, DeletePolicy")
def _():
    policy = a_policy()
    expect(policy in [one["Id"] for one in orgs.list_policies(Filter=SCP)["Policies"]], "not listed")
    orgs.update_policy(PolicyId=policy, Name="new", Description="e", Content=POLICY)
    found = orgs.describe_policy(PolicyId=policy)["Policy"]
    expect(found["PolicySummary"]["Name"] == "new" and found["Content"] == POLICY, "as it was")
    orgs.delete_policy(PolicyId=policy)
    expect(policy not in [one["Id"] for one in orgs.list_policies(Filter=SCP)["Policies"]], "still there")


@probe("organizations:AttachPolicy, DetachPolicy, ListPoliciesForTarget, ListTargetsForPolicy")
def _():
    policy = a_policy()
    held = lambda: [one["Id"] for one in orgs.list_policies_for_target(TargetId=an_account(), Filter=SCP)["Policies"]]
    orgs.attach_policy(PolicyId=policy, TargetId=an_account())
    expect(policy in held(), "not attached")
    expect(orgs.list_targets_for_policy(PolicyId=policy)["Targets"][0]["TargetId"] == an_account(), "no target")
    orgs.detach_policy(PolicyId=policy, TargetId=an_account())
    expect(policy not in held(), "still attached")


@probe("organizations: an attached policy is enforced")
def _():
    policy = a_policy()
    orgs.attach_policy(PolicyId=policy, TargetId=an_account())
    try:
        keys = sts.assume_role(
            RoleArn=f"arn:aws:iam::{an_account()}:role/OrganizationAccountAccessRole", RoleSessionName="probe"
        )["Credentials"]
        import boto3
        from common import ENDPOINT

        inside = boto3.client(
            "ec2",
            endpoint_url=ENDPOINT,
            region_name="eu-central-1",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        refused(inside.describe_vpcs, "UnauthorizedOperation")
    finally:
        orgs.detach_policy(PolicyId=policy, TargetId=an_account())


@probe("organizations:TagResource, UntagResource, ListTagsForResource")
def _():
    unit = a_unit()
    orgs.tag_resource(ResourceId=unit, Tags=[{"Key": "b", "Value": "2"}])
    orgs.untag_resource(ResourceId=unit, TagKeys=["a"])
    expect(orgs.list_tags_for_resource(ResourceId=unit)["Tags"] == [{"Key": "b", "Value": "2"}], "other tags")


@probe("organizations:TagResource of the root")
def _():
    id = root()["Id"]
    orgs.tag_resource(ResourceId=id, Tags=[{"Key": "b", "Value": "2"}])
    expect(orgs.list_tags_for_resource(ResourceId=id)["Tags"] == [{"Key": "b", "Value": "2"}], "other tags")
    orgs.untag_resource(ResourceId=id, TagKeys=["b"])


@probe(
    "organizations:RegisterDelegatedAdministrator, DeregisterDelegatedAdministrator, ListDelegatedAdministrators, "
    "ListDelegatedServicesForAccount"
)
def _():
    service = "guardduty.amazonaws.com"
    orgs.register_delegated_administrator(AccountId=an_account(), ServicePrincipal=service)
    found = orgs.list_delegated_administrators()["DelegatedAdministrators"]
    expect([one["Id"] for one in found] == [an_account()], "not listed")
    services = orgs.list_delegated_services_for_account(AccountId=an_account())["DelegatedServices"]
    expect(services[0]["ServicePrincipal"] == service, "another service")
    orgs.deregister_delegated_administrator(AccountId=an_account(), ServicePrincipal=service)
    expect(orgs.list_delegated_administrators()["DelegatedAdministrators"] == [], "still there")


@probe("organizations:CloseAccount")
def _():
    id = new_account()["AccountId"]
    orgs.close_account(AccountId=id)
    expect(orgs.describe_account(AccountId=id)["Account"]["Status"] == "SUSPENDED", "still open")


@probe("organizations:DeleteOrganization that holds accounts")
def _():
    refused(orgs.delete_organization, "OrganizationNotEmptyException")


@probe("account:PutAlternateContact, GetAlternateContact")
def _():
    contacts.put_alternate_contact(
        AlternateContactType="SECURITY", EmailAddress="a@example.com", Name="A", PhoneNumber="1", Title="T"
    )
    found = contacts.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"]
    expect(found["EmailAddress"] == "a@example.com", "another address")


@probe("s3control:PutPublicAccessBlock, GetPublicAccessBlock")
def _():
    # boto3 puts the account in front of the host name; the provider's own endpoint resolver does not.
    import urllib.request

    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest

    from common import ENDPOINT, SESSION

    block = "".join(
        f"<{name}>true</{name}>"
        for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    )
    body = f"<PublicAccessBlockConfiguration>{block}</PublicAccessBlockConfiguration>"

    def send(method, body=None):
        url = f"{ENDPOINT}/v20180820/configuration/publicAccessBlock"
        request = AWSRequest(
            method, url, data=body, headers={"x-amz-account-id": account(), "Content-Type": "application/xml"}
        )
        S3SigV4Auth(SESSION.get_credentials(), "s3", "eu-central-1").add_auth(request)
        raw = urllib.request.Request(
            url, data=body.encode() if body else None, headers=dict(request.headers), method=method
        )
        try:
            return urllib.request.urlopen(raw, timeout=20).read().decode()
        except urllib.error.HTTPError as error:
            return f"HTTP {error.code}"

    send("PUT", body)
    found = send("GET")
    expect("<RestrictPublicBuckets>true" in found, found[:80])


@probe("iam:UpdateAccountPasswordPolicy, GetAccountPasswordPolicy")
def _():
    iam.update_account_password_policy(MinimumPasswordLength=14, PasswordReusePrevention=24, RequireSymbols=True)
    found = iam.get_account_password_policy()["PasswordPolicy"]
    expect(found["MinimumPasswordLength"] == 14 and found["PasswordReusePrevention"] == 24, "another policy")


@probe("ec2:DescribeRegions")
def _():
    expect(len(ec2.describe_regions()["Regions"]) > 10, "too few")


@probe("ec2:EnableEbsEncryptionByDefault, DisableEbsEncryptionByDefault, GetEbsEncryptionByDefault")
def _():
    ec2.enable_ebs_encryption_by_default()
    expect(ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"], "off")
    ec2.disable_ebs_encryption_by_default()
    expect(not ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"], "on")


@probe("ec2:ModifyEbsDefaultKmsKeyId, GetEbsDefaultKmsKeyId, ResetEbsDefaultKmsKeyId")
def _():
    key = kms.create_key()["KeyMetadata"]["Arn"]
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    expect(ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key, "another key")
    ec2.reset_ebs_default_kms_key_id()
    expect(ec2.get_ebs_default_kms_key_id()["KmsKeyId"] != key, "still the key")


@probe("ec2:ModifyInstanceMetadataDefaults, GetInstanceMetadataDefaults")
def _():
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=1)
    expect(ec2.get_instance_metadata_defaults()["AccountLevel"]["HttpTokens"] == "required", "not set")


@probe("ec2:ModifyVpcBlockPublicAccessOptions, DescribeVpcBlockPublicAccessOptions")
def _():
    ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-bidirectional")
    found = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
    expect(found["InternetGatewayBlockMode"] == "block-bidirectional", "not set")


@probe("ec2:DescribeVpnGateways of a VPC")
def _():
    vpc = ec2.create_vpc(CidrBlock="10.250.0.0/24")["Vpc"]["VpcId"]
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=gateway)
    found = ec2.describe_vpn_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["VpnGateways"]
    expect([one["VpnGatewayId"] for one in found] == [gateway], "not found")
    expect(found[0]["VpcAttachments"][0]["VpcId"] == vpc, "no attachment")


@probe("ec2:DescribeEgressOnlyInternetGateways")
def _():
    vpc = ec2.create_vpc(CidrBlock="10.251.0.0/24")["Vpc"]["VpcId"]
    ec2.create_egress_only_internet_gateway(VpcId=vpc)
    found = ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
    expect(vpc in [held["VpcId"] for one in found for held in one["Attachments"]], "not found")


@probe(
    "ec2:DeleteVpc, DescribeVpcs, DescribeSubnets, DeleteSubnet, DescribeInternetGateways, DetachInternetGateway, "
    "DeleteInternetGateway, DescribeNetworkInterfaces"
)
def _():
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    expect(ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"] == [], "interfaces")
    for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    for gateway in ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
        id = gateway["InternetGatewayId"]
        ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=id)
    ec2.delete_vpc(VpcId=vpc)
    expect(ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"] == [], "still there")


@probe("accessanalyzer:CreateAnalyzer, ListAnalyzers, TagResource, UntagResource, DeleteAnalyzer")
def _():
    arn = analyzer.create_analyzer(analyzerName="probe", type="ACCOUNT")["arn"]
    analyzer.tag_resource(resourceArn=arn, tags={"a": "1"})
    analyzer.untag_resource(resourceArn=arn, tagKeys=["a"])
    expect(analyzer.list_analyzers(type="ACCOUNT")["analyzers"], "none")
    analyzer.delete_analyzer(analyzerName="probe")
