"""Settings of a pack: what it may be told in gabion.hcl, with the JSON Schema for it."""

import json
import types
from typing import Any, ClassVar, Literal, Self, Union, dataclass_transform, get_args, get_origin, get_type_hints

_MISSING: Any = object()


class _Setting:
    def __init__(self, default: Any, schema: dict[str, Any]) -> None:
        self.default = default
        self.schema = schema


def setting(
    default: Any = _MISSING,
    *,
    doc: str | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
    at_least: int | None = None,
) -> Any:
    """One setting: its default, what it is for, and what its values may be. `minimum` and `maximum` bound a number,
    `at_least` says how many elements a list must have. One without a default must be given."""
    shown = None if default is _MISSING else default
    said = {"minItems": at_least, "minimum": minimum, "maximum": maximum, "default": shown, "description": doc}
    return _Setting(default, {name: value for name, value in said.items() if value is not None})


@dataclass_transform(kw_only_default=True, field_specifiers=(setting,))
class Settings:
    """Base of a pack's settings: a class with an annotated name for each.

    Types are `str`, `int`, `float`, `bool`, `list[...]`, `dict[str, ...]` and `Literal["a", "b"]`; any
    of them `| None` for one that need not be given."""

    _given: ClassVar[dict[str, Any]] = {}
    _shape: ClassVar[dict[str, _Setting]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._given, cls._shape = {}, {}
        for name, annotation in get_type_hints(cls).items():
            if name.startswith("_"):
                continue
            given = cls.__dict__.get(name, _MISSING)
            one = given if isinstance(given, _Setting) else setting(given)
            annotation, optional = _without_none(annotation)
            default = None if optional and one.default is _MISSING else one.default
            cls._shape[name] = _Setting(default, _schema_of(annotation, name) | one.schema)

    @classmethod
    def schema(cls) -> str:
        """The JSON Schema, as text."""
        required = [name for name, one in cls._shape.items() if one.default is _MISSING]
        return json.dumps(
            {"type": "object", "properties": {name: one.schema for name, one in cls._shape.items()}}
            | ({"required": required} if required else {})
            | {"additionalProperties": False},
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def current(cls) -> Self:
        """What gabion.hcl says, with defaults."""
        made = cls()
        for name, one in cls._shape.items():
            given = cls._given.get(name)
            setattr(made, name, given if given is not None else None if one.default is _MISSING else one.default)
        return made

    @classmethod
    def set(cls, given: dict[str, Any]) -> None:
        """Takes the settings; the SDK and tests call it."""
        cls._given = given


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """`T | None` as `T`, and whether it was so."""
    arguments = get_args(annotation)
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in arguments and len(arguments) == 2:
        (inner,) = [one for one in arguments if one is not type(None)]
        return inner, True
    return annotation, False


_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _schema_of(annotation: Any, name: str) -> dict[str, Any]:
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is list:
        return {"type": "array", "items": _schema_of(arguments[0], name)}
    if origin is dict and arguments[0] is str:
        return {"type": "object", "additionalProperties": _schema_of(arguments[1], name)}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    raise TypeError(f"the setting `{name}` has a type that settings cannot have: {annotation}")
