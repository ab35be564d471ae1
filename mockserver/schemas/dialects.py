"""Schema objects of OpenAPI as plain JSON Schema: up to 3.0 draft 4, since 3.1 2020-12."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue
from mockserver.documents.references import Place, References
from mockserver.schemas.foreign_keywords import repaired

ONE = frozenset(
    [
        "additionalItems",
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    ]
)
"""Keywords whose value is a schema."""
_YES_OR_NO = frozenset(("additionalItems", "additionalProperties"))
"""Keywords that take true and false in every draft."""
_COMBINED = ("allOf", "anyOf", "oneOf")
SEVERAL = frozenset((*_COMBINED, "prefixItems", "items"))
"""Keywords whose value is, or may be, a list of schemas."""
NAMED = frozenset(
    ("properties", "patternProperties", "dependentSchemas", "definitions", "$defs", "dependencies")
)
"""Keywords whose value maps names to schemas."""
_OPENAPI_3_0 = frozenset(
    [
        "title",
        "description",
        "default",
        "example",
        "enum",
        "type",
        "format",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "required",
        "properties",
        "additionalProperties",
        "items",
        "not",
        "allOf",
        "anyOf",
        "oneOf",
        "readOnly",
        "writeOnly",
    ]
)
_OPENAPI_3_1 = frozenset(
    [
        "const",
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "maxContains",
        "minContains",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    ]
)
"""Keywords that check something, and that the schemas of OpenAPI 3.0 do not have."""
_NOT_KEPT = frozenset(
    [
        "discriminator",
        "xml",
        "externalDocs",
        "$schema",
        "$vocabulary",
        "$ref",
        "$dynamicRef",
        "$anchor",
        "$dynamicAnchor",
        "$defs",
        "definitions",
    ]
)
_ANNOTATIONS = frozenset(("discriminator",))
"""What tells nothing to a validator, but something to who makes a value."""
_LEFT_OUT = {"request": "readOnly", "response": "writeOnly"}
_INT32, _INT64 = 2**31, 2**63
_RANGES = {"int32": (-_INT32, _INT32 - 1), "int64": (-_INT64, _INT64 - 1)}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the schemas of a document are to be read."""

    draft: str
    """4, 6, 7, 2019-09 or 2020-12."""
    definitions: str
    identifier: str
    """The keyword by which a schema names itself; empty if there is none."""
    has_siblings: bool
    """Keywords beside a `$ref` count."""
    is_openapi_3_0: bool = False
    """Also those of Swagger 2.0."""

    @property
    def is_openapi(self) -> bool:
        """It is one that a version of OpenAPI has by itself."""
        return self.is_openapi_3_0 or self.draft == "2020-12"


OPENAPI_3_0 = Dialect("4", "definitions", "", has_siblings=False, is_openapi_3_0=True)
DRAFT_2020_12 = Dialect("2020-12", "$defs", "$id", has_siblings=True)
OLD = frozenset(("2.0", "3.0"))
"""Versions whose schemas are OpenAPI's own dialect."""
_DIALECTS: Mapping[str, Dialect] = {
    "http://json-schema.org/draft-04/schema": Dialect("4", "definitions", "id", has_siblings=False),
    "http://json-schema.org/draft-06/schema": Dialect(
        "6", "definitions", "$id", has_siblings=False
    ),
    "http://json-schema.org/draft-07/schema": Dialect(
        "7", "definitions", "$id", has_siblings=False
    ),
    "https://json-schema.org/draft/2019-09/schema": Dialect(
        "2019-09", "$defs", "$id", has_siblings=True
    ),
    "https://json-schema.org/draft/2020-12/schema": DRAFT_2020_12,
}


def dialect_of(place: Place, version: str) -> Dialect:
    """Return the dialect that a schema names, or its document; any other is that of `version`."""
    if version in OLD:
        return OPENAPI_3_0
    whole = place.document.value
    for value, key in ((place.value, "$schema"), (whole, "jsonSchemaDialect")):
        named = value.get(key) if isinstance(value, dict) else None
        if isinstance(named, str) and (known := _DIALECTS.get(named.removesuffix("#"))):
            return known
    return DRAFT_2020_12


def is_meta_schema(address: str) -> bool:
    """Tell whether an address is that of a dialect's own schema, which every validator has."""
    return address.partition("#")[0] in _DIALECTS


class Links(Protocol):
    """Makes the references of a bundled schema."""

    def follow(self, place: Place, keyword: str) -> dict[str, JsonValue]:
        """Return what stands for the reference that a schema has under `keyword`."""

    def apart(self, place: Place) -> dict[str, JsonValue]:
        """Return a reference to a schema that is a definition of its own."""

    def note(self, place: Place, message: str, hint: str = "") -> None:
        """Take down what is not as its OpenAPI has it."""


def convert(
    place: Place, dialect: Dialect, direction: str, references: References, links: Links
) -> JsonValue:
    """Return a schema object as JSON Schema whose references are those that `links` makes.

    Properties that do not travel in this direction keep their `readOnly` or `writeOnly`, so
    that none is made up; the other of the two is dropped.

    Args:
        place: The schema object.
        dialect: How it is to be read.
        direction: request, where readOnly properties are not required; or response, where
            writeOnly ones are not.
        references: Resolves properties that are references, to see whether they are read-only.
        links: Asked for every reference and every schema that names itself.
    """
    return _DialectConverter(dialect, direction, references, links).root(place)


_NO_NAMES: frozenset[str] = frozenset()


class _DialectConverter:
    def __init__(
        self, dialect: Dialect, direction: str, references: References, links: Links
    ) -> None:
        self._dialect = dialect
        self._left_out = _LEFT_OUT[direction]
        self._dropped = _NOT_KEPT | {dialect.identifier, *_LEFT_OUT.values()} - {self._left_out}
        self._added = _ANNOTATIONS if direction == "response" else _NO_NAMES
        self._dropped -= self._added
        self._references = references
        self._links = links

    def root(self, place: Place, optional: frozenset[str] = _NO_NAMES) -> JsonValue:
        """Convert a schema; `optional` are names that a schema around it does not require."""
        if isinstance(place.value, bool) and self._dialect.draft == "4":
            message = f"{str(place.value).lower()} is a schema since OpenAPI 3.1"
            self._links.note(place, message, "it is read as such")
            return {} if place.value else {"not": {}}
        if not isinstance(place.value, dict):
            return place.value
        if self._dialect.is_openapi:
            place = repaired(place, self._links.note, is_old=self._dialect.is_openapi_3_0)
        value = place.value
        linked: dict[str, JsonValue] = {}
        if isinstance(value.get("$ref"), str):
            linked = self._links.follow(place, "$ref")
            if not self._dialect.has_siblings or len(value) == 1:
                return linked
        if isinstance(value.get("$dynamicRef"), str):
            linked = _both(linked, self._links.follow(place, "$dynamicRef"))
        return _both(self._members(place, optional), linked)

    def _schema(self, place: Place, optional: frozenset[str] = _NO_NAMES) -> JsonValue:
        """Convert a schema inside another; one with an identifier is set apart."""
        value, identifier = place.value, self._dialect.identifier
        if not isinstance(value, dict) or not isinstance(value.get(identifier), str):
            return self.root(place, optional)
        if "$ref" in value and not self._dialect.has_siblings:
            return self.root(place, optional)
        return self._links.apart(place)

    def _members(self, place: Place, optional: frozenset[str]) -> dict[str, JsonValue]:
        if "required" in place.value or any(key in place.value for key in _COMBINED):
            optional |= self._names_left_out(place)
        converted: dict[str, JsonValue] = {}
        for key, member in place.members():
            if self._keeps(key):
                converted[key] = self._member(key, member, optional)
            elif self._dialect.is_openapi_3_0 and key in _OPENAPI_3_1:
                self._links.note(member, f"OpenAPI 3.0 has no `{key}`; it is left out")
        if converted.get("additionalProperties") is False:
            converted.setdefault("properties", {})  # with it the validator names the members
        self._relax_required(converted, optional)
        if self._dialect.is_openapi_3_0:
            _nullable(place.value, converted)
        _add_range(converted)
        return _shared(converted, place.value)

    def _keeps(self, key: str) -> bool:
        if key in self._added:
            return True
        if self._dialect.is_openapi_3_0 and key not in _OPENAPI_3_0:
            return False
        return key not in self._dropped and not key.startswith("x-")

    def _member(self, key: str, member: Place, optional: frozenset[str]) -> JsonValue:
        value = member.value
        if key in NAMED and isinstance(value, dict):
            named = [(name, below) for name, below in member.members() if self._is_schema(below)]
            read = self._property if key == "properties" else self._schema
            return _shared({name: read(below) for name, below in named}, value)
        if key in SEVERAL and isinstance(value, list):
            names = optional if key in _COMBINED else _NO_NAMES
            return [self._schema(below, names) for below in member.items()]
        if key not in ONE or (isinstance(value, bool) and key in _YES_OR_NO):
            return value
        return self._schema(member)

    def _is_schema(self, place: Place) -> bool:
        """Tell whether a named value can be a schema, or a list of names that some drafts have."""
        if isinstance(place.value, dict | bool | list):
            return True
        self._links.note(place, "not a schema: it is no object", "it is left out")
        return False

    def _property(self, place: Place) -> JsonValue:
        """Convert the schema of a member; one that clients do not send is not compared."""
        if self._left_out == "readOnly" and self._is_left_out(place):
            return {}
        return self._schema(place)

    def _relax_required(self, converted: dict[str, JsonValue], optional: frozenset[str]) -> None:
        required = converted.get("required")
        if not optional or not isinstance(required, list):
            return
        kept = [name for name in required if not isinstance(name, str) or name not in optional]
        if kept or self._dialect.draft != "4":
            converted["required"] = kept
        else:
            del converted["required"]  # draft 4 has no empty list

    def _names_left_out(self, place: Place) -> frozenset[str]:
        """Name the properties that do not travel in this direction, those of `allOf` too."""
        return frozenset(
            name
            for part in self._parts(place)
            for name, member in part.child("properties").members()
            if self._is_left_out(member)
        )

    def _parts(self, place: Place) -> Iterator[Place]:
        """Yield the schemas that hold for the same value as this one does."""
        waiting, seen = [place], set()
        while waiting:
            part = waiting.pop()
            here = part.key
            if here not in seen:
                seen.add(here)
                yield part
                waiting += part.child("allOf").items()
                if (target := self._target(part)) is not None:
                    waiting.append(target)

    def _is_left_out(self, place: Place) -> bool:
        for part in (place, self._target(place)):
            value = part.value if part else None
            if isinstance(value, dict) and value.get(self._left_out) is True:
                return True
        return False

    def _target(self, place: Place) -> Place | None:
        if not isinstance(place.value, dict) or not isinstance(place.value.get("$ref"), str):
            return None
        try:
            return self._references.resolve(place)
        except SpecError:  # told where the reference is followed
            return None


def _shared(converted: dict[str, JsonValue], given: JsonValue) -> dict[str, JsonValue]:
    """Return what the document has if converting changed nothing: it is there already."""
    return given if converted == given else converted


def _both(left: dict[str, JsonValue], right: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Join two parts of a schema; of one keyword that both have, each holds."""
    if not right:
        return left
    if left.keys().isdisjoint(right):
        return {**left, **right}
    parts = left.get("allOf")
    return {**left, "allOf": [*(parts if isinstance(parts, list) else ()), right]}


def _nullable(value: JsonValue, converted: dict[str, JsonValue]) -> None:
    """Let null in beside the type (OpenAPI 3.0.3, `nullable`: only where there is a type)."""
    kind = converted.get("type")
    is_nullable = value.get("nullable") is True or value.get("x-nullable") is True
    if is_nullable and isinstance(kind, str):
        converted["type"] = [kind, "null"]


def _add_range(converted: dict[str, JsonValue]) -> None:
    """Turn the formats int32 and int64 into bounds; narrower ones stay."""
    bounds = _RANGES.get(str(converted.get("format")))
    if bounds is None:
        return
    for key, bound, narrower in (("minimum", bounds[0], max), ("maximum", bounds[1], min)):
        given = converted.get(key, bound)
        if isinstance(given, int | float):
            converted[key] = narrower(given, bound)
