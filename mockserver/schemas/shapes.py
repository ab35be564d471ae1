"""Say which types, members and items schemas allow, so that text can be read as JSON values.

Parameters, form fields and XML carry text only. The shape of a schema says which JSON values a text
can become: whether `7` is a number or text. `openapi/parameter_objects.py` and
`openapi/request_bodies.py` make shapes, and `wire/` reads by them. `Shape.read` returns the text
itself if no type fits, but None for `null` and empty text if null is allowed and text is not. Types
and members include those of alternatives; defaults, patterns and enums do not. Nothing is validated
here. `Resolver` is the protocol for following references, also for `wire/xml_writing.py`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Protocol

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.documents.swagger_parameters import COLLECTION_FORMAT

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,30})", re.ASCII)
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,30})\.0{1,30}", re.ASCII)
"""An integer that is written as `31.0`."""
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?", re.ASCII)
_CERTAIN = ("allOf",)
"""Keywords whose schemas all apply to a value."""
_COMBINED = ("oneOf", "anyOf", "allOf")


class Resolver(Protocol):
    """Follows references between schemas."""

    def resolve(self, place: Place) -> Place:
        """Return the schema that a reference points at; its value is None if it is absent."""


@dataclass(slots=True)
class Shapes:
    """The shapes of the schemas in a document, each made when it is first needed."""

    schemas: Resolver
    has_siblings: bool = True
    """Whether keywords next to a `$ref` apply."""
    _known: "dict[tuple[tuple[str, str], ...], Shape]" = field(default_factory=dict)

    def of(self, *places: Place) -> "Shape":
        """Return the shape of the values that conform to all these schemas."""
        key = tuple(place.key for place in places)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = Shape(places, self)
        return known

    def parts(self, places: tuple[Place, ...], keys: tuple[str, ...]) -> Iterator[Place]:
        """Yield schemas, those they refer to and those under `keys`, recursively, each once."""
        waiting, seen = list(reversed(places)), set()
        while waiting:
            place = waiting.pop()
            if place.key in seen or not isinstance(place.value, dict):
                continue
            seen.add(place.key)
            if isinstance(place.value.get("$ref"), str):
                waiting.append(self.schemas.resolve(place))
                if not self.has_siblings:
                    continue
            yield place
            for key in keys:
                waiting += reversed(place.child(key).items())


class Shape:
    """The types, members and items that schemas allow; computed when they are first needed."""

    def __init__(self, places: tuple[Place, ...], shapes: Shapes | None) -> None:
        self._places = places
        self._shapes = shapes

    def __repr__(self) -> str:
        return f"Shape({', '.join(place.pointer for place in self._places)})"

    # --- content of the schemas ---

    @cached_property
    def _parts(self) -> tuple[Place, ...]:
        """All schemas that may apply to the value, with every alternative."""
        return tuple(self._shapes.parts(self._places, _COMBINED)) if self._shapes else ()

    @cached_property
    def _certain(self) -> tuple[Place, ...]:
        """The schemas that always apply to the value, without alternatives."""
        return tuple(self._shapes.parts(self._places, _CERTAIN)) if self._shapes else ()

    @cached_property
    def types(self) -> frozenset[str]:
        """The allowed JSON types; empty if the schema has none, `string` if there is no schema."""
        if self._shapes is None:
            return frozenset(("string",))
        return frozenset(kind for part in self._parts for kind in _types(part.value))

    @cached_property
    def properties(self) -> "Mapping[str, Shape]":
        """The declared members, those of alternatives too."""
        return self._members(self._parts)

    @cached_property
    def certain_properties(self) -> "Mapping[str, Shape]":
        """The members that are declared outside of alternatives."""
        return self._members(self._certain)

    @cached_property
    def items(self) -> "Shape | None":
        """The items of an array, apart from those that `prefixItems` describes."""
        return self._subschema("items")

    @cached_property
    def rest(self) -> "Shape | None":
        """The members that `properties` does not declare; None if they have no schema."""
        found = self._subschema("additionalProperties")
        if found is None and "object" in self.types and not self.properties:
            return TEXT
        return found

    @property
    def default(self) -> JsonValue:
        """The default value; None if there is none."""
        return self._first("default")

    @property
    def pattern(self) -> str | None:
        """The regular expression that texts must match; None if there is none."""
        found = self._first("pattern")
        return found if isinstance(found, str) else None

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The texts of all values of an `enum` or a `const`; empty if the schema has neither."""
        constant = self._first("const")
        values = self._first("enum") if constant is None else [constant]
        if not isinstance(values, list) or not all(type(one) in (str, int) for one in values):
            return ()
        return tuple(filter(None, map(str, values)))

    @cached_property
    def is_read_only(self) -> bool:
        """Whether clients must not send it."""
        return any(part.value.get("readOnly") is True for part in self._certain)

    @cached_property
    def xml(self) -> Mapping[str, JsonValue]:
        """The XML object (`xml`), empty if there is none."""
        found = self._first("xml")
        return found if isinstance(found, dict) else {}

    def _first(self, key: str) -> JsonValue:
        return next((part.value[key] for part in self._certain if key in part.value), None)

    def _members(self, parts: tuple[Place, ...]) -> "dict[str, Shape]":
        found: dict[str, list[Place]] = {}
        for part in parts:
            for name, member in part.child("properties").members():
                found.setdefault(name, []).append(member)
        shapes = self._shapes
        return {name: shapes.of(*places) for name, places in found.items()} if shapes else {}

    def _subschema(self, key: str) -> "Shape | None":
        """Return the shape of the schemas under a keyword; None if there are none."""
        places = [part.child(key) for part in self._parts if _has_rules(part.value.get(key))]
        return self._shapes.of(*places) if places and self._shapes else None

    # --- reading of text ---

    @cached_property
    def separator(self) -> str | None:
        """What separates the items of an array that is one text (Swagger 2.0); None otherwise."""
        name = self._first(COLLECTION_FORMAT) if self.is_array else None
        return _SEPARATORS.get(name) if isinstance(name, str) else None

    def read(self, text: str) -> JsonValue:
        """Return a text as a value of the first type that it can be read as, else as text."""
        if self.separator is not None:
            texts = text.split(self.separator) if text else []
            return [self.item(index).read(item) for index, item in enumerate(texts)]
        for kind, reader in _READERS.items():
            if kind in self.types and (value := reader(text)) is not _NO_MATCH:
                return value
        if "integer" in self.types and "string" not in self.types and _WHOLE.fullmatch(text):
            return int(text.partition(".")[0])
        return None if text in ("", "null") and self._is_nullable else text

    def member(self, name: str) -> "Shape":
        """Return the shape of the member with a name."""
        return self.properties.get(name) or self.rest or TEXT

    def item(self, index: int) -> "Shape":
        """Return the shape of the item at an index."""
        first = self._first_items
        return first[index] if index < len(first) else self._any_item

    @cached_property
    def _any_item(self) -> "Shape":
        return self.items or TEXT

    @cached_property
    def _first_items(self) -> "tuple[Shape, ...]":
        """The shapes of `prefixItems`."""
        columns = zip_longest(*(part.child("prefixItems").items() for part in self._parts))
        shapes = self._shapes
        if shapes is None:
            return ()
        return tuple(shapes.of(*filter(None, places)) for places in columns)

    @cached_property
    def _is_nullable(self) -> bool:
        return "null" in self.types and "string" not in self.types

    @cached_property
    def is_array(self) -> bool:
        """Whether the value can be an array."""
        return "array" in self.types

    @cached_property
    def is_object(self) -> bool:
        """Whether the value can be an object but not an array."""
        return "object" in self.types and "array" not in self.types

    @cached_property
    def is_structured(self) -> bool:
        """Whether the value can be an array or an object."""
        return self.is_array or self.is_object

    @cached_property
    def is_scalar(self) -> bool:
        """Whether the value can be a single text, number or boolean."""
        return not self.types or not self.types.isdisjoint(_SCALARS)

    @cached_property
    def is_without_comma(self) -> bool:
        """Whether no valid value, written as text, contains a comma."""
        if self.types and self.types <= _WITHOUT_COMMA:
            return True
        if self.choices:
            return not any("," in text for text in self.choices)
        return any(
            str(part.value.get("format")) in _FORMATS_WITHOUT_COMMA for part in self._certain
        )

    @cached_property
    def is_ambiguous(self) -> bool:
        """Whether a text that looks like a number or a boolean can also be text."""
        return "string" in self.types and bool(self.types & _READERS.keys())


_SEPARATORS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|"}
"""The separators of a `collectionFormat`."""
_SCALARS = frozenset(("string", "integer", "number", "boolean"))
_WITHOUT_COMMA = frozenset(("integer", "number", "boolean", "null"))
_FORMATS_WITHOUT_COMMA = frozenset(("uuid", "date", "date-time", "ipv4", "ipv6"))
_NO_MATCH = object()
_BOOLEANS = {"true": True, "false": False}
_READERS: Mapping[str, Callable[[str], JsonValue]] = {
    "integer": lambda text: int(text) if _INTEGER.fullmatch(text) else _NO_MATCH,
    "number": lambda text: _number(text) if _NUMBER.fullmatch(text) else _NO_MATCH,
    "boolean": lambda text: _BOOLEANS.get(text, _NO_MATCH),
}


def _number(text: str) -> JsonValue:
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def _has_rules(value: JsonValue) -> bool:
    return value is True or (isinstance(value, dict) and bool(value))


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


_IMPLIED = {"properties": "object", "items": "array", "prefixItems": "array"}
_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}


def _type_of(value: JsonValue) -> str:
    return "null" if value is None else _NAMES.get(type(value), "object")


TEXT = Shape((), None)
"""The shape of values without a schema: they are text."""
