"""Combine a schema with its references and `allOf`, so that two versions of it can be compared.

`DocumentVersion` is one version of a document: `document_changes.py` makes two, and
`schema_changes.py` and `security_changes.py` read them. Its `flatten` returns a `FlattenedSchema`:
types, allowed values, members, other keywords, and the `alternatives` of `oneOf` and `anyOf`, which
are not combined, except one alternative with null. After 200 parts the rest is ignored. `resolve`
follows a reference; a broken one has the value None, and is no error here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue
from mockserver.documents.references import Place, References

_MAX_PARTS = 200
_DEFINITIONS = ("schemas", "definitions", "$defs")
_ALL_TYPES = frozenset(("array", "boolean", "integer", "null", "number", "object", "string"))
_IMPLIED_TYPES = {"properties": "object", "additionalProperties": "object", "items": "array"}
_TYPE_NAMES_BY_CLASS = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
}


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One version of a document, with what is needed to follow its references."""

    root: Place
    version: str
    references: References

    def resolve(self, place: Place) -> Place:
        """Follow a reference; the value of a broken reference is None."""
        try:
            return self.references.resolve(place)
        except SpecError:
            return Place(place.document, place.pointer, None)

    def name_of(self, schema: Place) -> str:
        """Return the name of the definition that a schema refers to, else its title, else ""."""
        place = self.resolve(schema)
        *_, holder, name = ("", *place.pointer.split("/"))
        if holder in _DEFINITIONS:
            return name
        return str(place.value.get("title") or "") if isinstance(place.value, dict) else ""

    def flatten(self, schema: Place) -> "FlattenedSchema":
        """Combine a schema with all schemas that apply to the same value."""
        pending, parts, nullable = [schema], list[Place](), False
        seen: set[tuple[str, str]] = set()
        while pending and len(parts) < _MAX_PARTS:
            place = pending.pop(0)
            if not isinstance(place.value, dict) or place.key in seen:
                continue
            seen.add(place.key)
            is_reference = "$ref" in place.value
            if is_reference:
                pending.insert(0, self.resolve(place))
            has_siblings = len(place.value) > 1 and not self.version.startswith("3.0")
            if has_siblings or not is_reference:
                parts.append(place)
            pending += place.child("allOf").items()
            if (other := _non_null_alternative(place)) is not None:
                pending.append(other)
                nullable = True
        return FlattenedSchema(tuple(parts), nullable)


@dataclass(frozen=True, slots=True)
class FlattenedSchema:
    """A schema with its references and `allOf`, as a list of parts; its own part comes first."""

    parts: tuple[Place, ...]
    nullable: bool = False

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """Identifies the schema within its document."""
        return tuple(part.key for part in self.parts)

    def keyword_value(self, keyword: str) -> JsonValue:
        """Return the value of a keyword in the first part that has it; None if no part has it."""
        return next((one.value[keyword] for one in self.parts if keyword in one.value), None)

    def child(self, keyword: str) -> Place | None:
        """Return the place of a keyword's value; None if no part has the keyword."""
        return next((one.child(keyword) for one in self.parts if keyword in one.value), None)

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that a value may have; `number` includes `integer`."""
        named = [found for one in self.parts if (found := _types_of(one.value))]
        types = frozenset.intersection(*named) if named else _ALL_TYPES
        nullable = self.nullable or any(one.value.get("nullable") is True for one in self.parts)
        return types | {"null"} if nullable else types

    @property
    def allowed(self) -> list[JsonValue] | None:
        """The values of `enum` or `const`; None if the schema has neither."""
        for part in self.parts:
            if isinstance(part.value.get("enum"), list):
                return list(part.value["enum"])
            if "const" in part.value:
                return [part.value["const"]]
        return None

    @property
    def required(self) -> dict[str, None]:
        """The names of required members, each once, in the order of the document."""
        lists = (one.value.get("required") for one in self.parts)
        return {str(name): None for names in lists if isinstance(names, list) for name in names}

    @property
    def properties(self) -> dict[str, Place]:
        """The schemas of the named members."""
        found: dict[str, Place] = {}
        for part in self.parts:
            for name, member in part.child("properties").members():
                found.setdefault(name, member)
        return found

    @property
    def alternatives(self) -> list[Place]:
        """The schemas of `oneOf` and `anyOf`."""
        return [one for part in self.parts for one in _alternatives(part)]


def _alternatives(schema: Place) -> Iterator[Place]:
    if _non_null_alternative(schema) is None:
        yield from schema.child("oneOf").items()
        yield from schema.child("anyOf").items()


def _non_null_alternative(schema: Place) -> Place | None:
    """Return the only alternative to null: how OpenAPI 3.1 writes `nullable` of 3.0."""
    for keyword in ("oneOf", "anyOf"):
        items = schema.child(keyword).items()
        others = [one for one in items if one.value != {"type": "null"}]
        if len(others) == 1 and len(others) < len(items):
            return others[0]
    return None


def _types_of(schema: Mapping[str, JsonValue]) -> frozenset[str]:
    """Return the types that a schema names or implies; an empty set if it does neither."""
    given = schema.get("type")
    types = {given} if isinstance(given, str) else set(given) if isinstance(given, list) else set()
    if given is None:
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        types = {_type_of(one) for one in values} if isinstance(values, list) else set()
        types |= {kind for keyword, kind in _IMPLIED_TYPES.items() if keyword in schema}
    if "number" in types:
        types.add("integer")
    return frozenset(map(str, types))


def _type_of(value: JsonValue) -> str:
    return "null" if value is None else _TYPE_NAMES_BY_CLASS.get(type(value), "object")
