"""Compare JSON values, write them as text and keys, escape JSON Pointer tokens; never parse JSON.

- `text`: as expressions, headers, limits and cooldowns write a value; null is empty, 31.0 is 31.
- `equal`, `hashable`: true is not 1, 1 equals 1.0, and members have no order.
- `key_text`: the text under which a record is stored; 31.0 and 31 are one key.
- `with_whole_numbers`: 31.0 to 31 in bodies, for Draft 4 of JSON Schema (`wire/media.py`).
- `escape`, `unescape`: one token of a JSON Pointer. `JsonValue` is the type used in every room.
"""

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


def key_text(value: JsonValue) -> str:
    """Return the text under which something with this key is stored; 31.0 is 31."""
    if type(value) is str:
        return value
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def with_whole_numbers(value: JsonValue) -> JsonValue:
    """Return a value in which numbers such as 31.0 are integers; the same one if it has none.

    Draft 4 of JSON Schema says that 31.0 is not an integer; later drafts and JSON say that it is.
    """
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _LARGEST_EXACT else value
    if isinstance(value, dict):
        members = {name: with_whole_numbers(member) for name, member in value.items()}
        return members if any(members[name] is not value[name] for name in members) else value
    if isinstance(value, list):
        items = [with_whole_numbers(item) for item in value]
        is_changed = any(new is not old for new, old in zip(items, value, strict=True))
        return items if is_changed else value
    return value


_LARGEST_EXACT = 2**53
"""The largest float that stands for one integer alone."""


def escape(key: str) -> str:
    """Escape one reference token of a JSON Pointer (RFC 6901, section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """Undo `escape` (RFC 6901, section 4)."""
    return token.replace("~1", "/").replace("~0", "~")
