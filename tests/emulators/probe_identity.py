"""STS, IAM."""

import boto3

from common import ENDPOINT, account, expect, iam, probe, sts


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
