"""Values of a resource, read through handles."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from .outcome import Finding
from .stop import Unreadable, Why

Kind = Literal["null", "boolean", "number", "text", "sequence", "mapping", "unknown", "computed"]
"""What kind of value a `Value` points to."""

T = TypeVar("T")

# Handles made in this call, given back when it ends: an exception may keep them alive in its traceback.
_held: list[Any] = []


def hold(handle: Any) -> Any:
    """Keeps a handle until the call ends."""
    _held.append(handle)
    return handle


def release() -> None:
    """Gives all handles of a call back."""
    handles = _held[:]
    _held.clear()
    for handle in handles:
        handle.__exit__(None, None, None)


@dataclass(frozen=True)
class Secret:
    """Something that looks like a secret, found by a detector in the host."""

    kind: str
    """What kind: `aws-access-token`, `private-key`."""
    path: str
    """The attribute path that holds it; never its text."""


def word(member: Any) -> str:
    """The contract's word for a member of a generated enum."""
    return cast(str, member.name.lower().replace("_", "-"))


class Value:
    """A handle to a value. Moving to another value never fails and reads nothing; the read that follows tells."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    @property
    def kind(self) -> Kind:
        """The kind. A sensitive value shows its kind."""
        return cast(Kind, word(self._handle.kind()))

    @property
    def is_sensitive(self) -> bool:
        """Whether the schema marks it, or a value above it, as sensitive."""
        return cast(bool, self._handle.sensitive())

    @property
    def is_computed(self) -> bool:
        """Whether the provider decides it: unset in the configuration and unknown in the plan."""
        return self.kind == "computed"

    def is_set(self) -> bool:
        """Whether it is set to something: neither null nor computed. Text may be empty. Ends the rule when it is not
        known yet: it may turn out null."""
        kind = self.kind
        if kind == "unknown":
            raise Unreadable(self.path, "unknown")
        return kind not in ("null", "computed")

    def get(self, name: str) -> "Value":
        """The value at a name of a mapping."""
        return Value(hold(self._handle.get(name)))

    def at(self, index: int) -> "Value":
        """The element of a sequence, counted from 0; null past its end."""
        return Value(hold(self._handle.at(index)))

    def __getitem__(self, step: str | int) -> "Value":
        """`value["tags"]`, `value[0]`: as `get` and `at`."""
        return self.get(step) if isinstance(step, str) else self.at(step)

    def find(self, path: str) -> "Value":
        """The value at a path below this one, `rule[0].default_retention`. ValueError where the text is no path."""
        try:
            return Value(hold(self._handle.find(path)))
        except Exception as error:
            raise ValueError(str(getattr(error, "value", error))) from None

    def elements(self) -> list["Value"]:
        """The elements of a sequence; none for null and computed."""
        return [Value(hold(handle)) for handle in self._read(self._handle.elements) or []]

    def __iter__(self) -> Iterator["Value"]:
        """`for rule in value`: the elements of a sequence."""
        return iter(self.elements())

    def block(self) -> "Value | None":
        """The only block of a kind that may stand once, `versioning_configuration { }`: the first element of a
        sequence; None where there is none."""
        elements = self.elements()
        return elements[0] if elements else None

    def keys(self) -> list[str]:
        """The names of a mapping, sorted; none for null and computed."""
        return self._read(self._handle.keys) or []

    def size(self) -> int:
        """How many elements, entries or characters it has; 0 for null and computed. A sensitive text answers too."""
        return self._read(self._handle.size) or 0

    def boolean(self) -> bool | None:
        """The boolean; None for null and computed."""
        return self._read(self._handle.boolean)

    def number(self) -> str | None:
        """The number as exact decimal text; None for null and computed."""
        return self._read(self._handle.number)

    def integer(self) -> int | None:
        """The number as a whole number; None for null and computed. One that is not whole, or beyond 64 bits, is of
        the wrong kind."""
        text = self.number()
        if text is None:
            return None
        value = whole(text)
        if value is None:
            raise Unreadable(self.path, "wrong-kind")
        return value

    def float(self) -> "float | None":
        """The number as the nearest float; None for null and computed."""
        text = self.number()
        return None if text is None else float(text)

    def text(self) -> str | None:
        """The text; None for null and computed."""
        return self._read(self._handle.text)

    def filled(self) -> str | None:
        """The text where it is not empty: many attributes of the AWS provider write "unset" as `""`."""
        return self.text() or None

    def equal_to(self, other: "Value") -> bool:
        """Whether two values are equal; sensitive ones answer too. Computed equals nothing."""
        return self._read(lambda: cast(bool, self._handle.equal_to(other._handle))) or False

    @property
    def path(self) -> str:
        """The attribute path; inside a document, of the attribute that holds it."""
        return cast(str, self._handle.path())

    def document(self) -> "Value | None":
        """The JSON that a text holds, such as an IAM policy; None for null, computed and an empty text."""
        if self.size() == 0:
            return None
        handle = self._read(self._handle.document)
        return None if handle is None else Value(hold(handle))

    def secrets(self) -> list[Secret]:
        """What a detector in the host finds in this value and below it."""
        return [Secret(found.kind, found.path) for found in self._handle.secrets()]

    def finding(self, message: str) -> Finding:
        """A finding at this value: one sentence without a final full stop."""
        return Finding(self.path, message)

    def _read(self, read: Callable[[], T]) -> T | None:
        """Computed is no error here: it reads as None."""
        try:
            return read()
        except Exception as error:
            reason = getattr(error, "value", None)
            if not hasattr(reason, "name"):
                raise
            why = cast(Why, word(reason))
        if why == "computed":
            return None
        raise Unreadable(self.path, why)


_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")


def whole(text: str) -> int | None:
    """An exact decimal text as a whole number of 64 bits, `30`, `30.0`, `3e1`; None where it is none."""
    parts = _NUMBER.fullmatch(text)
    if not parts:
        return None
    sign, before, after, exponent = parts[1], parts[2], (parts[3] or "").rstrip("0"), int(parts[4] or 0)
    digits = before + after
    if not digits:
        return None
    shift = exponent - len(after)
    while shift < 0 and digits.endswith("0"):
        digits, shift = digits[:-1], shift + 1
    if not digits.strip("0"):
        return 0
    if not 0 <= shift <= 400:
        return None
    value = int(digits + "0" * shift)
    value = -value if sign == "-" else value
    return value if -(2**63) <= value < 2**63 else None
