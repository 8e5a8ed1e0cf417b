"""Why a rule ends before its verdict: raised inside, caught by the SDK."""

from typing import Literal

Why = Literal["unknown", "computed", "sensitive", "wrong-kind", "no-such-path", "no-schema", "not-json"]
"""Why a value could not be read."""

_REASONS: dict[str, str] = {
    "unknown": "is not known yet",
    "computed": "is left to the provider",
    "sensitive": "is sensitive",
    "wrong-kind": "is of another kind than the rule expects",
    "no-such-path": "is not in the resource's schema",
    "no-schema": "cannot be told apart from an attribute that does not exist",
    "not-json": "does not hold JSON",
}


class Stop(Exception):
    """Ends a rule before its verdict. Raised by reads; a rule may raise `Undetermined` and `Failure`."""

    failed = True
    """Whether the rule failed, and the plan with it; else it is undetermined."""


class Undetermined(Stop):
    """A value cannot be read yet, so nothing can be decided; the text says what the rule wanted to know."""

    failed = False


class Failure(Stop):
    """The rule failed: the plan fails closed with this reason."""


class Unreadable(Stop):
    """A value could not be read: where and why."""

    def __init__(self, path: str, why: Why) -> None:
        super().__init__(f"`{path}` {_REASONS[why]}")
        self.path = path
        self.why = why
        self.failed = why in ("wrong-kind", "no-such-path", "not-json")
