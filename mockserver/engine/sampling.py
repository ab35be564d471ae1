"""Values made from a JSON Schema: valid against it wherever that takes no search."""

import math
import random
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from mockserver.engine.sampling_text import WORDS, text
from mockserver.errors import unescape
from mockserver.exchange import JsonValue

_DEEP = 6
"""Containers around a value from which on only what is required is made."""
_DEEPEST = 30
_LARGE = 2_000
"""Values made, after which only what is required is made."""
_LARGEST = 20_000
_LONGEST_LIST = 20
_SPAN = 1_000
_TRIES = 50

Schema = Mapping[str, Any]


def sample(schema: Schema, seed: int | bytes) -> JsonValue:
    """Make a value; the same self-contained schema and seed give the same one."""
    return _Sampler(schema, random.Random(seed)).value(schema, 0)  # noqa: S311 - not for secrets


class _Sampler:
    def __init__(self, root: Schema, chance: random.Random) -> None:
        self._root = root
        self._chance = chance
        self._count = 0
        self._open: list[str] = []
        """The references that are being followed around the present value."""

    def value(self, schema: JsonValue, depth: int, *, given: bool = True) -> JsonValue:
        """Make a value of a schema.

        Args:
            schema: An object or a boolean.
            depth: Containers around the value.
            given: Take the schema's own example or default if it has one.
        """
        self._count += 1
        if not isinstance(schema, Mapping) or depth > _DEEPEST or self._count > _LARGEST:
            return None
        opened = len(self._open)
        try:
            return self._made(self._whole(schema), depth, given=given)
        finally:
            del self._open[opened:]

    def _made(self, schema: Schema, depth: int, *, given: bool) -> JsonValue:
        if "const" in schema:
            return schema["const"]
        if given and (examples := list(_given(schema))):
            return examples[0]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self._chance.choice(schema["enum"])
        return _MAKERS[_type_of(schema)](self, schema, depth)

    def _whole(self, schema: JsonValue) -> dict[str, Any]:
        """Follow references, merge `allOf`, and choose an alternative."""
        merged = _normal(schema) if isinstance(schema, Mapping) else {}
        for _ in range(_DEEPEST):
            if (reference := merged.pop("$ref", None)) is not None:
                self._open.append(reference)
                merged = {**_both(_normal(self._target(reference)), merged), **_own(merged)}
            elif parts := merged.pop("allOf", None):
                for part in parts:
                    merged = {**_both(merged, _without_given(self._whole(part))), **_own(merged)}
            elif key := next((key for key in ("oneOf", "anyOf") if merged.get(key)), None):
                chosen = self._chosen(merged, merged.pop(key))
                merged = {**_both(merged, chosen), **_own(merged)}
            else:
                break
        return merged

    def _chosen(self, schema: Schema, alternatives: Iterable[JsonValue]) -> dict[str, Any]:
        """Choose the first alternative that fits beside the schema; rather no null, no circle."""
        best, least = dict[str, Any](), math.inf
        for alternative in alternatives:
            opened = len(self._open)
            whole = self._whole(alternative)
            circles = any(reference in self._open[:opened] for reference in self._open[opened:])
            del self._open[opened:]
            types = _both(schema, whole).get("type")
            cost = 4 * (types == []) + 2 * circles + (types in ("null", ["null"]))
            if cost < least:
                best, least = whole, cost
        return best

    def _target(self, reference: str) -> Schema:
        found: Any = self._root
        for token in reference.partition("#")[2].split("/")[1:]:
            found = found.get(unescape(token)) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _is_circle(self, schema: JsonValue) -> bool:
        """Tell whether a schema leads back to one that is being made."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, Mapping):
                return False
            if schema.get("$ref") in self._open:
                return True
            if "$ref" in schema:
                schema = self._target(schema["$ref"])
            elif len(parts := schema.get("allOf", ())) == 1:
                schema = parts[0]
            else:
                break
        return False

    def object(self, schema: Schema, depth: int) -> JsonValue:
        """Make the required members, and the others until it is nested deeply."""
        required = schema.get("required", [])
        properties = schema.get("properties", {})
        names = [name for name in properties if name in required]
        if depth < _DEEP and self._count < _LARGE:
            most = schema.get("maxProperties", _SPAN) - len(required)
            names += [name for name in properties if self._is_wanted(name, schema)][: max(most, 0)]
        made = {
            name: self.value(properties[name], depth + 1) for name in sorted_as(properties, names)
        }
        rest = _rest(schema)
        names = [name for name in required if name not in made]
        if not properties and isinstance(rest, Mapping) and schema.get("maxProperties", 1):
            names += [WORDS[0]] * (not required and depth < _DEEP and not self._is_circle(rest))
        names += [f"{WORDS[1]}{number}" for number in range(schema.get("minProperties", 0))]
        least = max(schema.get("minProperties", 0), len(made) + len(names))
        return made
