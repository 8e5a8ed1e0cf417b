"""Tags of a resource."""

from collections.abc import Iterable

from .value import Value


class Tags:
    """The tags of a resource, or those of it and the provider."""

    def __init__(self, value: Value) -> None:
        self.value = value
        """The value behind them, for a finding."""

    @classmethod
    def own(cls, resource: Value) -> "Tags":
        """The tags that the resource itself sets: its `tags`."""
        return cls(resource.get("tags"))

    @classmethod
    def all(cls, resource: Value) -> "Tags":
        """All tags, the provider's `default_tags` included: its `tags_all`."""
        return cls(resource.get("tags_all"))

    def get(self, key: str) -> str | None:
        """The value of a tag; None where it is not set. An empty value is a value."""
        return self.value.get(key).text()

    def keys(self) -> list[str]:
        """The keys, sorted."""
        return self.value.keys()

    def missing(self, wanted: Iterable[str]) -> list[str]:
        """Those of the wanted keys that are not set, in the order given."""
        return [key for key in wanted if self.get(key) is None]
