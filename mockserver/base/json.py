"""JSON values as text, and their comparison: true is not 1, 1 equals 1.0, members have no order."""

import json
from collections.abc import Hashable
from typing import Any

JsonValue = Any
"""Any JSON value: None, bool, int, float, str, list, and dict with text keys."""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def text(value: JsonValue) -> str:
    """Convert a value to text: null becomes an empty text, lists and maps become JSON."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else _encode(value)


def equal(left: JsonValue, right: JsonValue) -> bool:
    """Return True if two values are equal, at every depth."""
    kind = type(left)
    if kind is not type(right):
        return kind is not bool and type(right) is not bool and bool(left == right)
    if kind is dict:
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if kind is list:
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)


def hashable(value: JsonValue) -> Hashable:
    """Return a hashable form of a value; two forms are equal if and only if the values are."""
    kind = type(value)
    if kind is str or value is None:
        found: Hashable = value
        return found
    if kind is int or kind is float:
        return (value,)
    if isinstance(value, dict):
        return "map", frozenset((name, hashable(member)) for name, member in value.items())
    if isinstance(value, list):
        return "list", tuple(map(hashable, value))
    return kind.__name__, value


def escape(key: str) -> str:
    """Escape one reference token of a JSON Pointer (RFC 6901, section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """Undo `escape` (RFC 6901, section 4)."""
    return token.replace("~1", "/").replace("~0", "~")
