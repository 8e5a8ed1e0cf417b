"""Joins of resources in a whole plan: by reference first, then by equal known values."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .change import Change, Graph, Reference


@dataclass(frozen=True)
class Join:
    """What a join came to: the companions, or that there is none, or why that cannot be told."""

    kind: Literal["found", "absent", "undetermined"]
    changes: tuple["Change", ...] = ()
    why: str | None = None


_RESOURCE = re.compile(r"(module\.[^.]+\.)*[a-z0-9]+_")


def join(graph: "Graph", change: "Change", resource_type: str, attribute: str, keys: tuple[str, ...]) -> Join:
    """See `Graph.companions`."""

    def names(one: "Change") -> list["Reference"]:
        return [reference for reference in graph.references(one) if _under(attribute, reference.path)]

    candidates = graph.of(resource_type)
    own = {one.address for one in graph.referrers(change)}
    address = _bare(change.address or "")
    by_reference = [
        one for one in candidates if one.address in own and any(_bare(r.address) == address for r in names(one))
    ]
    if by_reference:
        return Join("found", tuple(by_reference))
    # One that names another resource belongs to that.
    open_ones = [one for one in candidates if not any(_RESOURCE.match(r.address) for r in names(one))]
    mine = [value for value in (change.after.get(key) for key in keys)]
    known = [value for value in mine if value.kind not in ("null", "unknown", "computed")]
    by_value: list["Change"] = []
    unsure: str | None = None
    for one in open_ones:
        value = one.after.get(attribute)
        if value.kind in ("unknown", "computed"):
            unsure = unsure or f"`{value.path}` of {one.address or resource_type} is not known yet"
        elif any(key.equal_to(value) for key in known):
            by_value.append(one)
    if by_value:
        return Join("found", tuple(by_value))
    if unsure:
        return Join("undetermined", why=unsure)
    if not graph.complete:
        return Join("undetermined", why=f"the plan is not whole: {resource_type} may be elsewhere")
    return Join("absent")


def _under(attribute: str, path: str) -> bool:
    return path == attribute or path.startswith((f"{attribute}.", f"{attribute}["))


def _bare(address: str) -> str:
    """An address without the index of an instance, which expressions leave out."""
    return re.sub(r"\[[^\]]*\]$", "", address)
