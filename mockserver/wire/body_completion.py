"""Complete valid values: add the defaults of a schema, and remove read-only properties.

In: a value and the shape of its schema. Out: the completed value. Caller: `media.py`. Values are
not validated here.
"""

from functools import cached_property
from typing import NamedTuple

from mockserver.base.json import JsonValue
from mockserver.schemas.shapes import Shape

_MOST_SHAPES = 5_000


class BodyCompleter:
    """Adds the defaults of a schema to valid values, and removes read-only properties.

    A value is never changed in place: objects that change are copied.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._plans: dict[Shape, _CompletionPlan] = {}

    def __call__(self, value: JsonValue) -> JsonValue:
        """Return the completed value."""
        return self._completed(self._shape, value) if self.has_work else value

    @cached_property
    def has_work(self) -> bool:
        """True if the schema has a default or a read-only property; determined on first use."""
        return _can_change(self._shape)

    def _completed(self, shape: Shape, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return self._completed_object(shape, value)
        if isinstance(value, list) and shape.items is not None:
            return [self._completed(shape.item(index), item) for index, item in enumerate(value)]
        return value

    def _completed_object(self, shape: Shape, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if (plan := self._plans.get(shape)) is None:
            plan = self._plans[shape] = _plan(shape)
        found = value | {name: plan.defaults[name] for name in plan.defaults if name not in value}
        for name in plan.read_only:
            found.pop(name, None)
        for name, member in plan.nested:
            if name in value:
                found[name] = self._completed(member, value[name])
        return found


class _CompletionPlan(NamedTuple):
    """The changes to make to an object of one schema."""

    defaults: dict[str, JsonValue]
    read_only: tuple[str, ...]
    nested: tuple[tuple[str, Shape], ...]
    """Properties whose values may have to be completed themselves."""


def _plan(shape: Shape) -> _CompletionPlan:
    members = shape.certain_properties.items()
    writable = [(name, member) for name, member in members if not member.is_read_only]
    return _CompletionPlan(
        {name: member.default for name, member in writable if member.default is not None},
        tuple(name for name, member in members if member.is_read_only),
        tuple((name, member) for name, member in writable if _can_change(member)),
    )


def _can_change(shape: Shape) -> bool:
    """Return True if a schema or one of its subschemas has a default or a read-only property.

    Schemas with more than 5,000 subschemas are not searched to the end; they give True.
    """
    waiting, seen = [shape], {id(shape)}
    while waiting and len(seen) < _MOST_SHAPES:
        for below in _subschemas(waiting.pop()):
            if below.is_read_only or below.default is not None:
                return True
            if id(below) not in seen:
                seen.add(id(below))
                waiting.append(below)
    return bool(waiting)


def _subschemas(shape: Shape) -> list[Shape]:
    return [*shape.certain_properties.values(), *([shape.items] if shape.items else [])]
