"""What stands between the SDK and the host, with less work in it. Works only inside a component.

The engine interprets, and a rule makes a hundred calls: what componentize-py does besides carrying them costs more than
the calls. Its runtime takes what it needs from these modules when the pack has been loaded, so that it takes what is put
there now:

- the words of an enum, `"text"`, in place of a member that is looked up and then asked for its name;
- one list of the handles of a call, in place of a finalizer for each: they are given back together when the rule has
  answered;
- answers whose making is not interpreted: a `StopIteration` holds one value, as theirs do, and is part of the engine.
"""

import weakref
from typing import Any

import componentize_py_types
from componentize_py_runtime import drop_resource
from wit_world.imports import plan, values

_held: list[tuple[Any, int, int]] = []
_finalize = weakref.finalize


class _Never:
    """In place of a finalizer: what it would do is done by `end`."""

    def detach(self) -> None:
        pass


_NEVER = _Never()


def _keep(instance: Any, drop: Any, *rest: Any) -> Any:
    if drop is not drop_resource:
        return _finalize(instance, drop, *rest)
    _held.append((instance, *rest))
    return _NEVER


class _Ok(StopIteration):
    __slots__ = ()


def begin() -> None:
    """Begins a call. What was handed over with it is not ours to give back."""
    _held.clear()


def end() -> None:
    """Gives all handles of a call back."""
    for instance, index, handle in _held:
        # Whoever keeps it for the next call must not find another value behind its number.
        instance.handle = None
        drop_resource(index, handle)
    _held.clear()


def _words(members: Any) -> Any:
    """Makes the word for a case of an enum, as the contract spells it."""
    return tuple(one.name.lower().replace("_", "-") for one in members).__getitem__


for module, names in ((values, ("Kind", "Unreadable")), (plan, ("Operation", "Stage", "Mode"))):
    for name in names:
        setattr(module, name, _words(getattr(module, name)))
setattr(weakref, "finalize", _keep)
setattr(componentize_py_types, "Ok", _Ok)
