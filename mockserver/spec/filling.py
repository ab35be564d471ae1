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
        return _filled(self._shape, value) if self.has_work else value

    @cached_property
    def has_work(self) -> bool:
        """Whether there is a value that it changes; found out when it is first needed."""
        return _changes(self._shape)


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


def _filled(shape: Shape, value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return _filled_object(shape, value)
    if isinstance(value, list) and shape.items is not None:
        return [_filled(shape.item(index), item) for index, item in enumerate(value)]
    return value


def _filled_object(shape: Shape, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    found = dict(value)
    for name, member in shape.certain_properties.items():
        if member.is_read_only:
            found.pop(name, None)
        elif name in found:
            found[name] = _filled(member, found[name])
        elif member.default is not None:
            found[name] = member.default
    return found
