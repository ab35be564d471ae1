"""Shapes: what the text of a parameter or a form's field may become."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from mockserver.errors import SpecError
from mockserver.exchange import JsonValue
from mockserver.spec.references import Place

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,30})", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?", re.ASCII)
_LEVELS = 2


class Resolver(Protocol):
    """Follows references between schemas."""

    def resolve(self, place: Place) -> Place:
        """Return what a schema refers to; one that is no reference as it is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema lets a text become."""

    types: frozenset[str]
    """JSON types; empty if the schema names none."""
    items: "Shape | None" = None
    properties: Mapping[str, "Shape"] | None = None
    rest: "Shape | None" = None
    """Of members that `properties` does not name; None if there is nothing to say of them."""

    def read(self, text: str) -> JsonValue:
        """Return the text as the first of the types that it fits, else as it is."""
        for kind, reader in _READERS.items():
            if kind in self.types and (value := reader(text)) is not _MISFIT:
                return value
        return None if text in ("", "null") and self._is_nullable else text

    @property
    def _is_nullable(self) -> bool:
        return "null" in self.types and "string" not in self.types

    @property
    def is_array(self) -> bool:
        """An array can be meant."""
        return "array" in self.types

    @property
    def is_object(self) -> bool:
        """An object can be meant, and no array."""
        return "object" in self.types and "array" not in self.types

    @property
    def is_structured(self) -> bool:
        """An array or an object can be meant."""
        return self.is_array or self.is_object

    @property
    def is_scalar(self) -> bool:
        """A single text can be meant."""
        return not self.types or not self.types.isdisjoint(_SCALARS)


TEXT = Shape(frozenset(("string",)))
"""The shape of what no schema describes."""
_SCALARS = frozenset(("string", "integer", "number", "boolean"))
_MISFIT = object()
_BOOLEANS = {"true": True, "false": False}
_READERS: Mapping[str, Callable[[str], JsonValue]] = {
    "integer": lambda text: int(text) if _INTEGER.fullmatch(text) else _MISFIT,
    "number": lambda text: _number(text) if _NUMBER.fullmatch(text) else _MISFIT,
    "boolean": lambda text: _BOOLEANS.get(text, _MISFIT),
}


def _number(text: str) -> JsonValue:
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def shape_of(place: Place, references: Resolver, levels: int = _LEVELS) -> Shape:
    """Find out what a schema lets a text become, through references and combinations."""
    types: set[str] = set()
    items, rest, properties = None, None, dict[str, Shape]()
    for part in _parts(place, references):
        types |= _types(part.value)
        if not levels:
            continue
        if items is None and "items" in part.value:
            items = shape_of(part.child("items"), references, levels - 1)
        for name, member in part.child("properties").members():
            properties[name] = shape_of(member, references, levels - 1)
        if part.value.get("additionalProperties"):
            rest = shape_of(part.child("additionalProperties"), references, levels - 1)
    if rest is None and "object" in types and not properties:
        rest = TEXT
    return Shape(frozenset(types), items, properties, rest)


def _parts(place: Place, references: Resolver) -> Iterator[Place]:
    """Yield a schema and all that it combines, each once."""
    waiting, seen = [place], set()
    while waiting:
        try:
            part = references.resolve(waiting.pop())
        except SpecError:  # told where the schema is compiled
            continue
        here = part.key
        if here not in seen and isinstance(part.value, dict):
            seen.add(here)
            yield part
            for key in ("oneOf", "anyOf", "allOf"):
                waiting += reversed(part.child(key).items())


def _types(value: Mapping[str, JsonValue]) -> set[str]:
    given = value.get("type")
    names = given if isinstance(given, list) else [given] if given else []
    types = {"null" if name is None else str(name) for name in names}
    if value.get("nullable") is True or value.get("x-nullable") is True:
        types.add("null")
    if given is None:
        values = value.get("enum", [value["const"]] if "const" in value else ())
        types |= {_type_of(item) for item in values} if isinstance(values, list) else set()
        types |= {kind for key, kind in _IMPLIED.items() if key in value}
    return types


_IMPLIED = {"properties": "object", "items": "array"}
_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}


def _type_of(value: JsonValue) -> str:
    return "null" if value is None else _NAMES.get(type(value), "object")
