"""Make masks that conform to the schemas of the values that they hide, so that replays stay valid.

`masking.py` asks `fits` whether its own mask conforms to all schemas that the value conforms to,
and if not `mask` for another value of the same type, or None if none is found. Only what schemas
say about texts, numbers and booleans counts. Equal values of the same schemas get equal masks,
other values other masks if there are any. Which values are masked is decided in `masking.py`.
"""

import json
from collections.abc import Iterator
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.contract.schema_parts import DescribedValue
from mockserver.contract.variables import value_at
from mockserver.schemas.compilation import Check, compile_schema
from mockserver.schemas.sampling.sampler import sample

_ATTEMPTS = 20
_MOST_SCHEMAS = 200
_SCALAR_KEYWORDS = (
    *("type", "enum", "const", "format", "pattern", "minLength", "maxLength", "multipleOf"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
)
_COMBINED = ("allOf", "anyOf", "oneOf")


class _Scalar:
    """A reduced schema, from which values are sampled."""

    def __init__(self, schema: dict[str, JsonValue], draft: str) -> None:
        self._schema = schema
        self._draft = draft
        self._checks: dict[str, Check] = {}
        self.derived: dict[object, Any] = {}
        """A cache of what was computed from the schema."""

    def schema(self) -> dict[str, JsonValue]:
        """Return the schema."""
        return self._schema

    def is_valid(self, value: JsonValue, /) -> bool:
        """Return True if the value conforms."""
        return self.checker(self._schema)(value)

    def checker(self, part: JsonValue, /) -> Check:
        """Return a predicate for values of a part of the schema; False for all if it is invalid."""
        key = json.dumps(part)
        if key not in self._checks:
            try:
                self._checks[key] = compile_schema(part, self._draft).is_valid
            except ValueError:
                self._checks[key] = lambda _value: False
        return self._checks[key]


class ConformingMasks:
    """Makes texts, numbers and booleans that conform to the schemas that a value conforms to.

    Equal values of the same schemas get equal masks, other values other masks if there are any.
    """

    def __init__(self) -> None:
        self._masks: dict[tuple[str, str], JsonValue] = {}
        self._validators: dict[str, _Scalar] = {}

    def fits(self, mask: JsonValue, value: JsonValue, described: DescribedValue) -> bool:
        """Return True if a mask conforms to all the schemas that a value conforms to."""
        return self._validator(self._kept(value, described), described).is_valid(mask)

    def mask(self, value: JsonValue, described: DescribedValue) -> JsonValue:
        """Return another value of the same type that conforms; None if none is found."""
        kept = self._kept(value, described)
        key = (json.dumps(value), json.dumps(kept))
        if key not in self._masks:
            taken = [mask for other, mask in self._masks.items() if other[1] == key[1]]
            made = list(self._made(value, self._validator(kept, described)))
            fresh = (one for one in made if one not in taken)
            self._masks[key] = next(fresh, made[0] if made else None)
        return self._masks[key]

    def _made(self, value: JsonValue, schema: _Scalar) -> Iterator[JsonValue]:
        number = len(self._masks) + 1
        for attempt in range(_ATTEMPTS):
            made = sample(schema, f"{number}-{attempt}")
            if made.is_valid and made.value != value and _is_alike(made.value, value):
                yield made.value

    def _kept(self, value: JsonValue, described: DescribedValue) -> dict[str, JsonValue]:
        """Return the schemas that the value itself conforms to, as one schema."""
        schemas = [_ScalarSchema(described.root).of(one) for one in described.whole]
        kept = [one for one in schemas if self._validator(one, described).is_valid(value)]
        return kept[0] if len(kept) == 1 else {"allOf": kept} if kept else {}

    def _validator(self, schema: dict[str, JsonValue], described: DescribedValue) -> _Scalar:
        draft = "4" if isinstance(described.root, dict) and "definitions" in described.root else ""
        key = f"{draft} {json.dumps(schema)}"
        if key not in self._validators:
            if len(self._validators) >= _MOST_SCHEMAS:
                self._validators.clear()
            self._validators[key] = _Scalar(schema, draft or "2020-12")
        return self._validators[key]


class _ScalarSchema:
    """Reduces schemas to what they say about texts, numbers and booleans, without references."""

    def __init__(self, root: JsonValue) -> None:
        self._root = root
        self._followed: set[str] = set()

    def of(self, schema: JsonValue) -> dict[str, JsonValue]:
        """Return the reduced schema."""
        if not isinstance(schema, dict):
            return {"not": {}} if schema is False else {}
        reduced = {key: schema[key] for key in _SCALAR_KEYWORDS if key in schema}
        for keyword in _COMBINED:
            if keyword in schema:
                reduced[keyword] = [self.of(one) for one in schema[keyword]]
        if (target := self._target(schema.get("$ref"))) is not None:
            reduced["allOf"] = [*reduced.get("allOf", ()), self.of(target)]
        return reduced

    def _target(self, reference: JsonValue) -> JsonValue:
        """Return the schema of a reference that was not followed before."""
        if not isinstance(reference, str) or reference in self._followed:
            return None
        self._followed.add(reference)
        try:
            return value_at(self._root, reference.partition("#")[2])
        except LookupError:
            return None


def _is_alike(one: JsonValue, other: JsonValue) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    is_number = isinstance(one, int | float) and isinstance(other, int | float)
    return is_number or (isinstance(one, str) and isinstance(other, str))
