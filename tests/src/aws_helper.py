"""One JSON request a line in, one JSON answer a line out, until the input ends."""

import base64
import json
import socket
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

SESSION = boto3.Session(
    aws_access_key_id=sys.argv[2], aws_secret_access_key="testing"
)
CLIENTS = {}

# s3control puts the account in front of the host's name, which an address cannot have.
resolve = socket.getaddrinfo


def loopback(host, *more, **named):
    own = host.endswith(".127.0.0.1") if isinstance(host, str) else False
    return resolve("127.0.0.1" if own else host, *more, **named)


socket.getaddrinfo = loopback


def client(service, region):
    if (service, region) not in CLIENTS:
        CLIENTS[service, region] = SESSION.client(
            service,
            region_name=region,
            endpoint_url=sys.argv[1],
            config=Config(
                parameter_validation=False,
                retries={"max_attempts": 3},
                s3={"addressing_style": "path"},
            ),
        )
    return CLIENTS[service, region]


def plain(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    return str(value)


for line in sys.stdin:
    request = json.loads(line)
    try:
        call = getattr(client(request["service"], request["region"]), request["operation"])
        answer = call(**request["parameters"])
        answer.pop("ResponseMetadata", None)
        out = {"ok": answer}
    except ClientError as error:
        found = error.response.get("Error", {})
        out = {"error": f"{found.get('Code')}: {found.get('Message')}"}
    except (BotoCoreError, AttributeError, TypeError, ValueError) as error:
        out = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(out, default=plain), flush=True)
