"""One rule of real size, written in three languages with equal results: the Python one."""

from gabion_guardrail import (
    NOT_APPLICABLE,
    Change,
    Control,
    Finding,
    Graph,
    Pack,
    PolicyDocument,
    Review,
    Settings,
    Tags,
    Target,
    Value,
    Verdict,
    log,
    plan_rule,
    rule,
    setting,
)


class House(Settings):
    """What the house wants."""

    prefix: str = setting("acme-", doc="What names begin with.")
    owners: list[str] = setting([], doc="Who may own a service.")
    backup_days: int = setting(7, doc="How many days a backup is kept.", minimum=1, maximum=365)
    regions: list[str] | None = setting(doc="Regions in which services may run; any where it is not said.")


@rule(
    code="TL01",
    title="a service that breaks the rules of the house",
    level="mandatory",
    since="1.0.0",
    targets=[
        Target("acme_service", "acme/services", ">= 1.0, < 3.0"),
        Target("acme_job", "acme/services", ">= 1.0"),
    ],
    controls=[Control.own("TL01"), Control.security_hub("X.1")],
)
def unruly_service(change: Change) -> Verdict:
    """
    ## What it does
    Finds services that break the rules of the house: names, tags, backups, open ports, policies, passwords.

    ## Why
    To see that three languages say the same:

        an indented line, a `"quoted"` one, and an ümlaut

    ## Fix
    ```hcl
    resource "acme_service" "x" {
      name = "acme-x"
    }
    ```
    """
    service = change.planned()
    if service is None:
        return NOT_APPLICABLE
    house = House.current()
    log("looking at a service")
    review = Review()
    with review.look():
        name(service, house, review)
    with review.look():
        tags(service, house, review)
    review.must_be_true(service["encrypted"], "the service is not encrypted")
    with review.look():
        backups(service, house, review)
    with review.look():
        ports(service, review)
    with review.look():
        policy(service, review)
    with review.look():
        password(service, review)
    with review.look():
        limits(service, review)
    with review.look():
        zone(change, service, review)
    with review.look():
        region(change, house, review)
    with review.look():
        options(change, service, review)
    for secret in service["environment"].secrets():
        review.add(Finding(secret.path, f"there is a secret of the kind `{secret.kind}`").observed(secret.kind))
    return review.outcome()


def name(service: Value, house: House, review: Review) -> None:
    name = service["name"]
    text = name.filled()
    if text is None:
        review.add(name.finding("the service has no name"))
    elif name.size() > 40:
        review.add(name.finding("the name is longer than 40 characters"))
    elif not text.startswith(house.prefix):
        message = f"the name `{text}` does not begin with `{house.prefix}`"
        review.add(name.finding(message).fix(house.prefix + text))


def tags(service: Value, house: House, review: Review) -> None:
    tags = Tags.own(service)
    if missing := tags.missing(["owner", "cost center"]):
        review.add(tags.value.finding(f"missing tags: {', '.join(missing)}").observed(" ".join(tags.keys())))
    owner = tags.get("owner")
    if owner is not None and house.owners and owner not in house.owners:
        owners = "`, `".join(house.owners)
        finding = tags.value["owner"].finding(f"`{owner}` may not own it; `{owners}` may")
        for one in house.owners:
            finding.fix(one)
        review.add(finding)


def backups(service: Value, house: House, review: Review) -> None:
    backup = service["backup"].block()
    if backup is None:
        finding = service["backup"].finding("nothing backs the service up")
        review.add(finding.fix_at("backup[0].days", house.backup_days))
        return
    days = backup["days"]
    kept = days.integer()
    if kept is not None and kept < house.backup_days:
        finding = days.finding(f"backups are kept for {kept} days").observed(f"{kept} days")
        review.add(finding.fix(house.backup_days))
    for number, copy in enumerate(backup["copies"], 1):
        if copy.text() == "tape":
            review.add(copy.finding(f"copy {number} goes to tape"))


def ports(service: Value, review: Review) -> None:
    for ingress in service["ingress"]:
        begin, end = ingress["from"].integer(), ingress["to"].integer()
        if begin is None or end is None:
            continue
        for cidr in ingress["cidrs"]:
            if cidr.text() == "0.0.0.0/0" and begin <= 22 <= end:
                review.add(cidr.finding("everybody may try to log in").fix("10.0.0.0/8"))


def policy(service: Value, review: Review) -> None:
    policy = service["policy"]
    document = PolicyDocument.read(policy)
    if document is None:
        return
    for number, statement in enumerate(document.statements, 1):
        if statement.effect == "Deny":
            continue
        label = statement.label(number)
        within = any(one.is_about("aws:PrincipalOrgID") and not one.holds_when_missing for one in statement.conditions)
        if statement.covers_everybody and not within:
            review.add(policy.finding(f"{label} lets everybody in").observed(label))
        if statement.covers_service("kms") or statement.covers_action("iam:PassRole"):
            review.add(policy.finding(f"{label} allows too much").observed(",".join(statement.actions.named)))


def password(service: Value, review: Review) -> None:
    password = service["password"]
    if password.is_computed or not password.is_set():
        return
    if password.size() < 12:
        review.add(password.finding("the password is shorter than 12 characters"))
    if password.equal_to(service["name"]):
        review.add(password.finding("the password is the name"))


def limits(service: Value, review: Review) -> None:
    weight = service.find("limits[0].weight")
    text = weight.number() or ""
    value = weight.float()
    if value is not None and value > 0.5:
        review.add(weight.finding(f"the weight {text} is more than a half").fix_at("limits", []))


def zone(change: Change, service: Value, review: Review) -> None:
    if change.operation != "update":
        return
    new = service["zone"]
    if not change.before["zone"].equal_to(new):
        review.add(new.finding("a service does not move to another zone"))


def region(change: Change, house: House, review: Review) -> None:
    if house.regions is None:
        return
    region = change.provider_configuration["region"].text() or ""
    if region not in house.regions:
        review.add(Finding("", f"the region `{region}` is not allowed"))


def options(change: Change, service: Value, review: Review) -> None:
    if change.configured("tier") is False:
        review.add(Finding("tier", "nobody chose a tier"))
    options = service["options"]
    for key in options.keys():
        value = options[key]
        if key.startswith("debug") and value.kind == "boolean" and value.boolean() is True:
            review.add(value.finding(f"the option `{key}` is on").fix(False))


@plan_rule(
    code="TL02",
    title="a service that no alarm watches",
    level="advisory",
    since="1.1.0",
)
def unwatched_service(graph: Graph) -> Verdict:
    """
    ## What it does
    Finds services that no alarm watches.
    """
    review = Review()
    for service in graph.changes("acme_service"):
        after = service.planned()
        if after is None:
            continue
        watched = any(one.resource_type == "acme_alarm" for one in graph.referrers(service))
        if not watched and graph.complete:
            refers = [f"{one.path} {one.address} {one.attribute}" for one in graph.references(service)]
            finding = after["name"].finding("no alarm watches the service")
            review.add(finding.on(service.address).observed("; ".join(refers)))
        with review.look():
            name = after["name"]
            if name.text() == "x":
                review.add(name.finding("the name is too short").on(service.address))
    return review.outcome()


pack = Pack(rules=[unruly_service, unwatched_service], settings=House)
