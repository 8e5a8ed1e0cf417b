"""Asks one emulator for every call that the provider makes, and checks the effect.

Usage: probe.py ENDPOINT. Prints one JSON object a line: operation, outcome, and a note.
Outcomes: `yes` (works, and the effect can be read back), `lost` (accepted, no effect),
`lax` (accepts what AWS refuses), `no` (refused, missing, or wrong).
`cargo xtask gen` turns the answers of both emulators into tests/emulator-gaps.md.
"""

import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ENDPOINT = sys.argv[1]
CONFIG = Config(
    parameter_validation=False,  # bad input must reach the emulator
    retries={"max_attempts": 1},
    read_timeout=20,
    s3={"addressing_style": "path"},
)
SESSION = boto3.Session(
    aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-central-1"
)


def client(name):
    return SESSION.client(name, endpoint_url=ENDPOINT, config=CONFIG)


kms, s3, trail, logs = client("kms"), client("s3"), client("cloudtrail"), client("logs")
sts, orgs, iam = client("sts"), client("organizations"), client("iam")
PROBES = []


class Lost(Exception):
    """The call was accepted, but what it set cannot be read back."""


class Lax(Exception):
    """The call was accepted although AWS refuses it."""


def probe(operation):
    def register(function):
        PROBES.append((operation, function))
        return function

    return register


def expect(condition, note):
    if not condition:
        raise Lost(note)


def refused(call, *codes):
    """Runs `call`, which AWS refuses with one of `codes`."""
    try:
        call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if codes and code not in codes:
            raise Lost(f"answers {code}, AWS {codes[0]}")
        return
    raise Lax("accepted")


def new_key(**extra):
    return kms.create_key(**extra)["KeyMetadata"]["KeyId"]


COUNT = [0]


def new_bucket(lock=False):
    COUNT[0] += 1
    name = f"gabion-probe-{COUNT[0]}"
    extra = {"ObjectLockEnabledForBucket": True} if lock else {}
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}, **extra
    )
    return name


def account():
    return sts.get_caller_identity()["Account"]


# --- STS and IAM ---------------------------------------------------------------------------


@probe("sts:GetCallerIdentity")
def _():
    expect(len(account()) == 12, "no account")


@probe("sts:AssumeRole")
def _():
    answer = sts.assume_role(
        RoleArn="arn:aws:iam::111122223333:role/OrganizationAccountAccessRole", RoleSessionName="probe"
    )
    expect("arn:aws:sts::111122223333:" in answer["AssumedRoleUser"]["Arn"], "wrong account in the ARN")
    keys = answer["Credentials"]
    other = boto3.client(
        "sts",
        endpoint_url=ENDPOINT,
        region_name="eu-central-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    found = other.get_caller_identity()["Account"]
    expect(found == "111122223333", "the session stays in the caller's account")


@probe("iam:GetRole")
def _():
    iam.create_role(RoleName="probe", AssumeRolePolicyDocument="{}")
    expect(iam.get_role(RoleName="probe")["Role"]["Arn"], "no ARN")


# --- KMS -----------------------------------------------------------------------------------


@probe("kms:CreateKey tags")
def _():
    key = new_key(Tags=[{"TagKey": "a", "TagValue": "b"}])
    tags = kms.list_resource_tags(KeyId=key)["Tags"]
    expect(tags == [{"TagKey": "a", "TagValue": "b"}], "tags lost")


@probe("kms:CreateKey policy")
def _():
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "x",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account()}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    key = new_key(Policy=json.dumps(policy))
    live = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    expect(live["Statement"][0].get("Sid") == "x", "policy lost")


@probe("kms:CreateKey MultiRegion")
def _():
    meta = kms.create_key(MultiRegion=True)["KeyMetadata"]
    expect(meta.get("MultiRegion") is True and meta["KeyId"].startswith("mrk-"), "no mrk- id")


@probe("kms:DescribeKey of a missing key")
def _():
    refused(
        lambda: kms.describe_key(KeyId="00000000-0000-0000-0000-000000000000"), "NotFoundException"
    )


@probe("kms:EnableKeyRotation")
def _():
    key = new_key()
    kms.enable_key_rotation(KeyId=key)
    expect(kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"], "still off")


@probe("kms:EnableKeyRotation RotationPeriodInDays")
def _():
    key = new_key()
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    found = kms.get_key_rotation_status(KeyId=key).get("RotationPeriodInDays")
    expect(found == 180, f"reads back {found}")


@probe("kms:EnableKeyRotation with a period of 30")
def _():
    key = new_key()
    refused(lambda: kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=30))


@probe("kms:DisableKeyRotation")
def _():
    key = new_key()
    kms.enable_key_rotation(KeyId=key)
    kms.disable_key_rotation(KeyId=key)
    expect(not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"], "still on")


@probe("kms:PutKeyPolicy")
def _():
    key = new_key()
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"][0]["Sid"] = "changed"
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    live = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    expect(live["Statement"][0].get("Sid") == "changed", "policy lost")


@probe("kms:PutKeyPolicy with a malformed policy")
def _():
    key = new_key()
    refused(lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy="{"))


@probe("kms:PutKeyPolicy that locks the caller out")
def _():
    key = new_key()
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account()}:role/other"},
                "Action": "kms:Decrypt",
                "Resource": "*",
            }
        ],
    }
    refused(lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy)))


@probe("kms:CreateAlias, ListAliases, DeleteAlias")
def _():
    key = new_key()
    kms.create_alias(AliasName="alias/probe", TargetKeyId=key)
    found = kms.list_aliases(KeyId=key)["Aliases"]
    expect([a["AliasName"] for a in found] == ["alias/probe"], "alias lost")
    kms.delete_alias(AliasName="alias/probe")
    expect(not kms.list_aliases(KeyId=key)["Aliases"], "alias stays")


@probe("kms:DescribeKey by alias")
def _():
    key = new_key()
    kms.create_alias(AliasName="alias/probe2", TargetKeyId=key)
    expect(kms.describe_key(KeyId="alias/probe2")["KeyMetadata"]["KeyId"] == key, "another key")


@probe("kms:UpdateAlias")
def _():
    old, new = new_key(), new_key()
    kms.create_alias(AliasName="alias/probe3", TargetKeyId=old)
    kms.update_alias(AliasName="alias/probe3", TargetKeyId=new)
    expect(kms.describe_key(KeyId="alias/probe3")["KeyMetadata"]["KeyId"] == new, "still the old key")


@probe("kms:CreateAlias that exists")
def _():
    key = new_key()
    kms.create_alias(AliasName="alias/probe4", TargetKeyId=key)
    refused(
        lambda: kms.create_alias(AliasName="alias/probe4", TargetKeyId=new_key()),
        "AlreadyExistsException",
    )


@probe("kms:TagResource, UntagResource")
def _():
    key = new_key()
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    expect(len(kms.list_resource_tags(KeyId=key)["Tags"]) == 1, "tag lost")
    kms.untag_resource(KeyId=key, TagKeys=["a"])
    expect(not kms.list_resource_tags(KeyId=key)["Tags"], "tag stays")


@probe("kms:UpdateKeyDescription")
def _():
    key = new_key()
    kms.update_key_description(KeyId=key, Description="new")
    expect(kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "new", "lost")


@probe("kms:DisableKey, EnableKey")
def _():
    key = new_key()
    kms.disable_key(KeyId=key)
    expect(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled", "still enabled")
    kms.enable_key(KeyId=key)
    expect(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled", "still disabled")


@probe("kms:ScheduleKeyDeletion, CancelKeyDeletion")
def _():
    key = new_key()
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    expect(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion", "not pending")
    kms.cancel_key_deletion(KeyId=key)
    expect(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled", "not disabled after")


@probe("kms:ScheduleKeyDeletion with a window of 3")
def _():
    key = new_key()
    refused(lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=3))


@probe("kms:EnableKeyRotation of a disabled key")
def _():
    key = new_key()
    kms.disable_key(KeyId=key)
    refused(lambda: kms.enable_key_rotation(KeyId=key), "DisabledException", "KMSInvalidStateException")


@probe("kms:GetKeyLastUsage")
def _():
    if not hasattr(kms, "get_key_last_usage"):
        raise Lost("the client has no such call")
    kms.get_key_last_usage(KeyId=new_key())


# --- S3 ------------------------------------------------------------------------------------


@probe("s3:CreateBucket tags")
def _():
    s3.create_bucket(
        Bucket="gabion-probe-tags",
        CreateBucketConfiguration={
            "LocationConstraint": "eu-central-1",
            "Tags": [{"Key": "a", "Value": "b"}],
        },
    )
    try:
        tags = s3.get_bucket_tagging(Bucket="gabion-probe-tags")["TagSet"]
    except ClientError:
        tags = []
    expect(tags == [{"Key": "a", "Value": "b"}], "tags dropped")


@probe("s3:CreateBucket ObjectLockEnabledForBucket")
def _():
    name = new_bucket(lock=True)
    found = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    expect(found["ObjectLockEnabled"] == "Enabled", "lock off")
    status = s3.get_bucket_versioning(Bucket=name).get("Status")
    expect(status == "Enabled", f"versioning is {status}, AWS turns it on")


@probe("s3:CreateBucket of a bucket one owns")
def _():
    name = new_bucket()
    refused(
        lambda: s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        ),
        "BucketAlreadyOwnedByYou",
    )


@probe("s3:HeadBucket of a missing bucket")
def _():
    refused(lambda: s3.head_bucket(Bucket="gabion-none"), "404", "NoSuchBucket")


@probe("s3:HeadBucket ExpectedBucketOwner")
def _():
    name = new_bucket()
    refused(lambda: s3.head_bucket(Bucket=name, ExpectedBucketOwner="999999999999"), "403", "AccessDenied")


@probe("s3:HeadBucket x-amz-bucket-region")
def _():
    name = new_bucket()
    found = s3.head_bucket(Bucket=name).get("BucketRegion")
    expect(found == "eu-central-1", f"answers {found}")


@probe("s3:GetBucketLocation")
def _():
    name = new_bucket()
    found = s3.get_bucket_location(Bucket=name)["LocationConstraint"]
    expect(found == "eu-central-1", f"answers {found}")


@probe("s3:PutBucketTagging, GetBucketTagging")
def _():
    name = new_bucket()
    refused(lambda: s3.get_bucket_tagging(Bucket=name), "NoSuchTagSet")
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    expect(s3.get_bucket_tagging(Bucket=name)["TagSet"][0]["Key"] == "a", "tags lost")


BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@probe("s3:PutPublicAccessBlock, GetPublicAccessBlock")
def _():
    name = new_bucket()
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=BLOCK)
    found = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    expect(found == BLOCK, f"reads back {found}")


@probe("s3:GetPublicAccessBlock unset")
def _():
    name = new_bucket()
    try:
        s3.get_public_access_block(Bucket=name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        expect(code == "NoSuchPublicAccessBlockConfiguration", f"answers {code}")


@probe("s3:PutBucketPolicy, a public one under block public access")
def _():
    name = new_bucket()
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=BLOCK)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{name}/*",
            }
        ],
    }
    refused(lambda: s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy)), "AccessDenied")


def tls_only(name):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "tls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


@probe("s3:PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy")
def _():
    name = new_bucket()
    refused(lambda: s3.get_bucket_policy(Bucket=name), "NoSuchBucketPolicy")
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(tls_only(name)))
    live = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
    expect(live["Statement"][0]["Sid"] == "tls", "policy lost")
    s3.delete_bucket_policy(Bucket=name)
    refused(lambda: s3.get_bucket_policy(Bucket=name), "NoSuchBucketPolicy")


@probe("s3:bucket calls under a TLS-only policy")
def _():
    name = new_bucket()
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(tls_only(name)))
    s3.get_bucket_policy(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.list_objects_v2(Bucket=name)
    s3.delete_bucket(Bucket=name)


@probe("s3:object calls where the TLS-only condition does not match")
def _():
    name = new_bucket()
    policy = tls_only(name)
    policy["Statement"][0]["Condition"] = {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    s3.put_object(Bucket=name, Key="x", Body=b"x")


@probe("s3:PutBucketOwnershipControls, GetBucketOwnershipControls")
def _():
    name = new_bucket()
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=rules)
    found = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    expect(found == rules, f"reads back {found}")


@probe("s3:PutBucketVersioning, GetBucketVersioning")
def _():
    name = new_bucket()
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    expect(s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled", "off")


@probe("s3:PutBucketVersioning Suspended under Object Lock")
def _():
    name = new_bucket(lock=True)
    refused(
        lambda: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"}),
        "InvalidBucketState",
    )


@probe("s3:GetBucketEncryption of a new bucket")
def _():
    name = new_bucket()
    found = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    algorithm = found[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
    expect(algorithm == "AES256", f"answers {algorithm}")


@probe("s3:PutBucketEncryption, GetBucketEncryption")
def _():
    name, key = new_bucket(), new_key()
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn},
        "BucketKeyEnabled": True,
    }
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    found = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    expect(found.get("BucketKeyEnabled") is True, "bucket key lost")
    expect(found["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID") == arn, "key lost")


@probe("s3:default encryption reaches a new object")
def _():
    name, key = new_bucket(), new_key()
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=name, Key="x", Body=b"x")
    found = s3.head_object(Bucket=name, Key="x").get("ServerSideEncryption")
    expect(found == "aws:kms", f"the object has {found}")


LOCK = {
    "ObjectLockEnabled": "Enabled",
    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 365}},
}


def lock_of(name):
    return s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]


@probe("s3:PutObjectLockConfiguration, GetObjectLockConfiguration")
def _():
    name = new_bucket(lock=True)
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=LOCK)
    found = lock_of(name)["Rule"]["DefaultRetention"]
    expect(found == LOCK["Rule"]["DefaultRetention"], f"reads back {found}")


@probe("s3:PutObjectLockConfiguration on a versioned bucket made without it")
def _():
    name = new_bucket()
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=LOCK)
    expect(lock_of(name)["ObjectLockEnabled"] == "Enabled", "lock off")


@probe("s3:GetObjectLockConfiguration unset")
def _():
    name = new_bucket()
    refused(
        lambda: s3.get_object_lock_configuration(Bucket=name), "ObjectLockConfigurationNotFoundError"
    )


@probe("s3:DeleteObject of a locked version")
def _():
    name = new_bucket(lock=True)
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=LOCK)
    version = s3.put_object(Bucket=name, Key="x", Body=b"x")["VersionId"]
    refused(lambda: s3.delete_object(Bucket=name, Key="x", VersionId=version), "AccessDenied")


LIFECYCLE = {
    "Rules": [
        {
            "ID": "colder",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Transitions": [{"Days": 90, "StorageClass": "GLACIER_IR"}],
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 90, "StorageClass": "GLACIER_IR"}],
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
}


@probe("s3:PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration")
def _():
    name = new_bucket()
    refused(
        lambda: s3.get_bucket_lifecycle_configuration(Bucket=name), "NoSuchLifecycleConfiguration"
    )
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=LIFECYCLE)
    found = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    wanted = LIFECYCLE["Rules"]
    lost = [k for k in wanted[0] if found[0].get(k) != wanted[0][k]]
    expect(not lost, "lost: " + ", ".join(lost))


@probe("s3:PutBucketLifecycleConfiguration TransitionDefaultMinimumObjectSize")
def _():
    name = new_bucket()
    s3.put_bucket_lifecycle_configuration(
        Bucket=name,
        LifecycleConfiguration=LIFECYCLE,
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    found = s3.get_bucket_lifecycle_configuration(Bucket=name)
    size = found.get("TransitionDefaultMinimumObjectSize")
    expect(size == "varies_by_storage_class", f"reads back {size}")


def log_delivery(target):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{target}/*",
            }
        ],
    }


@probe("s3:PutBucketLogging, GetBucketLogging")
def _():
    name, target = new_bucket(), new_bucket()
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps(log_delivery(target)))
    s3.put_bucket_logging(
        Bucket=name,
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "a/"}},
    )
    found = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {})
    expect(found.get("TargetBucket") == target, "logging lost")


@probe("s3:PutBucketLogging to a bucket with a TLS-only policy")
def _():
    name, target = new_bucket(), new_bucket()
    policy = log_delivery(target)
    policy["Statement"] = tls_only(target)["Statement"] + policy["Statement"]
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps(policy))
    s3.put_bucket_logging(
        Bucket=name,
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "a/"}},
    )
    found = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {})
    expect(found.get("TargetBucket") == target, "logging lost")


@probe("s3:ListObjectVersions, DeleteObjects")
def _():
    name = new_bucket()
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="x", Body=b"x")
    found = s3.list_object_versions(Bucket=name)["Versions"]
    items = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in found]
    s3.delete_objects(Bucket=name, Delete={"Objects": items})
    expect(not s3.list_object_versions(Bucket=name).get("Versions"), "versions stay")


@probe("s3:DeleteBucket that holds objects")
def _():
    name = new_bucket()
    s3.put_object(Bucket=name, Key="x", Body=b"x")
    refused(lambda: s3.delete_bucket(Bucket=name), "BucketNotEmpty")


# --- CloudTrail ----------------------------------------------------------------------------


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


# --- CloudWatch Logs -----------------------------------------------------------------------


@probe("logs:CreateLogGroup kmsKeyId, tags")
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


# --- Organizations -------------------------------------------------------------------------


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


# --- the run -------------------------------------------------------------------------------


def note(error):
    return " ".join(str(error).split())[:110]


for operation, function in PROBES:
    started = time.time()
    try:
        function()
        outcome, text = "yes", ""
    except Lost as error:
        outcome, text = "lost", note(error)
    except Lax as error:
        outcome, text = "lax", note(error)
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        outcome, text = "no", f"{error.operation_name} answers {code}"
    except BotoCoreError as error:
        outcome, text = "no", type(error).__name__
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        outcome, text = "no", f"the answer lacks {error}"
    print(json.dumps({"operation": operation, "outcome": outcome, "note": text}), flush=True)
    if time.time() - started > 15:
        print(f"slow: {operation}", file=sys.stderr)
