"""What a body becomes once it is valid: defaults filled in, read-only members left out."""

from functools import cached_property

from mockserver.exchange import JsonValue
from mockserver.spec.shapes import Shape

_MOST_SHAPES = 5_000


class Filler:
    """Completes values of one schema; what was sent is copied where it changes."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def __call__(self, value: JsonValue) -> JsonValue:
        """Return the value with the defaults of absent members, without read-only ones."""
        return self._plan.filled(value) if self.has_work else value

    @cached_property
    def has_work(self) -> bool:
        """Whether there is a value that it changes; found out when it is first needed."""
        return _changes(self._shape)

    @cached_property
    def _plan(self) -> "_Plan":
        return _Plan(self._shape, {})


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


class _Plan:
    """What is done to a value of one schema, found out once; below it, when it is needed."""

    def __init__(self, shape: Shape, known: "dict[int, _Plan]") -> None:
        self._shape = shape
        self._known = known

    @cached_property
    def _left_out(self) -> tuple[str, ...]:
        members = self._shape.certain_properties.items()
        return tuple(name for name, member in members if member.is_read_only)

    @cached_property
    def _absent(self) -> tuple[tuple[str, JsonValue], ...]:
        members = self._shape.certain_properties.items()
        return tuple(
            (name, member.default)
            for name, member in members
            if not member.is_read_only and member.default is not None
        )

    @cached_property
    def _containers(self) -> "tuple[tuple[str, _Plan], ...]":
        members = self._shape.certain_properties.items()
        return tuple(
            (name, self._of(member))
            for name, member in members
            if not member.is_read_only and _below(member)
        )

    def _of(self, shape: Shape) -> "_Plan":
        if (plan := self._known.get(id(shape))) is None:
            plan = self._known[id(shape)] = _Plan(shape, self._known)
        return plan

    def filled(self, value: JsonValue) -> JsonValue:
        """Return a value completed."""
        if isinstance(value, dict):
            return self._object(value)
        shape = self._shape
        if isinstance(value, list) and shape.items is not None:
            return [self._of(shape.item(index)).filled(item) for index, item in enumerate(value)]
        return value

    def _object(self, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        found = value.copy()
        for name in self._left_out:
            found.pop(name, None)
        for name, plan in self._containers:
            if name in found:
                found[name] = plan.filled(found[name])
        for name, default in self._absent:
            found.setdefault(name, default)
        return found
