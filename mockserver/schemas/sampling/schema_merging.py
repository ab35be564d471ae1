"""Merge JSON Schemas, keyword by keyword, into one, so that a value can be made from it.

Callers: `value_sampling.py`, `plans.py`, and the modules for objects, arrays and numbers. In are
schemas in the form of `normalized`. Merging need not be exact: of a keyword that cannot be merged,
that of the left schema stays. `x-hard` marks many merged schemas whose values may be invalid, so
that these are validated early; whole values always are. `types_to_try` and `integer_bounds` read a
merged schema. References are not followed here, and given schemas never change.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.schemas.ecma_patterns import KEYWORD

Schema = Mapping[str, Any]

_EXAMPLES = frozenset(("example", "examples", "default"))
_NULL = ("null",)
_TYPES = ("string", "object", "array", "integer", "boolean", "number", "null")
_IMPLIED_TYPES: Mapping[str, str] = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "contains": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


def normalized(schema: JsonValue) -> dict[str, Any]:
    """Return a copy of a schema in the form that `merged_schemas` expects.

    Exclusive bounds are numbers, as after draft 4. Every pattern is under `pattern`. `x-names`
    lists the names of components that were merged; `x-chosen` says that they are an alternative
    of a schema with a discriminator. `x-hard` marks a schema for which a made value
    may be invalid.
    """
    if schema is False:
        return {"type": [], "x-hard": True}
    copied = dict(schema) if isinstance(schema, Mapping) else {}
    if KEYWORD in copied:
        copied["pattern"] = copied.pop(KEYWORD)
    if isinstance(name := copied.pop("x-name", None), str):
        copied["x-names"] = [name]
    if "not" in copied and not copied["not"] and copied["not"] is not False:
        copied["x-hard"] = True
    for key, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        is_exclusive = copied.get(exclusive)
        if isinstance(is_exclusive, bool):
            del copied[exclusive]
            if is_exclusive and key in copied:
                copied[exclusive] = copied.pop(key)
    return copied


def without_object_examples(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without the examples of an object, which is a part of a larger one."""
    if _first_type(schema) != "object":
        return schema
    return {key: value for key, value in schema.items() if key not in _EXAMPLES}


def _first_type(schema: Schema) -> str:
    """Return the first type to try inside a container."""
    return types_to_try(schema, 1)[0]


def types_to_try(schema: Schema, depth: int) -> list[str]:
    """Return the types of values to try, in this order; null comes last.

    A schema without a type gets the types that its keywords apply to, then all others.

    Args:
        schema: A merged schema.
        depth: The number of containers around the value; at 0, an object is tried early.
    """
    given = schema.get("type")
    if isinstance(given, str):
        return [given]
    if isinstance(given, list):
        return [*[str(name) for name in given if name != "null"], *_NULL]
    implied = [_IMPLIED_TYPES[key] for key in schema if key in _IMPLIED_TYPES]
    others = _TYPES if depth else ("object", *_TYPES)
    return list(dict.fromkeys([*implied, *others]))


def integer_bounds(schema: Schema) -> tuple[float, float]:
    """Return the lowest and the highest allowed integer; infinity without a bound."""
    low, high = -math.inf, math.inf
    given = {key: schema[key] for key in _BOUNDS if _is_finite(schema.get(key))}
    if "minimum" in given:
        low = math.ceil(given["minimum"])
    if "exclusiveMinimum" in given:
        low = max(low, math.floor(given["exclusiveMinimum"]) + 1)
    if "maximum" in given:
        high = math.floor(given["maximum"])
    if "exclusiveMaximum" in given:
        high = min(high, math.ceil(given["exclusiveMaximum"]) - 1)
    return low, high


def _is_finite(value: JsonValue) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def merged_schemas(left: Schema, right: Schema) -> dict[str, Any]:
    """Return two schemas merged; of a keyword that cannot be merged, keep that of `left`."""
    merged = {**right, **left}
    for key in left.keys() & right.keys():
        if merge := _MERGERS.get(key):
            merged[key] = merge(left[key], right[key])
        elif key in _UNMERGED and left[key] != right[key]:
            merged["x-hard"] = True
    for group in _GROUPS:
        if not group.isdisjoint(left) and not group.isdisjoint(right):
            second = {key: right[key] for key in group if key in right}
            merged = {key: value for key, value in merged.items() if key not in group}
            merged |= {key: left[key] for key in group if key in left}
            merged["allOf"] = [*merged.get("allOf", ()), second]
    if _restricts(left, right) or _restricts(right, left):
        _restrict_properties(merged, left, right)
    return merged


def _restricts(schema: Schema, other: Schema) -> bool:
    """Return True if `additionalProperties` of a schema may apply to properties of the other."""
    return "properties" in other and schema.get("additionalProperties", True) is not True


def _restrict_properties(merged: dict[str, Any], left: Schema, right: Schema) -> None:
    """Apply `additionalProperties` of each schema to properties that only the other declares."""
    properties = dict(merged.get("properties", {}))
    for schema, other in ((left, right), (right, left)):
        rest = schema.get("additionalProperties", True)
        if rest is True or schema.get("patternProperties"):
            continue
        for name in other.get("properties", {}):
            if name not in schema.get("properties", {}):
                properties[name] = rest if rest is False else all_of(rest, properties[name])
    merged["properties"] = properties


def _common_types(left: JsonValue, right: JsonValue) -> JsonValue:
    """Return the types that two schemas have in common; an integer is a number too."""
    first = left if isinstance(left, list) else [left]
    second = right if isinstance(right, list) else [right]
    common = [name for name in first if name in second]
    if "number" in second and "integer" in first:
        common = list(dict.fromkeys([*common, "integer"]))
    if "integer" in second and "number" in first and "integer" not in common:
        common.append("integer")
    return common


def all_of(left: JsonValue, right: JsonValue) -> JsonValue:
    """Return a schema that accepts what both accept, without merging them."""
    if False in (left, right):
        return False
    if left in (True, {}):
        return right
    return left if right in (True, {}) else {"allOf": [left, right]}


def _members(left: Schema, right: Schema) -> Schema:
    joined = {**right, **left}
    for name in left.keys() & right.keys():
        joined[name] = all_of(left[name], right[name])
    return joined


def _tuples(left: list[JsonValue], right: list[JsonValue]) -> list[JsonValue]:
    joined = [all_of(*pair) for pair in zip(left, right, strict=False)]
    return [*joined, *left[len(right) :], *right[len(left) :]]


_UNMERGED = frozenset(("pattern", "format", "contains", "const"))
"""Keywords that cannot be merged."""
_GROUPS = (frozenset(("if", "then", "else")), frozenset(("oneOf",)), frozenset(("anyOf",)))
"""Keywords that belong together: if both schemas have them, those of one move into `allOf`."""
_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_MERGERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "type": _common_types,
    "properties": _members,
    "required": lambda left, right: list(dict.fromkeys([*left, *right])),
    "enum": lambda left, right: [item for item in left if item in right],
    "items": lambda left, right: left if isinstance(left, list) else all_of(left, right),
    "additionalProperties": all_of,
    "unevaluatedProperties": all_of,
    "propertyNames": all_of,
    "prefixItems": _tuples,
    "not": lambda left, right: {"anyOf": [left, right]},
    "patternProperties": _members,
    "dependentSchemas": _members,
    "dependentRequired": lambda left, right: {**right, **left},
    "x-names": lambda left, right: [*left, *right],
    "minimum": max,
    "exclusiveMinimum": max,
    "minLength": max,
    "minItems": max,
    "minProperties": max,
    "maximum": min,
    "exclusiveMaximum": min,
    "maxLength": min,
    "maxItems": min,
    "maxProperties": min,
    "uniqueItems": max,
    "multipleOf": lambda left, right: math.lcm(left, right) if _are_integers(left, right) else left,
    "allOf": lambda left, right: [*left, *right],
}


def _are_integers(*numbers: float) -> bool:
    return all(isinstance(number, int) for number in numbers)
