"""Amazon resource names."""

import re
from dataclasses import dataclass

from .policy import matches


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
    def kind(self) -> str | None:
        """What kind of resource, where the ARN says so: `role` of `role/app`, `function` of `function:app`. A bucket
        says nothing: `logs/key` is the bucket and a key."""
        found = None if self.service == "s3" else re.match(r"([^/:]+)[/:]", self.resource)
        return found[1] if found else None

    @property
    def name(self) -> str:
        """The resource without its kind: `app` of `role/app`."""
        return self.resource if self.kind is None else self.resource[len(self.kind) + 1 :]

    def covers(self, other: "Arn") -> bool:
        """Whether this ARN, read as a pattern with `*` and `?`, covers another. A wildcard does not reach over the
        colons before the resource."""
        return (
            matches(self.partition, other.partition)
            and matches(self.service, other.service)
            and matches(self.region, other.region)
            and matches(self.account, other.account)
            and matches(self.resource, other.resource)
        )

    def __str__(self) -> str:
        return ":".join(["arn", self.partition, self.service, self.region, self.account, self.resource])
