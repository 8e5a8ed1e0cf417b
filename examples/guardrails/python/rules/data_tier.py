from gabion_guardrail import NOT_APPLICABLE, PASS, Change, Control, Review, Tags, Verdict, rule

from .convention import NAMES, Convention, targets

TIERS = ["public", "internal", "confidential"]


@rule(
    code="NM02",
    title="data without a tier",
    since="1.0.0",
    targets=targets("aws_s3_bucket", "aws_dynamodb_table", "aws_db_instance"),
    controls=[Control.own("NM02")],
)
def data_without_tier(change: Change) -> Verdict:
    """
    ## What it does
    Finds stores of data that do not say how sensitive their data is, and stores in production whose tier is lower than
    the settings allow.

    ## Why
    Who may read it, how long it is kept and where it may go: all of that hangs on the tier.

    ## Fix
    ```hcl
    resource "aws_dynamodb_table" "orders" {
      name = "shop-orders-prod"
      tags = { data-tier = "confidential" }
    }
    ```
    """
    resource = change.planned()
    if resource is None:
        return NOT_APPLICABLE
    convention = Convention.current()
    tags, key = Tags.own(resource), convention.tier_tag
    tier = tags.get(key)
    review = Review()
    if tier is None:
        review.add(tags.value.finding(f"the tag `{key}` is missing"))
    elif tier not in TIERS:
        known = ", ".join(f"`{one}`" for one in TIERS)
        review.add(tags.value[key].finding(f"`{tier}` is no tier; there are {known}"))
    elif TIERS.index(tier) < TIERS.index(convention.lowest_in_production):
        name = resource[NAMES[change.resource_type]].filled()
        if name is not None and name.endswith("-prod"):
            finding = tags.value[key].finding(f"data in production is not `{tier}`")
            review.add(finding.fix(convention.lowest_in_production))
    return review.outcome() if review.found else PASS
