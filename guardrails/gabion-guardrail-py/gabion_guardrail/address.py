"""Addresses of resources, taken apart: `module.a["x"].aws_s3_bucket.logs[0]`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A part of an address between dots, with its instance key as written: `0`, `"x"`."""

    name: str
    key: str | None


@dataclass(frozen=True)
class Address:
    """An address."""

    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Takes a text apart."""
        parts: list[Part] = []
        name, key, at = "", None, 0
        while at < len(text):
            if text[at] == ".":
                parts.append(Part(name, key))
                name, key = "", None
            elif text[at] == "[":
                key, at = _bracketed(text, at + 1)
            else:
                name += text[at]
            at += 1
        parts.append(Part(name, key))
        return cls(tuple(parts))

    @property
    def _modules(self) -> int:
        """How many parts at the start are those of modules."""
        count = 0
        while count + 1 < len(self.parts) and self.parts[count].name == "module":
            count += 2
        return count

    @property
    def modules(self) -> tuple[Part, ...]:
        """The names and keys of the modules, from outside in."""
        return self.parts[: self._modules][1::2]

    @property
    def _own(self) -> tuple[Part, ...]:
        return self.parts[self._modules :]

    @property
    def bare(self) -> str:
        """The address without any instance key."""
        return ".".join(part.name for part in self.parts)

    @property
    def is_data(self) -> bool:
        """Whether it is a data source."""
        return bool(self._own) and self._own[0].name == "data"

    @property
    def resource_type(self) -> str:
        """The type of the resource."""
        own = self._own[1:] if self.is_data else self._own
        return own[0].name if own else ""

    @property
    def key(self) -> str | None:
        """The instance key of the resource itself."""
        return self.parts[-1].key

    def is_other_than(self, other: "Address") -> bool:
        """Whether it cannot be the same object: another name, or the same with another instance key."""
        return len(self.parts) != len(other.parts) or any(
            one.name != two.name or (None not in (one.key, two.key) and one.key != two.key)
            for one, two in zip(self.parts, other.parts)
        )


def _bracketed(text: str, begin: int) -> tuple[str, int]:
    """The text up to the closing bracket, and where that is; a bracket within quotes closes nothing."""
    quoted, at = False, begin
    while at < len(text) and (quoted or text[at] != "]"):
        if text[at] == '"':
            quoted = not quoted
        elif text[at] == "\\" and quoted:
            at += 1
        at += 1
    return text[begin:at], at
