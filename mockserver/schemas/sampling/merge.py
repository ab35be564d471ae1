"""Two JSON Schemas as one that is as narrow as both, as far as single keywords tell."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.base.json import JsonValue

Schema = Mapping[str, Any]

_EXAMPLES = frozenset(("example", "examples", "default"))
_NULL = ("null",)
_KINDS = ("string", "object", "array", "integer", "boolean", "number", "null")
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
    """Copy a schema, with draft 4's exclusive bounds as those of later drafts.

    `x-names` lists the components that were merged, `x-hard` marks that a value of it may be none.
    """
    if schema is False:
        return {"type": [], "x-hard": True}
    copied = dict(schema) if isinstance(schema, Mapping) else {}
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


def as_part(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the examples of an object that is only a part of a larger one."""
    if type_of(schema) != "object":
        return schema
    return {key: value for key, value in schema.items() if key not in _EXAMPLES}


def type_of(schema: Schema) -> str:
    """Return the type to make: the first but null, else what the keywords are of."""
    return kinds_of(schema, 1)[0]


def kinds_of(schema: Schema, depth: int) -> list[str]:
    """Return the types that can be made, in the order of trying: null comes last.

    Args:
        schema: A merged schema.
        depth: Containers around the value; without a type the outermost is rather an object.
    """
    kind = schema.get("type")
    if isinstance(kind, str):
        return [kind]
    if isinstance(kind, list):
        return [*[str(name) for name in kind if name != "null"], *_NULL]
    implied = list(dict.fromkeys(_IMPLIED[key] for key in schema if key in _IMPLIED))
    usual = _KINDS if depth else ("object", *_KINDS)
    return list(dict.fromkeys([*implied, *usual]))


def bounds(schema: Schema) -> tuple[float, float]:
    """Return the least and the greatest whole number; infinite where there is none."""
    low, high = -math.inf, math.inf
    told = {key: schema[key] for key in _BOUNDS if _is_finite(schema.get(key))}
    if "minimum" in told:
        low = math.ceil(told["minimum"])
    if "exclusiveMinimum" in told:
        low = max(low, math.floor(told["exclusiveMinimum"]) + 1)
    if "maximum" in told:
        high = math.floor(told["maximum"])
    if "exclusiveMaximum" in told:
        high = min(high, math.ceil(told["exclusiveMaximum"]) - 1)
    return low, high


def _is_finite(value: JsonValue) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def both(left: Schema, right: Schema) -> dict[str, Any]:
    """Merge two schemas; where a keyword cannot be merged, that of `left` stays."""
    merged = {**right, **left}
    for key in left.keys() & right.keys():
        if merge := _MERGERS.get(key):
            merged[key] = merge(left[key], right[key])
        elif key in _UNMERGED and left[key] != right[key]:
            merged["x-hard"] = True
    for group in _GROUPS:
        if not group.isdisjoint(left) and not group.isdisjoint(right):
            apart = {key: right[key] for key in group if key in right}
            merged = {key: value for key, value in merged.items() if key not in group}
            merged |= {key: left[key] for key in group if key in left}
            merged["allOf"] = [*merged.get("allOf", ()), apart]
    if _cuts_off(left, right) or _cuts_off(right, left):
        _cut(merged, left, right)
    return merged


def _cuts_off(closed: Schema, other: Schema) -> bool:
    """Tell whether members that only the other schema names are those `closed` says of the rest."""
    return "properties" in other and closed.get("additionalProperties", True) is not True


def _cut(merged: dict[str, Any], left: Schema, right: Schema) -> None:
    """Narrow the members of which one schema says nothing by what it says of the rest."""
    properties = dict(merged.get("properties", {}))
    for closed, other in ((left, right), (right, left)):
        rest = closed.get("additionalProperties", True)
        if rest is True or closed.get("patternProperties"):
            continue
        for name in other.get("properties", {}):
            if name not in closed.get("properties", {}):
                properties[name] = rest if rest is False else all_of(rest, properties[name])
    merged["properties"] = properties


def _types(left: JsonValue, right: JsonValue) -> JsonValue:
    wide = right if isinstance(right, list) else [right]
    narrow = left if isinstance(left, list) else [left]
    found = [name for name in narrow if name in wide]
    if "number" in wide and "integer" in narrow:
        found = list(dict.fromkeys([*found, "integer"]))
    if "integer" in wide and "number" in narrow and "integer" not in found:
        found.append("integer")
    return found


def all_of(left: JsonValue, right: JsonValue) -> JsonValue:
    """Return a schema that is both."""
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
_GROUPS = (frozenset(("if", "then", "else")), frozenset(("oneOf",)), frozenset(("anyOf",)))
_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_MERGERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "type": _types,
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
    "multipleOf": lambda left, right: math.lcm(left, right) if _are_whole(left, right) else left,
    "allOf": lambda left, right: [*left, *right],
}


def _are_whole(*numbers: float) -> bool:
    return all(isinstance(number, int) for number in numbers)
