"""IAM policy documents: key policies, bucket policies, trust policies.

A document is read through the host, so that the reads are traced; what comes back is plain data.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from .stop import Failure
from .value import Value

T = TypeVar("T")


@dataclass(frozen=True)
class Choice(Generic[T]):
    """What a statement speaks of: nothing said, these, or everything but these."""

    kind: Literal["absent", "only", "all-but"]
    named: tuple[T, ...] = ()
    """The elements that are named, to include or to leave out."""

    def holds(self, stands_for: Callable[[T], bool]) -> bool:
        """Whether something is in it, when `stands_for` tells whether one element stands for it."""
        if self.kind == "absent":
            return False
        return any(map(stands_for, self.named)) == (self.kind == "only")


_ACCOUNT = re.compile(r"[0-9]{12}")


def account_of(arn: str) -> str | None:
    """The account of an ARN, `arn:aws:iam::111122223333:role/x`; None where it has none or is no ARN."""
    parts = arn.split(":")
    return (parts[4] or None) if len(parts) > 4 and parts[0] == "arn" else None


@dataclass(frozen=True)
class Principal:
    """A principal of a statement."""

    kind: str
    """`*`, `AWS`, `Service`, `Federated`, `CanonicalUser`, or what stands there."""
    id: str
    """An ARN, an account id, a service name, `*`."""

    @property
    def is_everybody(self) -> bool:
        """Whether it is everybody: `*`, or `{ "AWS": "*" }`, which is everybody with an AWS account."""
        return self.kind in ("*", "AWS") and self.id == "*"

    @property
    def is_account(self) -> bool:
        """Whether it is an account as a whole: its id, or its root ARN."""
        if self.kind != "AWS":
            return False
        return bool(_ACCOUNT.fullmatch(self.id)) or (account_of(self.id) is not None and self.id.endswith(":root"))

    @property
    def account(self) -> str | None:
        """The account of an `AWS` principal, where its id tells."""
        if self.kind != "AWS":
            return None
        return self.id if _ACCOUNT.fullmatch(self.id) else account_of(self.id)


@dataclass(frozen=True)
class Condition:
    """A condition of a statement: one key of one operator."""

    operator: str
    """As written, `StringEquals`."""
    key: str
    """As written, `aws:PrincipalOrgID`."""
    values: tuple[str, ...]
    """One of which must fit."""

    def is_about(self, key: str) -> bool:
        """Whether it is about this key. Upper and lower case are the same, as in AWS."""
        return _lower(self.key) == _lower(key)

    @property
    def base_operator(self) -> str:
        """The operator without quantifier and `IfExists`, as written."""
        return self.operator.rpartition(":")[2].removesuffix("IfExists")

    @property
    def holds_when_missing(self) -> bool:
        """Whether it also holds when the request does not have the key: `IfExists`, and `ForAllValues`."""
        quantifier, colon, _ = self.operator.partition(":")
        return self.operator.endswith("IfExists") or (bool(colon) and _lower(quantifier) == "forallvalues")

    def is_bool(self, key: str, value: bool) -> bool:
        """Whether it is the test of a boolean key for a value, `Bool: { "aws:SecureTransport": "false" }`."""
        wanted = "true" if value else "false"
        return self.is_about(key) and _lower(self.base_operator) == "bool" and [_lower(v) for v in self.values] == [wanted]


@dataclass(frozen=True)
class Statement:
    """One statement."""

    sid: str | None
    """Its id, where it has one."""
    effect: Literal["Allow", "Deny"]
    principals: Choice[Principal]
    """For whom."""
    actions: Choice[str]
    resources: Choice[str]
    conditions: tuple[Condition, ...]
    """Under which conditions, all of which must hold."""

    def covers_action(self, action: str) -> bool:
        """Whether it speaks of this action, `kms:PutKeyPolicy`. Upper and lower case are the same, as in AWS."""
        return self.actions.holds(lambda pattern: matches_ignoring_case(pattern, action))

    def covers_service(self, service: str) -> bool:
        """Whether it speaks of every action of a service, `kms`."""

        def every(pattern: str) -> bool:
            prefix, colon, rest = pattern.partition(":")
            if not colon:
                return pattern == "*"
            return matches_ignoring_case(prefix, service) and rest != "" and not rest.strip("*")

        return self.actions.kind == "only" and any(map(every, self.actions.named))

    @property
    def covers_everybody(self) -> bool:
        """Whether it speaks of everybody: `*`, `{ "AWS": "*" }`, or everybody but some."""
        return self.principals.kind == "all-but" or self.principals.holds(lambda one: one.is_everybody)

    def label(self, number: int) -> str:
        """What a reader recognises it by: its id, else its number, counted from 1."""
        return f"statement `{self.sid}`" if self.sid else f"statement {number}"


@dataclass(frozen=True)
class PolicyDocument:
    """A policy document."""

    statements: tuple[Statement, ...]
    """Its statements, in order."""

    @classmethod
    def read(cls, value: Value) -> "PolicyDocument | None":
        """Reads the policy that a text attribute holds; None where it is null, computed or empty. What is no policy
        is a failure: AWS would refuse it too."""
        document = value.document()
        if document is None:
            return None
        if document.kind != "mapping":
            raise _bad(value, "it is no JSON object")
        statements = enumerate(_one_or_many(document.get("Statement")), 1)
        return cls(tuple(_statement(value, one, number) for number, one in statements))

    @property
    def allows(self) -> list[Statement]:
        """The statements that allow."""
        return [one for one in self.statements if one.effect == "Allow"]

    @property
    def denies(self) -> list[Statement]:
        """The statements that deny."""
        return [one for one in self.statements if one.effect == "Deny"]


def _statement(value: Value, one: Value, number: int) -> Statement:
    if one.kind != "mapping":
        raise _bad(value, f"statement {number} is no JSON object")
    effect = one.get("Effect").text()
    if effect != "Allow" and effect != "Deny":
        raise _bad(value, f"statement {number} has neither the effect `Allow` nor `Deny`")
    return Statement(
        sid=one.get("Sid").text(),
        effect="Allow" if effect == "Allow" else "Deny",
        principals=_choice(one, "Principal", "NotPrincipal", _principals),
        actions=_choice(one, "Action", "NotAction", _texts),
        resources=_choice(one, "Resource", "NotResource", _texts),
        conditions=_conditions(one.get("Condition")),
    )


def _bad(value: Value, what: str) -> Failure:
    return Failure(f"`{value.path}` is no policy document: {what}")


def _one_or_many(value: Value) -> list[Value]:
    kind = value.kind
    if kind == "null":
        return []
    return value.elements() if kind == "sequence" else [value]


def _texts(value: Value) -> list[str]:
    """A text, or several. Booleans and numbers are texts to IAM."""
    texts: list[str] = []
    for one in _one_or_many(value):
        kind = one.kind
        text: str | None
        if kind == "boolean":
            text = {True: "true", False: "false", None: None}[one.boolean()]
        else:
            text = one.number() if kind == "number" else one.text()
        if text is not None:
            texts.append(text)
    return texts


def _choice(statement: Value, name: str, but: str, read: Callable[[Value], list[T]]) -> Choice[T]:
    only, all_but = statement.get(name), statement.get(but)
    if only.is_set():
        return Choice("only", tuple(read(only)))
    return Choice("all-but", tuple(read(all_but))) if all_but.is_set() else Choice("absent")


def _principals(value: Value) -> list[Principal]:
    if value.kind != "mapping":
        return [Principal("*", id) for id in _texts(value)]
    return [Principal(kind, id) for kind in value.keys() for id in _texts(value.get(kind))]


def _conditions(value: Value) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for operator in value.keys():
        keys = value.get(operator)
        found.extend(Condition(operator, key, tuple(_texts(keys.get(key)))) for key in keys.keys())
    return tuple(found)


_LOWER = {i: i + 32 for i in range(ord("A"), ord("Z") + 1)}


def _lower(text: str) -> str:
    """Lower case of the letters of ASCII, as AWS compares."""
    # Beyond ASCII, lower case is more than AWS compares.
    return text.lower() if text.isascii() else text.translate(_LOWER)


def matches(pattern: str, text: str) -> bool:
    """Whether `text` fits `pattern`, where `*` stands for any text and `?` for one character."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    p = t = begin = 0
    star = -1
    while t < len(text):
        if pattern[p : p + 1] == "*":
            star, begin = p, t
            p += 1
        elif p < len(pattern) and pattern[p] in ("?", text[t]):
            p, t = p + 1, t + 1
        elif star >= 0:
            begin += 1
            p, t = star + 1, begin
        else:
            return False
    return not pattern[p:].strip("*")


def matches_ignoring_case(pattern: str, text: str) -> bool:
    """As `matches`, with upper and lower case of ASCII letters the same."""
    return matches(_lower(pattern), _lower(text))
