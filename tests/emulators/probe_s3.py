"""S3."""

import json

from botocore.exceptions import ClientError

from common import expect, kms, new_bucket, new_key, probe, refused, s3


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


@probe("s3:ListBuckets")
def _():
    name = new_bucket()
    listed = s3.list_buckets()["Buckets"]
    expect(any(found["Name"] == name for found in listed), "the bucket is not listed")


@probe("s3:DeleteBucketLifecycle")
def _():
    name = new_bucket()
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=LIFECYCLE)
    s3.delete_bucket_lifecycle(Bucket=name)
    refused(
        lambda: s3.get_bucket_lifecycle_configuration(Bucket=name), "NoSuchLifecycleConfiguration"
    )


@probe("s3:DeleteBucketTagging")
def _():
    name = new_bucket()
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket_tagging(Bucket=name)
    refused(lambda: s3.get_bucket_tagging(Bucket=name), "NoSuchTagSet")
