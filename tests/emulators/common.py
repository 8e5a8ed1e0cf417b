"""What the probes share: clients, outcomes, and the list of probes."""
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

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
