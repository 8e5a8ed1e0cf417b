"""One planned change, and the whole plan."""

from dataclasses import dataclass
from typing import Any, Literal

from .join import Companions
from .value import Value

Operation = Literal["create", "update", "replace", "delete", "no-op", "read", "open", "import", "move", "forget"]
"""What is about to happen."""
Stage = Literal["plan", "apply", "check"]
"""At which step a rule is asked."""
Mode = Literal["managed", "data", "ephemeral"]
"""What kind of object a change is about."""


class Change:
    """One change, as a rule sees it."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    @property
    def resource_type(self) -> str:
        """The resource type, `aws_kms_key`."""
        resource_type: str = self._handle.resource_type()
        return resource_type

    @property
    def mode(self) -> Mode:
        """Managed, data or ephemeral."""
        mode: Mode = self._handle.mode()
        return mode

    @property
    def provider(self) -> str:
        """The provider's source address, `registry.terraform.io/hashicorp/aws`."""
        provider: str = self._handle.provider()
        return provider

    @property
    def provider_version(self) -> str | None:
        """The provider's version where known."""
        provider_version: str | None = self._handle.provider_version()
        return provider_version

    @property
    def operation(self) -> Operation:
        """What happens."""
        operation: Operation = self._handle.operation()
        return operation

    @property
    def stage(self) -> Stage:
        """At which step."""
        stage: Stage = self._handle.stage()
        return stage

    @property
    def before(self) -> Value:
        """The prior state; null for a create."""
        return Value(self._handle.before())

    @property
    def after(self) -> Value:
        """The planned state; null for a delete."""
        return Value(self._handle.after())

    def planned(self) -> Value | None:
        """The planned state of a managed resource that will exist; None when it goes away or leaves the state, and
        for data sources and ephemeral resources. What most rules look at."""
        return self.after if self.stays else None

    @property
    def stays(self) -> bool:
        """Whether it is a managed resource that will exist."""
        return self.operation not in ("delete", "forget", "read", "open") and self.mode == "managed"

    def configured(self, path: str) -> bool | None:
        """Whether the configuration sets the attribute at this path; None where that is not known, which makes a
        pass undetermined."""
        configured: bool | None = self._handle.configured(path)
        return configured

    @property
    def provider_configuration(self) -> Value:
        """The provider's configuration, redacted: region, role, account where known."""
        return Value(self._handle.provider_configuration())

    @property
    def address(self) -> str | None:
        """The resource's address where known; plan calls carry none."""
        address: str | None = self._handle.address()
        return address

    @property
    def module_address(self) -> str | None:
        """The address of its module where known, empty for the root module."""
        module_address: str | None = self._handle.module_address()
        return module_address


@dataclass(frozen=True)
class Reference:
    """An expression of one resource that names another."""

    path: str
    """The attribute whose expression it is."""
    address: str
    """The address it names."""
    attribute: str
    """The attribute it reads there; empty for the whole object."""


class Graph:
    """The whole plan, for rules that join resources."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    @property
    def complete(self) -> bool:
        """Whether everything is in it: what is missing from an incomplete graph may live elsewhere."""
        complete: bool = self._handle.complete()
        return complete

    def changes(self, resource_type: str = "") -> list[Change]:
        """All changes of one resource type, in the plan's order; an empty type means all."""
        return [Change(handle) for handle in self._handle.changes(resource_type)]

    def of(self, resource_type: str) -> list[Change]:
        """The managed resources of one type that will exist after the apply."""
        return [change for change in self.changes(resource_type) if change.stays]

    def references(self, change: Change) -> list[Reference]:
        """What the expressions of a change refer to."""
        return [Reference(one.path, one.address, one.attribute) for one in self._handle.references(change._handle)]

    def referrers(self, change: Change) -> list[Change]:
        """The changes whose expressions refer to this one."""
        return [Change(handle) for handle in self._handle.referrers(change._handle)]

    def companions(self, resource_type: str, attribute: str) -> Companions:
        """The resources of a type that will exist, to be joined by `attribute` to what they belong to: by reference
        first, then by equal values. Make it once, and ask it for each resource."""
        return Companions(self, resource_type, attribute)
