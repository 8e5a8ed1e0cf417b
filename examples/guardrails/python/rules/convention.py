"""What the pack may be told in gabion.hcl, and the types that its rules judge."""

from typing import Literal

from gabion_guardrail import Settings, Target, setting


class Convention(Settings):
    """How things are called here."""

    systems: list[str] = setting(doc="The systems that names begin with.", at_least=1)
    environments: list[str] = setting(["dev", "test", "prod"], doc="The environments that names end with.")
    tier_tag: str = setting("data-tier", doc="The tag that says how sensitive data is.")
    lowest_in_production: Literal["public", "internal", "confidential"] = setting(
        "internal", doc="The lowest tier that data in production may have."
    )


NAMES = {
    "aws_s3_bucket": "bucket",
    "aws_sqs_queue": "name",
    "aws_dynamodb_table": "name",
    "aws_db_instance": "identifier",
    "gabion_kms_key": "name",
}
"""Types, and which attribute holds the name."""


def targets(*types: str) -> list[Target]:
    """Targets of the rules, in the versions that they were tested with."""
    ours, theirs = ("gabion/gabion", ">= 0.1"), ("hashicorp/aws", ">= 5.0, < 7.0")
    return [Target(one, *(ours if one.startswith("gabion_") else theirs)) for one in types]
