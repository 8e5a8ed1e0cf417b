"""Joins in whole-plan rules: which resource carries the settings of which other.

On a first create the bucket's id is not known, so that values cannot join it to its public access block; the expression
`bucket = aws_s3_bucket.logs.id` can. A join goes by reference first, then by equal values, and says when neither can
tell. A value that is known to be another says more than a reference: `bucket = "${aws_s3_bucket.logs.id}-copy"` refers to
a bucket that it does not mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from .address import Address
from .stop import Stop, Undetermined

if TYPE_CHECKING:
    from .change import Change, Graph

_DEPTH = 4
"""So many steps of `a.x = b.x`, `b.x = c.x` are followed."""


@dataclass(frozen=True)
class Join:
    """What a join came to."""

    kind: Literal["found", "absent", "undetermined"]
    changes: tuple["Change", ...] = ()
    """The companions; at least one where some were found."""
    why: str | None = None
    """Why it cannot be told."""

    def settled(self) -> tuple["Change", ...]:
        """The companions, none where it is sure that there are none; ends the rule where it cannot be told."""
        if self.kind == "undetermined":
            raise Undetermined(self.why)
        return self.changes


@dataclass(frozen=True)
class _Candidate:
    change: "Change"
    address: Address | None
    ends: dict[Address, int]
    """What its attribute refers to, and through how many others."""
    readable: bool
    """Whether nothing of that is yet to be made, so that its value can be read: to read one that is not known would make
    the verdict of every other undetermined."""

    def chooses(self, end: Address) -> Literal["yes", "no", "maybe"]:
        """Whether it means this one of all the resources of one type that it refers to: the nearest, if that is one."""
        same = {known: through for known, through in self.ends.items() if known.resource_type == end.resource_type}
        nearest = min(same.values(), default=0)
        near = [known for known, through in same.items() if through == nearest]
        if end not in near:
            return "no"
        return "maybe" if any(known.is_other_than(end) for known in near) else "yes"


@dataclass(frozen=True)
class _Values:
    known: dict[str, list[int]]
    unknown: list[int]


class Companions:
    """The resources of one type that will exist, ready to be joined by one attribute to what they belong to. Made by
    `graph.companions(type, attribute)`."""

    def __init__(self, graph: "Graph", resource_type: str, attribute: str) -> None:
        self._graph = graph
        self._attribute = attribute
        self._candidates: list[_Candidate] = []
        # By address without keys: which candidates refer to it, and how they write it.
        self._by_reference: dict[str, list[tuple[int, Address]]] = {}
        self._leaving: list["Change"] = []
        others = _Others(graph)
        for change in graph.changes(resource_type):
            if not change.stays:
                if change.operation == "delete":
                    self._leaving.append(change)
                continue
            ends: dict[Address, int] = {}
            others.follow(change, attribute, 0, ends)
            for end in ends:
                self._by_reference.setdefault(end.bare, []).append((len(self._candidates), end))
            readable = not any(others.creates(end) for end in ends)
            self._candidates.append(_Candidate(change, _address(change), ends, readable))

    @property
    def is_empty(self) -> bool:
        """Whether there is none at all."""
        return not self._candidates

    def leaves(self, subject: "Change", names: Sequence[str]) -> bool:
        """Whether the plan destroys one that belonged to `subject`: then what its prior state says is about to end."""
        before = subject.before
        for change in self._leaving:
            value = change.before.get(self._attribute).filled()
            if any(value is not None and before.get(name).filled() == value for name in names):
                return True
        return False

    def of(self, subject: "Change", names: Sequence[str]) -> Join:
        """Those that belong to `subject`: whose attribute refers to it and is not known to be something else, else whose
        attribute equals one of its attributes `names`. Where an attribute that is not known refers to several of one
        type, it cannot be told which it means."""
        address = _address(subject)
        found: list[int] = []
        unsure: list[int] = []
        if address is not None:
            for position, written in self._by_reference.get(address.bare, []):
                means = self._means(written, position, address)
                if means == "yes" and not self._is_other(position, subject, names):
                    found.append(position)
                elif means == "maybe":
                    unsure.append(position)
        return self._found(found) if found else self._of_value(subject, names, unsure)

    def _found(self, positions: list[int]) -> Join:
        return Join("found", tuple(self._candidates[position].change for position in dict.fromkeys(positions)))

    def _is_other(self, position: int, subject: "Change", names: Sequence[str]) -> bool:
        """Whether the value of a candidate is known and is none of the subject's."""
        value = self._value(position) if self._candidates[position].readable else None
        if value is None:
            return False
        after = subject.after
        told = False
        for name in names:
            try:
                own = after.get(name).filled()
            except Stop:
                return False
            if own == value:
                return False
            told = told or own is not None
        return told

    def _means(self, written: Address, position: int, subject: Address) -> Literal["yes", "no", "maybe"]:
        """Whether a reference, as a candidate writes it, means this instance of the subject."""
        candidate = self._candidates[position]
        own = candidate.address
        around = own.modules if own else ()
        means = candidate.chooses(written)
        if means == "no":
            return "no"
        inside = True
        for index, (wanted, module) in enumerate(zip(written.modules, subject.modules)):
            at = around[index] if index < len(around) else None
            inside = inside and at is not None and at.name == module.name
            if wanted.key is not None and module.key is not None:
                if wanted.key != module.key:
                    return "no"
            elif wanted.key is None and module.key is not None:
                # An expression inside a module means the module's own instance.
                if not inside:
                    means = "maybe"
                elif at is None or at.key != module.key:
                    return "no"
        if subject.key is None:
            return means
        if written.key is not None:
            return means if written.key == subject.key else "no"
        key = own.key if own else None
        if key == subject.key:
            return means
        if key is not None:
            return "no" if self._sibling(candidate, subject.key) else "maybe"
        return means if self._only_instance(subject) else "maybe"

    def _sibling(self, of: _Candidate, key: str) -> bool:
        """Whether another instance of the same companion has this key."""
        bare = of.address.bare if of.address else None
        addresses = (other.address for other in self._candidates)
        return any(address is not None and address.key == key and address.bare == bare for address in addresses)

    def _only_instance(self, subject: Address) -> bool:
        addresses = [_address(change) for change in self._graph.of(subject.resource_type)]
        return sum(address is not None and address.bare == subject.bare for address in addresses) == 1

    def _of_value(self, subject: "Change", names: Sequence[str], unsure: list[int]) -> Join:
        if not self._candidates:
            return self._absent()
        known: list[str] = []
        hidden = False
        after = subject.after
        for name in names:
            try:
                value = after.get(name).filled()
            except Stop:
                hidden = True
            else:
                if value is not None:
                    known.append(value)
        values = self._values
        found = [position for value in known for position in values.known.get(value, [])]
        unclear: int | None = None
        for position in unsure:
            value = self._value(position)
            if value is not None and value in known:
                found.append(position)
            elif value is None or hidden or not known:
                unclear = position
        if found:
            return self._found(sorted(found))
        # One that belongs to another of the same type does not belong to this one.
        own_type = subject.resource_type

        def here(position: int) -> bool:
            ends = self._candidates[position].ends
            return not any(not end.is_data and end.resource_type == own_type for end in ends)

        if unclear is None:
            unclear = next(filter(here, values.unknown), None)
        whose = subject.address or ""
        if unclear is not None:
            of = self._candidates[unclear].change.address or ""
            return Join("undetermined", why=f"whether `{self._attribute}` of `{of}` means `{whose}` is not known yet")
        if hidden and any(here(position) for positions in values.known.values() for position in positions):
            return Join("undetermined", why=f"`{'` or `'.join(names)}` of `{whose}` is not known yet")
        return self._absent()

    def _absent(self) -> Join:
        if self._graph.complete:
            return Join("absent")
        return Join("undetermined", why="the plan does not hold everything")

    def _value(self, position: int) -> str | None:
        try:
            return self._candidates[position].change.after.get(self._attribute).filled()
        except Stop:
            return None

    @cached_property
    def _values(self) -> _Values:
        """The values of all candidates. One that refers to a resource is not read where that would only say that its
        id is not known: it would make the verdict of every other undetermined."""
        values = _Values({}, [])
        for position, candidate in enumerate(self._candidates):
            if not candidate.readable:
                values.unknown.append(position)
                continue
            try:
                value = candidate.change.after.get(self._attribute).filled()
            except Stop:
                values.unknown.append(position)
            else:
                if value is not None:
                    values.known.setdefault(value, []).append(position)
        return values


class _Others:
    """The resources that references lead to, each type asked for once."""

    def __init__(self, graph: "Graph") -> None:
        self._graph = graph
        self._by_type: dict[str, dict[str, list["Change"]]] = {}

    def _at(self, address: Address) -> list["Change"]:
        known = self._by_type.get(address.resource_type)
        if known is None:
            known = self._by_type[address.resource_type] = {}
            for change in self._graph.of(address.resource_type):
                its = _address(change)
                if its is not None:
                    known.setdefault(its.bare, []).append(change)
        return known.get(address.bare, [])

    def creates(self, address: Address) -> bool:
        """Whether the plan makes an object there, so that its id is not known."""
        return any(change.operation in ("create", "replace") for change in self._at(address))

    def follow(self, change: "Change", attribute: str, through: int, ends: dict[Address, int]) -> None:
        """What an attribute refers to: directly, and through attributes of others."""
        for reference in self._graph.references(change):
            rest = reference.path.removeprefix(attribute) if reference.path.startswith(attribute) else "-"
            if rest and rest[0] not in ".[":
                continue
            end = Address.parse(reference.address)
            if through < _DEPTH and reference.attribute and (others := self._at(end)):
                self.follow(others[0], reference.attribute, through + 1, ends)
            ends[end] = min(through, ends.get(end, through))


def _address(change: "Change") -> Address | None:
    text = change.address
    return None if text is None else Address.parse(text)
