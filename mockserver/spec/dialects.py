"""Schema objects of OpenAPI as plain JSON Schema: 3.0 becomes draft 4, 3.1 is 2020-12."""

from collections.abc import Callable

from mockserver.errors import SpecError
from mockserver.exchange import JsonValue
from mockserver.spec.references import Place, References

_ONE = frozenset(
    [
        "additionalItems",
        "additionalProperties",
        "contains",
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
_SEVERAL = frozenset(("allOf", "anyOf", "oneOf", "prefixItems", "items"))
_NAMED = frozenset(
    ("properties", "patternProperties", "dependentSchemas", "definitions", "$defs", "dependencies")
)
_DRAFT_4 = frozenset(
    [
        "title",
        "description",
        "default",
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
    ]
)
_NOT_KEPT = frozenset(("example", "examples", "discriminator", "xml", "externalDocs", "$schema"))
_INT32 = 2**31
_RANGES = {"int32": _INT32, "int64": 2**63}

Link = Callable[[Place], str]
"""Makes the `$ref` of a bundled schema out of the place of a reference."""


def convert(
    place: Place, version: str, direction: str, references: References, link: Link
) -> JsonValue:
    """Return a schema object as JSON Schema whose references are what `link` makes of them.

    Args:
        place: The schema object.
        version: 3.0 or 3.1.
        direction: request, where readOnly properties are not required; or response, where
            writeOnly ones are not.
        references: Resolves properties that are references, to see whether they are read-only.
        link: Called for every `$ref`.
    """
    return _Converter(version, direction, references, link).schema(place)


class _Converter:
    def __init__(self, version: str, direction: str, references: References, link: Link) -> None:
        self._is_30 = version == "3.0"
        self._left_out = "readOnly" if direction == "request" else "writeOnly"
        self._references = references
        self._link = link

    def schema(self, place: Place) -> JsonValue:
        value = place.value
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("$ref"), str):
            linked = {"$ref": self._link(place)}
            if self._is_30 or len(value) == 1:
                return linked
            return {**self._members(place), **linked}
        return self._members(place)

    def _members(self, place: Place) -> dict[str, JsonValue]:
        converted: dict[str, JsonValue] = {}
        for key, member in place.members():
            if key in _NOT_KEPT or key == "$ref" or (self._is_30 and key not in _DRAFT_4):
                continue
            converted[key] = self._member(key, member)
        self._relax_required(place, converted)
        if self._is_30:
            _nullable(place.value, converted)
        _add_range(converted)
        return converted

    def _member(self, key: str, member: Place) -> JsonValue:
        value = member.value
        if key in _NAMED and isinstance(value, dict):
            return {name: self.schema(below) for name, below in member.members()}
        if key in _SEVERAL and isinstance(value, list):
            return [self.schema(below) for below in member.items()]
        if key in _ONE:
            return self.schema(member)
        return value

    def _relax_required(self, place: Place, converted: dict[str, JsonValue]) -> None:
        required = converted.get("required")
        if not isinstance(required, list):
            return
        properties = place.child("properties")
        kept = [name for name in required if not self._is_left_out(properties.child(str(name)))]
        if kept or not self._is_30:
            converted["required"] = kept
        else:
            del converted["required"]

    def _is_left_out(self, place: Place) -> bool:
        try:
            value = self._references.resolve(place).value
        except SpecError:
            return False
        return isinstance(value, dict) and value.get(self._left_out) is True


def _nullable(value: JsonValue, converted: dict[str, JsonValue]) -> None:
    """Let null in beside the type (OpenAPI 3.0.3, `nullable`: only where there is a type)."""
    kind = converted.get("type")
    if value.get("nullable") is True and isinstance(kind, str):
        converted["type"] = [kind, "null"]


def _add_range(converted: dict[str, JsonValue]) -> None:
    """Turn the formats int32 and int64 into bounds."""
    bound = _RANGES.get(str(converted.get("format")))
    if bound is not None and converted.get("type") in ("integer", ["integer", "null"]):
        bounds = {"minimum": -bound, "maximum": bound - 1}
        converted["allOf"] = [*converted.get("allOf", []), bounds]
