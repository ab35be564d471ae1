"""Choose the examples and defaults of schemas that sampled values use.

`value_sampling.py` calls `given_values` and keeps `GivenExamples`: of several examples, the first
that conforms is used. If none does, the value is made without them, and the first of them is
remembered with its place; `sampler.py` calls `with_misfits` to put it there, since answers show
examples as they are written, at every depth. `as_text` makes text of a number, true or false where
only text is allowed, because YAML reads an unquoted `12345` as a number; `schema_conformer.py` and
`openapi/` call it, too.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.base.trails import Trail, pointer_of

_MOST_TRIED = 10
"""The maximum number of items of `examples` that are tried."""
_Misfits = list[tuple[Trail, JsonValue]]


class GivenExamples:
    """The examples that one attempt at a value uses, and those that do not conform.

    Args:
        is_checked: Whether each example is validated before it is used.
    """

    def __init__(self, *, is_checked: bool) -> None:
        self._is_checked = is_checked
        self._used = 0
        self.is_lossy = False
        """Whether unchecked examples were discarded with the value around them."""
        self.misfits: _Misfits = []
        """The place and the value of each example that does not conform."""

    def mark(self) -> tuple[int, int]:
        """Return the present state, for `forget`."""
        return self._used, len(self.misfits)

    def forget(self, mark: tuple[int, int], trail: Trail) -> None:
        """Forget what was found below a place since a mark: its value is made again."""
        used, count = mark
        self.is_lossy = self.is_lossy or (self._used > used and not self._is_checked)
        self.misfits[count:] = [item for item in self.misfits[count:] if item[0] == trail]

    def used(self, trail: Trail, value: JsonValue) -> JsonValue:
        """Return an example that is used, also instead of an earlier one of the same place."""
        self._used += 1
        if self.misfits and self.misfits[-1][0] == trail:
            del self.misfits[-1]
        return value

    def add_misfit(self, trail: Trail, value: JsonValue) -> None:
        """Remember an example that does not conform, unless its place has one."""
        if not self.misfits or self.misfits[-1][0] != trail:
            self.misfits.append((trail, value))


def given_values(schema: Mapping[str, Any]) -> Iterator[JsonValue]:
    """Yield the examples of a merged schema, then its default."""
    if "example" in schema:
        yield as_text(schema, schema["example"])
    if isinstance(examples := schema.get("examples"), list):
        yield from (as_text(schema, value) for value in islice(examples, _MOST_TRIED))
    if "default" in schema:
        yield as_text(schema, schema["default"])


def as_text(schema: Mapping[str, Any], value: JsonValue) -> JsonValue:
    """Return a number, true or false as its text if the schema allows text instead."""
    if not isinstance(value, int | float) or not _is_for_text(schema.get("type"), value):
        return value
    return json.dumps(value)


def _is_for_text(types: JsonValue, value: float) -> bool:
    """Return True if a schema of these types allows text, but no such value."""
    names = types if isinstance(types, list) else [types]
    own = ("boolean",) if isinstance(value, bool) else ("integer", "number")
    return "string" in names and not any(name in names for name in own)


def with_misfits(value: JsonValue, misfits: _Misfits) -> tuple[JsonValue, tuple[str, ...]]:
    """Return a value with the examples that do not conform, and their pointers."""
    pointers = []
    for trail, example in misfits:
        if isinstance(trail, str):
            return example, (trail,)
        value, is_placed = _with(value, list(_keys(trail)), example)
        if is_placed:
            pointers.append(pointer_of(trail))
    return value, tuple(pointers)


def _keys(trail: Trail) -> Iterator[str | int]:
    if not isinstance(trail, str):
        yield from _keys(trail[0])
        yield trail[1]


def _with(value: Any, keys: list[str | int], example: JsonValue) -> tuple[JsonValue, bool]:  # noqa: ANN401 - a container, or not
    """Return a copy of a value with another value at a place, if it has that place."""
    if not keys:
        return example, True
    key, *rest = keys
    if isinstance(value, dict) and key in value:
        member, is_placed = _with(value[key], rest, example)
        return {**value, key: member}, is_placed
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        item, is_placed = _with(value[key], rest, example)
        return [*value[:key], item, *value[key + 1 :]], is_placed
    return value, False
