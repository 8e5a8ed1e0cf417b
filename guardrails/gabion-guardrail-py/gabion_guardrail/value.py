"""Values of a resource, read through handles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .outcome import Finding
from .stop import Unreadable, Why

Kind = Literal["null", "boolean", "number", "text", "sequence", "mapping", "unknown", "computed"]
"""What kind of value a `Value` points to."""

@dataclass(frozen=True)
class Secret:
    """Something that looks like a secret, found by a detector in the host."""

    kind: str
    """What kind: `aws-access-token`, `private-key`."""
    path: str
    """The attribute path that holds it; never its text."""


class Value:
    """A handle to a value. Moving to another value never fails and reads nothing; the read that follows tells."""

    # The reads are spelled out, one like the other: the engine interprets, and each call within one costs it.
    __slots__ = ("_handle",)

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    @property
    def kind(self) -> Kind:
        """The kind. A sensitive value shows its kind."""
        kind: Kind = self._handle.kind()
        return kind

    @property
    def is_sensitive(self) -> bool:
        """Whether the schema marks it, or a value above it, as sensitive."""
        sensitive: bool = self._handle.sensitive()
        return sensitive

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
        return Value(self._handle.get(name))

    def at(self, index: int) -> "Value":
        """The element of a sequence, counted from 0; null past its end."""
        return Value(self._handle.at(index))

    def __getitem__(self, step: str | int) -> "Value":
        """`value["tags"]`, `value[0]`: as `get` and `at`."""
        return Value(self._handle.get(step) if isinstance(step, str) else self._handle.at(step))

    def find(self, path: str) -> "Value":
        """The value at a path below this one, `rule[0].default_retention`. ValueError where the text is no path."""
        try:
            return Value(self._handle.find(path))
        except Exception as error:
            raise ValueError(str(getattr(error, "value", error))) from None

    def elements(self) -> list["Value"]:
        """The elements of a sequence; none for null and computed."""
        try:
            return [Value(handle) for handle in self._handle.elements()]
        except Exception as error:
            self._unread(error)
            return []

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
        try:
            keys: list[str] = self._handle.keys()
            return keys
        except Exception as error:
            self._unread(error)
            return []

    def size(self) -> int:
        """How many elements, entries or characters it has; 0 for null and computed. A sensitive text answers too."""
        try:
            size: int = self._handle.size()
            return size
        except Exception as error:
            self._unread(error)
            return 0

    def boolean(self) -> bool | None:
        """The boolean; None for null and computed."""
        try:
            boolean: bool | None = self._handle.boolean()
            return boolean
        except Exception as error:
            return self._unread(error)

    def number(self) -> str | None:
        """The number as exact decimal text; None for null and computed."""
        try:
            number: str | None = self._handle.number()
            return number
        except Exception as error:
            return self._unread(error)

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
        try:
            text: str | None = self._handle.text()
            return text
        except Exception as error:
            return self._unread(error)

    def filled(self) -> str | None:
        """The text where it is not empty: many attributes of the AWS provider write "unset" as `""`."""
        return self.text() or None

    def equal_to(self, other: "Value") -> bool:
        """Whether two values are equal; sensitive ones answer too. Computed equals nothing."""
        try:
            equal: bool = self._handle.equal_to(other._handle)
            return equal
        except Exception as error:
            self._unread(error)
            return False

    @property
    def path(self) -> str:
        """The attribute path; inside a document, of the attribute that holds it."""
        path: str = self._handle.path()
        return path

    def document(self) -> "Value | None":
        """The JSON that a text holds, such as an IAM policy; None for null, computed and an empty text."""
        if self.size() == 0:
            return None
        try:
            return Value(self._handle.document())
        except Exception as error:
            return self._unread(error)

    def secrets(self) -> list[Secret]:
        """What a detector in the host finds in this value and below it."""
        return [Secret(found.kind, found.path) for found in self._handle.secrets()]

    def finding(self, message: str) -> Finding:
        """A finding at this value: one sentence without a final full stop."""
        return Finding(self.path, message)

    def _unread(self, error: Exception) -> None:
        """What a read that the host refused comes to. Computed is no error here: it reads as None."""
        why: Why | None = getattr(error, "value", None)
        if not isinstance(why, str):
            raise error
        if why != "computed":
            raise Unreadable(self.path, why) from None


_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")


def whole(text: str) -> int | None:
    """An exact decimal text as a whole number of 64 bits, `30`, `30.0`, `3e1`; None where it is none."""
    # Most are written as Python writes them.
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
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
