"""Service control policies. After the probes that begin without an organization."""

import json

from common import expect, orgs, probe, refused

SCP = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}]}
)


def root():
    try:
        orgs.create_organization(FeatureSet="ALL")
    except orgs.exceptions.AlreadyInOrganizationException:
        pass
    return orgs.list_roots()["Roots"][0]["Id"]


def scp(name, content=SCP):
    root()
    made = orgs.create_policy(
        Name=name, Description="", Type="SERVICE_CONTROL_POLICY", Content=content, Tags=[{"Key": "a", "Value": "1"}]
    )
    return made["Policy"]["PolicySummary"]["Id"]


@probe("organizations:ListRoots, EnablePolicyType")
def _():
    top = root()
    orgs.enable_policy_type(RootId=top, PolicyType="SERVICE_CONTROL_POLICY")
    kinds = [one["Type"] for one in orgs.list_roots()["Roots"][0]["PolicyTypes"]]
    expect("SERVICE_CONTROL_POLICY" in kinds, "not enabled")


@probe("organizations:CreatePolicy, ListPolicies, DescribePolicy, UpdatePolicy, DeletePolicy")
def _():
    id = scp("scp-1")
    orgs.update_policy(PolicyId=id, Name="scp-2", Content=SCP.replace("Leave", "Describe"))
    found = orgs.describe_policy(PolicyId=id)["Policy"]
    expect(found["PolicySummary"]["Name"] == "scp-2" and "Describe" in found["Content"], "the policy stays")
    listed = orgs.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    expect(id in [one["Id"] for one in listed], "not listed")
    orgs.delete_policy(PolicyId=id)
    refused(lambda: orgs.describe_policy(PolicyId=id), "PolicyNotFoundException")


@probe("organizations:CreatePolicy that exists")
def _():
    scp("scp-7")
    refused(lambda: scp("scp-7"), "DuplicatePolicyException")


@probe("organizations:TagResource, UntagResource, ListTagsForResource of a policy")
def _():
    id = scp("scp-8")
    orgs.tag_resource(ResourceId=id, Tags=[{"Key": "b", "Value": "2"}])
    orgs.untag_resource(ResourceId=id, TagKeys=["a"])
    expect(orgs.list_tags_for_resource(ResourceId=id)["Tags"] == [{"Key": "b", "Value": "2"}], "tags differ")


@probe("organizations:AttachPolicy, ListTargetsForPolicy, ListPoliciesForTarget, DetachPolicy of a control policy")
def _():
    id, top = scp("scp-3"), root()
    orgs.attach_policy(PolicyId=id, TargetId=top)
    expect([one["TargetId"] for one in orgs.list_targets_for_policy(PolicyId=id)["Targets"]] == [top], "not attached")
    listed = orgs.list_policies_for_target(TargetId=top, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    expect(id in [one["Id"] for one in listed], "not listed at the target")
    orgs.detach_policy(PolicyId=id, TargetId=top)
    expect(orgs.list_targets_for_policy(PolicyId=id)["Targets"] == [], "still attached")


@probe("organizations:CreatePolicy of 6,000 characters")
def _():
    root()
    long = SCP.replace('"*"', f'"arn:aws:s3:::{"x" * 6000}"')
    refused(lambda: scp("scp-4", long), "ConstraintViolationException")


@probe("organizations:AttachPolicy of a sixth control policy")
def _():
    top = root()
    for number in range(4):
        orgs.attach_policy(PolicyId=scp(f"scp-5{number}"), TargetId=top)
    sixth = scp("scp-6")
    refused(lambda: orgs.attach_policy(PolicyId=sixth, TargetId=top), "ConstraintViolationException")
