"""IAM roles."""

import json

from common import expect, iam, probe, refused

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
COUNT = [0]


def role(**extra):
    COUNT[0] += 1
    name = f"gabion-probe-{COUNT[0]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, **extra)
    return name


def get(name):
    return iam.get_role(RoleName=name)["Role"]


@probe("iam:CreateRole tags, description, session, path")
def _():
    made = get(role(Tags=[{"Key": "a", "Value": "1"}], Description="d", MaxSessionDuration=7200, Path="/p/"))
    expect(made.get("Tags") == [{"Key": "a", "Value": "1"}], "no tags")
    expect(made.get("Description") == "d" and made.get("MaxSessionDuration") == 7200, "settings differ")
    expect(made["Path"] == "/p/" and made["AssumeRolePolicyDocument"]["Statement"], "path or trust differ")


@probe("iam:CreateRole PermissionsBoundary")
def _():
    found = get(role(PermissionsBoundary=BOUNDARY)).get("PermissionsBoundary", {})
    expect(found.get("PermissionsBoundaryArn") == BOUNDARY, f"reads back {found}")


@probe("iam:CreateRole with a boundary that does not exist")
def _():
    missing = "arn:aws:iam::123456789012:policy/no-such-policy"
    refused(lambda: role(PermissionsBoundary=missing), "NoSuchEntity")


@probe("iam:CreateRole that exists")
def _():
    name = role()
    refused(lambda: iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST), "EntityAlreadyExists")


@probe("iam:CreateRole with a session of 60")
def _():
    refused(lambda: role(MaxSessionDuration=60))


@probe("iam:GetRole of a missing role")
def _():
    refused(lambda: iam.get_role(RoleName="no-such-role"), "NoSuchEntity")


@probe("iam:UpdateAssumeRolePolicy")
def _():
    name = role()
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=TRUST.replace("ecs-tasks", "lambda"))
    expect("lambda" in str(get(name)["AssumeRolePolicyDocument"]), "the trust policy stays")


@probe("iam:UpdateAssumeRolePolicy with a resource")
def _():
    name = role()
    wrong = TRUST.replace('"Action"', '"Resource": "*", "Action"')
    refused(lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=wrong), "MalformedPolicyDocument")


@probe("iam:UpdateRole")
def _():
    name = role()
    iam.update_role(RoleName=name, Description="e", MaxSessionDuration=7200)
    expect(get(name).get("MaxSessionDuration") == 7200 and get(name).get("Description") == "e", "settings stay")


@probe("iam:PutRolePermissionsBoundary")
def _():
    name = role()
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=BOUNDARY)
    expect(get(name).get("PermissionsBoundary"), "no boundary")


@probe("iam:PutRolePolicy, GetRolePolicy, ListRolePolicies, DeleteRolePolicy")
def _():
    name = role()
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=POLICY)
    expect(iam.get_role_policy(RoleName=name, PolicyName="p")["PolicyDocument"]["Statement"], "no policy")
    expect(iam.list_role_policies(RoleName=name)["PolicyNames"] == ["p"], "not listed")
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    expect(iam.list_role_policies(RoleName=name)["PolicyNames"] == [], "still listed")


@probe("iam:PutRolePolicy of 11,000 characters")
def _():
    name = role()
    refused(
        lambda: iam.put_role_policy(
            RoleName=name, PolicyName="p", PolicyDocument=POLICY.replace('"*"', f'"arn:aws:s3:::{"x" * 11000}"')
        )
    )


@probe("iam:AttachRolePolicy, ListAttachedRolePolicies, DetachRolePolicy")
def _():
    name = role()
    iam.attach_role_policy(RoleName=name, PolicyArn=READ)
    found = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    expect([one["PolicyArn"] for one in found] == [READ], "not attached")
    iam.detach_role_policy(RoleName=name, PolicyArn=READ)
    expect(iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == [], "still attached")


@probe("iam:TagRole, UntagRole")
def _():
    name = role(Tags=[{"Key": "a", "Value": "1"}])
    iam.tag_role(RoleName=name, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_role(RoleName=name, TagKeys=["a"])
    expect(get(name).get("Tags") == [{"Key": "b", "Value": "2"}], "tags differ")


@probe("iam:GetPolicy of a missing policy")
def _():
    refused(lambda: iam.get_policy(PolicyArn="arn:aws:iam::123456789012:policy/no-such-policy"), "NoSuchEntity")


@probe("iam:GetOpenIDConnectProvider of a missing provider")
def _():
    arn = "arn:aws:iam::123456789012:oidc-provider/no.such.example.com"
    refused(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn), "NoSuchEntity")


@probe("iam:GetSAMLProvider of a missing provider")
def _():
    arn = "arn:aws:iam::123456789012:saml-provider/no-such-provider"
    refused(lambda: iam.get_saml_provider(SAMLProviderArn=arn), "NoSuchEntity")


@probe("iam:DeleteRole in an instance profile, ListInstanceProfilesForRole")
def _():
    name = role()
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    expect(iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"], "not listed")
    refused(lambda: iam.delete_role(RoleName=name), "DeleteConflict")


@probe("iam:DeleteRole")
def _():
    name = role()
    iam.delete_role(RoleName=name)
    refused(lambda: iam.get_role(RoleName=name), "NoSuchEntity")
