"""Address ranges, `10.0.0.0/8` and `2001:db8::/32`."""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Cidr:
    """A range of addresses of IPv4 or IPv6."""

    version: Literal[4, 6]
    network: int
    """The first address, as a number."""
    prefix: int
    """How many leading bits are fixed."""

    @classmethod
    def parse(cls, text: str) -> "Cidr | None":
        """Reads a range; None where the text is none. Bits beyond the prefix are dropped, as AWS does it."""
        address, slash, length = text.partition("/")
        return cls._of(address, int(length)) if slash and re.fullmatch(r"[0-9]+", length) else None

    @classmethod
    def parse_or_address(cls, text: str) -> "Cidr | None":
        """Reads a range, or a single address as the range that holds it alone."""
        return cls.parse(text) if "/" in text else cls._of(text, None)

    @classmethod
    def _of(cls, address: str, length: int | None) -> "Cidr | None":
        version: Literal[4, 6] = 6 if ":" in address else 4
        bits = 32 if version == 4 else 128
        number = _v4(address) if version == 4 else _v6(address)
        prefix = bits if length is None else length
        if number is None or prefix > bits:
            return None
        rest = bits - prefix
        return cls(version, number >> rest << rest, prefix)

    @property
    def last(self) -> int:
        """The last address, as a number."""
        bits = 32 if self.version == 4 else 128
        return self.network | ((1 << (bits - self.prefix)) - 1)

    @property
    def is_everything(self) -> bool:
        """Whether it is every address: `0.0.0.0/0`, `::/0`."""
        return self.prefix == 0

    @property
    def is_private(self) -> bool:
        """Whether all of it is private by RFC 1918, shared by RFC 6598, unique local, link local or loopback: nobody
        reaches it over the internet."""
        blocks = (Cidr.parse(text) for text in _PRIVATE)
        return any(block is not None and block.contains(self) for block in blocks)

    def contains(self, other: "Cidr") -> bool:
        """Whether all of `other` lies in it."""
        return self.version == other.version and self.network <= other.network and other.last <= self.last

    def overlaps(self, other: "Cidr") -> bool:
        """Whether they have an address in common."""
        return self.version == other.version and self.network <= other.last and other.network <= self.last


_PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)


def _v4(text: str) -> int | None:
    parts = text.split(".")
    if len(parts) != 4:
        return None
    number = 0
    for part in parts:
        if not re.fullmatch(r"0|[1-9][0-9]{0,2}", part) or int(part) > 255:
            return None
        number = number << 8 | int(part)
    return number


def _v6(text: str) -> int | None:
    halves = text.split("::")
    if len(halves) > 2:
        return None
    groups = [half.split(":") if half else [] for half in halves]
    ending = groups[-1]
    # The last four bytes may be written as IPv4.
    if ending and "." in ending[-1]:
        v4 = _v4(ending[-1])
        if v4 is None:
            return None
        ending[-1:] = [f"{v4 >> 16:x}", f"{v4 & 0xFFFF:x}"]
    count = sum(map(len, groups))
    if count != 8 if len(halves) == 1 else count > 7:
        return None
    every = groups[0] + ["0"] * (8 - count) + (groups[1] if len(groups) > 1 else [])
    if not all(re.fullmatch(r"[0-9a-fA-F]{1,4}", group) for group in every):
        return None
    number = 0
    for group in every:
        number = number << 16 | int(group, 16)
    return number
