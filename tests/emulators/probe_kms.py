"""KMS."""

import json

from common import Lost, account, expect, kms, new_key, probe, refused


@probe("kms:CreateKey tags, ListResourceTags")
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


@probe("kms:EnableKeyRotation, GetKeyRotationStatus")
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


@probe("kms:PutKeyPolicy, GetKeyPolicy")
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


@probe("kms:ListKeys")
def _():
    key = new_key()
    listed = kms.list_keys(Limit=1000)["Keys"]
    expect(any(found["KeyId"] == key for found in listed), "the key is not listed")
