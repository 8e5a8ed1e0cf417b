"""Amazon resource names."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Arn:
    """An ARN in its parts, `arn:partition:service:region:account:resource`."""

    partition: str
    """`aws`, `aws-cn`, `aws-us-gov`."""
    service: str
    """`s3`, `iam`."""
    region: str
    """Empty where the resource has no region."""
    account: str
    """Empty where the resource has no account."""
    resource: str
    """Everything after the account, `role/app`."""

    @classmethod
    def parse(cls, text: str) -> "Arn | None":
        """Takes a text apart; None where it is no ARN."""
        parts = text.split(":", 5)
        if len(parts) < 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
            return None
        return cls(*parts[1:])

    @property
    def resource_type(self) -> str | None:
        """The type that the resource begins with, `role` of `role/app`; None where there is none."""
        found = re.match(r"([^/:]+)[/:]", self.resource)
        return found[1] if found else None

    def __str__(self) -> str:
        return ":".join(["arn", self.partition, self.service, self.region, self.account, self.resource])
