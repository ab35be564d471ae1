"""What a body becomes once it is valid: defaults filled in, read-only members left out."""

from functools import cached_property
from typing import NamedTuple

from mockserver.base.json import JsonValue
from mockserver.schemas.shapes import Shape

_MOST_SHAPES = 5_000


class Filler:
    """Completes values of one schema; what was sent is copied where it changes."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._plans: dict[Shape, _Plan] = {}

    def __call__(self, value: JsonValue) -> JsonValue:
        """Return the value with the defaults of absent members, without read-only ones."""
        return self._filled(self._shape, value) if self.has_work else value

    @cached_property
    def has_work(self) -> bool:
        """Whether there is a value that it changes; found out when it is first needed."""
        return _changes(self._shape)

    def _filled(self, shape: Shape, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return self._filled_object(shape, value)
        if isinstance(value, list) and shape.items is not None:
            return [self._filled(shape.item(index), item) for index, item in enumerate(value)]
        return value

    def _filled_object(self, shape: Shape, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if (plan := self._plans.get(shape)) is None:
            plan = self._plans[shape] = _plan(shape)
        found = value | {name: plan.defaults[name] for name in plan.defaults if name not in value}
        for name in plan.read_only:
            found.pop(name, None)
        for name, member in plan.nested:
            if name in value:
                found[name] = self._filled(member, value[name])
        return found


class _Plan(NamedTuple):
    """What becomes of the members of an object."""

    defaults: dict[str, JsonValue]
    read_only: tuple[str, ...]
    nested: tuple[tuple[str, Shape], ...]
    """Those in which something may change."""


def _plan(shape: Shape) -> _Plan:
    members = shape.certain_properties.items()
    written = [(name, member) for name, member in members if not member.is_read_only]
    return _Plan(
        {name: member.default for name, member in written if member.default is not None},
        tuple(name for name, member in members if member.is_read_only),
        tuple((name, member) for name, member in written if _changes(member)),
    )


def _changes(shape: Shape) -> bool:
    """Tell whether a schema, or one below it, has a default or a read-only member."""
    waiting, seen = [shape], {id(shape)}
    while waiting and len(seen) < _MOST_SHAPES:
        for below in _below(waiting.pop()):
            if below.is_read_only or below.default is not None:
                return True
            if id(below) not in seen:
                seen.add(id(below))
                waiting.append(below)
    return bool(waiting)


def _below(shape: Shape) -> list[Shape]:
    return [*shape.certain_properties.values(), *([shape.items] if shape.items else [])]
