"""Messages for the author of a rule."""

import io
from collections.abc import Callable
from typing import Literal

Severity = Literal["debug", "info", "warn"]
"""How much a message matters."""

_sink: Callable[[Severity, str], None] = lambda severity, message: None


def log(message: str, severity: Severity = "info") -> None:
    """Writes a message for the author of a rule; shown by `gabion test` and under `TF_LOG`, never in a plan. In a
    pack `print` does the same."""
    _sink(severity, message)


def log_to(write: Callable[[Severity, str], None]) -> None:
    """Sets where messages go; for the component and for tests."""
    global _sink
    _sink = write


class Printed(io.TextIOBase):
    """A stream whose lines go to the log: the sandbox has no screen."""

    def __init__(self, severity: Severity) -> None:
        self._severity: Severity = severity
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            log(line, self._severity)
        return len(text)
