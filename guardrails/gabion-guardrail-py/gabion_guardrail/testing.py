"""A host for tests, on plain values: changes and graphs that answer as Gabion's do, without a sandbox.

    from gabion_guardrail.testing import ask, change, unknown
    answer = ask(my_rule, change("aws_s3_bucket", after={"tags": unknown()}))
"""

import json
import re
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from .change import Change, Graph
from .outcome import Finding
from .packs import Rule
from .stop import Stop


@dataclass(frozen=True)
class Mark:
    """A mark on a value."""

    kind: str
    value: Any = None


def unknown() -> Mark:
    """A value that is not known yet."""
    return Mark("unknown")


def computed() -> Mark:
    """A value that the provider decides and nobody configured."""
    return Mark("computed")


def sensitive(value: Any) -> Mark:
    """A value that the schema marks as sensitive."""
    return Mark("sensitive", value)


class _Refusal(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.value = why


class _Value:
    """A handle as the host hands it out. A name that is not there is null."""

    def __init__(self, value: Any, path: str, hidden: bool = False) -> None:
        marked = isinstance(value, Mark) and value.kind == "sensitive"
        self._value = value.value if marked else value
        self._hidden = hidden or marked
        self._path = path

    def _kind(self) -> str:
        value = self._value
        if isinstance(value, Mark):
            return value.kind
        kinds = {bool: "boolean", int: "number", float: "number", str: "text", list: "sequence", dict: "mapping"}
        return "null" if value is None else kinds[type(value)]

    def kind(self) -> str:
        return self._kind()

    def sensitive(self) -> bool:
        return self._hidden

    def _below(self, value: Any, path: str) -> "_Value":
        return _Value(self._value if isinstance(self._value, Mark) else value, path, self._hidden)

    def get(self, name: str) -> "_Value":
        plain = re.fullmatch(r"[A-Za-z_][\w-]*", name)
        step = f"{'.' if self._path else ''}{name}" if plain else f'["{name}"]'
        value = self._value.get(name) if isinstance(self._value, dict) else None
        return self._below(value, self._path + step)

    def at(self, index: int) -> "_Value":
        known = self._value[index] if isinstance(self._value, list) and index < len(self._value) else None
        return self._below(known, f"{self._path}[{index}]")

    def find(self, path: str) -> "_Value":
        at = self
        for step in re.findall(r"[^.\[\]]+", path):
            at = at.at(int(step)) if step.isdigit() else at.get(step)
        return at

    def _read(self, kind: str, *, open: bool = False) -> Any:
        own = self._kind()
        if own in ("unknown", "computed"):
            raise _Refusal(own)
        if own == "null":
            return None
        if self._hidden and not open:
            raise _Refusal("sensitive")
        if own != kind:
            raise _Refusal("wrong-kind")
        return self._value

    def elements(self) -> list["_Value"]:
        return [self.at(index) for index in range(len(self._read("sequence") or []))]

    def keys(self) -> list[str]:
        return sorted(self._read("mapping") or {})

    def size(self) -> int:
        kind = self._kind()
        value = self._read(kind, open=kind == "text")
        if isinstance(value, bool | int | float):
            raise _Refusal("wrong-kind")
        return len(value or "")

    def boolean(self) -> bool | None:
        return self._read("boolean")  # type: ignore[no-any-return]

    def number(self) -> str | None:
        value = self._read("number")
        return None if value is None else str(value)

    def text(self) -> str | None:
        return self._read("text")  # type: ignore[no-any-return]

    def equal_to(self, other: "_Value") -> bool:
        for one in (self, other):
            if isinstance(one._value, Mark):
                raise _Refusal(one._value.kind)
        return bool(self._value == other._value)

    def path(self) -> str:
        return self._path

    def document(self) -> "_Value":
        try:
            return _Value(json.loads(self._read("text")), self._path)
        except ValueError:
            raise _Refusal("not-json") from None

    def secrets(self) -> list[Any]:
        return []


class _Change:
    """A handle as the host hands it out."""

    def __init__(self, resource_type: str, **said: Any) -> None:
        self.type, self.said = resource_type, said

    def resource_type(self) -> str:
        return self.type

    def mode(self) -> Any:
        return self.said.get("mode", "managed")

    def provider(self) -> str:
        return f"registry.terraform.io/hashicorp/{self.type.partition('_')[0]}"

    def provider_version(self) -> None:
        return None

    def operation(self) -> Any:
        before, after = self.said.get("before"), self.said.get("after")
        told = "create" if before is None else "delete" if after is None else "update"
        return self.said.get("operation", told)

    def stage(self) -> Any:
        return self.said.get("stage", "plan")

    def before(self) -> _Value:
        return _Value(self.said.get("before"), "")

    def after(self) -> _Value:
        return _Value(self.said.get("after"), "")

    def configured(self, path: str) -> bool | None:
        known = self.said.get("configured")
        return None if known is None else path in known

    def provider_configuration(self) -> _Value:
        return _Value(self.said.get("provider_configuration"), "")

    def address(self) -> str | None:
        return self.said.get("address")

    def module_address(self) -> None:
        return None


class _Graph:
    def __init__(self, changes: list[_Change], complete: bool) -> None:
        self._changes, self._complete = changes, complete

    def complete(self) -> bool:
        return self._complete

    def changes(self, resource_type: str) -> list[_Change]:
        return [one for one in self._changes if resource_type in ("", one.type)]

    def references(self, change: _Change) -> list[Any]:
        named = change.said.get("references", {}).items()
        parts = [(path, _REFERENCE.fullmatch(to)) for path, to in named]
        return [SimpleNamespace(path=path, address=to[1], attribute=to[2]) for path, to in parts if to]

    def referrers(self, change: _Change) -> list[_Change]:
        bare = re.sub(r"\[[^\]]*\]$", "", change.address() or "")
        return [one for one in self._changes if any(to.address == bare for to in self.references(one))]


_REFERENCE = re.compile(r"((?:module\.[^.]+\.)*(?:data\.)?[^.]+\.[^.\[]+(?:\[[^\]]*\])?)\.?(.*)")


def change(resource_type: str, **said: Any) -> Change:
    """A change, for a rule. `before`, `after`, `operation`, `stage`, `mode`, `configured` (the paths that are set),
    `provider_configuration`, `address` may be said."""
    return Change(_Change(resource_type, **said))


def graph(*changes: Change, complete: bool = True) -> Graph:
    """A whole plan, for a rule, of changes that say their `address` and their `references`, which name by attribute
    what it refers to: `{"bucket": "aws_s3_bucket.logs.id"}`."""
    return Graph(_Graph([one._handle for one in changes], complete))


@dataclass(frozen=True)
class Answer:
    """What a rule said."""

    verdict: str
    """`pass`, `not-applicable`, `violation`, `undetermined`, `error`."""
    findings: tuple[Finding, ...] = ()
    text: str | None = None
    """Why it ended before a verdict."""


def ask(rule: Rule, subject: Change | Graph) -> Answer:
    """Asks a rule."""
    try:
        verdict = rule.judge(subject)
        return Answer(verdict.tag, verdict.findings)
    except Stop as stop:
        return Answer("error" if stop.failed else "undetermined", text=str(stop))
