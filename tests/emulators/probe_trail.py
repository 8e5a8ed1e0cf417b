"""CloudTrail, CloudWatch Logs, Organizations."""

import json

from common import COUNT, Lost, expect, iam, kms, logs, new_bucket, new_key, orgs, probe, refused, s3, trail


def trail_bucket():
    name = new_bucket()
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": ["s3:PutObject", "s3:GetBucketAcl"],
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            }
        ],
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    return name


def new_trail(**extra):
    COUNT[0] += 1
    name = f"probe-{COUNT[0]}"
    return name, trail.create_trail(Name=name, S3BucketName=trail_bucket(), **extra)


@probe("cloudtrail:CreateTrail")
def _():
    key = kms.describe_key(KeyId=new_key())["KeyMetadata"]["Arn"]
    name, _ = new_trail(
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        IncludeGlobalServiceEvents=True,
        KmsKeyId=key,
        S3KeyPrefix="trail",
    )
    found = trail.get_trail(Name=name)["Trail"]
    wanted = {
        "IsMultiRegionTrail": True,
        "LogFileValidationEnabled": True,
        "IncludeGlobalServiceEvents": True,
        "KmsKeyId": key,
        "S3KeyPrefix": "trail",
    }
    lost = [k for k in wanted if found.get(k) != wanted[k]]
    expect(not lost, "lost: " + ", ".join(lost))


@probe("cloudtrail:CreateTrail TagsList, ListTags")
def _():
    _, made = new_trail(TagsList=[{"Key": "a", "Value": "b"}])
    found = trail.list_tags(ResourceIdList=[made["TrailARN"]])["ResourceTagList"]
    expect(found and found[0]["TagsList"] == [{"Key": "a", "Value": "b"}], "tags lost")


@probe("cloudtrail:AddTags, RemoveTags")
def _():
    _, made = new_trail()
    arn = made["TrailARN"]
    trail.add_tags(ResourceId=arn, TagsList=[{"Key": "a", "Value": "b"}])
    expect(trail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"], "tag lost")
    trail.remove_tags(ResourceId=arn, TagsList=[{"Key": "a", "Value": "b"}])
    expect(not trail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"], "tag stays")


@probe("cloudtrail:GetTrail of a missing trail")
def _():
    refused(lambda: trail.get_trail(Name="none"), "TrailNotFoundException")


@probe("cloudtrail:CreateTrail that exists")
def _():
    name, made = new_trail()
    refused(
        lambda: trail.create_trail(Name=name, S3BucketName=made["S3BucketName"]),
        "TrailAlreadyExistsException",
    )


@probe("cloudtrail:CreateTrail to a bucket without a policy")
def _():
    refused(
        lambda: trail.create_trail(Name="no-policy", S3BucketName=new_bucket()),
        "InsufficientS3BucketPolicyException",
    )


@probe("cloudtrail:UpdateTrail")
def _():
    name, _ = new_trail()
    trail.update_trail(Name=name, EnableLogFileValidation=True, IsMultiRegionTrail=True)
    found = trail.get_trail(Name=name)["Trail"]
    expect(found["LogFileValidationEnabled"] and found["IsMultiRegionTrail"], "lost")


@probe("cloudtrail:StartLogging, GetTrailStatus, StopLogging by name")
def _():
    name, _ = new_trail()
    expect(not trail.get_trail_status(Name=name)["IsLogging"], "logs before it was started")
    trail.start_logging(Name=name)
    expect(trail.get_trail_status(Name=name)["IsLogging"], "still off")
    trail.stop_logging(Name=name)
    expect(not trail.get_trail_status(Name=name)["IsLogging"], "still on")


@probe("cloudtrail:StartLogging by ARN")
def _():
    name, made = new_trail()
    trail.start_logging(Name=made["TrailARN"])
    expect(trail.get_trail_status(Name=name)["IsLogging"], "still off")


@probe("cloudtrail:GetTrailStatus, GetEventSelectors by ARN")
def _():
    _, made = new_trail()
    trail.get_trail_status(Name=made["TrailARN"])
    trail.get_event_selectors(TrailName=made["TrailARN"])


@probe("cloudtrail:PutEventSelectors, GetEventSelectors")
def _():
    name, _ = new_trail()
    selector = {
        "ReadWriteType": "WriteOnly",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    }
    trail.put_event_selectors(TrailName=name, EventSelectors=[selector])
    found = trail.get_event_selectors(TrailName=name).get("EventSelectors")
    expect(
        bool(found) and found[0].get("DataResources") == selector["DataResources"],
        f"reads back {found}",
    )


@probe("cloudtrail:PutEventSelectors AdvancedEventSelectors")
def _():
    name, _ = new_trail()
    selectors = [
        {"Name": "m", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
        {
            "Name": "d",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {"Field": "readOnly", "Equals": ["false"]},
            ],
        },
    ]
    trail.put_event_selectors(TrailName=name, AdvancedEventSelectors=selectors)
    found = trail.get_event_selectors(TrailName=name).get("AdvancedEventSelectors")
    expect(found == selectors, f"reads back {found}")


@probe("cloudtrail:CreateTrail with a log group")
def _():
    logs.create_log_group(logGroupName="trail-probe")
    arn = logs.describe_log_groups(logGroupNamePrefix="trail-probe")["logGroups"][0]["arn"]
    iam.create_role(RoleName="trail-probe", AssumeRolePolicyDocument="{}")
    role = iam.get_role(RoleName="trail-probe")["Role"]["Arn"]
    name, _ = new_trail(CloudWatchLogsLogGroupArn=arn, CloudWatchLogsRoleArn=role)
    found = trail.get_trail(Name=name)["Trail"]
    expect(found.get("CloudWatchLogsLogGroupArn") == arn, "log group lost")


@probe("cloudtrail:DeleteTrail")
def _():
    name, _ = new_trail()
    trail.delete_trail(Name=name)
    refused(lambda: trail.get_trail(Name=name), "TrailNotFoundException")

@probe("logs:CreateLogGroup kmsKeyId, tags, DescribeLogGroups, ListTagsForResource")
def _():
    key = kms.describe_key(KeyId=new_key())["KeyMetadata"]["Arn"]
    logs.create_log_group(logGroupName="/probe/one", kmsKeyId=key, tags={"a": "b"})
    found = logs.describe_log_groups(logGroupNamePrefix="/probe/one")["logGroups"][0]
    expect(found.get("kmsKeyId") == key, "key lost")
    arn = found.get("logGroupArn") or found["arn"].removesuffix(":*")
    tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    expect(tags == {"a": "b"}, "tags lost")


@probe("logs:CreateLogGroup that exists")
def _():
    logs.create_log_group(logGroupName="/probe/two")
    refused(
        lambda: logs.create_log_group(logGroupName="/probe/two"), "ResourceAlreadyExistsException"
    )


@probe("logs:PutRetentionPolicy")
def _():
    logs.create_log_group(logGroupName="/probe/three")
    logs.put_retention_policy(logGroupName="/probe/three", retentionInDays=365)
    found = logs.describe_log_groups(logGroupNamePrefix="/probe/three")["logGroups"][0]
    expect(found.get("retentionInDays") == 365, "lost")


@probe("logs:PutRetentionPolicy with 17 days")
def _():
    logs.create_log_group(logGroupName="/probe/four")
    refused(lambda: logs.put_retention_policy(logGroupName="/probe/four", retentionInDays=17))


@probe("logs:DeleteRetentionPolicy")
def _():
    logs.create_log_group(logGroupName="/probe/five")
    logs.put_retention_policy(logGroupName="/probe/five", retentionInDays=365)
    logs.delete_retention_policy(logGroupName="/probe/five")
    found = logs.describe_log_groups(logGroupNamePrefix="/probe/five")["logGroups"][0]
    expect("retentionInDays" not in found, "still there")


@probe("logs:AssociateKmsKey, DisassociateKmsKey")
def _():
    key = kms.describe_key(KeyId=new_key())["KeyMetadata"]["Arn"]
    logs.create_log_group(logGroupName="/probe/six")
    logs.associate_kms_key(logGroupName="/probe/six", kmsKeyId=key)
    found = logs.describe_log_groups(logGroupNamePrefix="/probe/six")["logGroups"][0]
    expect(found.get("kmsKeyId") == key, "key lost")
    logs.disassociate_kms_key(logGroupName="/probe/six")


@probe("logs:TagResource, UntagResource")
def _():
    logs.create_log_group(logGroupName="/probe/seven")
    found = logs.describe_log_groups(logGroupNamePrefix="/probe/seven")["logGroups"][0]
    arn = found.get("logGroupArn") or found["arn"].removesuffix(":*")
    logs.tag_resource(resourceArn=arn, tags={"a": "b"})
    expect(logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}, "tag lost")
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    expect(not logs.list_tags_for_resource(resourceArn=arn)["tags"], "tag stays")


@probe("logs:PutLogGroupDeletionProtection")
def _():
    if not hasattr(logs, "put_log_group_deletion_protection"):
        raise Lost("the client has no such call")
    logs.create_log_group(logGroupName="/probe/eight")
    logs.put_log_group_deletion_protection(
        logGroupIdentifier="/probe/eight", deletionProtectionEnabled=True
    )


@probe("logs:DeleteLogGroup")
def _():
    logs.create_log_group(logGroupName="/probe/nine")
    logs.delete_log_group(logGroupName="/probe/nine")
    expect(not logs.describe_log_groups(logGroupNamePrefix="/probe/nine")["logGroups"], "still there")

@probe("organizations:DescribeOrganization without one")
def _():
    refused(orgs.describe_organization, "AWSOrganizationsNotInUseException")


@probe("organizations:CreateOrganization, DescribeOrganization")
def _():
    orgs.create_organization(FeatureSet="ALL")
    found = orgs.describe_organization()["Organization"]
    expect(found["Id"].startswith("o-"), "no id")


@probe("cloudtrail:CreateTrail IsOrganizationTrail")
def _():
    name, _ = new_trail(IsMultiRegionTrail=True, IsOrganizationTrail=True)
    expect(trail.get_trail(Name=name)["Trail"].get("IsOrganizationTrail"), "lost")


@probe("cloudtrail:LookupEvents")
def _():
    key = new_key()
    found = trail.lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": key}]
    )
    expect(bool(found["Events"]), "no event of a key that was just made")
