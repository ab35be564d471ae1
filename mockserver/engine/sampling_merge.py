"""Two JSON Schemas as one that is as narrow as both, as far as single keywords tell."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.exchange import JsonValue

Schema = Mapping[str, Any]

_EXAMPLES = frozenset(("example", "examples", "default"))
_IMPLIED: Mapping[str, str] = {
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


def normal(schema: JsonValue) -> dict[str, Any]:
    """Copy a schema, with draft 4's exclusive bounds as those of later drafts."""
    copied = dict(schema) if isinstance(schema, Mapping) else {}
    for key, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        is_exclusive = copied.get(exclusive)
        if isinstance(is_exclusive, bool):
            del copied[exclusive]
            if is_exclusive and key in copied:
                copied[exclusive] = copied.pop(key)
    return copied


def as_part(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the examples of an object that is only a part of a larger one."""
    if type_of(schema) != "object":
        return schema
    return {key: value for key, value in schema.items() if key not in _EXAMPLES}


def type_of(schema: Schema) -> str:
    """Return the type to make: the first but null, else what the keywords are of."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    if isinstance(kind, list):
        return next((str(name) for name in kind if name != "null"), "null")
    return next((_IMPLIED[key] for key in schema if key in _IMPLIED), "null")


def bounds(schema: Schema) -> tuple[float, float]:
    """Return the least and the greatest whole number; infinite where there is none."""
    low, high = -math.inf, math.inf
    if "minimum" in schema:
        low = math.ceil(schema["minimum"])
    if "exclusiveMinimum" in schema:
        low = max(low, math.floor(schema["exclusiveMinimum"]) + 1)
    if "maximum" in schema:
        high = math.floor(schema["maximum"])
    if "exclusiveMaximum" in schema:
        high = min(high, math.ceil(schema["exclusiveMaximum"]) - 1)
    return low, high


def both(left: Schema, right: Schema) -> dict[str, Any]:
    """Merge two schemas; where a keyword cannot be merged, that of `left` stays."""
    merged = {**right, **left}
    for key, merge in _MERGERS.items():
        if key in left and key in right:
            merged[key] = merge(left[key], right[key])
    return merged


def _types(left: JsonValue, right: JsonValue) -> JsonValue:
    wide = right if isinstance(right, list) else [right]
    narrow = left if isinstance(left, list) else [left]
    found = [name for name in narrow if name in wide]
    if "number" in wide and "integer" in narrow:
        found = list(dict.fromkeys([*found, "integer"]))
    if "integer" in wide and "number" in narrow and "integer" not in found:
        found.append("integer")
    return found


def _all_of(left: JsonValue, right: JsonValue) -> JsonValue:
    return {"allOf": [left, right]}


def _members(left: Schema, right: Schema) -> Schema:
    joined = {**right, **left}
    for name in left.keys() & right.keys():
        joined[name] = _all_of(left[name], right[name])
    return joined


_MERGERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "properties": _members,
    "required": lambda left, right: list(dict.fromkeys([*left, *right])),
    "enum": lambda left, right: [item for item in left if item in right],
    "items": _all_of,
    "additionalProperties": lambda left, right: left and right and _all_of(left, right),
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
    "multipleOf": lambda left, right: math.lcm(left, right) if _are_whole(left, right) else left,
    "allOf": lambda left, right: [*left, *right],
}


def _are_whole(*numbers: float) -> bool:
    return all(isinstance(number, int) for number in numbers)
