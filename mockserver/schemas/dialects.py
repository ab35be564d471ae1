"""Convert an OpenAPI schema object to plain JSON Schema, for one direction (request or response).

Caller of `convert`: `validators.py`, whose maker of references gets each `$ref`, and all warnings
and notes. In requests, readOnly properties are not required and accept any value; in responses,
writeOnly ones are not required. Invalid patterns are dropped, those for `ecma_patterns.py` marked;
keywords of another OpenAPI version are repaired (`version_repairs.py`). `dialect_of` honours
`$schema` and `jsonSchemaDialect`, since OpenAPI 3.1. Documents never change. The sets of keywords
serve all modules that walk over schemas, here and in `openapi/`.
"""

# Which draft a schema becomes
#
# - Swagger 2.0 and OpenAPI 3.0 have one dialect of their own. It is converted to draft 4, whose
#   keywords have the same form: `exclusiveMinimum` stays a boolean. `nullable` becomes the type
#   `null` next to the `type` of the same schema; without a `type` it has no effect (OpenAPI 3.0.3).
#   Next to `allOf`, `oneOf` or `anyOf` it makes null valid for the whole schema, because this is
#   what the generators of such documents mean; a note says that other tools may refuse null.
#   Keywords that this dialect lacks are removed, because OpenAPI 3.0 tools ignore them; those that
#   assert something in OpenAPI 3.1 give a warning.
# - OpenAPI 3.1 and 3.2 use draft 2020-12, unless the schema (`$schema`) or its document
#   (`jsonSchemaDialect`) names another draft that the validator library knows. An unknown dialect
#   is read as 2020-12: a vendor's dialect adds keywords, it rarely changes those of JSON Schema.
# - A keyword in the form of another OpenAPI version is repaired first (`version_repairs`).
#
# What is the same for all drafts
#
# - A conversion is for one direction. In requests, `readOnly` properties are not required and not
#   validated; in answers, `writeOnly` properties are not required. This is decided from the
#   schema, its `allOf` and what these refer to. It applies to `required` in this schema and in the
#   schemas it combines, because such a `required` often stands next to a reference to the object.
# - Keywords that assert nothing are removed, apart from those that sampling uses: examples,
#   defaults and, for answers, `discriminator`.
# - A pattern that the validator library reads in another way than ECMA-262 gets a keyword of its
#   own (`ecma_patterns`).
# - The formats int32 and int64 become a `minimum` and a `maximum`; narrower bounds stay.
# - Every reference is made by the caller (`ReferenceMaker`), so this module never decides where a
#   schema is stored. The document itself never changes. A part that the conversion does not change
#   is not copied, which saves memory in large documents.

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, escape
from mockserver.documents.references import Place, References
from mockserver.schemas import ecma_patterns
from mockserver.schemas.version_repairs import repair_for_version

SCHEMA_KEYWORDS = frozenset(
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
_ALSO_BOOLEAN = frozenset(("additionalItems", "additionalProperties"))
"""Keywords that may be true or false in every draft."""
_COMBINED = ("allOf", "anyOf", "oneOf")
SCHEMA_LIST_KEYWORDS = frozenset((*_COMBINED, "prefixItems", "items"))
"""Keywords whose value is, or may be, a list of schemas."""
SCHEMA_MAP_KEYWORDS = frozenset(
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
"""Keywords that assert something in OpenAPI 3.1 but do not exist in OpenAPI 3.0."""
_NOT_ASSERTING = frozenset(
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
"""Keywords that a validator ignores but sampling uses."""
_SAMPLED_3_0 = frozenset(("examples", "const"))
"""Keywords of OpenAPI 3.1 that sampling uses in OpenAPI 3.0, too."""
_DESCRIBING = frozenset(
    ("title", "description", "default", "example", "examples", "readOnly", "writeOnly")
)
"""Keywords that describe a value and assert nothing."""
SUBTYPE = "x-subtype"
"""The keyword for a reference to one subtype of a schema with a discriminator."""
_EXCLUDED_BY = {"request": "readOnly", "response": "writeOnly"}
"""By direction, the keyword of properties that are not sent."""
_INT32, _INT64 = 2**31, 2**63
_RANGES = {"int32": (-_INT32, _INT32 - 1), "int64": (-_INT64, _INT64 - 1)}


@dataclass(frozen=True, slots=True)
class Dialect:
    """A dialect of JSON Schema."""

    draft: str
    """The JSON Schema draft: 4, 6, 7, 2019-09 or 2020-12."""
    definitions: str
    """The keyword for definitions."""
    identifier: str
    """The keyword for the identifier of a schema; empty if there is none."""
    has_siblings: bool
    """Whether keywords next to a `$ref` apply."""
    is_openapi_3_0: bool = False
    """Whether it is the dialect of OpenAPI 3.0 and Swagger 2.0."""

    @property
    def is_openapi(self) -> bool:
        """Whether it is the default dialect of an OpenAPI version."""
        return self.is_openapi_3_0 or self.draft == "2020-12"


OPENAPI_3_0 = Dialect("4", "definitions", "", has_siblings=False, is_openapi_3_0=True)
DRAFT_2020_12 = Dialect("2020-12", "$defs", "$id", has_siblings=True)
VERSIONS_BEFORE_3_1 = frozenset(("2.0", "3.0"))
"""OpenAPI versions with a schema dialect of their own."""
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
    """Return the dialect that a schema or its document names, else the default of the version."""
    if version in VERSIONS_BEFORE_3_1:
        return OPENAPI_3_0
    whole = place.document.value
    for value, key in ((place.value, "$schema"), (whole, "jsonSchemaDialect")):
        address = value.get(key) if isinstance(value, dict) else None
        if isinstance(address, str) and (known := _DIALECTS.get(address.removesuffix("#"))):
            return known
    return DRAFT_2020_12


def is_meta_schema(address: str) -> bool:
    """Return True if an address is that of a meta-schema, which the validator library contains."""
    return address.partition("#")[0] in _DIALECTS


class ReferenceMaker(Protocol):
    """Makes the references of a converted schema, and takes its warnings."""

    def converted_reference(self, place: Place, keyword: str) -> dict[str, JsonValue]:
        """Return a schema that replaces the reference a schema has under `keyword`."""

    def definition_reference(self, place: Place) -> dict[str, JsonValue]:
        """Return a reference to a schema, which is converted as a definition of its own."""

    def warn(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Add a warning about a schema."""

    def note(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Add a note about a schema, which is read as its author means it."""


def convert(
    place: Place, dialect: Dialect, direction: str, references: References, maker: ReferenceMaker
) -> JsonValue:
    """Return a schema object as JSON Schema.

    A property that is not sent in this direction keeps its `readOnly` or `writeOnly`, so that
    sampling leaves it out; the other one of the two keywords is removed.

    Args:
        place: The schema object.
        dialect: The dialect it is written in.
        direction: `request`, where readOnly properties are not required; or `response`, where
            writeOnly properties are not.
        references: Resolves properties that are references, to see whether they are read-only.
        maker: Called for every reference and every subschema with an identifier.
    """
    return _DialectConverter(dialect, direction, references, maker).convert(place)


_NO_NAMES: frozenset[str] = frozenset()


class _DialectConverter:
    def __init__(
        self, dialect: Dialect, direction: str, references: References, maker: ReferenceMaker
    ) -> None:
        self._dialect = dialect
        self._excluded_by = _EXCLUDED_BY[direction]
        self._added = _ANNOTATIONS if direction == "response" else _NO_NAMES
        others = {dialect.identifier, *_EXCLUDED_BY.values()} - {self._excluded_by}
        self._dropped = (_NOT_ASSERTING | others) - self._added
        self._references = references
        self._maker = maker

    def convert(self, place: Place, optional: frozenset[str] = _NO_NAMES) -> JsonValue:
        """Convert a schema; names in `optional` are removed from its `required`."""
        if isinstance(place.value, bool) and self._dialect.draft == "4":
            message = f"{str(place.value).lower()} is a schema only since OpenAPI 3.1"
            hint = "write {}" if place.value else "write not: {}"
            self._maker.warn("MS303", place, message, hint)
            return {} if place.value else {"not": {}}
        if not isinstance(place.value, dict):
            return place.value
        if self._dialect.is_openapi:
            is_openapi_3_0 = self._dialect.is_openapi_3_0
            place = repair_for_version(place, self._maker.warn, is_openapi_3_0=is_openapi_3_0)
        value = place.value
        reference: dict[str, JsonValue] = {}
        if isinstance(value.get("$ref"), str):
            reference = self._maker.converted_reference(place, "$ref")
            if not self._dialect.has_siblings or len(value) == 1:
                return reference
        if isinstance(value.get("$dynamicRef"), str):
            dynamic = self._maker.converted_reference(place, "$dynamicRef")
            reference = _combined(reference, dynamic)
        return _combined(self._members(place, optional), reference)

    def _subschema(self, place: Place, optional: frozenset[str] = _NO_NAMES) -> JsonValue:
        """Convert a schema inside another; replace one with an identifier by a reference."""
        value, identifier = place.value, self._dialect.identifier
        if not isinstance(value, dict) or not isinstance(value.get(identifier), str):
            return self.convert(place, optional)
        if "$ref" in value and not self._dialect.has_siblings:
            return self.convert(place, optional)
        return self._maker.definition_reference(place)

    def _members(self, place: Place, optional: frozenset[str]) -> dict[str, JsonValue]:
        if "required" in place.value or any(key in place.value for key in _COMBINED):
            optional |= self._excluded_names(place)
        converted: dict[str, JsonValue] = {}
        for key, member in place.members():
            if key == "pattern" and isinstance(member.value, str):
                converted |= self._pattern(member)
            elif self._keeps(key):
                converted[key] = self._member(key, member, optional)
            elif self._dialect.is_openapi_3_0 and key in _OPENAPI_3_1:
                ignored = "it is not validated" if key == "const" else "it is ignored"
                message = f"OpenAPI supports `{key}` only since 3.1; {ignored}"
                self._maker.warn("MS304", member, message, "remove it, or use OpenAPI 3.1")
        return _reused(self._completed(place, converted, optional), place.value)

    def _completed(
        self, place: Place, converted: dict[str, JsonValue], optional: frozenset[str]
    ) -> dict[str, JsonValue]:
        """Return the converted keywords of a schema with those that follow from them."""
        if self._dialect.is_openapi_3_0 and self._added:
            converted |= _sampled_of_3_1(place.value)
        if "discriminator" in converted:
            converted |= self._subtype(place)
        if converted.get("additionalProperties") is False:
            converted.setdefault("properties", {})  # the library then names the unexpected members
        self._relax_required(converted, optional)
        if self._dialect.is_openapi_3_0:
            _add_null_type(place.value, converted)
        _add_range(converted)
        return self._nullable(place, converted)

    def _nullable(self, place: Place, converted: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Return a schema that also accepts null if it is a combination and nullable."""
        is_combination = any(isinstance(converted.get(key), list) for key in _COMBINED)
        if not (self._dialect.is_openapi and is_combination and _is_nullable(place.value)):
            return converted
        if self._dialect.is_openapi_3_0:
            message = (
                "null is accepted here, but `nullable` applies only to the `type` of its own "
                "schema (OpenAPI 3.0.3); other tools may refuse null"
            )
            hint = "make every schema inside nullable, too, or use OpenAPI 3.1"
            self._maker.note("MS313", place.child("nullable"), message, hint)
        outside = {key: value for key, value in converted.items() if key in _DESCRIBING}
        inside = {key: value for key, value in converted.items() if key not in _DESCRIBING}
        return {**outside, "anyOf": [inside, {"type": "null"}]}

    def _keeps(self, key: str) -> bool:
        if key in self._added:
            return True
        if self._dialect.is_openapi_3_0 and key not in _OPENAPI_3_0:
            return False
        return key not in self._dropped and not key.startswith("x-")

    def _member(self, key: str, member: Place, optional: frozenset[str]) -> JsonValue:
        value = member.value
        if key in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
            named = [(name, item) for name, item in member.members() if self._is_schema(item)]
            convert = self._property if key == "properties" else self._subschema
            rename = self._name_pattern if key == "patternProperties" else _same_name
            return _reused({rename(name, item): convert(item) for name, item in named}, value)
        if key in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
            names = optional if key in _COMBINED else _NO_NAMES
            return [self._subschema(item, names) for item in member.items()]
        if key not in SCHEMA_KEYWORDS or (isinstance(value, bool) and key in _ALSO_BOOLEAN):
            return value
        return self._subschema(member)

    def _subtype(self, place: Place) -> dict[str, JsonValue]:
        """Return a reference to the first subtype of a discriminator, for sampling.

        A schema that combines alternatives needs none, and neither does one that the mapping names.
        """
        mapping = place.child("discriminator").child("mapping").members()
        own = place.pointer.rpartition("/")[2]
        if "oneOf" in place.value or "anyOf" in place.value:
            return {}
        targets = [member for _, member in mapping if isinstance(member.value, str)]
        if any(member.value.rpartition("/")[2] == own for member in targets):
            return {}
        found = next((target for member in targets if (target := self._mapped(member))), None)
        return {SUBTYPE: self._maker.definition_reference(found)} if found else {}

    def _mapped(self, member: Place) -> Place | None:
        """Return the schema that a discriminator's mapping names; None if there is none."""
        name = member.value
        is_name = "/" not in name and "#" not in name and "." not in name
        reference = f"#/components/schemas/{escape(name)}" if is_name else name
        try:
            target = self._references.resolve(
                Place(member.document, member.pointer, {"$ref": reference})
            )
        except SpecError:
            return None
        return target if isinstance(target.value, dict) else None

    def _pattern(self, place: Place) -> dict[str, JsonValue]:
        """Return a pattern under the keyword of the engine that reads it as ECMA-262 does."""
        if ecma_patterns.is_plain(place.value):
            return {"pattern": place.value}
        if error := ecma_patterns.pattern_error(place.value):
            self._warn_of_pattern(place, error)
            return {}
        return {ecma_patterns.KEYWORD: place.value}

    def _name_pattern(self, pattern: str, place: Place) -> str:
        """Return a pattern of names, rewritten for the validator library if necessary."""
        if (exact := ecma_patterns.exact_form(pattern)) is not None:
            return exact
        if error := ecma_patterns.pattern_error(pattern):
            self._warn_of_pattern(place, error)
        else:
            message = "a pattern of names with this syntax may be read in another way"
            hint = "use only literals, classes, groups and repetitions"
            self._maker.warn("MS314", place, message, hint)
        return pattern

    def _warn_of_pattern(self, place: Place, error: str) -> None:
        message = f"not a schema: this is not a valid regular expression (ECMA-262): {error[:200]}"
        self._maker.warn("MS302", place, message, "it is ignored")

    def _is_schema(self, place: Place) -> bool:
        """Return True for an object, a boolean or a list (`dependencies` has lists of names)."""
        if isinstance(place.value, dict | bool | list):
            return True
        self._maker.warn("MS301", place, "not a schema: it must be an object; it is ignored")
        return False

    def _property(self, place: Place) -> JsonValue:
        """Convert the schema of a property; accept any value of a readOnly one in requests."""
        if self._excluded_by == "readOnly" and self._is_excluded(place):
            return {}
        return self._subschema(place)

    def _relax_required(self, converted: dict[str, JsonValue], optional: frozenset[str]) -> None:
        required = converted.get("required")
        if not optional or not isinstance(required, list):
            return
        kept = [name for name in required if not isinstance(name, str) or name not in optional]
        if kept or self._dialect.draft != "4":
            converted["required"] = kept
        else:
            del converted["required"]  # draft 4 does not allow an empty list

    def _excluded_names(self, place: Place) -> frozenset[str]:
        """Return the properties that are not sent in this direction, with those of `allOf`."""
        return frozenset(
            name
            for part in self._parts(place)
            for name, member in part.child("properties").members()
            if self._is_excluded(member)
        )

    def _parts(self, place: Place) -> Iterator[Place]:
        """Yield a schema and the schemas that it applies to the same value in any case."""
        waiting, seen = [place], set()
        while waiting:
            part = waiting.pop()
            if part.key not in seen:
                seen.add(part.key)
                yield part
                waiting += part.child("allOf").items()
                if (target := self._target(part)) is not None:
                    waiting.append(target)

    def _is_excluded(self, place: Place) -> bool:
        for part in (place, self._target(place)):
            value = part.value if part else None
            if isinstance(value, dict) and value.get(self._excluded_by) is True:
                return True
        return False

    def _target(self, place: Place) -> Place | None:
        if not isinstance(place.value, dict) or not isinstance(place.value.get("$ref"), str):
            return None
        try:
            return self._references.resolve(place)
        except SpecError:  # reported when the reference itself is converted
            return None


def _same_name(name: str, _place: Place) -> str:
    return name


def _reused(converted: dict[str, JsonValue], given: JsonValue) -> dict[str, JsonValue]:
    """Return the object of the document if the conversion did not change it, to save memory."""
    return given if converted == given else converted


def _combined(left: dict[str, JsonValue], right: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a schema that applies both; with `allOf` if they have keywords in common."""
    if not right:
        return left
    if left.keys().isdisjoint(right):
        return {**left, **right}
    parts = left.get("allOf")
    return {**left, "allOf": [*(parts if isinstance(parts, list) else ()), right]}


def _add_null_type(value: JsonValue, converted: dict[str, JsonValue]) -> None:
    """Add the type null if the schema is `nullable` and has a type (OpenAPI 3.0.3)."""
    name = converted.get("type")
    if _is_nullable(value) and isinstance(name, str):
        converted["type"] = [name, "null"]


def _sampled_of_3_1(value: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the keywords of 3.1 that samples are made from; a constant only if its type fits."""
    found = {key: value[key] for key in _SAMPLED_3_0 & value.keys()}
    if not isinstance(found.get("examples", []), list):
        del found["examples"]
    name = value.get("type")
    is_fitting = "const" in found and (
        not isinstance(name, str) or isinstance(found["const"], _PYTHON_TYPES.get(name, object))
    )
    if not is_fitting or (isinstance(found["const"], bool) and name in ("integer", "number")):
        found.pop("const", None)
    return found


_PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def _is_nullable(value: JsonValue) -> bool:
    return value.get("nullable") is True or value.get("x-nullable") is True


def _add_range(converted: dict[str, JsonValue]) -> None:
    """Add the bounds of the formats int32 and int64; narrower bounds stay."""
    bounds = _RANGES.get(str(converted.get("format")))
    if bounds is None:
        return
    for key, bound, narrower in (("minimum", bounds[0], max), ("maximum", bounds[1], min)):
        given = converted.get(key, bound)
        if isinstance(given, int | float):
            converted[key] = narrower(given, bound)
