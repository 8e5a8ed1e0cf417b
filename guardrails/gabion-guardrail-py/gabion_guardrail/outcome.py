"""What a rule returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from .stop import Stop

if TYPE_CHECKING:
    from .value import Value

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""A JSON value."""


def to_json(value: Json) -> str:
    """A value as JSON text, without spaces: the same bytes as the SDKs of other languages write."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"a fix cannot be {value}")
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_quote(name)}:{to_json(one)}" for name, one in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(to_json, value)) + "]"
    raise TypeError(f"a fix cannot be {type(value).__name__}")


_ESCAPES = {i: f"\\u{i:04x}" for i in range(0x20)} | {ord("\n"): "\\n", ord('"'): '\\"', ord("\\"): "\\\\"}


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


@dataclass
class Finding:
    """One bad thing, at an attribute path of the resource; empty for the resource as a whole. The message is one
    sentence without a final full stop."""

    path: str
    message: str
    address: str | None = None
    observed_text: str | None = None
    patches: list[tuple[str, str]] = field(default_factory=list)

    def observed(self, text: str) -> Self:
        """Says what was observed, where the value at the path does not say it. The host tells old findings from new
        ones by rule, path and this text: leave out what changes for other reasons."""
        self.observed_text = text
        return self

    def fix(self, value: Json) -> Self:
        """The finding's own attribute should have this value."""
        return self.fix_at(self.path, value)

    def fix_at(self, path: str, value: Json) -> Self:
        """Another attribute should have this value."""
        self.patches.append((path, to_json(value)))
        return self

    def on(self, address: str | None) -> Self:
        """For whole-plan rules: the address of the resource it is about."""
        self.address = address
        return self


@dataclass(frozen=True)
class Verdict:
    """What a rule makes of a change or a plan: `PASS`, `NOT_APPLICABLE`, `found(...)`, a review's outcome."""

    tag: Literal["pass", "not-applicable", "violation"]
    findings: tuple[Finding, ...] = ()


PASS = Verdict("pass")
"""Looked at, and good."""

NOT_APPLICABLE = Verdict("not-applicable")
"""Nothing to say of this change."""


def found(first: Finding, *more: Finding) -> Verdict:
    """At least one finding, as the answer of a rule."""
    return Verdict("violation", (first, *more))


class _Look:
    """One block of a review."""

    __slots__ = ("_review",)

    def __init__(self, review: "Review") -> None:
        self._review = review

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Stop):
            self._review._remember(error)
            return True
        return False


class Review:
    """Gathers findings, so that one value that cannot be read does not hide what others show.

    `with review.look():` around each thing to look at: where a read ends it, that is remembered, and the rule goes
    on after the block."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._stop: Stop | None = None
        self._look = _Look(self)

    def add(self, finding: Finding) -> None:
        """Adds a finding."""
        self._findings.append(finding)

    def look(self) -> "_Look":
        """A block for one thing to look at; a read that ends it does not end the rule."""
        return self._look

    def _remember(self, stop: Stop) -> None:
        # A failure outweighs what is merely not known.
        if self._stop is None or not self._stop.failed:
            self._stop = stop

    @property
    def found(self) -> bool:
        """Whether something was found."""
        return bool(self._findings)

    def must_be_true(self, value: "Value", message: str) -> None:
        """The boolean at `value` must be true: else a finding with `message`, and the fix that sets it."""
        with self.look():
            if value.boolean() is not True:
                self.add(value.finding(message).fix(True))

    def outcome(self) -> Verdict:
        """A failure, else the findings, else what could not be read, else pass: what a rule returns."""
        if self._stop is not None and self._stop.failed:
            raise self._stop
        if self._findings:
            return Verdict("violation", tuple(self._findings))
        if self._stop is not None:
            raise self._stop
        return PASS
