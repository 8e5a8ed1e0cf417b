from gabion_guardrail import NOT_APPLICABLE, PASS, Change, Control, Tags, Target, Verdict, found, rule


@rule(
    code="AC01",
    name="resource-without-owner",
    title="a resource without an owner",
    level="mandatory",
    since="0.1.0",
    targets=[
        Target("gabion_kms_key", "gabion/gabion"),
        Target("aws_s3_bucket", "hashicorp/aws", ">= 5.0, < 7.0"),
    ],
    controls=[Control.own("AC01")],
)
def resource_without_owner(change: Change) -> Verdict:
    """
    ## What it does
    Finds resources without a tag `owner`.

    ## Why
    When something costs too much or breaks at night, somebody must be found who knows it.

    ## Fix
    ```hcl
    resource "aws_s3_bucket" "logs" {
      tags = { owner = "team-logs" }
    }
    ```
    """
    resource = change.planned()
    if resource is None:
        return NOT_APPLICABLE
    tags = Tags.own(resource)
    # A tag that is not known yet ends the rule here: it is decided again at apply.
    if tags.get("owner") is not None:
        return PASS
    return found(tags.value.finding("the resource has no tag `owner`"))
