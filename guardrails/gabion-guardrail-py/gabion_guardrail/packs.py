"""Rules and packs."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .change import Change, Graph
from .outcome import Verdict
from .settings import Settings

Level = Literal["off", "advisory", "mandatory"]
"""How much a violation weighs when the policy file says nothing."""


@dataclass(frozen=True)
class Target:
    """A resource type that a rule judges."""

    resource_type: str
    """`aws_kms_key`."""
    provider: str
    """The provider's source address without host, `hashicorp/aws`."""
    versions: str = ""
    """The versions the rule was tested with, as Terraform writes constraints; any where that is empty."""


@dataclass(frozen=True)
class Control:
    """A control that a rule gives evidence for."""

    framework: str
    """`cis-aws-v5`, `cis-aws-v7`, `security-hub`, `own`."""
    id: str
    confirmed: bool = True
    """Whether the id is confirmed as part of the framework's foundational set."""

    @classmethod
    def cis_v5(cls, id: str) -> "Control":
        """CIS AWS Foundations Benchmark v5."""
        return cls("cis-aws-v5", id)

    @classmethod
    def cis_v7(cls, id: str) -> "Control":
        """CIS AWS Foundations Benchmark v7."""
        return cls("cis-aws-v7", id)

    @classmethod
    def security_hub(cls, id: str, *, confirmed: bool = True) -> "Control":
        """A Security Hub control of AWS Foundational Security Best Practices."""
        return cls("security-hub", id, confirmed)

    @classmethod
    def own(cls, id: str) -> "Control":
        """The pack's own control."""
        return cls("own", id)


@dataclass(frozen=True)
class Rule:
    """A rule: metadata and one function. Made by `@rule` and `@plan_rule`."""

    scope: Literal["change", "plan"]
    code: str
    name: str
    title: str
    since: str
    level: Level
    targets: tuple[Target, ...]
    controls: tuple[Control, ...]
    page: str
    judge: Callable[[Any], Verdict]

    def judges(self, resource_type: str) -> bool:
        """Whether it judges a resource type."""
        return not self.targets or any(target.resource_type == resource_type for target in self.targets)

    def __call__(self, subject: Any) -> Verdict:
        """Judges, as the function would: for tests."""
        return self.judge(subject)


def rule(
    *,
    code: str,
    title: str,
    since: str,
    name: str | None = None,
    level: Level = "mandatory",
    targets: Iterable[Target] = (),
    controls: Iterable[Control] = (),
) -> Callable[[Callable[[Change], Verdict]], Rule]:
    """A rule that judges one change at a time. The function's docstring is its page.

    `code` is stable for ever (`AC01`), `name` the bad thing it finds, so that it reads well after "allow"
    (`bucket-without-owner`; the function's unless said), `title` one line for a reader, `since` the pack version that brought it; `targets` are
    the resource types it judges, all where none is named."""
    return lambda judge: _make("change", judge, code, name, title, since, level, targets, controls)


def plan_rule(
    *,
    code: str,
    title: str,
    since: str,
    name: str | None = None,
    level: Level = "mandatory",
    targets: Iterable[Target] = (),
    controls: Iterable[Control] = (),
) -> Callable[[Callable[[Graph], Verdict]], Rule]:
    """A rule that judges the whole plan; as `rule` otherwise."""
    return lambda judge: _make("plan", judge, code, name, title, since, level, targets, controls)


def _make(
    scope: Literal["change", "plan"],
    judge: Callable[[Any], Verdict],
    code: str,
    name: str | None,
    title: str,
    since: str,
    level: Level,
    targets: Iterable[Target],
    controls: Iterable[Control],
) -> Rule:
    page = inspect.cleandoc(judge.__doc__) + "\n" if judge.__doc__ else ""
    name = name or getattr(judge, "__name__", "").replace("_", "-")
    return Rule(scope, code, name, title, since, level, tuple(targets), tuple(controls), page, judge)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a setting."""

    path: str
    """Which setting; empty for all of them."""
    message: str
    """What is wrong and what would be right."""


@dataclass(frozen=True)
class Pack:
    """A pack of rules: the object that `[tool.gabion] pack` in pyproject.toml names. Name and version stand there."""

    rules: Sequence[Rule]
    settings: type[Settings] | None = None
    """What it may be told in gabion.hcl."""
    configure: Callable[[Any], list[Problem] | None] | None = field(default=None)
    """Looks at the settings beyond their schema."""

    def __post_init__(self) -> None:
        for one in self.rules:
            if not isinstance(one, Rule):
                raise TypeError(f"`rules` of the pack holds {one!r}, which `@rule(...)` did not make")

    @property
    def settings_schema(self) -> str:
        """The JSON Schema of its settings, as text."""
        return self.settings.schema() if self.settings else '{"type":"object","additionalProperties":false}'
