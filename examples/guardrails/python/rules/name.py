from gabion_guardrail import NOT_APPLICABLE, PASS, Change, Control, Verdict, found, rule

from .convention import NAMES, Convention, targets


@rule(
    code="NM01",
    title="a name out of convention",
    since="1.0.0",
    targets=targets(*NAMES),
    controls=[Control.own("NM01")],
)
def name_out_of_convention(change: Change) -> Verdict:
    """
    ## What it does
    Finds names that are not `SYSTEM-PURPOSE-ENVIRONMENT`, in lower case, with a system and an environment that the
    pack's settings know.

    ## Why
    A name is read at night, in a bill, in an alarm. It should say whose it is, what for, and whether it hurts.

    ## Fix
    ```hcl
    resource "aws_sqs_queue" "orders" {
      name = "shop-orders-prod"
    }
    ```
    """
    resource = change.planned()
    if resource is None:
        return NOT_APPLICABLE
    convention = Convention.current()
    name = resource[NAMES[change.resource_type]]
    text = name.filled()
    if text is None:
        # The provider makes one up.
        return PASS
    system, _, rest = text.partition("-")
    purpose, _, environment = rest.rpartition("-")
    problems = []
    if system not in convention.systems:
        problems.append(f"it begins with no system ({', '.join(convention.systems)})")
    if environment not in convention.environments:
        problems.append(f"it ends with no environment ({', '.join(convention.environments)})")
    if not purpose:
        problems.append("it says no purpose between them")
    if text != text.lower():
        problems.append("it has capitals")
    if not problems:
        return PASS
    finding = name.finding(f"the name `{text}` is out of convention: {'; '.join(problems)}")
    return found(finding.fix(text.lower()) if problems == ["it has capitals"] else finding)
