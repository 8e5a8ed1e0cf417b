"""moto with its authorization switched on: `moto_authorized.py POLICY LOG [moto_server's arguments]`.

Policies are judged by moto's own code. What differs from moto as it is:

- The access key `testing`, and sessions of the name `test`, are the tests' own hands, and may do everything.
- So may what the modelled fake asks on its way (`x-gabion-fake`), and signatures are not checked, because the fake
  rewrites requests.
- The role that a new account comes with has the policy of the file POLICY, in place of none.
- Every action that is judged is written to the file LOG: what is not there, moto does not enforce.
- Some calls of S3 and S3 control are judged by their own action: moto takes them for another.
"""

import sys

policy_file, log_file = sys.argv[1], sys.argv[2]

from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.iam import access_control, iam_backends
from moto.organizations.models import FakeAccount
from moto.s3 import responses as s3
from moto.sts.models import sts_backends

settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
access_control.IAMRequestBase.check_signature = lambda self: None

for verb, prefix in (("GET", "Get"), ("PUT", "Put")):
    s3.ACTION_MAP["BUCKET"][verb].update({
        "publicAccessBlock": f"{prefix}BucketPublicAccessBlock",
        "encryption": f"{prefix}EncryptionConfiguration",
        "object-lock": f"{prefix}BucketObjectLockConfiguration",
        "ownershipControls": f"{prefix}BucketOwnershipControls",
    })

judge = ActionAuthenticatorMixin._authenticate_and_authorize_action


def is_ours(headers):
    if headers.get("X-Gabion-Fake"):
        return True
    scope = headers.get("Authorization", "").partition("Credential=")[2]
    key = scope.partition("/")[0]
    if key == "testing" or not key:
        return True
    for account in list(sts_backends.values()):
        for backend in list(account.values()):
            for role in backend.assumed_roles:
                if role.access_key_id == key:
                    return role.session_name == "test"
    return False


def judged(self, request, resource="*"):
    if is_ours(self.headers):
        return
    judge(self, request, resource)


ActionAuthenticatorMixin._authenticate_and_authorize_action = judged

begin = access_control.IAMRequestBase.__init__
check = access_control.IAMRequestBase.check_action_permitted


def begun(self, **named):
    begin(self, **named)
    if named["path"].startswith("/v20180820/"):
        self._action = self._action.replace("Public", "AccountPublic")


def checked(self, resource):
    with open(log_file, "a") as log:
        log.write(f"{self._action}\n")
    check(self, resource)


access_control.IAMRequestBase.__init__ = begun
access_control.IAMRequestBase.check_action_permitted = checked

make = FakeAccount.__init__


def made(self, *arguments, **named):
    make(self, *arguments, **named)
    with open(policy_file) as policy:
        iam_backends[self.id]["aws"].put_role_policy(
            "OrganizationAccountAccessRole", "published", policy.read()
        )


FakeAccount.__init__ = made

from moto.server import main

main(sys.argv[3:])
